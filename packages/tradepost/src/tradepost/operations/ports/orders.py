"""The port of the ledger of orders, and of shipments."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tradepost.domain.orders.order import (
    OrderState,
    ParkedOrder,
    Shipment,
    StoreOrder,
    Tracking,
)
from tradepost.domain.orders.order_changes import LedgerOrder
from tradepost.domain.orders.order_news import OrderCriteria, OrderNews
from tradepost.domain.orders.order_proof import HubOrder, OrderProof
from tradepost.domain.orders.order_rules import OrderRule, Ruled
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.domain.orders.shipping import ShippableOrder, Wanted
from tradepost.domain.plan import FieldChange
from tradepost.operations.ports.shipments import KnownShipment

_NOTHING: Mapping[int, Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class TriedOrder:
    """An order, with what the channel's rules make of it and what others would."""

    id: int
    external_id: int
    placed_at: datetime
    before: Ruled
    after: Ruled
    state: OrderState
    state_after: OrderState


@dataclass(frozen=True, slots=True)
class OrderRow:
    """
    An imported order, as far as operations look at it. `telling_since`: when the store was sent word of it and did not
    answer; None where nothing is in the air.
    """

    id: int
    external_id: int
    state: OrderState
    is_acknowledged: bool
    telling_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewShipment:
    """
    A shipment as typed or sent in; `lines` None takes everything that is still open. A blank carrier is the one that a
    rule gave the order.

    `even_if_held`: an order on hold is shipped all the same. `reference`: what whoever packs calls the package.
    `shipped_at` None is now.
    """

    order_number: int
    carrier: str
    tracking_number: str
    cost: Decimal = Decimal()
    lines: Wanted | None = None
    even_if_held: bool = False
    reference: str = ""
    shipped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShipmentCorrection:
    """What is to be other about a shipment; None stays."""

    tracking_number: str | None = None
    carrier: str | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ShipmentEdit:
    """What a person has changed of a shipment in the hub."""

    code: str
    order_number: int
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class ProvenShipment:
    """
    A shipment that the store has, `proven` in its words. `recorded`: as it was recorded when that was judged.

    `joined_to`: the shipment of ours that stands for it there.
    """

    id: int
    external_id: int
    recorded: Tracking
    proven: Tracking
    joined_to: int | None = None


@dataclass(frozen=True, slots=True)
class UnsentShipment:
    """
    A shipment that the store does not have as it was `recorded`, and why.

    `is_parked`: nor will it ever. `is_absent`: nothing of it is there, and no request about it can still land.
    `code`: that of the shipment that was to be sent, which may stand for several.
    """

    id: int
    message: str
    recorded: Tracking
    is_parked: bool = False
    is_absent: bool = False
    code: str = ""


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
        or gone is closed (`domain.orders.order_changes`). Unknown orders are passed over. Idempotent.
        """
        ...

    def hold(self, number: int, *, reason: str, by: str, at: datetime) -> None:
        """Hold an order until somebody releases it. Raises NotAllowed for one that is unknown or done."""
        ...

    def release(self, number: int, *, by: str, at: datetime) -> str:
        """Let an order go on, whatever held it; returns the reason. Raises NotAllowed for one that is not held."""
        ...

    def note_opened(self, numbers: Collection[int], *, at: datetime) -> None:
        """Note that somebody has looked at orders; the first time stays."""
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
        """
        Let parked orders be tried by the next get; None: all of them. Returns the numbers that were parked.

        One whose number can't be read is only found among all: the next get compares all orders.
        """
        ...

    def compared(self) -> OrderCriteria | None:
        """By what the ledger was last compared with all orders of the store; None as long as it never was."""
        ...

    def set_compared(self, criteria: OrderCriteria) -> None: ...

    def unpark_numberless(self, *, before: datetime) -> None:
        """Forget parked orders without a readable number that were met last before a time."""
        ...

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
        """Return orders that the store is to be told about (`domain.orders.order.is_to_acknowledge`), by our id."""
        ...

    def apply_rules(self, *, at: datetime) -> list[int]:
        """
        Judge open orders by the channel's rules as they are now; returns the numbers of those whose state it changed.

        In batches, each in a transaction. What a person holds stays held, and what one has released is not held again
        for the same.
        """
        ...

    def try_rules(self, rules: Sequence[OrderRule], *, limit: int) -> list[TriedOrder]:
        """
        Say what the channel's rules make of its last orders, the newest first, and what these would; changes nothing.

        Orders of which it is not known any more who bought are left out.
        """
        ...

    def rematch(self, numbers: Collection[int] | None) -> list[int]:
        """Let the next get look for listings of unknown items; None: of all orders. Returns the orders' numbers."""
        ...

    def begin_telling(self, numbers: Collection[int], *, at: datetime) -> None:
        """Note, before it is sent, that the store is told of orders (by its numbers)."""
        ...

    def end_telling(self, numbers: Collection[int]) -> None:
        """Note that the store has answered, or was not reached; whether it was told, `mark_acknowledged` says."""
        ...

    def mark_acknowledged(
        self, ids: Collection[int], *, at: datetime, stamped: Mapping[int, Mapping[str, str]] = _NOTHING
    ) -> None:
        """Note that the store was told of orders; `stamped`: custom fields of theirs that doing so has set."""
        ...

    def shippable(self, number: int) -> ShippableOrder:
        """Say what of an order is still open. Raises NotAllowed for one that is unknown."""
        ...

    def add_shipment(self, new: NewShipment, *, at: datetime) -> Shipment:
        """Record a shipment. Raises NotAllowed when the order, a SKU or the number of pieces does not fit."""
        ...

    def known_shipment(self, order_number: int, *, reference: str, tracking_number: str) -> KnownShipment | None:
        """Find what a file means by this: the shipment of that reference, or, without one, of the tracking number."""
        ...

    def correct_shipment(self, code: str, correction: ShipmentCorrection, *, by: str, at: datetime) -> ShipmentEdit:
        """Change a shipment; the store is told of all of it once more. Raises NotAllowed where it can't be."""
        ...

    def leave_out_shipment(
        self, code: str, state: ShipmentState, *, reason: str, by: str, at: datetime
    ) -> ShipmentEdit:
        """
        Don't tell the store of a shipment: it is suppressed, or taken back, which opens its pieces again.

        Raises NotAllowed where the store may have it.
        """
        ...

    def retry_shipments(self, codes: Collection[str] | None, *, by: str, at: datetime) -> list[ShipmentEdit]:
        """Let parked or suppressed shipments be sent, over what was made of them there; None: all parked ones."""
        ...

    def shipments_due(self, *, after: int, limit: int, whole_orders: bool = False) -> list[Shipment]:
        """
        Shipments not yet proven on the store, or changed since, by id; `order_number` is the store's.

        `whole_orders`: beyond the limit, all others that are due of the same orders.
        """
        ...

    def begin_sending(self, ids: Collection[int], *, at: datetime) -> None:
        """Note that requests about these are begun, where they still wait: from now on the store may have them."""
        ...

    def sending(self, ids: Collection[int]) -> set[int]:
        """Return those of which a request was begun whose end is not recorded."""
        ...

    def wake_shipments(self, numbers: Collection[int]) -> None:
        """Let parked shipments of orders that somebody has changed be tried again: they may fit by now."""
        ...

    def mark_synced(self, shipments: Sequence[ProvenShipment], *, at: datetime) -> None:
        """Record what the store has; what was corrected meanwhile stays due."""
        ...

    def flag_shipments(self, shipments: Sequence[UnsentShipment]) -> None:
        """Record why shipments are not on the store, and park what never will be."""
        ...
