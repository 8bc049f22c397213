"""What a store has, read into plain values: the other side of every comparison."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

MAIN_IMAGE = "main"


@dataclass(frozen=True, slots=True)
class StoreImage:
    """An image attached to a product: path below the store's folder, and the image type's code or blank."""

    path: str
    image_type: str


@dataclass(frozen=True, slots=True)
class StoreOption:
    """A choice of an attribute; `is_default`: it is chosen as the page opens."""

    code: str
    prompt: str
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class StoreAttribute:
    """A choice on a product page; only one that `is_dimension` distinguishes variants."""

    code: str
    prompt: str
    options: tuple[StoreOption, ...]
    is_dimension: bool = True
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class StoreVariant:
    """
    A combination on a parent: (attribute code, option code) pairs, and the codes of the products behind it.

    `pieces`: how many of them go with one that is sold.
    """

    options: frozenset[tuple[str, str]]
    part_codes: tuple[str, ...]
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class StoreStock:
    """
    Stock as the store counts it. An untracked product is never sold out.

    Neither `stops_sale_at_zero` nor `sells_without_stock`: the store's own default decides, which can't be read.
    """

    is_tracked: bool
    count: int
    stops_sale_at_zero: bool = True
    hides_when_out: bool = False
    sells_without_stock: bool = False


@dataclass(frozen=True, slots=True)
class StoreProduct:
    """
    A product on the store.

    None means "can't be read with this token" for `stock`, `weight_grams`, `dimensions`, `custom_fields`, `addresses`
    and `variants`; it never means empty. `custom_fields` holds the fields that were asked for and exist. `created`:
    when it was made, in seconds of the store's own clock, and `updated` when it was changed last; 0 where the store
    does not say. `counts_nothing`: it is to be counted and is not, as the store counts nothing at all.
    `with_baskets`: its count and the pieces that baskets hold of it together; None where the store does not tell, or
    baskets take nothing from it. `absent`: the fields whose columns were asked for and did not come, or were not asked
    for.
    """

    id: int
    code: str
    sku: str
    name: str
    price: Decimal
    cost: Decimal
    weight_grams: Decimal | None
    is_active: bool
    is_in_search: bool
    is_taxable: bool
    page_title: str
    description: str = ""
    categories: frozenset[str] = frozenset()
    custom_fields: dict[str, str] | None = None
    images: tuple[StoreImage, ...] = ()
    attributes: tuple[StoreAttribute, ...] = ()
    variants: tuple[StoreVariant, ...] | None = None
    stock: StoreStock | None = None
    with_baskets: int | None = None
    counts_nothing: bool = False
    addresses: tuple[str, ...] | None = None
    created: int = 0
    # How it was read, and not what it is: two readings of one state are equal.
    updated: int = field(default=0, compare=False)
    absent: frozenset[str] = field(default=frozenset(), compare=False)
    dimensions: Mapping[str, Decimal] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        """Return what the store has of a field of `domain.fields`; `more` holds those that only that table reads."""
        return self.more[name] if name in self.more else getattr(self, name)


class StoreRow(NamedTuple):
    """
    What is proven of a product when a listing is linked to it; `fields` are custom fields that were asked for.

    A million of them go by in a pass.
    """

    id: int
    code: str
    sku: str
    is_active: bool
    fields: Mapping[str, str] = MappingProxyType({})
    created: int = 0
    name: str = ""
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ProductOutline:
    """
    What tells how a store's products belong together; `fields` are custom fields that were asked for.

    `parts`: the codes of the products behind its variants, in their order, as far as each stands alone there.
    `has_bundles`: it has variants of several products or pieces.
    """

    id: int
    code: str
    sku: str
    fields: Mapping[str, str] = field(default_factory=dict)
    created: int = 0
    parts: tuple[str, ...] = ()
    has_bundles: bool = False


ProductsByKey = Mapping[str, StoreProduct]
"""By code key."""

ProductsById = Mapping[int, StoreProduct]


def is_same_product(known: int | None, found: int) -> bool:
    """
    Whether a product under an id that is known is the one that was known, by when either was made.

    A store that was restored from a backup goes on from an old highest id, and gives ids a second time.
    """
    return not known or not found or known == found


def vouches(known: int | None, found: int) -> bool:
    """
    Whether a product proves that the store is the one that was known, as far as the ids below its own.

    A store that gives ids again begins above some id, and another store has other products under all of them.
    """
    return bool(known) and known == found
