"""What a store product is made of: the merchant's product, what the channel's rules make of it, and its images."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from tradepost.domain.catalogue.catalogue import Kind, Product, Variant
from tradepost.domain.channels.layout import Layout, has_own_page
from tradepost.domain.store import MAIN_IMAGE, StoreAttribute, StoreVariant

OwnTexts: TypeAlias = tuple[tuple[str, str], ...]
"""Texts that a listing has for itself on its channel, by target (see `domain.channels.mapping`)."""


@dataclass(frozen=True, slots=True)
class ContentRules:
    """
    How a channel turns catalogue fields into store fields.

    `layout`: how families stand in the store. Identifier and brand fields are sent as custom fields under the codes
    given here; a blank code keeps them at home.
    `files_address`: the web address below which the store shows its files; an image of the catalogue that lies there is
    attached as it is. `image_type`: that of a product's first image, as the store's pages are set to show it.
    `sends_dimensions`: length, width and height go into the store's shipping rules, which older stores don't have.
    `mapping`: targets and templates, see `domain.channels.mapping`. `cleans_descriptions`: what would run in a
    shopper's browser is taken out before anything is compared or sent.
    """

    layout: Layout = Layout.NATIVE
    image_folder: str = "graphics/is-images"
    files_address: str = ""
    image_type: str = MAIN_IMAGE
    type_field: str = "product_type"
    parent_field: str = "parent_code"
    barcode_field: str = "upc"
    mpn_field: str = "mpn"
    brand_field: str = "brand"
    msrp_field: str = "msrp"
    sends_address: bool = True
    cleans_descriptions: bool = True
    sends_dimensions: bool = False
    mapping: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """A category on the store: its code, its name, and its parent's code (blank for a root)."""

    code: str
    name: str
    parent_code: str = ""


@dataclass(frozen=True, slots=True)
class WantedImage:
    """An image as it should be attached. `path` is known only once the file's content is."""

    source: str
    path: str
    image_type: str


@dataclass(frozen=True, slots=True)
class ListingValues:
    """
    What one listing contributes: its code, and what the channel's rules made of price and quantity.

    A quantity of None is unknown and never sent. `sells_without_stock`: it goes on being sold at 0.
    `proven_categories`, `proven_images`: the fingerprints of those that the store was last proven to have. `own`: what
    the listing was customised with.
    """

    code: str
    price: Decimal
    quantity: int | None
    listing_id: int | None = None
    proven_categories: str = ""
    proven_images: str = ""
    sells_without_stock: bool = False
    own: OwnTexts = ()


@dataclass(frozen=True, slots=True)
class Making:
    """
    One product of a family, or a simple one, in the making; the fields of `domain.fields` are built from it.

    `variant` is None for a parent; `parent_code` is set on variants only, `attributes` and `variants` on parents.
    `sources`: of its images, in their order; `missing_images`: of those of them that can't be had at the moment.
    """

    product: Product
    variant: Variant | None
    kind: Kind
    values: ListingValues
    rules: ContentRules
    categories: tuple[Category, ...] = ()
    images: tuple[WantedImage, ...] = ()
    sources: tuple[str, ...] = ()
    missing_images: tuple[str, ...] = ()
    parent_code: str = ""
    attributes: tuple[StoreAttribute, ...] = ()
    variants: tuple[StoreVariant, ...] = ()

    @property
    def is_of_family(self) -> bool:
        """Whether it is one of several that only their options tell apart, whatever it is called on the store."""
        return self.variant is not None and self.product.is_family

    @property
    def has_own_page(self) -> bool:
        """Whether a shopper meets it on a page of its own."""
        return has_own_page(self.kind, self.rules.layout)

    def own(self, target: str) -> str:
        """Return the text that the listing was customised with; blank where it was not."""
        return next((text for name, text in self.values.own if name == target), "")
