"""What an order line sold: the listing of the channel that it names, by one of the names that a store knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from tradepost.domain.listings.codes import code_for, code_key
from tradepost.domain.orders.order import LineOption, StoreOrder, StoreOrderLine


@dataclass(frozen=True, slots=True)
class SellableListing:
    """A listing of a variant or simple product, with the names under which a store may sell it, and for how much."""

    id: int
    variant_id: int
    external_id: int | None
    sku: str
    code_key: str
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SellableVariant:
    """A listing of a variant with what chooses it: (option name, value) as in the catalogue; `parent_key` folded."""

    listing: SellableListing
    parent_key: str
    choices: tuple[tuple[str, str], ...]


class Sold(Protocol):
    """What an order line names its product by."""

    @property
    def external_product_id(self) -> int: ...
    @property
    def sku(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def part_codes(self) -> tuple[str, ...]: ...
    @property
    def is_product(self) -> bool: ...
    @property
    def options(self) -> tuple[LineOption, ...]: ...


def codes_of(line: Sold) -> list[str]:
    """The codes of what a line sold, the better first: that of the product behind it, then its own."""
    return [code for code in (*line.part_codes[:1], line.code) if code]


class LineMatcher:
    """Finds the listing that a line sold among those of one channel; each name is used once on a channel."""

    def __init__(self, listings: Iterable[SellableListing]) -> None:
        self._by_external_id: dict[int, SellableListing] = {}
        self._by_sku: dict[str, SellableListing] = {}
        self._by_code: dict[str, SellableListing] = {}
        self._by_parent: dict[str, list[SellableVariant]] = {}
        for listing in listings:
            if listing.external_id is not None:
                self._by_external_id[listing.external_id] = listing
            self._by_sku[listing.sku] = listing
            self._by_code[listing.code_key] = listing

    def add_variants(self, variants: Iterable[SellableVariant]) -> None:
        """Let lines that name a parent and choices find the variant that these choose."""
        for variant in variants:
            self._by_parent.setdefault(variant.parent_key, []).append(variant)

    def match(self, line: Sold) -> SellableListing | None:
        """
        Find by the store's id, then SKU, then codes; a parent's code with the choices that were made says a variant.

        None for what is no product, such as a gift wrap.
        """
        if not line.is_product:
            return None
        if line.external_product_id in self._by_external_id:
            return self._by_external_id[line.external_product_id]
        if line.sku and line.sku in self._by_sku:
            return self._by_sku[line.sku]
        by_code = next((self._by_code[key] for key in map(code_key, codes_of(line)) if key in self._by_code), None)
        return by_code or self._chosen(line)

    def _chosen(self, line: Sold) -> SellableListing | None:
        """The one variant of the line's parent that its options choose; None where several could be meant."""
        options = [(_names(o.attribute, o.attribute_prompt), _names(o.option, o.option_prompt)) for o in line.options]
        fitting = [
            variant.listing
            for variant in self._by_parent.get(code_key(line.code), ())
            if all(
                any(
                    _names(name, code_for(name)) & names and _names(value, code_for(value)) & values
                    for names, values in options
                )
                for name, value in variant.choices
            )
        ]
        return fitting[0] if len(fitting) == 1 else None

    def unmatched(self, order: StoreOrder) -> list[StoreOrderLine]:
        """The order's products that are no listings of the channel."""
        return [line for line in order.lines if line.is_product and self.match(line) is None]


def listed_prices(order: StoreOrder, matcher: LineMatcher) -> dict[int, Decimal]:
    """For how much the listings of an order's lines are on the store, by line."""
    sold = {line.line_id: matcher.match(line) for line in order.lines}
    return {line_id: found.price for line_id, found in sold.items() if found is not None and found.price is not None}


def _names(*names: str) -> set[str]:
    """What an option or a value may be called: as on the page, and by its code."""
    return {code_key(name) for name in names} - {""}
