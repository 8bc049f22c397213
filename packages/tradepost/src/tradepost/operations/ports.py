"""
The ports: what operations need from the outside, in the domain's words.

`miva` implements Store and ImageStore, `images` implements SourceImages, `database` implements the rest.
`wiring` joins them. The in-memory ones for tests are in `tests/fakes`, one file per port.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from tradepost.domain.catalogue import ImageFile, Kind, Product
from tradepost.domain.content import ContentRules, Group
from tradepost.domain.errors import ImageUnusable
from tradepost.domain.listing import Attention, Status
from tradepost.domain.order import (
    AcknowledgeMode,
    OrderState,
    Shipment,
    ShipmentPath,
    StoreOrder,
    StoreStatus,
)
from tradepost.domain.plan import Result, Unit
from tradepost.domain.store import StoreProduct, StoreRow

Clock = Callable[[], datetime]
"""Returns the present time, aware and in UTC."""


# --- the store ------------------------------------------------------------------------------------------------------


class WriteOutcome(StrEnum):
    """What the store said to one write."""

    DONE = "done"  # it said yes; prove it where it is known to say so in silence
    REFUSED = "refused"
    LOST = "lost"  # nobody knows: read back


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


@dataclass(frozen=True, slots=True)
class SetupItem:
    """Something a store needs once: a product custom field, or a category (with `parent` by code)."""

    kind: SetupKind
    code: str
    name: str
    parent: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StockWrite:
    """
    An absolute stock for one store product. It always switches tracking on.

    `stops_sale`: also make sure that zero stops the sale and that the product stays visible, whatever the store's
    own defaults are (hide needs it; a first quantity sets it). Addressed by the store's id, which never changes.
    """

    external_id: int
    quantity: int
    stops_sale: bool


@dataclass(frozen=True, slots=True)
class ShipmentSend:
    """A shipment as the store will have it: `carrier` in the store's words, `code` ours."""

    shipment: Shipment
    carrier: str


