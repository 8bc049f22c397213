"""
Where a store keeps the fields of `domain.fields`: by the same names, the element that writes each and the member of
the record that reads it.

A field is an element of `Product_Add` and `Product_Update`, or has tags of its own, which have their place in the one
order in which a store can take them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Any

from msgspec import UNSET, UnsetType

from tradepost.miva.documents import field_tags
from tradepost.miva.documents.tags import Tag, Value


class DocumentStep(IntEnum):
    """
    The parts of a document: product before attribute, part before variant, everything before the page is opened, and
    what is opened before another page is closed: what both sell has one stock, and is on sale somewhere all the while.
    """

    PRODUCT = 0
    ATTRIBUTE = 1
    STOCK = 2
    VARIANT = 3
    UNUSED = 4
    FIELD = 5
    IMAGE = 6
    PLACE = 7
    OPEN = 8
    CLOSE = 9


@dataclass(frozen=True, slots=True)
class Element:
    """
    An element of the product's own tag, and the record's member of type `kind` that reads it back.

    `grams` turns the record's value into ours by the store's weight unit; `is_opposite`: the store says the contrary.
    """

    name: str
    member: str
    kind: Any
    default: Any
    is_opposite: bool = False
    is_weight: bool = False

    def write(self, value: Any) -> Value:
        return not value if self.is_opposite else value

    def read(self, record: Any, *, grams: Decimal | None) -> Any:
        value = getattr(record, self.member)
        if value is UNSET:
            return ""
        if self.is_weight:
            return None if grams is None else value * grams
        return not value if self.is_opposite else value


@dataclass(frozen=True, slots=True)
class OwnTags:
    """Tags of its own in one place: made of the product's code, what the store has, and what it should have."""

    step: DocumentStep
    make: Callable[[str, Any, Any], Iterable[Tag]] = field(repr=False)


# In the order in which a document names them.
FIELDS: Mapping[str, Element | tuple[OwnTags, ...]] = {
    "sku": Element("SKU", "sku", str, ""),
    "name": Element("Name", "name", str, ""),
    "price": Element("Price", "price", Decimal, Decimal(0)),
    "cost": Element("Cost", "cost", Decimal, Decimal(0)),
    "weight_grams": Element("Weight", "weight", Decimal, Decimal(0), is_weight=True),
    "description": Element("Description", "descrip", str | UnsetType, UNSET),
    "is_taxable": Element("Taxable", "taxable", bool, default=True),
    "is_active": Element("Active", "active", bool, default=True),
    "page_title": Element("PageTitle", "page_title", str, ""),
    "is_in_search": Element("ExcludeFromSearchResults", "exsearch", bool, default=False, is_opposite=True),
    "attributes": (
        OwnTags(DocumentStep.ATTRIBUTE, field_tags.attributes),
        OwnTags(DocumentStep.UNUSED, field_tags.unused_attributes),
    ),
    "dimensions": (OwnTags(DocumentStep.FIELD, field_tags.dimensions),),
    "quantity": (OwnTags(DocumentStep.STOCK, field_tags.quantity),),
    "sells_without_stock": (OwnTags(DocumentStep.STOCK, field_tags.sells_without_stock),),
    "variants": (OwnTags(DocumentStep.VARIANT, field_tags.variants),),
    "variant_pricing": (OwnTags(DocumentStep.VARIANT, field_tags.variant_pricing),),
    "placement": (OwnTags(DocumentStep.FIELD, field_tags.custom_fields),),
    "custom_fields": (OwnTags(DocumentStep.FIELD, field_tags.custom_fields),),
    "images": (OwnTags(DocumentStep.IMAGE, field_tags.images),),
    "categories": (OwnTags(DocumentStep.PLACE, field_tags.categories),),
    "address": (OwnTags(DocumentStep.OPEN, field_tags.address),),
}

ELEMENTS: Mapping[str, Element] = {name: kept for name, kept in FIELDS.items() if isinstance(kept, Element)}
OWN_TAGS: Mapping[str, tuple[OwnTags, ...]] = {
    **{name: kept for name, kept in FIELDS.items() if not isinstance(kept, Element)},
    # No field of a listing: what a delist takes off its parent's page.
    "unused_options": (OwnTags(DocumentStep.UNUSED, field_tags.unused_options),),
}
