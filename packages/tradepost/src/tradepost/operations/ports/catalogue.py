"""The ports of the merchant's products: the files in which they come, and the catalogue in which they are kept."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from tradepost.domain.catalogue.catalogue import Product, Variant
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.catalogue.identity import IdentityPlan, KnownProduct, Lookalike
from tradepost.domain.stock.stock import Counting, OrdersThrough, Stating
from tradepost.operations.ports.listings import ListingRow


class Level(StrEnum):
    REFUSED = "refused"  # the row is not in the catalogue
    NOTE = "note"  # it is, and there is something to know about it
    OFF_SALE = "off sale"  # something that a store sells is sold there no more


@dataclass(frozen=True, slots=True)
class RowReport:
    """
    What there is to say about one row; `line` is where it begins in the file, 1 for the header, 0 for none.

    `cause`: what it has in common with others of which the same is to be said; blank where that is the message.
    """

    line: int
    level: Level
    message: str
    handle: str = ""
    cause: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class SkuValues:
    """What a file says of a SKU that the catalogue has already, and of nothing else of it; None says nothing."""

    line: int
    sku: str
    price: Decimal | None = None
    quantity: int | None = None
    counted_at: datetime | None = None
    orders_through: OrdersThrough = ()


@dataclass(frozen=True, slots=True)
class FileLook:
    """What can be told of a file by its beginning. `passed_over`: those of its columns that nothing reads."""

    form: CatalogueForm
    columns: Sequence[str]
    passed_over: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class ReadProduct:
    """
    A product as read, with the reports on its rows; None where none of its rows could be used.

    `unread`: SKUs whose rows are there and were refused, so nobody has said that their variants are gone. `values`:
    instead of a product, where the file has no products.
    """

    product: Product | None
    reports: tuple[RowReport, ...]
    rows: int
    unread: tuple[str, ...] = ()
    values: SkuValues | None = None


@dataclass(frozen=True, slots=True)
class CountColumns:
    """Which columns of a file say when a row was counted, and up to which order; blank where none does."""

    counted_at: str = ""
    orders_through: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.counted_at, self.orders_through)))


NO_COUNT_COLUMNS = CountColumns()


@dataclass(frozen=True, slots=True)
class Statement:
    """
    How many there are of a variant, as the catalogue has it; `source_quantity`: the last number of its `source`,
    whether it was a statement or not.
    """

    quantity: int | None
    source_quantity: int | None
    stated_by: str
    stated_at: datetime | None
    source: str | None


@dataclass(frozen=True, slots=True)
class ProductDifference:
    """
    A product that was made or changed: as it was, None where it is new, and as it is.

    `statements`: by SKU, those that were replaced and what replaced them; `before` and `after` say nothing of these.
    """

    before: Product | None
    after: Product
    statements: Mapping[str, tuple[Statement, Statement]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """
    How many products and variants an import made, changed and left as they were.

    `withdrawn`: what is on stores of variants that the catalogue has no more. `reordered`: the handles of families on
    stores whose options or values stand in another order. `contested`: numbers that were not taken. `differences`: the
    products that were made or changed. `touched`: the handles of those whose listings may have to show something else.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    withdrawn: "tuple[SaleChange, ...]" = ()
    reordered: tuple[str, ...] = ()
    contested: "tuple[ContestedQuantity, ...]" = ()
    differences: tuple[ProductDifference, ...] = field(default=(), compare=False)
    touched: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def numbers(self) -> "ImportCounts":
        return ImportCounts(self.created, self.updated, self.unchanged)

    def as_changed(self, *, created: int, unchanged: int) -> "ImportCounts":
        """Count so many of what was made, and of what is as it was, as changed: they were there, called otherwise."""
        return replace(
            self,
            created=self.created - created,
            updated=self.updated + created + unchanged,
            unchanged=self.unchanged - unchanged,
        )

    def __add__(self, other: "ImportCounts") -> "ImportCounts":
        return ImportCounts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.withdrawn + other.withdrawn,
            self.reordered + other.reordered,
            self.contested + other.contested,
            self.differences + other.differences,
            self.touched | other.touched,
        )


