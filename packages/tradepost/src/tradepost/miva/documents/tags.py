"""
The provisioning tags that Tradepost sends, one function each, named like the tag. A tag knows which codes a message
about it would quote. Values that are None are left out, which leaves the store's value alone.
"""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

from lxml import etree

Value: TypeAlias = str | bool | int | Decimal | None
OptionPairs: TypeAlias = Iterable[tuple[str, str]]

_CUSTOM_FIELDS = "customfields"
# Not legal in XML 1.0, and refused by lxml.
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A store's own wrapping may squeeze white space inside a text.
_SENSITIVE_SPACE = re.compile(r"[\t\n\r]|  ")
_DECIMALS = Decimal("0.00000001")


@dataclass(frozen=True, slots=True)
class Tag:
    """
    One tag. `subjects` are the codes that a message about it quotes, `phrases` what else only such a one says.

    `module_feature` is set on those that only a `Module` element around them can hold.
    """

    element: etree._Element
    subjects: tuple[str, ...]
    module_feature: str = ""
    phrases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.element.tag)

    @property
    def names(self) -> frozenset[str]:
        """What a message about this tag may call it: its own name or an inner element's, casefolded."""
        return frozenset(str(element.tag).casefold() for element in self.element.iter())


def document(tags: Sequence[Tag]) -> str:
    """Write tags one after another as a bare fragment: no declaration, no wrapper, no line break between them."""
    return "".join(_document(tags))


def _document(tags: Sequence[Tag]) -> Iterator[str]:
    for feature, group in groupby(tags, key=attrgetter("module_feature")):
        if feature:
            yield f'<Module code="{_CUSTOM_FIELDS}" feature="{feature}">'
        yield from (etree.tostring(tag.element, encoding="unicode") for tag in group)
        if feature:
            yield "</Module>"


def product_add(*, code: str, **elements: Value) -> Tag:
    """`elements` by their names in the document and in its order; `Name` is required."""
    return _product("Product_Add", {}, code, {"Code": code, **elements})


def product_update(*, code: str, **elements: Value) -> Tag:
    """Change the elements that are given; a blank text clears it."""
    return _product("Product_Update", {"code": code}, code, elements)


def product_delete(*, code: str) -> Tag:
    return _tag("Product_Delete", {"code": code}, subjects=(code,))


def _product(name: str, attributes: Mapping[str, str], code: str, elements: Mapping[str, Value]) -> Tag:
    tag = _tag(name, attributes, subjects=(code,))
    for child, value in elements.items():
        element = _child(tag.element, child, value)
        if element is not None and child == "Weight":
            element.set("unit", "g")
    return tag


def product_attribute_add(*, product_code: str, code: str, prompt: str, kind: str = "select") -> Tag:
    """Add a required choice that takes part in variants."""
    tag = _tag("ProductAttribute_Add", {"product_code": product_code}, subjects=(product_code, code))
    return _with(tag, Code=code, Type=kind, Prompt=prompt, Required=True, Inventory=True)


def product_attribute_update(
    *, product_code: str, code: str, prompt: str, is_required: bool, is_dimension: bool
) -> Tag:
    """Change what an attribute is called, and whether it must be chosen and tells variants apart; its code stays."""
    attributes = {"product_code": product_code, "attribute_code": code}
    tag = _tag("ProductAttribute_Update", attributes, subjects=(product_code, code))
    return _with(tag, Prompt=prompt, Required=is_required, Inventory=is_dimension)


def product_attribute_delete(*, product_code: str, code: str) -> Tag:
    """Delete an attribute with its options, and every variant that uses it."""
    attributes = {"product_code": product_code, "attribute_code": code}
    return _tag("ProductAttribute_Delete", attributes, subjects=(product_code, code))


def product_attribute_option_add(*, product_code: str, attribute_code: str, code: str, prompt: str) -> Tag:
    attributes = {"product_code": product_code, "attribute_code": attribute_code}
    tag = _tag("ProductAttributeOption_Add", attributes, subjects=(product_code, attribute_code, code))
    return _with(tag, Code=code, Prompt=prompt)


def product_attribute_option_update(
    *, product_code: str, attribute_code: str, code: str, prompt: str, is_default: bool
) -> Tag:
    """Change what an option is called; its code stays. Without saying so, it would no longer be the default."""
    attributes = {"product_code": product_code, "attribute_code": attribute_code, "option_code": code}
    tag = _tag("ProductAttributeOption_Update", attributes, subjects=tuple(attributes.values()))
    return _with(tag, Prompt=prompt, DefaultOption=True if is_default else None)


