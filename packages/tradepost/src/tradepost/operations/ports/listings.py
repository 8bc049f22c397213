"""The port of a channel's listings, and of what the hub knows to be on the store besides."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from tradepost.domain.catalogue.catalogue import Kind, Product
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group, fingerprint
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import LISTED, Pending, Status
from tradepost.domain.listings.listing_filter import ListingFilter
from tradepost.domain.listings.locks import NO_LOCKS, Locks
from tradepost.domain.listings.stages import Stage
from tradepost.domain.listings.structure import EMPTIED_MARK, RETIRED_MARK, structure_mark
from tradepost.operations.ports.matches import Matches, ToLink
from tradepost.operations.ports.store import SetupItem, SetupKind

_OF_A_RETIRED_PAGE = fingerprint(RETIRED_MARK)
_OF_AN_EMPTIED_PAGE = fingerprint(EMPTIED_MARK)
_OF_AN_ARTICLE = fingerprint(structure_mark(Kind.SIMPLE))


@dataclass(frozen=True, slots=True)
class ListingRow:
    """
    A listing with all that operations look at.

    `available` is what is left to sell and `account` what the store must count if only known things happened (see
    `domain.stock.stock`), None means unknown; it was set or looked at last at `basis_at` while somebody may have been
    buying. `stated` is what the catalogue says there is. `open_since`: when a write of its stock was begun that was not
    answered yet, `open_move` by how much it moves, None for one that sets. A look at `looked_at` found `missing` pieces
    fewer on the store than the account says, ever since `missing_since`. It is to go on being sold at 0 where
    `sells_without_stock`, and the store was told so last where `proven_without_stock`. For a parent, price is the
    lowest of its variants', and it has no stock. `parent_id` and `parent_code` are set on variants.
    `was_hidden`: we hid it; survives unlink and re-link, and ends with unhide, publish and delist, like `hidden_count`:
    the pieces that were taken off sale by it, where nobody states how many there are. `external_created`: when its
    product was made, in seconds of the store's clock; a product is its id together with this. `awaits_images`: it was
    published without images that the catalogue has, or their server is another one by now. `is_price_held`:
    `wanted_price` is not to be sent, and `price_held_why`; a person may let it through where it `is_price_guarded`.
    `held_back`: what rules and locks hold back of what is left. `locks`: what is left alone. Of drift (see
    `domain.listings.drift`): `yielded_price` is the wanted price that gave way to the store's own, `sent_price` one
    that was sent and not read back yet. The store has it switched off where `is_inactive`, and it stays so where
    `keeps_inactive`. The store has refused what is queued `refusals` times in a row. It was compared last at
    `compared_at`, and the store says that it was changed since where `is_touched`. `layout`: in which the store has its
    family, where that is not the channel's (any more).
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
    available: int | None
    account: int | None
    basis_at: datetime | None = None
    stated: int | None = None
    open_move: int | None = None
    open_since: datetime | None = None
    looked_at: datetime | None = None
    missing: int = 0
    missing_since: datetime | None = None
    sells_without_stock: bool = False
    proven_without_stock: bool = False
    proven_fingerprints: Mapping[Group, str] = field(default_factory=dict)
    overwrite_groups: frozenset[Group] = frozenset()
    was_hidden: bool = False
    hidden_count: int | None = None
    external_created: int | None = None
    awaits_images: bool = False
    is_price_held: bool = False
    price_held_why: str = ""
    is_price_guarded: bool = False
    held_back: int = 0
    locks: Locks = NO_LOCKS
    yielded_price: Decimal | None = None
    sent_price: Decimal | None = None
    is_inactive: bool = False
    keeps_inactive: bool = False
    compared_at: datetime | None = None
    is_touched: bool = False
    refusals: int = 0
    layout: Layout | None = None

    @property
    def is_ours(self) -> bool:
        """Whether its structure on the store was proven to be the hub's."""
        return Group.STRUCTURE in self.proven_fingerprints

    @property
    def lacks_its_page(self) -> bool:
        """Whether it is an article by now that the store has as a family's variant: a publish gives it its page."""
        structure = self.proven_fingerprints.get(Group.STRUCTURE, _OF_AN_ARTICLE)
        return self.kind is Kind.SIMPLE and structure != _OF_AN_ARTICLE

    @property
    def is_retired(self) -> bool:
        """Whether it is the page of a family that the hub has closed, because nothing is sold on it any more."""
        return self.kind is Kind.PARENT and self.proven_fingerprints.get(Group.STRUCTURE) == _OF_A_RETIRED_PAGE

    @property
    def is_emptied(self) -> bool:
        """Whether it is an open page of ours of which everything went to other products, for a publish to close."""
        return (
            self.kind is Kind.PARENT
            and self.proven_fingerprints.get(Group.STRUCTURE) == _OF_AN_EMPTIED_PAGE
            and self.status.is_orphaned
            and self.status.settled == LISTED
            and not self.status.is_paused
            and self.status.pending is not Pending.DELIST
        )


