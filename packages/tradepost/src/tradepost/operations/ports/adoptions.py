"""The port of what is known of a store while its products are adopted: how they belong together, and what was taken."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from tradepost.domain.catalogue.catalogue import Kind, Product
from tradepost.operations.ports.listings import ListingRow


@dataclass(frozen=True, slots=True)
class OutlineRow:
    """
    A product of the store in short. `sku` is what becomes its SKU in the catalogue, `product_type` what the store says
    that it is, `parent_code` of whom. `parts` and `has_bundles`: see `domain.store.ProductOutline`.
    """

    id: int
    code: str
    sku: str
    created: int = 0
    product_type: str = ""
    parent_code: str = ""
    parts: tuple[str, ...] = ()
    has_bundles: bool = False


@dataclass(frozen=True, slots=True)
class OutlineFamily:
    """A product that belongs to no other, and its variants in the order of its page; none where it is an article."""

    root: OutlineRow
    variants: tuple[OutlineRow, ...] = ()

    @property
    def sold(self) -> tuple[OutlineRow, ...]:
        return self.variants or (self.root,)

    @property
    def all(self) -> tuple[OutlineRow, ...]:
        return (self.root, *self.variants)


@dataclass(frozen=True, slots=True)
class AdoptionTotals:
    """How many of each a store has, by what it is; `untyped`: those of which the store does not say so."""

    of_kind: Mapping[Kind, int]
    untyped: Mapping[Kind, int]

    @property
    def products(self) -> int:
        return sum(self.of_kind.values())


@dataclass(frozen=True, slots=True)
class KnownSkus:
    """
    What the hub has already: by SKU the handle of its product, and products by handle.

    `namesakes`: the codes of all that would have one SKU, where these are several.
    """

    owners: Mapping[str, str] = field(default_factory=dict)
    products: Mapping[str, Product] = field(default_factory=dict)
    namesakes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakenListing:
    """A product of the store that becomes a linked listing; of a parent the SKU is blank."""

    sku: str
    external_id: int
    external_created: int
    code: str
    price: Decimal
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """
    What is taken of one family or article. `product`: what the catalogue is given; None where it has it, under this
    handle.
    """

    handle: str
    product: Product | None
    listings: tuple[TakenListing, ...]


class Adoptions(Protocol):
    """What is adopted on one channel. Every write is made inside a transaction."""

    def clear(self) -> None:
        """Forget what was read, but not what was taken and not settled."""
        ...

    def add(self, rows: Sequence[OutlineRow]) -> None: ...

    def place(self) -> None:
        """
        Find out which of the products that were added belong to which.

        A product belongs to the one that its own field names, else to the one on whose page it is a variant; one that
        belongs to another has none of its own.
        """
        ...

    def totals(self) -> AdoptionTotals: ...

    def count(self) -> int:
        """Count the families and articles."""
        ...

    def families(self, *, after: int, limit: int) -> list[OutlineFamily]:
        """Page through families and articles, by the id of the root."""
        ...

    def known(self, skus: Collection[str], handles: Collection[str]) -> KnownSkus:
        """Look up what the hub has of these SKUs and handles."""
        ...

    def take(self, taken: Sequence[Taken], *, at: datetime) -> None:
        """
        Save the products, build their listings, and link and pause these. Idempotent.

        What is new in the catalogue is to be settled; its listings show what the store has only then.
        """
        ...

    def unsettled(self, *, after: int, limit: int) -> list[ListingRow]:
        """Page through the listings of what was taken and is not settled, by id."""
        ...

    def count_unsettled(self) -> int: ...

    def settle(self, listing_ids: Collection[int]) -> None:
        """Note that these are as they are on the store."""
        ...