@dataclass(frozen=True, slots=True)
class ValueDifference:
    """A variant whose price or statement was replaced, with what both were before and are; None says nothing."""

    sku: str
    prices: tuple[Decimal | None, Decimal] | None = None
    statements: tuple[Statement, Statement] | None = None


@dataclass(frozen=True, slots=True)
class TakenValues:
    """
    What became of prices and numbers by SKU; `handles`: of the products that changed, `unknown`: SKUs.

    `differences`: the variants that changed.
    """

    counts: ImportCounts
    handles: tuple[str, ...] = ()
    unknown: frozenset[str] = frozenset()
    differences: tuple[ValueDifference, ...] = ()


@dataclass(frozen=True, slots=True)
class MadeProduct:
    """A product that a run has made; `is_as_made`: nothing of it was changed since."""

    id: int
    handle: str
    is_as_made: bool


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """
    Where a catalogue comes from: which of its numbers are statements, and how old what it says may be.

    `digest`: of the last file of it that was read to its end; blank if there was none. `counted_column`: the one that
    says when each number was counted, `orders_column`: the one that says up to which order; blank where none does.
    `states`: whether its quantities are statements at all. `form`: the layout of its files; None: as their header says.
    `is_full`: what a file does not have is not in the catalogue any more.
    """

    name: str
    counts: Counting = Counting.CHANGED
    lag: timedelta = timedelta()
    digest: str = ""
    counted_column: str = ""
    orders_column: str = ""
    states: Stating = Stating.FIRST
    form: CatalogueForm | None = None
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """
    Who says how many there are, and when.

    `knows_until`: pieces that had been handed over by then are out of the numbers; of one that says itself when it was
    counted, those that had been by then, less the `lag`. `counting`: which numbers are statements. `source`: who says
    it; blank: a person. Of what another source states, its numbers are none, unless `states` says so. `run_id`: the run
    that brings it; what it makes is marked with that.
    """

    by: str
    at: datetime
    knows_until: datetime
    counting: Counting = Counting.CHANGED
    lag: timedelta = timedelta()
    source: str = ""
    states: Stating = Stating.FIRST
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class ContestedQuantity:
    """A quantity that another source (`owner`) states, as `stated`."""

    sku: str
    given: int
    owner: str
    stated: int | None


@dataclass(frozen=True, slots=True)
class QueuedStructure:
    """
    The handles of products whose listings are due for another structure on the store.

    `held`: a person has queued another change of theirs, which comes first.
    """

    queued: tuple[str, ...] = ()
    held: tuple[str, ...] = ()


class CatalogueReader(Protocol):
    """Catalogue files, of whatever format."""

    def read(
        self, path: Path, *, form: CatalogueForm | None = None, counted: CountColumns = NO_COUNT_COLUMNS
    ) -> Iterator[ReadProduct]:
        """
        Read a catalogue, one product at a time, each handle and each SKU once, in bounded memory.

        `form`: its layout; without one it is recognised by its header.

        A row that can't be used is reported with its line and the reason, and the rest goes on. Raises FileRefused
        before the first product when the file is no catalogue, and nothing else because of what stands in it.
        """
        ...


@dataclass(frozen=True, slots=True)
class HeldPrice:
    """A price that a channel does not send, and why."""

    channel: str
    handle: str
    sku: str
    reason: str


@dataclass(frozen=True, slots=True)
class SaleAtZero:
    """A listing on a store that goes on being sold at 0 from now on, or is sold out there."""

    channel: str
    handle: str
    sku: str
    goes_on: bool


@dataclass(frozen=True, slots=True)
class UnstatedQuantity:
    """Something that is to be published, and of which nobody states how many there are."""

    channel: str
    handle: str
    sku: str


