"""
The catalogue: what the merchant sells, whatever channel it is sold on.

A product is a family of variants that differ by options, or, without options, one article with a single variant.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

MAX_OPTIONS = 3
DECIMAL_PLACES = 4
"""How many places of an amount or a weight are kept."""


class Kind(StrEnum):
    """What a listing is on the store; the values are those of the custom field `product_type`."""

    PARENT = "parent"
    VARIANT = "variant"
    SIMPLE = "simple"


@dataclass(frozen=True, slots=True)
class SourceImage:
    """An image as the catalogue names it: `source` is a web address or `media:<checksum>` of an ingested file."""

    source: str
    position: int
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An image that was fetched, checked and re-encoded; `checksum` is the SHA-256 of the bytes that are sent."""

    source: str
    checksum: str
    extension: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Variant:
    """
    One sellable combination. `options` are values in the order of the product's `option_names`.

    `quantity` None means unknown, which is never sent; 0 means sold out. Where it is not `is_priced`, its source gives
    no price that can be read, and `price` is the last one, 0 if there was none: it is never sent. `sku_made_up` says
    that the file had none. `counted_at`: when the quantity was counted, where the source says so, and `orders_through`:
    the highest order that it knows of, by channel. `sells_without_stock`: the source would go on selling it when none
    is left. `barcode`: an EAN, UPC or other GTIN, or whatever else is printed on it. Measures are in the store's own
    unit.
    """

    sku: str
    options: tuple[str, ...]
    price: Decimal
    quantity: int | None
    position: int
    msrp: Decimal | None = None
    cost: Decimal | None = None
    barcode: str = ""
    mpn: str = ""
    length: Decimal | None = None
    width: Decimal | None = None
    height: Decimal | None = None
    weight_grams: Decimal | None = None
    taxable: bool = True
    image: SourceImage | None = None
    sku_made_up: bool = False
    is_priced: bool = True
    counted_at: datetime | None = None
    orders_through: tuple[tuple[str, int], ...] = ()
    sells_without_stock: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A family or a single article. `category` is the path from the root; empty means none."""

    handle: str
    title: str
    description: str
    variants: tuple[Variant, ...]
    option_names: tuple[str, ...] = ()
    brand: str = ""
    category: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    page_title: str = ""
    images: tuple[SourceImage, ...] = ()
    is_for_sale: bool = True

    @property
    def is_family(self) -> bool:
        return bool(self.option_names)

    def with_last_prices(self, known: "Product") -> "Product":
        """Give those variants that have no price the one that they had."""
        last = {variant.sku: variant.price for variant in known.variants}
        variants = tuple(
            variant if variant.is_priced else replace(variant, price=last.get(variant.sku, variant.price))
            for variant in self.variants
        )
        return replace(self, variants=variants)

    def with_kept(self, known: "Product", skus: Collection[str]) -> "Product":
        """
        Keep those variants of the known product whose rows could not be used: one wrong cell takes nothing off sale.

        Not where another variant has its options by now, or the product has other options.
        """
        taken = {variant.options for variant in self.variants}
        own = {variant.sku for variant in self.variants}
        kept = tuple(
            replace(variant, quantity=None)
            for variant in known.variants
            if variant.sku in skus
            and variant.sku not in own
            and variant.options not in taken
            and len(variant.options) == len(self.option_names)
        )
        return replace(self, variants=self.variants + kept) if kept else self
