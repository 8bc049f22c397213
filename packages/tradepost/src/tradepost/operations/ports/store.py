"""The port of one Miva store, and the values that go through it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tradepost.domain.orders.order import (
    Shipment,
    ShipmentPath,
    StoreOrder,
    StoreStatus,
    UnreadableOrder,
)
from tradepost.domain.plan import Unit
from tradepost.domain.stock.stock import OrderSighting, UnreadableSighting
from tradepost.domain.store import ProductOutline, StoreProduct, StoreRow
from tradepost.operations.ports.existence import ExistingProduct, IdRange, LatestProducts, RangeCount


class WriteOutcome(StrEnum):
    """What came of one write, before it is proven."""

    DONE = "done"  # the store said yes; prove it where it is known to say so in silence
    HOLDS = "holds"  # looked at first: it was so already
    REFUSED = "refused"  # the store said no
    LOST = "lost"  # nobody knows: read back
    FAILED = "failed"  # our side or a source
    WITHHELD = "withheld"  # not sent, for a reason that concerns more than this record


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    outcome: WriteOutcome
    message: str = ""


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """
    What the store said to one unit.

    `refusals` by index of the change in the unit; `complaints` are messages that no change could be blamed for.
    Messages that say that the wanted state holds already are in neither.
    """

    outcome: WriteOutcome
    refusals: Mapping[int, str] = field(default_factory=dict)
    complaints: Sequence[str] = ()
    message: str = ""


class SetupKind(StrEnum):
    CUSTOM_FIELD = "custom_field"
    CATEGORY = "category"
    IMAGE_TYPE = "image_type"


@dataclass(frozen=True, slots=True)
class SetupItem:
    """Something a store needs once: a product custom field, a category (with `parent` by code), an image type."""

    kind: SetupKind
    code: str
    name: str
    parent: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockWrite:
    """
    A stock to be set (`quantity`) or moved (`change`), one of the two. It always switches tracking on.

    `stops_sale`: also make sure that zero stops the sale, or does not where it is False, and that the product stays
    visible, whatever the store's own defaults are (hide needs it; a first quantity sets it); None leaves that alone. A
    stock that was just read is set by a change, too, which erases no sale. Addressed by the store's id, which never
    changes.
    """

    external_id: int
    quantity: int | None = None
    change: int | None = None
    stops_sale: bool | None = None


@dataclass(frozen=True, slots=True)
class ShipmentSend:
    """A shipment as the store will have it: `carrier` in the store's words, `code` ours."""

    shipment: Shipment
    carrier: str


@dataclass(frozen=True, slots=True)
class SightingPage:
    """Orders as stock sees them; one that can't be understood does not stop the others."""

    orders: tuple[OrderSighting, ...]
    unreadable: tuple[UnreadableSighting, ...] = ()


class OrdersById(dict[int, StoreOrder]):
    """Orders by the store's id; those that are on the store and can't be understood are in `unreadable` instead."""

    def __init__(self, orders: Mapping[int, StoreOrder], *, unreadable: Mapping[int, UnreadableOrder]) -> None:
        super().__init__(orders)
        self.unreadable = dict(unreadable)


