"""Tags of kits: which parts one option brings, and the variants that follow."""

from miva_sandbox.provisioning.lookups import product_record
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.provisioning.variant_fields import CHOICE_ELEMENTS, dimension, parts
from miva_sandbox.state import kits, variant_generation, variants
from miva_sandbox.state.variants import Dimension


@tag("ProductKit_Update")
def update(tag: Tag) -> None:
    product_id, choices = _choices(tag)
    made_of = parts(tag, tag.required_container("Parts"), empty="One or more parts must be specified")
    for choice in choices:
        kits.replace_parts(tag.store, product_id, choice, made_of)


@tag("ProductKit_Delete")
def delete(tag: Tag) -> None:
    product_id, choices = _choices(tag)
    for choice in choices:
        kits.replace_parts(tag.store, product_id, choice, [])


@tag("ProductKit_Delete_All")
def delete_all(tag: Tag) -> None:
    kits.delete_all(tag.store, product_record(tag, tag.attribute("product_code"))["id"])


@tag("ProductKit_Generate_Variants")
def generate(tag: Tag) -> None:
    parent = product_record(tag, tag.attribute("product_code"))
    word = tag.attribute("pricing_method").lower()
    if word not in variants.METHODS:
        raise tag.refuse(f"pricing_method must be one of: {','.join(variants.METHODS)}")
    variant_generation.generate_from_kit(tag.store, parent, method=variants.METHODS[word])


def _choices(tag: Tag) -> tuple[int, list[Dimension]]:
    """Read the choices, which stand in the tag itself beside `Parts`."""
    product_id = product_record(tag, tag.attribute("product_code"))["id"]
    found = [
        dimension(tag.inner(element), product_id) for name in CHOICE_ELEMENTS for element in tag.element.children(name)
    ]
    if not found:
        raise tag.refuse("One or more options must be specified")
    return product_id, found