def product_attribute_option_delete(*, product_code: str, attribute_code: str, code: str) -> Tag:
    """Delete an option, and with it every variant that uses it."""
    attributes = {"product_code": product_code, "attribute_code": attribute_code, "option_code": code}
    return _tag("ProductAttributeOption_Delete", attributes, subjects=tuple(attributes.values()))


def product_variant_add(*, product_code: str, options: OptionPairs, part_codes: Sequence[str]) -> Tag:
    """Add a variant that costs and weighs what its parts do. One of the same options is replaced under a new id."""
    return _variant("ProductVariant_Add", product_code, options, part_codes)


def product_variant_update(*, product_code: str, options: OptionPairs, part_codes: Sequence[str] = ()) -> Tag:
    """Let the variant of these options cost and weigh what its parts do, and give it other parts; its id stays."""
    return _variant("ProductVariant_Update", product_code, options, part_codes)


def product_variant_delete(*, product_code: str, options: OptionPairs) -> Tag:
    return _variant("ProductVariant_Delete", product_code, options, None)


def product_variant_delete_all(*, product_code: str) -> Tag:
    return _tag("ProductVariant_Delete_All", {"product_code": product_code}, subjects=(product_code,))


def _variant(name: str, product_code: str, options: OptionPairs, part_codes: Sequence[str] | None) -> Tag:
    """`part_codes`: none leaves the parts as they are, None says nothing of pricing either."""
    pairs = sorted(options)
    codes = [code for pair in pairs for code in pair]
    tag = _tag(name, {"product_code": product_code}, subjects=(product_code, *codes, *(part_codes or ())))
    choices = etree.SubElement(tag.element, "Options")
    for attribute, option in pairs:
        etree.SubElement(
            choices, "Attribute_Option", {"attribute_code": _clean(attribute), "option_code": _clean(option)}
        )
    if part_codes:
        parts = etree.SubElement(tag.element, "Parts")
        for code in dict.fromkeys(part_codes):  # a part listed twice makes the variant unavailable
            etree.SubElement(parts, "Part", {"product_code": _clean(code), "quantity": "1"})
    if part_codes is not None:
        pricing = etree.SubElement(tag.element, "ProductVariantPricing")
        _child(pricing, "Method", "sum")
    return tag


def inventory_product_settings_update(*, product_code: str, current_stock: int | None, stops_sale: bool) -> Tag:
    """
    Set stock, or leave it where it is None, with tracking on and visible whatever the store's defaults are.

    `stops_sale`: zero means sold out.
    """
    tag = _tag("InventoryProductSettings_Update", {"product_code": product_code}, subjects=(product_code,))
    _with(tag, TrackProduct=True)
    _with(tag, TrackOutOfStockLevel="Yes" if stops_sale else "No", OutOfStockLevel="0", HideOutOfStockProducts="No")
    return tag if current_stock is None else _with(tag, CurrentStock=current_stock)


def product_field_add(*, code: str, name: str, kind: str = "textfield") -> Tag:
    tag = _tag("ProductField_Add", {}, subjects=(code,), module_feature="util")
    return _with(tag, Code=code, Name=name, FieldType=kind)


def product_field_type_option_add(*, code: str, value: str) -> Tag:
    """Add a choice to a drop-down field. A repeat adds it twice: send it only for a field that was just made."""
    attributes = {"code": code, "value": value}
    return _tag("ProductFieldTypeOption_Add", attributes, subjects=(code,), module_feature="util")


def product_field_value(*, product_code: str, field: str, value: str) -> Tag:
    """Set a custom field; a blank value deletes it. The text goes as it is, as this tag knows no encoding."""
    attributes = {"product": product_code, "field": field}
    tag = _tag("ProductField_Value", attributes, subjects=(product_code, field), module_feature="fields_prod")
    tag.element.text = _clean(value)
    return tag


def product_shipping_rules_update(
    *, product_code: str, length: Decimal | None, width: Decimal | None, height: Decimal | None
) -> Tag:
    """Change the measures that are given; the other rules stay."""
    tag = _tag("ProductShippingRules_Update", {"product_code": product_code}, subjects=(product_code,))
    return _with(tag, Width=width, Length=length, Height=height)


def category_add(*, code: str, name: str, parent_code: str = "") -> Tag:
    # The parent may well be added by the tag before this one, and its messages quote the same code.
    phrases = (f"Parent Category with the code '{parent_code}'",) if parent_code else ()
    tag = Tag(etree.Element("Category_Add"), subjects=(code,), phrases=phrases)
    return _with(tag, Code=code, Name=name, ParentCategoryCode=parent_code or None)


