"""Tags of a product's attributes and options."""

import sqlite3

from miva_sandbox.provisioning.attribute_fields import attribute_changes, new_attribute, new_option, option_changes
from miva_sandbox.provisioning.lookups import attribute, product
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import attribute_templates, attributes
from miva_sandbox.state.attributes import PRODUCT


@tag("ProductAttribute_Add")
def add(tag: Tag) -> None:
    owner = product(tag, tag.attribute("product_code"))
    attributes.insert(tag.store, PRODUCT, owner["id"], new_attribute(tag))


@tag("ProductAttribute_Update")
def update(tag: Tag) -> None:
    owner = product(tag, tag.attribute("product_code"))
    code = tag.attribute("attribute_code")
    row = attributes.find(tag.store, PRODUCT, owner["id"], code)
    if row is None:
        raise tag.refuse(f"Attribute with the code '{code}' does not exist")
    changes = attribute_changes(tag, types=(*attributes.TYPES, attributes.TEMPLATE_TYPE))
    if "type" in changes:
        changes["attemp_id"] = 0
        if changes["type"] == attributes.TEMPLATE_TYPE:
            changes["attemp_id"] = _template(tag, tag.required_text("Template_Code"))["id"]
    attributes.update(tag.store, PRODUCT, row, changes)


@tag("ProductAttribute_Delete")
def delete(tag: Tag) -> None:
    owner = product(tag, tag.attribute("product_code"))
    attributes.delete(tag.store, PRODUCT, attribute(tag, owner, tag.attribute("attribute_code")))


@tag("ProductAttribute_Delete_All")
def delete_all(tag: Tag) -> None:
    attributes.delete_all(tag.store, product(tag, tag.attribute("product_code"))["id"])


@tag("ProductAttribute_Add_Template")
def add_template(tag: Tag) -> None:
    owner = product(tag, tag.attribute("product_code"))
    template = _template(tag, tag.required_text("AttributeTemplateCode"))
    code = tag.code("AttributeCode") or template["code"]
    prompt = tag.text("AttributePrompt", blank=False) or template["code"]
    attribute_templates.link(tag.store, owner["id"], template, code=code, prompt=prompt)


@tag("ProductAttribute_Add_TemplateCopy")
def add_template_copy(tag: Tag) -> None:
    owner = product(tag, tag.attribute("product_code"))
    attribute_templates.copy(tag.store, owner["id"], _template(tag, tag.attribute("attribute_template_code")))


@tag("ProductAttributeOption_Add")
def add_option(tag: Tag) -> None:
    owner = product(tag, tag.attribute("product_code"))
    row = attribute(tag, owner, tag.attribute("attribute_code"))
    attributes.insert_option(tag.store, PRODUCT, row, new_option(tag))


@tag("ProductAttributeOption_Update")
def update_option(tag: Tag) -> None:
    owner = product(tag, tag.attribute("product_code"))
    row = attribute(tag, owner, tag.attribute("attribute_code"))
    code = tag.attribute("option_code")
    option = attributes.find_option(tag.store, PRODUCT, row["id"], code)
    if option is None:
        raise tag.refuse(f"An option with the code '{code}' does not exist")
    changes, default = option_changes(tag)
    if not default and row["default_id"] == option["id"]:
        tag.lint("default dropped", f"option '{code}' is no longer the default: DefaultOption was not Yes")
    attributes.update_option(tag.store, PRODUCT, option, changes, default=default)


@tag("ProductAttributeOption_Delete")
def delete_option(tag: Tag) -> None:
    owner = product(tag, tag.attribute("product_code"))
    row = attribute(tag, owner, tag.attribute("attribute_code"))
    code = tag.attribute("option_code")
    option = attributes.find_option(tag.store, PRODUCT, row["id"], code)
    if option is None:
        raise tag.refuse(f"An option with the code '{code}' is not assigned to attribute '{row['code']}'")
    attributes.delete_option(tag.store, PRODUCT, option)


def _template(tag: Tag, code: str) -> sqlite3.Row:
    found = attribute_templates.find(tag.store, code)
    if found is None:
        raise tag.refuse(f"Attribute Template with the code '{code}' does not exist")
    return found
