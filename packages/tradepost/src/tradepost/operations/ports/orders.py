"""The port of the ledger of orders, and of shipments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tradepost.domain.order import (
    OrderState,
    ParkedOrder,
    Shipment,
    StoreOrder,
)
from tradepost.domain.order_changes import LedgerOrder
from tradepost.domain.order_news import OrderCriteria, OrderNews
from tradepost.domain.order_proof import HubOrder, OrderProof


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An imported order, as far as operations look at it."""

    id: int
    external_id: int
    state: OrderState
    is_acknowledged: bool


@dataclass(frozen=True, slots=True)
class NewShipment:
    """
    A shipment as typed or sent in: SKU -> pieces; None takes everything that is still open.

    `even_if_held`: an order on hold is shipped all the same.
    """

    order_number: int
    carrier: str
    tracking_number: str
    cost: Decimal = Decimal()
    lines: Mapping[str, int] | None = None
    even_if_held: bool = False


class Orders(Protocol):
    """The ledger of imported orders of one channel, and their shipments."""

    def add(self, orders: Sequence[StoreOrder], *, at: datetime) -> int:
        """
        Import orders with lines matched to listings, set-based, ignoring those already there; returns how many.

        An order with a line that matches nothing, or whose total does not add up, is put on hold with the reason.
        """
        ...

    def ledger(self, numbers: Collection[int]) -> dict[int, LedgerOrder]:
        """Return orders as the ledger has them, by the store's number; those that it does not have are left out."""
        ...

    def follow(self, orders: Sequence[StoreOrder], *, gone: Collection[int] = (), at: datetime) -> None:
        """
        Record known orders as the store has them now, and those that are `gone` from it, each difference as an event.

        Holds by rules are judged anew, what a person has to decide becomes one, and what is wholly shipped, cancelled
        or gone is closed (`domain.order_changes`). Unknown orders are passed over. Idempotent.
        """
        ...

    def hold(self, number: int, *, reason: str, by: str, at: datetime) -> None:
        """Hold an order until somebody releases it. Raises NotAllowed for one that is unknown or done."""
        ...

    def release(self, number: int, *, by: str, at: datetime) -> str:
        """Let an order go on, whatever held it; returns the reason. Raises NotAllowed for one that is not held."""
        ...

    def news(self, *, after: int, limit: int) -> list[OrderNews]:
        """Return sightings that nobody has judged yet, by order number."""
        ...

    def make_news(self, numbers: Collection[int]) -> None:
        """Let sighted orders be judged again."""
        ...

    def judged(self, fingerprints: Mapping[int, str]) -> None:
        """
        These are no news any more, unless they were seen to be different since they were judged by this look; and none
        of them is parked.
        """
        ...

    def parked(self) -> dict[str, str]:
        """
        Return the parked orders: by number, the fingerprint by which each was found unfit.

        It is blank where somebody asked to try again, or another version of the hub had tried: what is found then is
        told as if it were new.
        """
        ...

    def park(self, orders: Sequence[ParkedOrder], *, at: datetime) -> None:
        """Set orders aside, which judges them; one that is set aside already keeps its first time."""
        ...

    def unpark(self, numbers: Collection[int]) -> None:
        """Forget parked orders: they are gone from the store."""
        ...

    def try_again(self, numbers: Collection[str] | None) -> list[str]:
        """Let parked orders be tried by the next get; None: all of them. Returns the numbers that were parked."""
        ...

    def compared(self) -> OrderCriteria | None:
        """By what the ledger was last compared with all orders of the store; None as long as it never was."""
        ...

    def set_compared(self, criteria: OrderCriteria) -> None: ...

    def drop_payloads(self, *, before: datetime) -> None:
        """Forget how the store sent orders that were kept before."""
        ...

    def forget_people(self, *, before: datetime, limit: int, at: datetime) -> list[int]:
        """
        Anonymise orders that were done with before a time, at most so many; returns the store's numbers.

        The same is done on channels that are out of use, by their own setting.
        """
        ...

    def in_hub(self, numbers: Collection[int]) -> dict[int, HubOrder]:
        """Return orders as `ledger` does, with what the store was told of them."""
        ...

    def why_parked(self, numbers: Collection[str] | None) -> dict[str, str]:
        """Return the reason of those of these orders that are parked; None: of all that are."""
        ...

    def placed_or_shipped(self, *, since: datetime, until: datetime, after: int, limit: int) -> dict[int, bool]:
        """
        Page, by the store's number, through the ledger's orders that were placed within a time (True), or that a
        shipment was recorded for then.
        """
        ...

    def keep_proof(self, proof: OrderProof, *, at: datetime) -> None: ...

    def set_last_fetch(self, at: datetime) -> None: ...

    def unacknowledged(self, *, after: int, limit: int) -> list[OrderRow]:
        """Return orders that the store is to be told about (`domain.order.is_to_acknowledge`), by our id."""
        ...

    def rematch(self, numbers: Collection[int] | None) -> list[int]:
        """Let the next get look for listings of unknown items; None: of all orders. Returns the orders' numbers."""
        ...

    def mark_acknowledged(self, ids: Collection[int], *, at: datetime) -> None: ...

    def add_shipment(self, new: NewShipment, *, at: datetime) -> Shipment:
        """Record a shipment. Raises NotAllowed when the order, a SKU or the number of pieces does not fit."""
        ...

    def shipments_due(self, *, after: int, limit: int) -> list[Shipment]:
        """Shipments not yet proven on the store, or changed since; `order_number` is the store's."""
        ...

    def mark_synced(self, shipments: Mapping[int, int], *, at: datetime) -> None:
        """Record shipment id -> the store's shipment id."""
        ...

    def flag_shipments(self, errors: Mapping[int, str]) -> None: ...
