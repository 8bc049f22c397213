"""
News of orders: sightings of which nobody has judged what they mean for the ledger, and which orders belong into it.

A sighting is news when its order is new, differs from what was seen of it before, or is gone. What was judged is no
news any more, so whoever is cut off goes on where it was.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tradepost.domain.orders.order import PaymentState, StoreOrder, StoreStatus

PAID_IN_SOME_WAY = frozenset(PaymentState) - {PaymentState.PENDING}

# The hub's clock says how far the first look goes, and the store's is compared with it: they may differ by that much.
_CLOCKS_APART = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class OrderNews:
    """
    What a sighting says of an order, without any person; `placed` and `updated` in the store's own seconds.

    `fingerprint` tells one look from another. `is_imported`: the ledger has it.
    """

    number: int
    status: StoreStatus
    placed: int
    updated: int
    fingerprint: str
    is_gone: bool = False
    is_imported: bool = False


@dataclass(frozen=True, slots=True)
class OrderCriteria:
    """Which orders are imported: in these states, and placed or changed `since` (seconds)."""

    statuses: frozenset[StoreStatus]
    payment_states: frozenset[PaymentState]
    since: int

    def may_want(self, news: OrderNews) -> bool:
        """Whether an order that is not in the ledger may belong there, as far as its sighting says."""
        is_late_enough = max(news.placed, news.updated) >= self.since
        return not news.is_gone and news.status in self.statuses and is_late_enough

    def wants(self, order: StoreOrder) -> bool:
        """Whether an order belongs into the ledger by what it is now; when it was placed, its sighting has said."""
        return order.status in self.statuses and order.payment_state in self.payment_states

    def as_values(self) -> dict[str, Any]:
        return {
            "statuses": sorted(status.value for status in self.statuses),
            "payment_states": sorted(state.value for state in self.payment_states),
            "since": self.since,
        }


def criteria_of(values: Mapping[str, Any]) -> OrderCriteria | None:
    """Read what `as_values` wrote; None where nothing was, or a newer version."""
    try:
        return OrderCriteria(
            frozenset(map(StoreStatus, values["statuses"])),
            frozenset(map(PaymentState, values["payment_states"])),
            int(values["since"]),
        )
    except (KeyError, ValueError):
        return None


def imported_since(*, now: datetime, look_back: timedelta, before: OrderCriteria | None) -> int:
    """
    Return from when on orders are imported, in seconds: the look-back of the first time.

    A longer look-back moves it back; time does not move it on.
    """
    since = int((now - look_back - _CLOCKS_APART).timestamp())
    return since if before is None else min(since, before.since)


def needs_details(news: OrderNews, criteria: OrderCriteria) -> bool:
    """Whether an order has to be loaded to be judged."""
    return criteria.may_want(news) or (news.is_imported and not news.is_gone)
