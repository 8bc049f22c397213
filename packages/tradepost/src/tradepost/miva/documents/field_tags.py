"""The fields of a product that have tags of their own: what is missing of each, as tags."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.structure import combination
from tradepost.domain.store import StoreAttribute, StoreImage, StoreVariant
from tradepost.miva.documents import tags
from tradepost.miva.documents.tags import Tag


def quantity(code: str, _before: int | None, after: int) -> Iterable[Tag]:
    yield tags.inventory_product_settings_update(product_code=code, current_stock=after, stops_sale=True)


def sells_without_stock(code: str, _before: bool | None, after: bool) -> Iterable[Tag]:
    """Behind the quantity, which ends the sale at 0: whatever breaks off between, sells nothing that must not be."""
    yield tags.inventory_product_settings_update(product_code=code, current_stock=None, stops_sale=not after)


def custom_fields(code: str, _before: Mapping[str, str] | None, after: Mapping[str, str]) -> Iterable[Tag]:
    for field, value in after.items():
        yield tags.product_field_value(product_code=code, field=field, value=value)


def dimensions(code: str, _before: object, after: Mapping[str, Decimal]) -> Iterable[Tag]:
    yield tags.product_shipping_rules_update(
        product_code=code, length=after.get("length"), width=after.get("width"), height=after.get("height")
    )


def categories(code: str, before: Sequence[str] | None, after: Sequence[str]) -> Iterable[Tag]:
    """Into the new category first, so that a shopper finds the product all the while."""
    existing = {code_key(category) for category in before or ()}
    stays = {code_key(category) for category in after}
    for category in after:
        if code_key(category) not in existing:
            yield tags.category_product_assign(category_code=category, product_code=code)
    for category in before or ():
        if code_key(category) not in stays:
            yield tags.category_product_unassign(category_code=category, product_code=code)


def address(code: str, _before: str | None, after: str) -> Iterable[Tag]:
    """A product that was added inactive gets no address of the store's own making."""
    yield tags.uri_add(uri=after, product_code=code)


def unused_options(code: str, _before: object, after: Iterable[tuple[str, str]]) -> Iterable[Tag]:
    """Deleting an option deletes every variant that still uses it."""
    for attribute, option in after:
        yield tags.product_attribute_option_delete(product_code=code, attribute_code=attribute, code=option)


def attributes(code: str, before: Sequence[StoreAttribute] | None, after: Sequence[StoreAttribute]) -> Iterable[Tag]:
    """Add what is missing of attributes and options, and name anew what is called otherwise."""
    existing = {code_key(attribute.code): attribute for attribute in before or ()}
    for attribute in after:
        present = existing.get(code_key(attribute.code))
        if present is None:
            yield tags.product_attribute_add(product_code=code, code=attribute.code, prompt=attribute.prompt)
        elif _flags(present) != _flags(attribute):
            yield tags.product_attribute_update(
                product_code=code,
                code=attribute.code,
                prompt=attribute.prompt,
                is_required=attribute.is_required,
                is_dimension=attribute.is_dimension,
            )
        options = {code_key(option.code): option for option in present.options} if present else {}
        for option in attribute.options:
            same = options.get(code_key(option.code))
            if same is None:
                yield tags.product_attribute_option_add(
                    product_code=code, attribute_code=attribute.code, code=option.code, prompt=option.prompt
                )
            elif same.prompt != option.prompt:
                yield tags.product_attribute_option_update(
                    product_code=code,
                    attribute_code=attribute.code,
                    code=option.code,
                    prompt=option.prompt,
                    is_default=option.is_default,
                )


def _flags(attribute: StoreAttribute) -> tuple[str, bool, bool]:
    return attribute.prompt, attribute.is_required, attribute.is_dimension


def unused_attributes(
    code: str, before: Sequence[StoreAttribute] | None, after: Sequence[StoreAttribute]
) -> Iterable[Tag]:
    """Delete what is not wanted any more, behind the variants: each takes the variants along that still use it."""
    wanted = {code_key(attribute.code): attribute for attribute in after}
    for attribute in before or ():
        kept = wanted.get(code_key(attribute.code))
        if kept is None:
            yield tags.product_attribute_delete(product_code=code, code=attribute.code)
            continue
        options = {code_key(option.code) for option in kept.options}
        stale = [(attribute.code, option.code) for option in attribute.options if code_key(option.code) not in options]
        yield from unused_options(code, None, stale)


def variants(code: str, before: Sequence[StoreVariant] | None, after: Sequence[StoreVariant]) -> Iterable[Tag]:
    """
    Delete what is not wanted of variants, and add what is missing; one of the same options keeps its id and gets its
    parts changed.
    """
    existing = {combination(variant): variant for variant in before or ()}
    wanted = {combination(variant) for variant in after}
    stale = [variant for key, variant in existing.items() if key not in wanted]
    if any(_has_nameless_option(variant) for variant in stale):
        # Left over from attributes that are gone, or of a template: no tag can name it.
        yield tags.product_variant_delete_all(product_code=code)
        stale, existing = [], {}
    for variant in stale:
        yield tags.product_variant_delete(product_code=code, options=variant.options)
    for variant in after:
        present = existing.get(combination(variant))
        if present is None:
            yield tags.product_variant_add(product_code=code, options=variant.options, part_codes=variant.part_codes)
        elif (_parts(present), present.pieces) != (_parts(variant), variant.pieces):
            yield tags.product_variant_update(product_code=code, options=variant.options, part_codes=variant.part_codes)


def variant_pricing(code: str, _before: None, after: Sequence[StoreVariant]) -> Iterable[Tag]:
    for variant in after:
        yield tags.product_variant_update(product_code=code, options=variant.options)


def _parts(variant: StoreVariant) -> list[str]:
    return sorted(code_key(part) for part in variant.part_codes)


def _has_nameless_option(variant: StoreVariant) -> bool:
    """Whether the store told of an option by numbers only; see `miva.rows.translate`."""
    return any(code.startswith("#") for pair in variant.options for code in pair)


def images(code: str, before: Sequence[StoreImage] | None, after: Sequence[StoreImage]) -> Iterable[Tag]:
    """
    Bring the hub's own images from one order to another: what stands right stays, and the rest is attached anew.

    A store has no tag that moves an image, only one that appends. The type of a successor is changed in place.
    """
    rows = list(before or ())
    wanted = {image.path for image in after}
    first = after[0]
    predecessor = next((row for row in rows if row.image_type == first.image_type and row.path not in wanted), None)
    if first.image_type and predecessor is not None and all(row.path != first.path for row in rows):
        yield tags.product_image_replace_type(product_code=code, path=first.path, image_type=first.image_type)
        rows[rows.index(predecessor)] = first
    standing = 0
    kept = [row for row in rows if row.path in wanted]
    while standing < min(len(kept), len(after)) and kept[standing] == after[standing]:
        standing += 1
    right = {image.path for image in after[:standing]}
    for path in dict.fromkeys(row.path for row in rows):
        if path not in right:
            yield tags.product_image_delete_file(product_code=code, path=path)
    for image in after[standing:]:
        if image.image_type and before is None:
            yield tags.product_image_replace_type(product_code=code, path=image.path, image_type=image.image_type)
        else:
            # If another has the type, it keeps its row without it: nothing of the merchant's is taken off.
            yield tags.product_image_add(product_code=code, path=image.path, image_type=image.image_type)