class Store(Protocol):
    """
    One Miva store. All reads are safe to repeat and are retried inside; writes are not, unless they say so.

    All raise StoreUnavailable, RateLimited (try the run again later), CredentialsRejected, PermissionMissing
    (stop; the sentence says the cure), UnexpectedAnswer.
    """

    def products_by_code(self, codes: Collection[str]) -> dict[str, StoreProduct]:
        """Load products with all content, parents with their variants; by code key. Missing ones are left out."""
        ...

    def products_by_sku(self, skus: Collection[str]) -> list[StoreProduct]:
        """
        Load products with one of these SKUs, with all content, as `products_by_code` does; blanks match nothing.

        Several may share a SKU. The store compares but for case, so what comes may differ in it.
        """
        ...

    def products_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        """Load products for a sync: price, stock, active, codes; no content, no variants."""
        ...

    def contents_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        """Load products with all content, parents with their variants. Missing ones are left out."""
        ...

    def iterate_rows(self, *, custom_fields: Sequence[str] = (), page_size: int = 1000) -> Iterator[list[StoreRow]]:
        """
        Page through all products of the store by ascending id.

        Ends only when the store has said that there is no more; a page that fails raises, so that a caller never
        takes a part for the whole.
        """
        ...

    def iterate_outlines(self, *, custom_fields: Sequence[str], page_size: int = 500) -> Iterator[list[ProductOutline]]:
        """
        Page through all products by ascending id, with the products behind their variants.

        As for `iterate_rows`, the end comes only when the store has said so.
        """
        ...

    def iterate_existing(
        self, *, after: int = 0, changed_from: int | None = None, page_size: int = 1000
    ) -> Iterator[list[ExistingProduct]]:
        """
        Page through the products above an id, by ascending id; with `changed_from` those last changed then or later.

        As for `iterate_rows`, the end comes only when the store has said so.
        """
        ...

    def existing_between(self, ranges: Sequence[IdRange], *, limit: int = 1000) -> list[list[ExistingProduct]]:
        """
        Load all products of each range, by ascending id, in as few requests as may be.

        Raises UnexpectedAnswer where a range has more than `limit`, or not as many as the store counts.
        """
        ...

    def existing_by_id(self, ids: Collection[int]) -> list[ExistingProduct]:
        """Load products for no more than whether they are what they were. Missing ones are left out."""
        ...

    def count_existing(self, ranges: Sequence[IdRange]) -> list[RangeCount]:
        """Ask how many products there are in each range, in one request where the store takes several calls at once."""
        ...

    def latest_changed(self, *, changed_from: int | None = None, limit: int) -> LatestProducts:
        """
        Load the `limit` products that were changed last, of those changed at or after a time of the store's clock.

        What comes back is not checked: the caller judges it.
        """
        ...

    def reads_stock(self) -> bool:
        """
        Whether this token can read how many there are, alone or with what baskets hold; found out by a read, and then
        remembered.
        """
        ...

    def set_up(self, items: Sequence[SetupItem]) -> list[WriteAnswer]:
        """Create what is missing of these, in order; what exists already counts as DONE. Safe to repeat."""
        ...

    def provision(self, units: Sequence[Unit]) -> list[UnitAnswer]:
        """
        Apply product units (creations and updates), each in one document; one answer per unit, in order.

        Understands the fields of `domain.fields` on products, and `unused_options` on a parent: pairs of
        attribute and option code that no variant has any more, to be taken off its page.

        Not safe to repeat blindly: read back and plan again. Raises PermissionMissing before anything is done where
        the token may not provision or does not require signature and time stamp.
        """
        ...

    def write_stock(self, writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        """
        Set or move stocks.

        Each is sent once: what was lost may have landed, or land yet, and a second one beside it may be made twice or
        undone by the first.
        """
        ...

    def delete_products(self, ids: Sequence[int]) -> list[WriteAnswer]:
        """Delete for good, in this order; what is not there any more counts as DONE. Safe to repeat."""
        ...

    def sight_orders(self, *, above_id: int, updated_from: int, page_size: int = 500) -> Iterator[SightingPage]:
        """
        Page through the orders above an id, and those that changed at or after a time of the store's, as stock sees
        them; by ascending id.
        """
        ...

    def sight_open_orders(self, *, page_size: int = 500) -> Iterator[SightingPage]:
        """Page through all orders that are not closed; by ascending id."""
        ...

    def sight_orders_in(
        self, *, statuses: Collection[StoreStatus], since: int, page_size: int = 500
    ) -> Iterator[SightingPage]:
        """
        Page through the orders in one of these states that were placed or changed at or after a time, as stock sees
        them; by ascending id. `since` is in seconds.
        """
        ...

    def sight_orders_by_id(self, ids: Collection[int]) -> SightingPage:
        """Load orders as stock sees them. Missing ones are left out."""
        ...

    def newest_orders(self) -> list[OrderSighting]:
        """
        Load the order with the highest id and the one that changed last, without their lines; none where there is no
        order.
        """
        ...

    def orders_by_id(self, ids: Collection[int]) -> OrdersById:
        """Load orders with all that the hub reads of them; nothing of a card. Missing ones are left out."""
        ...

    def add_order_notes(self, notes: Mapping[int, str]) -> dict[int, WriteAnswer]:
        """Add one note to each order (by order id). Not safe to repeat: look at the order's notes first."""
        ...

    def set_order_field(self, values: Mapping[int, str], *, field: str) -> dict[int, WriteAnswer]:
        """
        Set an order custom field (by order id). Safe to repeat.

        A field that the store does not have is passed over in silence: look at the orders first.
        """
        ...

    def acknowledge_orders(self, ids: Sequence[int]) -> dict[int, WriteAnswer]:
        """
        Tell the workflows of the store's order queues of these orders; what they do is the store's affair.

        Sent once: a repeat runs the workflows again. Raises PermissionMissing before anything is done.
        """
        ...

    def queued_orders(self, ids: Collection[int], *, queue: str) -> frozenset[int]:
        """Return those of the orders that are in an order queue; none where the store shows no such queue."""
        ...

    def create_shipments(self, sends: Sequence[ShipmentSend], *, path: ShipmentPath) -> list[WriteAnswer]:
        """
        Make shipments, not yet marked as shipped; one answer each.

        PROVISION takes our code and is safe to repeat. FUNCTION takes whole lines out of any other shipment: look
        first, and never name lines that are in one.
        """
        ...

    def send_shipments(self, sends: Mapping[int, ShipmentSend]) -> dict[int, WriteAnswer]:
        """Write tracking, carrier and cost and mark as shipped, by the store's shipment id. Safe to repeat."""
        ...
