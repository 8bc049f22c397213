"""The port of what a store has that listings could be linked to, and its values."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Status
from tradepost.domain.listings.matching import Hits, LinkingPriority
from tradepost.domain.store import StoreRow


class ToLink(Protocol):
    """What decides of a listing what it is linked to: a whole `ListingRow` is one, too."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def code(self) -> str: ...
    @property
    def sku(self) -> str: ...
    @property
    def status(self) -> Status: ...
    @property
    def external_id(self) -> int | None: ...
    @property
    def was_hidden(self) -> bool: ...
    @property
    def is_price_held(self) -> bool: ...


class LeanListing(NamedTuple):
    """No more of a listing than that: as many are linked at once as there are."""

    id: int
    kind: Kind
    code: str
    sku: str
    status: Status
    external_id: int | None
    was_hidden: bool
    is_price_held: bool


@dataclass(slots=True)
class Candidates:
    """Store products that could match, by listing: those with its SKU, and those with its code."""

    rows: dict[int, ToLink] = field(default_factory=dict)
    by_sku: defaultdict[int, list[StoreRow]] = field(default_factory=lambda: defaultdict(list))
    by_code: defaultdict[int, list[StoreRow]] = field(default_factory=lambda: defaultdict(list))

    def ids(self, priority: LinkingPriority) -> set[int]:
        """Return the store's ids of those that decide."""
        return {hit.id for row_id in self.rows for hit in self.hits(row_id).deciding(priority)[1]}

    def hits(self, row_id: int) -> Hits[StoreRow]:
        return Hits(tuple(self.by_sku[row_id]), tuple(self.by_code[row_id]))

    def add(self, listings: Sequence[ToLink], page: Sequence[StoreRow]) -> None:
        """Join a page of the store with the listings that share a SKU or a code with it."""
        skus: defaultdict[str, list[StoreRow]] = defaultdict(list)
        codes: defaultdict[str, list[StoreRow]] = defaultdict(list)
        for product in page:
            if product.sku.strip():
                skus[product.sku.strip()].append(product)
            codes[code_key(product.code)].append(product)
        for row in listings:
            by_sku, by_code = skus.get(row.sku, []), codes.get(code_key(row.code), [])
            if by_sku or by_code:
                self.rows[row.id] = row
                self.by_sku[row.id] += by_sku
                self.by_code[row.id] += by_code


class Matches(Protocol):
    """
    The products of a store that share a SKU or a code with a listing, put aside while the store is read.

    A match must be the only one, so nothing is decided before the last page; and there may be as many as listings.
    """

    def add(self, page: Sequence[StoreRow]) -> None:
        """Put aside what of a page could be linked; of a listing that was asked for, where some were."""
        ...

    def page(self, *, after: int, limit: int) -> Candidates:
        """The next listings by id that may be linked still, in their order, each with all that was put aside for it."""
        ...

    def contested(self) -> frozenset[int]:
        """The store's ids of those that more than one listing could be linked to."""
        ...

    def without(self, ids: Collection[int]) -> list[ToLink]:
        """Of these listings those that may be linked and for which nothing was put aside, by id."""
        ...

    def forget(self) -> None:
        """Let go of all that was put aside."""
        ...
