"""
The proof that no order was lost: where each order of a store is in the hub, and each shipment on both sides.

What is as it should be has a place. What is not is a difference, said in a sentence that names its remedy.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from tradepost.domain.channels.schedule import zone_of
from tradepost.domain.errors import NotAllowed, quoted
from tradepost.domain.orders.order import OrderState, Shipment
from tradepost.domain.orders.order_changes import LedgerOrder
from tradepost.domain.orders.shipment import ShipmentState

RECENT_SECONDS = 3600
"""What was placed, changed or recorded so lately may wait for the next get or sync: far more than two clocks differ."""

USUAL_DAYS = 30
"""How many days back the orders were placed that are compared, unless a person says otherwise."""

_EXAMPLES = 5
_USUAL = (None, None)
_FIRST_YEAR, _LAST_YEAR = 1990, 2999


class OrderPlace(StrEnum):
    """Where an order of the store is in the hub."""

    IMPORTED = "imported"
    ON_HOLD = "on_hold"
    NOT_MANAGED = "not_managed"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    PARKED = "parked"
    NOT_ELIGIBLE = "not_eligible"  # no order that the channel imports
    NEW = "new"  # so lately that no get can have looked at it
    MISSING = "missing"


IN_LEDGER: Mapping[OrderState, OrderPlace] = {
    OrderState.OPEN: OrderPlace.IMPORTED,
    OrderState.ON_HOLD: OrderPlace.ON_HOLD,
    OrderState.NOT_MANAGED: OrderPlace.NOT_MANAGED,
    OrderState.CLOSED: OrderPlace.CLOSED,
    OrderState.CANCELLED: OrderPlace.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class HubShipment:
    """
    A shipment that was recorded in the hub. `external_id`: the store's, once that is proven to have it. `is_joined`: on
    the store it is one with others, which bears the tracking numbers of all.
    """

    shipment: Shipment
    external_id: int | None
    state: ShipmentState
    last_error: str = ""
    is_joined: bool = False


@dataclass(frozen=True, slots=True)
class HubOrder:
    """What the ledger has of an order; `imported_at` by the hub's clock."""

    ledger: LedgerOrder
    imported_at: datetime
    is_acknowledged: bool
    shipments: tuple[HubShipment, ...] = ()


@dataclass(frozen=True, slots=True)
class ShipmentFinding:
    """A shipment as both sides have it; `code` is the hub's, or the store's where only that has it."""

    code: str
    order_number: str
    in_hub: bool
    on_store: bool
    differences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderFinding:
    """
    Where an order is. `why`: what explains its place. `is_placed`: within the time that is looked at; else only its
    shipments are.
    """

    number: str
    place: OrderPlace
    why: str = ""
    is_acknowledged: bool = False
    is_to_acknowledge: bool = False
    differences: tuple[str, ...] = ()
    shipments: tuple[ShipmentFinding, ...] = ()
    is_placed: bool = True


@dataclass(slots=True)
class OrderProof:
    """
    What a comparison came to, as it is kept: figures and the first differences, and no person.

    `since` and `until`: when the orders were placed, in the store's seconds. `counts`: by place, and `acknowledged`,
    `unacknowledged`, `shipments`, `told` and `untold`, and `store_shipments`, which others made there.
    """

    since: int
    until: int
    counts: Counter[str] = field(default_factory=Counter)
    differences: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, finding: OrderFinding) -> None:
        if finding.is_placed:
            self.counts[finding.place] += 1
            self.counts["acknowledged"] += finding.is_acknowledged
            self.counts["unacknowledged"] += finding.is_to_acknowledge
        for shipment in finding.shipments:
            if shipment.in_hub:
                self.counts["shipments"] += 1
                self.counts["told" if shipment.on_store else "untold"] += 1
            else:
                self.counts["store_shipments"] += 1
        told = [*finding.differences, *(words for shipment in finding.shipments for words in shipment.differences)]
        self.differences += len(told)
        self.examples += told[: _EXAMPLES - len(self.examples)]

    @property
    def placed(self) -> int:
        return sum(self.counts[place] for place in OrderPlace)

    @property
    def in_ledger(self) -> int:
        return sum(self.counts[place] for place in IN_LEDGER.values())

    @property
    def sentence(self) -> str:
        """What it came to, in one line."""
        counts = self.counts
        places = {
            "in the hub": self.in_ledger,
            "parked": counts[OrderPlace.PARKED],
            "not to be imported": counts[OrderPlace.NOT_ELIGIBLE],
            "placed just now": counts[OrderPlace.NEW],
        }
        told = [f"{number} {words}" for words, number in places.items() if number]
        parts = [f"{self.placed} placed", *told, f"{counts[OrderPlace.MISSING]} missing"]
        noun = "shipment" if counts["shipments"] == 1 else "shipments"
        shipments = f"{counts['shipments']} {noun}, {counts['told']} on the store"
        found = {0: "no difference", 1: "1 difference"}.get(self.differences, f"{self.differences} differences")
        return f"{', '.join(parts)}; {counts['acknowledged']} acknowledged; {shipments}: {found}."

    def as_values(self) -> dict[str, Any]:
        return {
            "since": self.since,
            "until": self.until,
            "counts": {name: number for name, number in self.counts.items() if number},
            "differences": self.differences,
            "examples": self.examples,
        }


def proof_of(values: Mapping[str, Any]) -> OrderProof | None:
    """Read what `as_values` wrote; None where nothing was, or a newer version."""
    try:
        return OrderProof(
            int(values["since"]),
            int(values["until"]),
            Counter(values["counts"]),
            int(values["differences"]),
            list(values["examples"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


# --- of which time ------------------------------------------------------------------------------------------------


def placed_span(first: str, last: str, *, time_zone: str) -> tuple[int | None, int | None]:
    """
    Turn two days as they are typed, the last one whole, into seconds; blank is None. Raises NotAllowed.
    """
    since, until = (_day(text) if text else None for text in (first, last))
    if since is not None and until is not None and until < since:
        raise NotAllowed(f"{first} is later than {last}.")
    after = None if until is None else until + timedelta(days=1)
    return _seconds(since, time_zone), _seconds(after, time_zone)


def span_words(span: Sequence[int | None], *, time_zone: str) -> str:
    """Name the days of a span; blank for the usual one."""
    zone = zone_of(time_zone)
    days = [None if moment is None else datetime.fromtimestamp(moment, zone).date() for moment in span]
    since, until = days or _USUAL
    words = [] if since is None else [f"from {since}"]
    if until is not None:
        words.append(f"to {until - timedelta(days=1)}")
    return " ".join(words)


def _seconds(day: date | None, time_zone: str) -> int | None:
    return None if day is None else int(datetime.combine(day, time(), zone_of(time_zone)).timestamp())


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise NotAllowed(f"{quoted(text)} is no day; write it as 2026-03-01.") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise NotAllowed(f"In {day.year} no order was placed.")
    return day
