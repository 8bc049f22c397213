"""
The rows that a store's functions return, as typed structs: of all columns those that the hub reads. A column that was
not asked for, or that this store does not have, is UNSET, which is not the same as empty.
"""

from decimal import Decimal
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct, field

from tradepost.miva.fields import ELEMENTS

CustomFieldValue: TypeAlias = str | list[str] | int | float | None
CustomFieldValues: TypeAlias = dict[str, dict[str, CustomFieldValue]]

# As far as a database's columns reach; a store that goes beyond is out of its mind.
Id: TypeAlias = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Quantity: TypeAlias = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]

Row = TypeVar("Row")


class Page(Struct, Generic[Row], frozen=True):
    """One page of a list query; `total_count` counts all rows that match the filter."""

    total_count: int
    data: list[Row]
    start_offset: int = 0


class Option(Struct, frozen=True, gc=False, kw_only=True):
    id: int
    code: str
    prompt: str = ""


class Attribute(Struct, frozen=True, kw_only=True):
    """An attribute of a product; only those with `inventory` take part in variants."""

    id: int
    code: str
    prompt: str = ""
    attemp_id: int = 0
    default_id: int = 0
    required: bool = False
    inventory: bool = False
    options: list[Option] = []


class ProductImage(Struct, frozen=True, gc=False, kw_only=True):
    """One row of a product's images; `code` is the image type's, blank for the gallery."""

    id: int
    image: str
    code: str = ""
    disp_order: int = 0


class WireCategory(Struct, frozen=True, gc=False, kw_only=True):
    id: int
    code: str


class InventorySettings(Struct, frozen=True, gc=False, kw_only=True):
    """A product's stock settings; `d` means the store's default, `y` and `n` the product's own."""

    active: bool
    out_track: str = "d"
    out_hide: str = "d"
    out_level: int = 0
    out_lvl_d: bool = True


class ShippingRules(Struct, frozen=True, gc=False, kw_only=True):
    """A product's measures, in the store's own unit; 0 is none."""

    length: Decimal = Decimal(0)
    width: Decimal = Decimal(0)
    height: Decimal = Decimal(0)


class Uri(Struct, frozen=True, gc=False, kw_only=True):
    uri: str
    canonical: bool = False
    status: int = 200


_Columns: Any = defstruct(
    "_Columns",
    [(element.member, element.kind, element.default) for element in ELEMENTS.values()],
    frozen=True,
    kw_only=True,
)


class WireProduct(_Columns, frozen=True, kw_only=True):  # type: ignore[misc, call-arg] # made from the table of fields
    """A product; its plain columns are those of `miva.fields.ELEMENTS`."""

    id: Id
    code: str
    dt_created: int = 0
    dt_updated: int = 0
    # Without the right to view inventory these come as False and 0, not as nothing.
    product_inventory_active: bool | UnsetType = UNSET
    product_inventory: Quantity | UnsetType = UNSET
    productinventorysettings: InventorySettings | UnsetType = UNSET
    attributes: list[Attribute] | UnsetType = UNSET
    productimagedata: list[ProductImage] | UnsetType = UNSET
    categories: list[WireCategory] | UnsetType = UNSET
    uris: list[Uri] | UnsetType = UNSET
    productshippingrules: ShippingRules | UnsetType = UNSET
    custom_field_values: CustomFieldValues | UnsetType = field(default=UNSET, name="CustomField_Values")


class Dimension(Struct, frozen=True, gc=False, kw_only=True):
    """One attribute of a variant's combination; `option_id` 1 or 0 for attributes that are only given or not."""

    attr_id: int
    attmpat_id: int = 0
    option_id: int = 0
    option_code: str = ""


class Part(Struct, frozen=True, gc=False, kw_only=True):
    product_id: int
    product_code: str
    quantity: int = 1


class WireVariant(Struct, frozen=True, kw_only=True):
    product_id: int
    variant_id: int
    dimensions: list[Dimension] = []
    parts: list[Part] = []


class Message(Struct, frozen=True, gc=False, kw_only=True):
    """One complaint of the provisioning executor; it has no messages for what went well."""

    message: str
    tag: str = ""
    lineno: int = 0


class WireStore(Struct, frozen=True, gc=False, kw_only=True):
    id: int
    code: str
    name: str = ""
    wtunits: str = ""
    wtunitcode: str = ""
