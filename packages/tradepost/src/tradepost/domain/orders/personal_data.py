"""
What of an order says something of a person, and what is left of it when that is not needed any more: what was bought,
the money, and the country.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tradepost.domain.orders.order import Address, OrderState, StoreOrder, StoreOrderLine

LONGEST_DAYS = 3650


def is_kept_long_enough(state: OrderState, *, last_at: datetime, before: datetime) -> bool:
    """Whether an order is done, and nothing has happened to it since; `last_at`: its import or last event."""
    return state in {OrderState.CLOSED, OrderState.CANCELLED} and last_at < before


def without_person(order: StoreOrder) -> StoreOrder:
    """Leave out of an order who bought, what they typed, and what leads to them."""
    return replace(
        order,
        ship_to=Address(country=order.ship_to.country),
        bill_to=Address(country=order.bill_to.country),
        notes=(),
        custom_fields={},
        customer_id=0,
        payments=tuple(replace(payment, reference="") for payment in order.payments),
        lines=tuple(map(_without_typed, order.lines)),
        payload="",
    )


def is_personal_field(name: str, *, personal: frozenset[str]) -> bool:
    """Whether a field of an event may hold what a person is or has typed. `personal`: the parts of an order that do."""
    return name in personal or (name.startswith("line ") and name.endswith(" options"))


def emptied(field: Mapping[str, Any]) -> dict[str, Any]:
    """Leave of a change only that there was one."""
    return {"name": field["name"], "before": None, "after": None}


def _without_typed(line: StoreOrderLine) -> StoreOrderLine:
    return replace(line, options=tuple(replace(option, text="") for option in line.options))
