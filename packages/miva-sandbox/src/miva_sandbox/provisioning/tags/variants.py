"""Tags of variants: which parts are sold for which choice of a product's options."""

from miva_sandbox.provisioning.lookups import product_record
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.provisioning.variant_fields import dimensions, parts, pricing
from miva_sandbox.state import variant_generation, variants

_NO_PARTS = "One or more parts must be specified"
_NO_PARTS_IF_PRESENT = "If present, one or more parts must be specified"


@tag("ProductVariant_Add")
def add(tag: Tag) -> None:
    parent = product_record(tag, tag.attribute("product_code"))
    chosen = dimensions(tag, parent["id"], tag.required_container("Options"))
    made_of = parts(tag, tag.required_container("Parts"), empty=_NO_PARTS)
    variants.insert(tag.store, parent["id"], chosen, made_of, pricing(tag))


@tag("ProductVariant_Update")
def update(tag: Tag) -> None:
    parent_id, variant_id = _variant(tag)
    _change(tag, parent_id, variant_id)


@tag("ProductVariant_Delete")
def delete(tag: Tag) -> None:
    variants.delete(tag.store, *_variant(tag))


@tag("ProductVariant_Delete_All")
def delete_all(tag: Tag) -> None:
    variants.delete_all(tag.store, product_record(tag, tag.attribute("product_code"))["id"])


@tag("ProductVariant_Update_Default")
def update_default(tag: Tag) -> None:
    parent = product_record(tag, tag.attribute("product_code"))
    _change(tag, parent["id"], variants.DEFAULT)


@tag("ProductVariant_Delete_Default")
def delete_default(tag: Tag) -> None:
    parent = product_record(tag, tag.attribute("product_code"))
    variants.delete(tag.store, parent["id"], variants.DEFAULT)


@tag("ProductVariant_Generate")
def generate(tag: Tag) -> None:
    parent = product_record(tag, tag.attribute("product_code"))
    word = tag.attribute("pricing_method").lower()
    if word not in {"master", "sum"}:
        raise tag.refuse("pricing_method must be one of: master,sum")
    delimiter = tag.optional_attribute("delimiter")
    if delimiter:
        tag.checked_code("delimiter", delimiter)
    variant_generation.generate(
        tag.store, parent, method=variants.METHODS[word], delimiter="_" if delimiter is None else delimiter
    )


def _variant(tag: Tag) -> tuple[int, int]:
    parent = product_record(tag, tag.attribute("product_code"))
    chosen = dimensions(tag, parent["id"], tag.required_container("Options"))
    variant_id = variants.find(tag.store, parent["id"], chosen)
    if variant_id is None:
        raise tag.refuse("A product variant with the specified options does not exist")
    return parent["id"], variant_id


def _change(tag: Tag, parent_id: int, variant_id: int) -> None:
    container = tag.container("Parts")
    made_of = parts(tag, container, empty=_NO_PARTS_IF_PRESENT) if container is not None else None
    price = pricing(tag)
    if variant_id == variants.DEFAULT:
        variants.set_default(tag.store, parent_id)
    if made_of is not None:
        variants.replace_parts(tag.store, parent_id, variant_id, made_of)
    if price is not None:
        variants.set_pricing(tag.store, parent_id, variant_id, price)