class LinkedListing(NamedTuple):
    """
    The little of a listing that is compared with every product of a store: a million of them go by in a pass.

    `updated`: when the store had last changed its product, as of when all of it was compared.
    """

    external_id: int
    listing_id: int
    code: str
    created: int | None = None
    updated: int | None = None


class CodeHolder(NamedTuple):
    """Which listing has a code."""

    id: int
    sku: str


@dataclass(frozen=True, slots=True)
class ListedNotes:
    """What a table of listings says besides; `attentions`: each with its message, what has held longest first."""

    handle: str
    proven_at: datetime | None
    attentions: tuple[tuple[Attention, str], ...]


@dataclass(frozen=True, slots=True)
class FamilyRows:
    """
    A catalogue product with its listings on one channel: the parent's first where there is one.

    `left_out`: what of its description is not to be sent, in words.
    """

    product: Product
    listings: tuple[ListingRow, ...]
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Proven:
    """
    What was proven of one listing on the store, to be recorded. None leaves a value as it was.

    `asked`: with a status, the change that was pending when the run read the listing. `external_updated`: all of the
    product was read, as it was when the store had last changed it. `is_inactive`: the store has it switched off.
    `without_stock`: the store goes on selling it at 0. `layout`: in which the store has it; one that knows no parents
    makes an article of a variant.
    """

    listing_id: int
    at: datetime
    status: Status | None = None
    asked: Pending = Pending.NONE
    external_id: int | None = None
    external_created: int | None = None
    code: str | None = None
    price: Decimal | None = None
    fingerprints: Mapping[Group, str] | None = None
    awaits_images: bool | None = None
    external_updated: int | None = None
    is_inactive: bool | None = None
    without_stock: bool | None = None
    layout: Layout | None = None

    @classmethod
    def of(cls, row: ToLink, at: datetime, status: Status | None, **values: Any) -> "Proven":
        """Say what a listing has become, as against what the run had read."""
        return cls(row.id, at, status=status, asked=row.status.pending, **values)


