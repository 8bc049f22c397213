"""
A planned unit as provisioning tags, in the one order in which a store can take them: product before attribute, option
and part before variant, everything before the page is opened. Each tag remembers the change it was sent for.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tradepost.domain.codes import code_key
from tradepost.domain.plan import Action, Change, Unit
from tradepost.domain.store import StoreAttribute, StoreImage, StoreVariant
from tradepost.miva.documents import tags
from tradepost.miva.documents.tags import Tag, Value

# Field of a change -> field of Product_Add and Product_Update.
_PRODUCT_FIELDS: Mapping[str, str] = {
    "sku": "sku",
    "name": "name",
    "price": "price",
    "cost": "cost",
    "weight_grams": "weight_grams",
    "description": "description",
    "page_title": "page_title",
    "is_taxable": "taxable",
    "is_active": "active",
}
_OWN_IMAGE = re.compile(r"(?P<place>.+-\d+)-[0-9a-f]{8}\.\w+")


@dataclass(frozen=True, slots=True)
class UnitDocument:
    """The tags of a unit, and for each the index of its change."""

    tags: tuple[Tag, ...]
    owners: tuple[int, ...]

    @property
    def xml(self) -> str:
        return tags.document(self.tags)


def unit_document(unit: Unit) -> UnitDocument:
    """Write the creations and updates of products that a unit holds."""
    steps: list[list[tuple[Tag, int]]] = [[] for _ in range(_STEPS)]
    for index, change in enumerate(unit.changes):
        for step, tag in _tags_of(change):
            steps[step].append((tag, index))
    ordered = [pair for step in steps for pair in step]
    return UnitDocument(tuple(tag for tag, _ in ordered), tuple(index for _, index in ordered))


_PRODUCT, _ATTRIBUTE, _STOCK, _VARIANT, _UNUSED, _FIELD, _IMAGE, _PLACE, _OPEN = range(9)
_STEPS = 9


def _tags_of(change: Change) -> Iterable[tuple[int, Tag]]:
    code = change.subject.key
    fields = _fields(change)
    # Nothing is rolled back: a family that breaks off half way, or an article whose stock is not counted yet, must not
    # be on sale.
    is_built = change.action is Action.CREATE or change.touches("variants")
    opens_last = fields.get("active") is True and is_built
    if opens_last:
        del fields["active"]
    if change.action is Action.CREATE:
        yield _PRODUCT, tags.product_add(code=code, **({"active": False} if opens_last else {}), **fields)
    elif fields:
        yield _PRODUCT, tags.product_update(code=code, **fields)
    yield from _structure_tags(code, change)
    yield from _content_tags(code, change)
    if opens_last:
        yield _OPEN, tags.product_update(code=code, active=True)
    if change.after("address"):
        # A product that was added inactive gets no address of the store's own making.
        yield _OPEN, tags.uri_add(uri=change.after("address"), product_code=code)


def _structure_tags(code: str, change: Change) -> Iterable[tuple[int, Tag]]:
    if change.touches("attributes"):
        for tag in _attributes(code, change):
            yield _ATTRIBUTE, tag
    if change.touches("variants"):
        for tag in _variants(code, change):
            yield _VARIANT, tag
    for attribute, option in change.after("unused_options") or ():
        # After the variants: deleting an option deletes every variant that still uses it.
        yield _UNUSED, tags.product_attribute_option_delete(product_code=code, attribute_code=attribute, code=option)


def _content_tags(code: str, change: Change) -> Iterable[tuple[int, Tag]]:
    quantity = change.after("quantity")
    if quantity is not None:
        yield _STOCK, tags.inventory_product_settings_update(product_code=code, current_stock=quantity, stops_sale=True)
    for field, value in (change.after("custom_fields") or {}).items():
        yield _FIELD, tags.product_field_value(product_code=code, field=field, value=value)
    if change.touches("images"):
        for tag in _images(code, before=_before(change, "images"), after=change.after("images")):
            yield _IMAGE, tag
    for category in change.after("categories") or ():
        yield _PLACE, tags.category_product_assign(category_code=category, product_code=code)


def _fields(change: Change) -> dict[str, Value]:
    fields: dict[str, Value] = {
        theirs: change.after(ours) for ours, theirs in _PRODUCT_FIELDS.items() if change.touches(ours)
    }
    if change.touches("is_in_search"):
        fields["excluded_from_search"] = not change.after("is_in_search")
    return fields


def _before(change: Change, name: str) -> Sequence[Any]:
    return next((field.before for field in change.fields if field.name == name), None) or ()


def _attributes(code: str, change: Change) -> Iterable[Tag]:
    """Add what is missing of attributes and options."""
    before: Sequence[StoreAttribute] = _before(change, "attributes")
    there = {code_key(attribute.code): attribute for attribute in before}
    attribute: StoreAttribute
    for attribute in change.after("attributes"):
        present = there.get(code_key(attribute.code))
        if present is None:
            yield tags.product_attribute_add(product_code=code, code=attribute.code, prompt=attribute.prompt)
        options = {code_key(option.code) for option in present.options} if present else set()
        for option in attribute.options:
            if code_key(option.code) not in options:
                yield tags.product_attribute_option_add(
                    product_code=code, attribute_code=attribute.code, code=option.code, prompt=option.prompt
                )


def _variants(code: str, change: Change) -> Iterable[Tag]:
    """Add what is missing of variants; one of the same options keeps its id and gets its parts changed."""
    before: Sequence[StoreVariant] = _before(change, "variants")
    there = {_combination(variant) for variant in before}
    variant: StoreVariant
    for variant in change.after("variants"):
        write = tags.product_variant_update if _combination(variant) in there else tags.product_variant_add
        yield write(product_code=code, options=variant.options, part_codes=variant.part_codes)


def _combination(variant: StoreVariant) -> frozenset[tuple[str, str]]:
    return frozenset((code_key(attribute), code_key(option)) for attribute, option in variant.options)


def _images(code: str, *, before: Sequence[StoreImage], after: Sequence[StoreImage]) -> Iterable[Tag]:
    """
    Attach what is missing of images, and detach what it takes the place of.

    An image of ours says its place in its name: another content at the same place is its predecessor. Images of
    the merchant's stay.
    """
    have = set(before)
    wanted = set(after)
    missing = [image for image in after if image not in have]
    places = {place for image in missing if (place := _place(image.path))}
    moved = {image.path for image in missing}
    stale = {image.path for image in have - wanted if _place(image.path) in places or image.path in moved}
    for path in sorted(stale):
        yield tags.product_image_delete_file(product_code=code, path=path)
    for image in missing:
        if image.image_type:
            yield tags.product_image_replace_type(product_code=code, path=image.path, image_type=image.image_type)
        else:
            yield tags.product_image_add(product_code=code, path=image.path)


def _place(path: str) -> str:
    found = _OWN_IMAGE.fullmatch(path)
    return found["place"] if found else ""