class Store(Protocol):
    """
    One Miva store. All reads are safe to repeat and are retried inside; writes are not, unless they say so.

    All raise StoreUnavailable, RateLimited (try the run again later), CredentialsRejected, PermissionMissing
    (stop; the sentence says the cure), UnexpectedAnswer.
    """

    def products_by_code(self, codes: Collection[str]) -> dict[str, StoreProduct]:
        """Load products with all content, parents with their variants; by code key. Missing ones are left out."""
        ...

    def products_by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        """Load products for a sync: price, stock, active, codes; no content, no variants."""
        ...

    def iterate_rows(self, *, custom_fields: Sequence[str] = (), page_size: int = 1000) -> Iterator[list[StoreRow]]:
        """
        Page through all products of the store by ascending id.

        Ends only when the store has said that there is no more; a page that fails raises, so that a caller never
        takes a part for the whole.
        """
        ...

    def reads_stock(self) -> bool:
        """Whether this token can read stock; found out by a read, and then remembered."""
        ...

    def set_up(self, items: Sequence[SetupItem]) -> list[WriteAnswer]:
        """Create what is missing of these, in order; what exists already counts as DONE. Safe to repeat."""
        ...

    def provision(self, units: Sequence[Unit]) -> list[UnitAnswer]:
        """
        Apply product units (creations and updates), each in one document; one answer per unit, in order.

        Understands the fields of `domain.content.GROUP_OF` on products, and `unused_options` on a parent: pairs of
        attribute and option code that no variant has any more, to be taken off its page.

        Not safe to repeat blindly: read back and plan again. Raises PermissionMissing before anything is done where
        the token may not provision or does not require signature and time stamp.
        """
        ...

    def set_stock(self, writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        """Write absolute stock. Safe to repeat, but each repeat erases sales made since it was computed."""
        ...

    def delete_products(self, ids: Sequence[int]) -> list[WriteAnswer]:
        """Delete for good, in this order; what is not there any more counts as DONE. Safe to repeat."""
        ...

    def iterate_orders(
        self, *, statuses: Collection[StoreStatus], since: datetime | None, page_size: int = 100
    ) -> Iterator[list[StoreOrder]]:
        """
        Page through orders in one of these states, placed or changed since, with lines, charges, notes and shipments.

        By ascending id. An order that was placed long ago and is paid only now counts as changed.
        """
        ...

    def orders_by_id(self, ids: Collection[int]) -> dict[int, StoreOrder]:
        """Load orders with lines, charges, notes and shipments. Missing ones are left out."""
        ...

    def add_order_notes(self, notes: Mapping[int, str]) -> dict[int, WriteAnswer]:
        """Add one note to each order (by order id). Not safe to repeat: look at the order's notes first."""
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


class ImageStore(Protocol):
    """
    Where a store's image files lie. Paths are as registered on the store (`graphics/is-images/x.jpg`).

    Threads may share it. Raises StorageRefused (this file), StoreUnavailable, CredentialsRejected.
    """

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        """Return the size in bytes of those that exist."""
        ...

    def upload(self, path: str, content: bytes) -> None:
        """Put a file in place whole or not at all; a file of that name with another size is never overwritten."""
        ...

    def close(self) -> None: ...


class SourceImages(Protocol):
    """Source images: fetched with limits, checked, re-encoded and kept by checksum."""

    def prepare(self, sources: Collection[str]) -> dict[str, ImageFile | ImageUnusable]:
        """
        Fetch what is not kept yet, side by side, and answer for each source with a file or the reason why not.

        A host that failed twice is not asked again by the same instance.
        """
        ...

    def ingest(self, path: str) -> ImageFile:
        """Read an image file of this machine. Raises ImageUnusable. Its `source` is `media:<checksum>`."""
        ...

    def content(self, checksum: str) -> bytes: ...


# --- the hub's database -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """
    The settings of one channel that operations look at.

    `order_statuses`: which orders are fetched. `look_back_days`: how far the first fetch goes. `carrier_map` is from
    the merchant's word (casefolded) to the store's tracking type.
    """

    id: int
    name: str
    rules: ContentRules
    is_local: bool = False
    order_statuses: frozenset[StoreStatus] = frozenset({StoreStatus.PENDING})
    look_back_days: int = 7
    only_paid_orders: bool = True
    acknowledge_mode: AcknowledgeMode = AcknowledgeMode.NONE
    shipment_path: ShipmentPath = ShipmentPath.PROVISION
    carrier_map: Mapping[str, str] = field(default_factory=dict)
    requires_product_type: bool = True
    has_images: bool = True
    batch_size: int = 50
    delist_parent_with_last_variant: bool = True


@dataclass(frozen=True, slots=True)
class ListingRow:
    """
    A listing with all that operations look at.

    `expected_quantity` is what the store should have by now: what was proven, less what orders took since; None if
    nothing was ever proven. `wanted_quantity` None means unknown, which is never sent. For a parent, price is the
    lowest of its variants', and quantity is None. `parent_id` and `parent_code` are set on variants.
    `was_hidden`: we hid it; survives unlink and re-link, and ends with unhide, publish and delist.
    """

    id: int
    kind: Kind
    code: str
    sku: str
    status: Status
    external_id: int | None
    product_id: int
    parent_id: int | None
    parent_code: str
    wanted_price: Decimal
    proven_price: Decimal | None
    wanted_quantity: int | None
    expected_quantity: int | None
    proven_fingerprints: Mapping[Group, str] = field(default_factory=dict)
    overwrite_groups: frozenset[Group] = frozenset()
    was_hidden: bool = False


@dataclass(frozen=True, slots=True)
class FamilyRows:
    """A catalogue product with its listings on one channel: the parent's first where there is one."""

    product: Product
    listings: tuple[ListingRow, ...]


@dataclass(frozen=True, slots=True)
class Proven:
    """
    What was proven of one listing on the store, to be recorded. None leaves a value as it was.

    `at` is the moment at which it was true at the latest: a sale that may have been before it counts as before it, and
    is sent again.
    """

    listing_id: int
    at: datetime
    status: Status | None = None
    external_id: int | None = None
    code: str | None = None
    price: Decimal | None = None
    quantity: int | None = None
    fingerprints: Mapping[Group, str] | None = None


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How many products and variants an import made, changed and left as they were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "ImportCounts") -> "ImportCounts":
        return ImportCounts(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


class Catalogue(Protocol):
    """Products and variants of the merchant."""

    def save(self, products: Sequence[Product], *, at: datetime) -> ImportCounts:
        """
        Create or update products by handle, and their variants by SKU, set-based; one transaction.

        A variant that the product has no more is kept and marked as gone; its listings are paused and flagged
        `orphaned`. Raises RowRefused when a SKU belongs to another product (the caller checks first with `owners`).
        A quantity is remembered with `at`: units sold before it are known to it. An unknown quantity (None) leaves
        the known one as it is.
        """
        ...

    def owners(self, skus: Collection[str]) -> dict[str, str]:
        """Return the handle of the product that has each of these SKUs."""
        ...


class Stage(StrEnum):
    """The parts of a sync in the order in which they are applied, and what each selects (see `domain.listing`)."""

    DELIST = "delist"
    HIDE = "hide"
    DECREASE = "decrease"
    PRICE = "price"
    INCREASE = "increase"
    UNHIDE = "unhide"


class Listings(Protocol):
    """
    The listings of one channel. All selecting methods page by id (`after`) and return at most `limit` rows.

    Every write is made inside `Run.transaction`.
    """

    def build(self, handles: Collection[str], *, queue: bool) -> int:
        """
        Make the listings of these products on this channel and refresh the wanted values of those that exist.

        Queues a publish for new ones of products that are for sale, if `queue`. A code that another listing of the
        channel has is refused with attention `already_exists`. Returns how many listings were made.
        """
        ...

    def publish_due(self, *, after: int, limit: int, only: Collection[int] | None = None) -> list[FamilyRows]:
        """
        Products (by product id > `after`) that have a listing due for publish, with all their listings.

        `only`: listing ids; a product counts if one of these is due.
        """
        ...

    def families(self, product_ids: Collection[int]) -> list[FamilyRows]:
        """These catalogue products with all their listings, in the given order."""
        ...

    def due(self, stage: Stage, *, after: int, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        """Listings that a sync has to work on in this stage; exactly those of `domain.rules.is_due`."""
        ...

    def count_due(self, stages: Collection[Stage], *, only: Collection[int] | None = None) -> int: ...

    def linked(self, *, after_external_id: int, limit: int) -> list[tuple[int, int, str]]:
        """(store id, listing id, code) of linked listings, ordered by store id."""
        ...

    def linked_count(self) -> int: ...

    def by_ids(self, ids: Collection[int]) -> list[ListingRow]: ...

    def by_skus(self, skus: Collection[str]) -> list[ListingRow]:
        """Find by SKU; a family's handle or parent code names its parent."""
        ...

    def by_codes(self, codes: Collection[str]) -> dict[str, ListingRow]:
        """Find by code key."""
        ...

    def family(self, parent_id: int) -> list[ListingRow]:
        """The variants of a parent listing."""
        ...

    def unlinked_matches(
        self, *, skus: Collection[str], codes: Collection[str], only: Collection[int] | None = None
    ) -> list[ListingRow]:
        """Unlinked or broken, unpaused listings whose SKU or code (exactly, by code key for codes) is among these."""
        ...

    def taken(self, external_ids: Collection[int]) -> dict[int, int]:
        """Which of these store ids are linked already, and to which listing."""
        ...

    def set_status(self, statuses: Mapping[int, Status], *, groups: frozenset[Group] = frozenset()) -> None:
        """Record requested changes (queue, clear, pause); `groups` are those of an overwrite."""
        ...

    def record(self, proven: Sequence[Proven]) -> None:
        """
        Record what was proven, set-based.

        A quantity proven at T sets expected to it, less the pieces of orders that are placed after T.
        A row that became unlinked or delisted forgets store id and proven values.
        """
        ...

    def flag(self, reasons: Mapping[int, tuple[Attention, str]], *, clear: Collection[int] = ()) -> None:
        """Set the attention and last error of listings, and clear those of `clear`."""
        ...


class Intents(Protocol):
    """What the hub was about to create on the store: committed before, closed when proven."""

    def open(self, codes: Collection[str]) -> None:
        """Note the codes that are absent on the store and will be created."""
        ...

    def open_among(self, codes: Collection[str]) -> set[str]:
        """Return the code keys of those with an open intent: what is found under them on the store is ours."""
        ...

    def close(self, codes: Collection[str]) -> None: ...


class StoreLedger(Protocol):
    """What the hub knows to be on the store besides products: set-up items and image files."""

    def known_setup(self) -> set[tuple[SetupKind, str]]: ...

    def add_setup(self, items: Iterable[SetupItem]) -> None: ...

    def known_files(self, paths: Collection[str]) -> dict[str, int]:
        """Sizes of files that were uploaded and seen there."""
        ...

    def add_files(self, sizes: Mapping[str, int]) -> None: ...


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An imported order, as far as operations look at it."""

    id: int
    external_id: int
    state: OrderState
    is_acknowledged: bool


@dataclass(frozen=True, slots=True)
class NewShipment:
    """A shipment as typed or sent in: SKU -> pieces; None takes everything that is still open."""

    order_number: int
    carrier: str
    tracking_number: str
    cost: Decimal = Decimal()
    lines: Mapping[str, int] | None = None


class Orders(Protocol):
    """The ledger of imported orders of one channel, and their shipments."""

    def known(self, external_ids: Collection[int]) -> set[int]: ...

    def add(self, orders: Sequence[StoreOrder], *, at: datetime) -> int:
        """
        Import orders with lines matched to listings, set-based, ignoring those already there; returns how many.

        In the same transaction the pieces sold are taken off the wanted quantity of every listing of the variants,
        and off the expected quantity of this channel's. An order with a line that matches nothing, or whose total
        does not add up, is put on hold with the reason.
        """
        ...

    def refresh(self, orders: Sequence[StoreOrder]) -> None:
        """
        Record the store's state of known orders and their lines, also lines that a split on the store has made;
        close what is wholly shipped or cancelled.
        """
        ...

    def last_fetch(self) -> datetime | None: ...

    def set_last_fetch(self, at: datetime) -> None: ...

    def unacknowledged(self, *, after: int, limit: int) -> list[OrderRow]: ...

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


class ActiveRun(Protocol):
    """
    The execution in which an operation works: its place, its report and its right to write.

    Raises RunLost from every method once another worker has taken the run over.
    """

    @property
    def id(self) -> int: ...

    @property
    def is_dry(self) -> bool: ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all writes of the block together, if the run is still ours. No network call inside."""
        ...

    def cursor(self, name: str) -> int:
        """Where this run, or the attempt before it, had got to in a part of its work; 0 at the start."""
        ...

    def advance(self, name: str, cursor: int) -> None:
        """Remember the place; part of the enclosing transaction."""
        ...

    def plan(self, units: Sequence[Unit]) -> None:
        """Show what is intended: the preview of a dry run, and the progress total of a real one."""
        ...

    def report(self, results: Sequence[Result]) -> None:
        """Count and keep results with their changes; part of the enclosing transaction where there is one."""
        ...

    def progress(self, done: int, total: int | None, label: str) -> None: ...

    def is_cancelled(self) -> bool:
        """Whether a person asked to stop; looked at between batches."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All that an operation on one channel is given; `image_store` is None where the channel has no image server."""

    channel: ChannelSettings
    store: Store
    image_store: ImageStore | None
    source_images: SourceImages
    listings: Listings
    intents: Intents
    ledger: StoreLedger
    orders: Orders
    run: ActiveRun
    clock: Clock


class Cipher(Protocol):
    """Encryption at rest; the database package is given one and never sees a key."""

    def encrypt(self, text: str) -> bytes: ...

    def decrypt(self, secret: bytes) -> str:
        """Raises Reconfigure when the key does not fit."""
        ...
