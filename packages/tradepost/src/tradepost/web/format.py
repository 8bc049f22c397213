"""How values are shown on pages: money, times, and coloured labels for states."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tradepost.domain.listing import Health, Link, Pending
from tradepost.domain.order import OrderState
from tradepost.domain.plan import Outcome, RunState
from tradepost.domain.value_words import field_words

# The names on the right are the label colours of the page templates.
HEALTH_COLOURS: Mapping[str, str] = {
    "listed": "success",
    "inactive": "warning",
    "hidden": "warning",
    "delisted": "danger",
    "not listed": "info",
}
LINK_COLOURS: Mapping[str, str] = {"linked": "success", "broken": "danger", "unlinked": "info"}
RUN_COLOURS: Mapping[str, str] = {
    "queued": "info",
    "running": "primary",
    "completed": "success",
    "completed with errors": "warning",
    "failed": "danger",
    "cancelled": "info",
    "stopped": "warning",
}
ORDER_COLOURS: Mapping[str, str] = {
    "open": "success",
    "on hold": "warning",
    "not managed": "info",
    "closed": "info",
    "cancelled": "danger",
}
SHIPMENT_COLOURS: Mapping[str, str] = {
    "waiting": "info",
    "told": "success",
    "parked": "danger",
    "suppressed": "warning",
    "taken back": "warning",
}
PLAN_COLOURS: Mapping[str, str] = {
    "being made": "primary",
    "open": "info",
    "applied": "success",
    "discarded": "warning",
    "expired": "warning",
}
ROLE_COLOURS: Mapping[str, str] = {"owner": "primary", "operator": "success", "viewer": "info"}
NOTHING = "\N{EN DASH}"

OUTCOME_COLOURS: Mapping[str, str] = {
    "applied": "success",
    "unchanged": "info",
    "skipped": "warning",
    "rejected": "danger",
    "failed": "danger",
    "unknown": "danger",
    "planned": "info",
}


def spoken(value: Health | Link | Pending | OrderState | RunState | Outcome | str) -> str:
    """Write a state as people read it: `completed_with_errors` is "completed with errors"."""
    return str(value).replace("_", " ")


def money(value: Decimal | None, *, currency: str = "") -> str:
    if value is None:
        return NOTHING
    return f"{value:,.2f} {currency}".strip()


def number(value: int | None) -> str:
    """Write a quantity; unknown is not zero."""
    return "unknown" if value is None else f"{value:,}"


def field_lines(fields: Any) -> list[str]:
    """Write the fields of a change as `name: before → after`."""
    return [field_words(field["name"], field.get("before"), field.get("after"), arrow="→") for field in fields or []]