def category_product_assign(*, category_code: str, product_code: str) -> Tag:
    return _category_product("CategoryProduct_Assign", category_code, product_code)


def category_product_unassign(*, category_code: str, product_code: str) -> Tag:
    return _category_product("CategoryProduct_Unassign", category_code, product_code)


def _category_product(name: str, category_code: str, product_code: str) -> Tag:
    attributes = {"category_code": category_code, "product_code": product_code}
    return _tag(name, attributes, subjects=(category_code, product_code))


def image_type_add(*, code: str, description: str) -> Tag:
    return _with(_tag("ImageType_Add", {}, subjects=(code,)), Code=code, Description=description)


def image_add(*, path: str, content: bytes) -> Tag:
    """Let the store write an image file and register it; with the content that it has already it does nothing."""
    tag = _tag("Image_Add", {"filepath": path, "encoding": "base64"}, subjects=(path,))
    tag.element.text = base64.b64encode(content).decode("ascii")
    return tag


def product_image_replace_type(*, product_code: str, path: str, image_type: str) -> Tag:
    """Make a file the product's image of a type, whatever was before. Idempotent."""
    attributes = {"product_code": product_code, "filepath": path, "imagetype_code": image_type}
    return _tag("ProductImage_Replace_Type", attributes, subjects=(product_code, path, image_type))


def product_image_add(*, product_code: str, path: str, image_type: str = "") -> Tag:
    """Append a file to the product's images, with a type that another then loses. A repeat appends it again."""
    attributes = {"product_code": product_code, "filepath": path, "imagetype_code": image_type}
    return _tag("ProductImage_Add", attributes, subjects=(product_code, path))


def product_image_delete_file(*, product_code: str, path: str) -> Tag:
    attributes = {"product_code": product_code, "filepath": path}
    return _tag("ProductImage_Delete_File", attributes, subjects=(product_code, path))


def uri_add(*, uri: str, product_code: str) -> Tag:
    attributes = {"uri": uri, "product_code": product_code, "canonical": "1"}
    return _tag("URI_Add", attributes, subjects=(uri, product_code))


def order_shipment_add(*, order_id: int, code: str, lines: Iterable[tuple[int, int]], **tracking: Value) -> Tag:
    """
    Put pieces of order lines, as (line id, quantity), into a shipment under our own code, not marked as shipped.

    `tracking`: number, carrier, cost. A repeat says that the code exists, and changes nothing.
    """
    tag = _tag("OrderShipment_Add", {"order_id": str(order_id)}, subjects=(code, str(order_id)))
    _with(tag, Code=code, TrackingNumber=tracking.get("number") or None, TrackingType=tracking.get("carrier"))
    _with(tag, Cost=tracking.get("cost"))
    products = etree.SubElement(tag.element, "ProductList")
    for line_id, quantity in lines:
        etree.SubElement(products, "Product", {"line_id": str(line_id), "quantity": str(quantity)})
    return tag


def note_add(*, order_id: int, text: str) -> Tag:
    tag = _tag("Note_Add", {"order": str(order_id)}, subjects=(str(order_id),))
    tag.element.text = _clean(text)
    return tag


def order_custom_field(*, order_id: int, field: str, value: str) -> Tag:
    attributes = {"order_id": str(order_id), "module": "customfields", "field": field}
    tag = _tag("Order_CustomField", attributes, subjects=(str(order_id),))
    tag.element.text = _clean(value)
    return tag


def _tag(name: str, attributes: Mapping[str, str], *, subjects: tuple[str, ...], module_feature: str = "") -> Tag:
    element = etree.Element(name, {key: _clean(value) for key, value in attributes.items()})
    return Tag(element, subjects, module_feature)


def _with(tag: Tag, **children: Value) -> Tag:
    for name, value in children.items():
        _child(tag.element, name, value)
    return tag


def _child(parent: etree._Element, name: str, value: Value) -> etree._Element | None:
    if value is None:
        return None
    element = etree.SubElement(parent, name)
    if isinstance(value, bool):
        element.text = "Yes" if value else "No"
    elif isinstance(value, Decimal):
        element.text = _plain(value)
    elif isinstance(value, int):
        element.text = str(value)
    else:
        text = _clean(value).strip()
        if _SENSITIVE_SPACE.search(text):
            element.set("encoding", "base64")
            text = base64.b64encode(text.encode()).decode("ascii")
        element.text = text
    return element


def _plain(value: Decimal) -> str:
    """Write without exponent and with the eight decimals at most that a store takes."""
    text = format(value.quantize(_DECIMALS), "f").rstrip("0")
    return text.removesuffix(".")


def _clean(text: str) -> str:
    return _ILLEGAL.sub("", text)
