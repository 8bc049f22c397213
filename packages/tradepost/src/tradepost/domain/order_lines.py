"""What an order line sold: the listing of the channel that it names, by one of the names that a store knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from tradepost.domain.codes import code_key
from tradepost.domain.order import StoreOrder, StoreOrderLine


@dataclass(frozen=True, slots=True)
class SellableListing:
    """A listing of a variant or simple product, with the names under which a store may sell it."""

    id: int
    variant_id: int
    external_id: int | None
    sku: str
    code_key: str


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


def codes_of(line: Sold) -> list[str]:
    """The codes of what a line sold, the better first: that of the product behind it, then its own."""
    return [code for code in (*line.part_codes[:1], line.code) if code]


class LineMatcher:
    """Finds the listing that a line sold among those of one channel; each name is used once on a channel."""

    def __init__(self, listings: Iterable[SellableListing]) -> None:
        self._by_external_id: dict[int, SellableListing] = {}
        self._by_sku: dict[str, SellableListing] = {}
        self._by_code: dict[str, SellableListing] = {}
        for listing in listings:
            if listing.external_id is not None:
                self._by_external_id[listing.external_id] = listing
            self._by_sku[listing.sku] = listing
            self._by_code[listing.code_key] = listing

    def match(self, line: Sold) -> SellableListing | None:
        """Find by the store's id, then SKU, then codes. None for what is no product, such as a gift wrap."""
        if not line.is_product:
            return None
        if line.external_product_id in self._by_external_id:
            return self._by_external_id[line.external_product_id]
        if line.sku and line.sku in self._by_sku:
            return self._by_sku[line.sku]
        return next((self._by_code[key] for key in map(code_key, codes_of(line)) if key in self._by_code), None)

    def unmatched(self, order: StoreOrder) -> list[StoreOrderLine]:
        """The order's products that are no listings of the channel."""
        return [line for line in order.lines if line.is_product and self.match(line) is None]
