"""The tag `Module`, which hands its children to a module, and the short cuts that set a custom field."""

from miva_sandbox.provisioning import modules as children
from miva_sandbox.provisioning.lookups import category, product
from miva_sandbox.provisioning.registry import Refused, Tag, tag
from miva_sandbox.state import custom_fields, modules
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
    field = custom_fields.find(tag.store, entity, field_code) if found == modules.CUSTOM_FIELDS else None
    if field is None:
        tag.lint("unknown custom field", f"{found}:{field_code}")
        return
    custom_fields.write(tag.store, field, record_id, tag.own_text())