@dataclass(frozen=True, slots=True)
class WantedChanges:
    """
    What came of computing anew what listings should show, as far as a person is told.

    `held_prices`: of what is on a store or to be published. `at_zero`: where the end of the sale has changed.
    `unstated`: what would be published with 0. `listed`: what a rule takes off sale, or puts back.
    """

    held_prices: Sequence[HeldPrice] = ()
    at_zero: Sequence[SaleAtZero] = ()
    unstated: Sequence[UnstatedQuantity] = ()
    listed: "Sequence[SaleChange]" = ()

    def __add__(self, other: "WantedChanges") -> "WantedChanges":
        return WantedChanges(
            (*self.held_prices, *other.held_prices),
            (*self.at_zero, *other.at_zero),
            (*self.unstated, *other.unstated),
            (*self.listed, *other.listed),
        )

    def of_products(self, handles: Collection[str]) -> "WantedChanges":
        return WantedChanges(
            [each for each in self.held_prices if each.handle in handles],
            [each for each in self.at_zero if each.handle in handles],
            [each for each in self.unstated if each.handle in handles],
            [each for each in self.listed if each.handle in handles],
        )


@dataclass(frozen=True, slots=True)
class MadeListings:
    """
    What became of building on a channel: the number of listings that were made.

    `settled`: the products, by handle, of which the channel had no listing; those that it has now show what they
    should. `changes`: what a person is told of new listings.
    """

    number: int = 0
    settled: frozenset[str] = frozenset()
    changes: WantedChanges = WantedChanges()

    def __add__(self, other: "MadeListings") -> "MadeListings":
        return MadeListings(self.number + other.number, self.settled | other.settled, self.changes + other.changes)


@dataclass(frozen=True, slots=True)
class SaleChange:
    """
    A listing that goes off sale with its product, or comes back; `pieces`: what its store has, None if unknown.

    `is_gone`: the catalogue does not have it any more. `rule`: by which the channel does not list it any more.
    """

    channel: str
    handle: str
    sku: str
    pieces: int | None
    is_for_sale: bool
    is_gone: bool = False
    rule: str = ""


