"""The tag `Module`, which hands its children to a module, and the short cuts that set a custom field."""

from miva_sandbox.provisioning import modules as children
from miva_sandbox.provisioning import values
from miva_sandbox.provisioning.lookups import category, product
from miva_sandbox.provisioning.registry import Refused, Tag, tag
from miva_sandbox.provisioning.values import Unreadable
from miva_sandbox.state import basket_inventory, custom_fields, modules
from miva_sandbox.state.custom_fields import Entity
from miva_sandbox.state.errors import StoreError


@tag("Module")
def run_module(tag: Tag) -> None:
    code, feature = tag.attribute("code"), tag.attribute("feature")
    found = modules.find(code)
    if found is None:
        raise tag.refuse(f"Module {code} not found")
    if feature.lower() not in modules.FEATURES[found]:
        raise tag.refuse(f"Module '{code}' does not provide feature '{feature}'")
    modules.install(tag.store, found)
    for element in tag.element.walk():
        inner = tag.inner(element)
        function = children.find(found, element.key)
        if function is None:
            tag.lint("unknown child element", f"Module({found})/{element.name}")
            continue
        try:
            function(inner)
        except (Refused, StoreError) as error:
            inner.complain_of(error)


@tag("Product_CustomField")
def set_product_field(tag: Tag) -> None:
    set_field(tag, "product", product(tag, tag.attribute("product"))["id"])


@tag("Category_CustomField")
def set_category_field(tag: Tag) -> None:
    set_field(tag, "category", category(tag, tag.attribute("category"))["id"])


def set_field(tag: Tag, entity: Entity, record_id: int) -> None:
    """Set the custom field that the attributes `module` and `field` name; one that is not there is silent."""
    code, field_code = tag.attribute("module"), tag.attribute("field")
    found = modules.find(code)
    if found is None or not modules.is_installed(tag.store, found):
        raise tag.refuse(f"Module '{code}' is not installed in store '{tag.store.code}'")
    if entity == "product" and found == basket_inventory.MODULE and field_code in basket_inventory.fields(tag.store):
        _set_basket_field(tag, field_code, record_id)
        return
    field = custom_fields.find(tag.store, entity, field_code) if found == modules.CUSTOM_FIELDS else None
    if field is None:
        tag.lint("unknown custom field", f"{found}:{field_code}")
        return
    custom_fields.write(tag.store, field, record_id, tag.own_text())


def _set_basket_field(tag: Tag, code: str, product_id: int) -> None:
    text = tag.own_text()
    if code != basket_inventory.TOTAL:
        tag.lint("read-only custom field", f"{basket_inventory.MODULE}:{code}")
        return
    try:
        total = values.integer(text)
    except Unreadable as error:
        raise tag.refuse(f"Invalid value for {code}: {error.text}") from error
    if not basket_inventory.set_total(tag.store, product_id, total):
        tag.lint("dropped stock", f"product {product_id} has no count, {total} was not stored")
