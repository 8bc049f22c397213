"""
Identity in the catalogue: whether what a file brings is new, or known under another SKU, handle or product. Pure.

The SKU is who a variant is. A product that takes over every variant of another one is that one, renamed; a variant
that has its options, where its SKU is gone and the new one is unknown, is that one with another SKU.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tradepost.domain.catalogue.catalogue import Product


@dataclass(frozen=True, slots=True)
class KnownProduct:
    """A product as the catalogue has it: its variants by SKU, with their options."""

    handle: str
    variants: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SkuChange:
    """A variant that is known has another SKU."""

    handle: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Move:
    """Variants go from one product to another; `is_whole`: nothing is left of the first."""

    before: str
    after: str
    skus: tuple[str, ...]
    is_whole: bool


@dataclass(frozen=True, slots=True)
class IdentityPlan:
    """
    What has to be settled before a product is saved.

    `renamed`: the handle that it had. `contested`: SKUs of products that keep other variants, by their handle: only
    what the file says of those can decide.
    """

    renamed: str = ""
    moves: tuple[Move, ...] = ()
    skus: tuple[SkuChange, ...] = ()
    contested: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


NO_IDENTITY = IdentityPlan()
"""Nothing is to be settled."""


@dataclass(frozen=True, slots=True)
class Lookalike:
    """
    A new product that looks like one that is on a store: SKU and handle were changed at once, or it is another article.

    `sku_before` and `sku`: of their first variants.
    """

    handle: str
    before: str
    sku: str
    sku_before: str
    is_family: bool


def lookalike(product: Product, before: Product) -> Lookalike | None:
    """Say whether two products have the same title, and variants with the same options."""
    old = {variant.options: variant.sku for variant in before.variants}
    new = {variant.options: variant.sku for variant in product.variants}
    if product.title != before.title or old.keys() != new.keys() or not new:
        return None
    options, sku = next(iter(new.items()))
    return Lookalike(product.handle, before.handle, sku, old[options], product.is_family)


def plan_identity(
    product: Product,
    *,
    known: Sequence[KnownProduct],
    skus_in_use: Collection[str],
    present: Collection[str] = (),
    named: Collection[str] = (),
    leaving: Collection[str] = (),
) -> IdentityPlan:
    """
    Settle who the variants of a product are.

    `known`: the product of this handle, and those that have one of its SKUs. `skus_in_use`: which of its SKUs the
    catalogue knows, of variants that are gone, too. `present` and `named`: the handles and SKUs that the file brings
    beside this one: what it says of another product decides what may be taken from that. `leaving`: the handles of
    products that go out of the catalogue with this file, which may be left by all that is theirs.
    """
    by_handle = {each.handle: each for each in known}
    own = {variant.sku for variant in product.variants}
    mine = by_handle.get(product.handle)
    moves: list[Move] = []
    contested: dict[str, tuple[str, ...]] = {}
    renamed = ""
    for other in known:
        taken = tuple(sku for sku in other.variants if sku in own)
        if other is mine or not taken:
            continue
        is_present = other.handle in present
        is_leaving = other.handle in leaving
        is_whole = not is_present and (is_leaving or own.union(named).issuperset(other.variants))
        if is_whole and len(taken) == len(other.variants) and mine is None and not renamed:
            renamed = other.handle
        elif is_whole or is_present:
            moves.append(Move(other.handle, product.handle, taken, is_whole=is_whole))
        else:
            contested[other.handle] = taken
    before = mine or by_handle.get(renamed)
    skus = _sku_changes(product, before, skus_in_use) if before is not None else ()
    return IdentityPlan(renamed, tuple(moves), skus, contested)


def _sku_changes(product: Product, before: KnownProduct, skus_in_use: Collection[str]) -> tuple[SkuChange, ...]:
    """Pair what lost its SKU with what has a new one, by options; where two could be meant, nobody is."""
    named = {variant.sku for variant in product.variants}
    lost = {sku: options for sku, options in before.variants.items() if sku not in named}
    new = {variant.sku: variant.options for variant in product.variants if variant.sku not in skus_in_use}
    number_lost, number_new = Counter(lost.values()), Counter(new.values())
    by_options = {options: sku for sku, options in lost.items()}
    return tuple(
        SkuChange(product.handle, by_options[options], sku)
        for sku, options in new.items()
        if number_lost[options] == number_new[options] == 1
    )
