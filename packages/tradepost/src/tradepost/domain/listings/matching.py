"""
Which product of a store a listing means: one rule, for linking and before anything is created.

The SKU is asked first, then the code, or the other way round where a channel says so: the first of them that yields a
hit decides. SKUs must be equal letter by letter, codes but for case, as a store has them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.fields import MAX_SKU
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Link, Status


class TypeFit(StrEnum):
    """What a product's type on the store says of its being what a listing means."""

    FITS = "fits"
    UNTYPED = "untyped"
    OTHER = "other"


class LinkingPriority(StrEnum):
    """What is asked first; its value is what a person types."""

    SKU = "sku"
    CODE = "code"


# What a person reads.
WORDS = {LinkingPriority.SKU: "SKU", LinkingPriority.CODE: "code"}


class Candidate(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def sku(self) -> str: ...


C = TypeVar("C", bound=Candidate)


@dataclass(frozen=True, slots=True)
class Hits(Generic[C]):
    """Products with a listing's SKU, those with its code, and those whose SKU differs from it in case only."""

    by_sku: tuple[C, ...] = ()
    by_code: tuple[C, ...] = ()
    near: tuple[C, ...] = ()

    def deciding(self, priority: LinkingPriority) -> tuple[LinkingPriority, tuple[C, ...]]:
        """Return what decides with its products; where nothing was hit, what was asked last with none."""
        ways = {LinkingPriority.SKU: self.by_sku, LinkingPriority.CODE: self.by_code}
        last = next(way for way in ways if way is not priority)
        return (priority, ways[priority]) if ways[priority] else (last, ways[last])


def may_be_linked(status: Status) -> bool:
    """Whether a listing is looked for on the store at all."""
    return status.link is not Link.LINKED and not status.is_paused


def type_fit(kind: Kind, on_store: str) -> TypeFit:
    """Judge a product's type: a parent means a parent, and a variant or simple product either of the two."""
    typed = on_store.strip().lower()
    if not typed:
        return TypeFit.UNTYPED
    kinds = {Kind.PARENT} if kind is Kind.PARENT else {Kind.VARIANT, Kind.SIMPLE}
    return TypeFit.FITS if typed in {each.value for each in kinds} else TypeFit.OTHER


def sku_on_store(sku: str) -> str:
    """Return a SKU as a store keeps it: as much of it as its column holds."""
    return sku[:MAX_SKU].strip()


def hits_among(products: Iterable[C], *, sku: str, code: str) -> Hits[C]:
    """Pick what shares a listing's SKU or code. A blank SKU matches nothing."""
    wanted, key = sku_on_store(sku), code_key(code)
    by_sku: list[C] = []
    by_code: list[C] = []
    near: list[C] = []
    for product in products:
        found = product.sku.strip()
        if found and found == wanted:
            by_sku.append(product)
        elif found and code_key(found) == code_key(wanted):
            near.append(product)
        if code_key(product.code) == key:
            by_code.append(product)
    return Hits(tuple(by_sku), tuple(by_code), tuple(near))


def several_match(sku: str, products: Sequence[Candidate]) -> str:
    """Say that several products of the store could be meant, and what cures it."""
    shown = ", ".join(f"{product.code} (id {product.id})" for product in products[:5])
    return (
        f"{len(products)} products on the store match {sku}: {shown}. Say which one it is: "
        f"'tradepost listings link {sku} --to ID'."
    )