class Catalogue(Protocol):
    """Products and variants of the merchant."""

    def source(self, name: str) -> SourceSettings:
        """Return what is known of a source; a new one has the defaults."""
        ...

    def set_source(self, settings: SourceSettings) -> None: ...

    def handles_of(self, source: str) -> Iterator[tuple[str, ...]]:
        """Return the handles of the products that are there and that this source brought last, a batch at a time."""
        ...

    def brought_by(self, source: str, handles: Collection[str]) -> frozenset[str]:
        """Return those of these products that this source brought last."""
        ...

    def stated_besides(self, source: str) -> Iterator[tuple[str, ...]]:
        """
        Return the handles of products that another source brought last, and of which this one states how many there
        are, a batch at a time.
        """
        ...

    def stop_stating(self, source: str, handles: Collection[str]) -> None:
        """Leave it to any source how many there are of these, where this one states it; the number stays until then."""
        ...

    def withdraw(self, handles: Collection[str]) -> "list[SaleChange]":
        """
        Take products out of the catalogue: their listings are orphaned. Returns what of them is on stores; idempotent.
        """
        ...

    def channel_names(self) -> list[str]:
        """Name the channels that are in use."""
        ...

    def save(self, products: Sequence[Product], *, saying: Saying) -> ImportCounts:
        """
        Create or update products by handle, and their variants by SKU, set-based; one transaction.

        A variant that the product has no more is kept and marked as gone; its listings are orphaned: nothing is
        written for them but a stock of 0. Raises RowRefused when a SKU belongs to another product (`settle` it
        first). A quantity is a statement if the source has not given the same before, or says that all of them count;
        an unknown one (None) never is, and leaves the last as it is. What listings should show follows with
        `refresh_wanted`.
        """
        ...

    def take_values(self, values: Sequence[SkuValues], *, saying: Saying) -> TakenValues:
        """
        Take prices and numbers of variants that the catalogue has, by SKU, and nothing else of them; one transaction.

        A number is a statement as it is for `save`. What listings should show follows with `refresh_wanted`.
        """
        ...

    def follow_sale(self, products: Sequence[Product]) -> Sequence[SaleChange]:
        """
        Hide what is listed of products that are for sale no more, and put back what was hidden for that; before `save`.

        Queued on every channel, for a sync to apply. Whatever a person has hidden stays so. Idempotent.
        """
        ...

    def owners(self, skus: Collection[str]) -> dict[str, str]:
        """Return the handle of the product that has each of these SKUs."""
        ...

    def known_products(self, handles: Collection[str], skus: Collection[str]) -> list[KnownProduct]:
        """Return the products of these handles, and those that have one of these SKUs."""
        ...

    def lookalikes(self, *, created_at: datetime) -> list[Lookalike]:
        """Compare the products that were made at this moment with those before that are on a store."""
        ...

    def handles(self, *, after: str, limit: int) -> list[str]:
        """Page through the handles of all products, in their order."""
        ...

    def skus_in_use(self, skus: Collection[str]) -> set[str]:
        """Return those of these SKUs that are known, of variants that are gone, too."""
        ...

    def settle(self, plans: Mapping[str, IdentityPlan]) -> None:
        """
        Rename, recode and let go of what these plans (by handle) say, before their products are saved; set-based.

        Listings follow on every channel; those that are on a store keep their codes there, and get the new SKU sent.
        """
        ...

    def remove(self, skus: Collection[str]) -> None:
        """Take variants out of the catalogue; their listings are orphaned, and parents that have none left."""
        ...

    def hand_over(self, before: str, after: str) -> None:
        """
        Give the listings of one variant to another that is the same article, and take the first one out.

        On channels where both are on the store the first one's listing is orphaned.
        """
        ...

    def by_handles(self, handles: Collection[str]) -> dict[str, Product]:
        """Return those of these products that are known, with the variants that they still have."""
        ...

    def gone_variants(self, skus: Collection[str]) -> dict[str, tuple[str, Variant]]:
        """Return those of these variants that the catalogue has no more, each with the handle of its product."""
        ...

    def made_by(self, run_id: int, *, after: int, limit: int) -> list[MadeProduct]:
        """Page through the products that a run has made and that are still there, by id."""
        ...

    def stated_quantities(self, skus: Collection[str]) -> dict[str, int | None]:
        """Return the last statement of each of these that are known."""
        ...

    def restate(self, statements: Mapping[str, tuple[Statement, Statement]]) -> frozenset[str]:
        """
        Let statements hold again that were replaced: by SKU, the earlier one and the one that is to be there now.

        Only where that is so, and where no order has taken, and nobody has handed over, a piece since the earlier one
        was made: what is gone would be sold again. Returns the SKUs of those that hold again.
        """
        ...

    def state(self, counts: Mapping[str, int], *, saying: Saying) -> None:
        """
        Take what a person has counted, by SKU, which is always a statement; what listings should show follows with
        `refresh_wanted`.
        """
        ...

    def refresh_wanted(self, handles: Collection[str]) -> WantedChanges:
        """
        Compute price, quantity and what happens at 0 anew for the listings of these products on every channel;
        idempotent.

        The prices that are held back are noted with the listings, too.
        """
        ...


class ChannelListings(Protocol):
    """The listings of a channel that follows the catalogue, as far as a change of that looks at them."""

    def by_skus(self, skus: Collection[str]) -> list[ListingRow]: ...

    def build(self, handles: Collection[str], *, queue: bool) -> MadeListings: ...


class ListingBuilder(Protocol):
    """A channel that follows the catalogue."""

    def build(self, handles: Collection[str], *, queue: bool, is_asked: bool = False) -> MadeListings:
        """
        Make the listings that these products lack on the channel, and put right those that the catalogue made wrong.

        Not of what a rule of the channel does not list, nor of what is new on one that lists nothing new; `is_asked`:
        by a person, and then only a rule says no.

        Queues a publish for new ones of products that are for sale, if `queue`. What would have the code of another
        listing of the channel gets one of its own. What of it the channel had before follows with
        `Catalogue.refresh_wanted`. Idempotent.
        """
        ...

    def lacking(self, handles: Collection[str]) -> list[str]:
        """Name those of these products of which the channel lacks a listing, whether it is to have one or not."""
        ...

    def queue_structure(self, handles: Collection[str]) -> QueuedStructure:
        """
        Queue an overwrite of structure for linked listings whose structure was ours, and is not what these products
        have any more; beside what is queued to be overwritten already. Call it after `build`. Idempotent.
        """
        ...