class Listings(Protocol):
    """
    The listings of one channel. All selecting methods page by id (`after`) and return at most `limit` rows.

    Every write is made inside `Run.transaction`.
    """

    def publish_due(
        self, *, after: int, limit: int, only: Collection[int] | None = None, sends_images: bool = False
    ) -> list[FamilyRows]:
        """
        Products (by product id > `after`) that have a listing due for publish, with all their listings.

        `only`: listing ids; a product counts if one of these is due. `sends_images`: also those due for images.
        """
        ...

    def count_publish_due(self, *, only: Collection[int] | None = None, sends_images: bool = False) -> int:
        """Count the products that `publish_due` gives."""
        ...

    def emptied_pages(self, *, after: int, limit: int) -> list[ListingRow]:
        """
        Pages that are emptied (`ListingRow.is_emptied`), by id > `after`.

        They are not worked on by anything else, as the catalogue has nothing for them any more.
        """
        ...

    def families(self, product_ids: Collection[int]) -> list[FamilyRows]:
        """These catalogue products with all their listings, in the given order."""
        ...

    def due(self, stage: Stage, *, after: int, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        """Listings that a sync has to work on in this stage; exactly those of `domain.listings.stages.is_due`."""
        ...

    def count_due(self, stages: Collection[Stage], *, only: Collection[int] | None = None) -> int: ...

    def count_at_stake(self, stage: Stage, *, only: Collection[int] | None = None) -> int:
        """Count what the brake counts of a stage; exactly those of `domain.brake.is_at_stake`."""
        ...

    def at_stake(self, stage: Stage, *, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        """The first of those that are counted, by id."""
        ...

    def count_cut_off(self, *, layout: Layout, only: Collection[int] | None = None) -> int:
        """
        Count what the publish of what is due takes off sale; exactly those of `domain.listings.page_cuts.cut_off`.

        `layout`: the channel's. `only`: the listings that are published.
        """
        ...

    def cut_off(self, *, layout: Layout, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        """The first of those that are counted, by id."""
        ...

    def live_count(self) -> int:
        """Count the products and variants that are linked to the store, also those that are hidden there."""
        ...

    def titles(self, product_ids: Collection[int]) -> dict[int, str]:
        """What the catalogue calls these products."""
        ...

    def looks_due(self, *, now: datetime, basket_life: timedelta, limit: int) -> list[ListingRow]:
        """
        Listings with an account, on sale or hidden and not paused, at whose count somebody should look: those of
        `domain.stock.stock.is_look_due`.
        """
        ...

    def linked(
        self, *, after_external_id: int, up_to_external_id: int | None = None, limit: int
    ) -> list[LinkedListing]:
        """Linked listings by ascending external id, from above the first id, and not above the second if given."""
        ...

    def linked_among(self, external_ids: Collection[int]) -> list[LinkedListing]:
        """Those that are linked to one of these products."""
        ...

    def linked_of(self, ids: Collection[int]) -> list[LinkedListing]:
        """Of these listings those that are linked."""
        ...

    def linked_count(self) -> int: ...

    def note_sent_prices(self, prices: Mapping[int, Decimal]) -> None:
        """Note which prices are about to be sent; they are forgotten when a price is recorded."""
        ...

    def broken(self, *, after: int, limit: int) -> list[LinkedListing]:
        """Those whose link broke and whose product is known by when it was made, by ascending id of the listing."""
        ...

    def by_ids(self, ids: Collection[int]) -> list[ListingRow]: ...

    def by_skus(self, skus: Collection[str]) -> list[ListingRow]:
        """Find by SKU; a family's handle, or its parent's code where that is no SKU, names its parent."""
        ...

    def ids_meant(self, meant: ListingFilter) -> list[int]:
        """The ids, ascending, of exactly those for which `domain.listings.listing_filter.holds`."""
        ...

    def by_codes(self, codes: Collection[str]) -> dict[str, ListingRow]:
        """Find by code key."""
        ...

    def variants_of(self, parent_ids: Collection[int]) -> list[ListingRow]:
        """The variants of parent listings, family by family in the catalogue's order."""
        ...

    def code_holders(self, codes: Collection[str]) -> dict[str, CodeHolder]:
        """As `by_codes`, and no more of them than that."""
        ...

    def standing_layouts(self, ids: Collection[int]) -> dict[int, Layout]:
        """Say of the variants among these in which layout the store has their page, where it is not the channel's."""
        ...

    def matches(self, *, only: Collection[int] | None = None) -> Matches:
        """
        Begin to put aside what a store has of the listings for which `domain.listings.matching.may_be_linked`.

        One at a time for each thread: what was put aside before is forgotten.
        """
        ...

    def taken(self, external_ids: Collection[int]) -> dict[int, int]:
        """Which of these store ids are linked already, by links that broke, too, and to which listing."""
        ...

    def set_status(self, statuses: Mapping[int, Status], *, groups: frozenset[Group] = frozenset()) -> None:
        """Record requested changes (queue, clear, pause); `groups` are those of an overwrite."""
        ...

    def hold(self, ids: Collection[int]) -> None:
        """
        Let whoever else sells or counts what these are wait for the end of the transaction.

        To be called before any of them is changed where they are changed batch by batch: two that hold each what the
        other needs would wait for ever.
        """
        ...

    def set_locks(self, locks: Mapping[int, Locks]) -> None:
        """Record what of listings is left alone; what they should show is computed anew."""
        ...

    def let_prices_through(self, ids: Collection[int]) -> None:
        """Record that the wanted prices of these are meant, however much they change; see `domain.listings.prices`."""
        ...

    def notes(self, ids: Collection[int]) -> dict[int, ListedNotes]: ...

    def remove(self, ids: Collection[int]) -> None:
        """Forget listings, with the variants of parents among them; orders keep their lines."""
        ...

    def record(self, proven: Sequence[Proven]) -> None:
        """
        Record what was proven, set-based.

        A row that became unlinked or delisted forgets store id and proven values.
        """
        ...

    def flag(
        self, reasons: Mapping[int, Mapping[Attention, str]], *, ended: Mapping[int, frozenset[Attention]]
    ) -> None:
        """
        Note the attentions that listings need, by kind with the reason, and forget those of `ended`.

        Set-based; one that is noted already keeps the time since when it holds. Idempotent: nothing is written where
        nothing changes.
        """
        ...

    def count_refusals(self, ids: Collection[int]) -> None:
        """Count for each of these that the store has refused what is queued once more."""
        ...

    def count_attention(self, kind: Attention) -> int: ...

    def with_attention(
        self, kind: Attention, *, after: int, limit: int, only: Collection[int] | None = None
    ) -> list[ListingRow]:
        """Page, by id, through those that need this."""
        ...

    def forget_moot(self, kinds: Collection[Attention]) -> None:
        """Forget attentions of these kinds that hold no more: exactly those of `domain.listings.attention.is_moot`."""
        ...


@dataclass(frozen=True, slots=True)
class OpenIntent:
    """A code that was absent on the store, and about to be created there at `opened_at`."""

    id: int
    code: str
    opened_at: datetime


class Intents(Protocol):
    """What the hub was about to create on the store: committed before, closed when proven."""

    def open(self, codes: Collection[str]) -> None:
        """Note the codes that are absent on the store and will be created now."""
        ...

    def open_among(self, codes: Collection[str]) -> set[str]:
        """Return the code keys of those with an open intent: what is found under them on the store is ours."""
        ...

    def all_open(self, *, after: int, limit: int) -> list[OpenIntent]:
        """Page through all of the channel, by id."""
        ...

    def close(self, codes: Collection[str]) -> None: ...


class StoreInventory(Protocol):
    """What the hub knows to be on the store besides products: set-up items and image files."""

    def known_setup(self) -> set[tuple[SetupKind, str]]: ...

    def add_setup(self, items: Iterable[SetupItem]) -> None: ...

    def known_files(self, paths: Collection[str]) -> dict[str, int]:
        """Sizes of files that were uploaded and seen there."""
        ...

    def add_files(self, sizes: Mapping[str, int]) -> None: ...
