"""Tags of attribute templates, their attributes and options."""

import sqlite3

from miva_sandbox.provisioning.attribute_fields import attribute_changes, new_attribute, new_option, option_changes
from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import attribute_templates, attributes
from miva_sandbox.state.attributes import TEMPLATE


@tag("AttributeTemplate_Add")
def add(tag: Tag) -> None:
    code, prompt = tag.attribute("code"), tag.attribute("prompt")
    for name, value in (("code", code), ("prompt", prompt)):
        if not value:
            raise tag.refuse(f"The value of {name} may not be blank")
    attribute_templates.insert(tag.store, tag.checked_code("code", code), prompt=prompt)


@tag("AttributeTemplate_Update")
def update(tag: Tag) -> None:
    row = _template(tag, tag.attribute("template_code"))
    code, prompt = tag.code("Template_Code"), tag.text("Prompt", blank=False, limit=50)
    attribute_templates.update(tag.store, row, code=code, prompt=prompt)


@tag("AttributeTemplate_Delete")
def delete(tag: Tag) -> None:
    attribute_templates.delete(tag.store, _template(tag, tag.attribute("code")))


@tag("AttributeTemplateAttribute_Add")
def add_attribute(tag: Tag) -> None:
    template = _template(tag, tag.attribute("template_code"))
    attributes.insert(tag.store, TEMPLATE, template["id"], new_attribute(tag))


@tag("AttributeTemplateAttribute_Update")
def update_attribute(tag: Tag) -> None:
    attributes.update(tag.store, TEMPLATE, _attribute(tag), attribute_changes(tag))


@tag("AttributeTemplateAttribute_Delete")
def delete_attribute(tag: Tag) -> None:
    attributes.delete(tag.store, TEMPLATE, _attribute(tag))


@tag("AttributeTemplateAttributeOption_Add")
def add_option(tag: Tag) -> None:
    attributes.insert_option(tag.store, TEMPLATE, _attribute(tag), new_option(tag))


@tag("AttributeTemplateAttributeOption_Update")
def update_option(tag: Tag) -> None:
    option = _option(tag)
    changes, default = option_changes(tag)
    if "code" in changes:
        # Real stores look the new code up among the options that are there, and always find one: no rename succeeds.
        raise tag.refuse(f"An option with the code '{changes['code']}' already exists")
    attributes.update_option(tag.store, TEMPLATE, option, changes, default=default)


@tag("AttributeTemplateAttributeOption_Delete")
def delete_option(tag: Tag) -> None:
    attributes.delete_option(tag.store, TEMPLATE, _option(tag))


def _template(tag: Tag, code: str) -> sqlite3.Row:
    found = attribute_templates.find(tag.store, code)
    if found is None:
        raise tag.refuse(f"Attribute Template with the code '{code}' does not exist")
    return found


def _attribute(tag: Tag) -> sqlite3.Row:
    template = _template(tag, tag.attribute("template_code"))
    code = tag.attribute("attribute_code")
    found = attributes.find(tag.store, TEMPLATE, template["id"], code)
    if found is None:
        raise tag.refuse(f"Attribute with the code '{code}' does not exist")
    return found


def _option(tag: Tag) -> sqlite3.Row:
    attribute = _attribute(tag)
    code = tag.attribute("option_code")
    found = attributes.find_option(tag.store, TEMPLATE, attribute["id"], code)
    if found is None:
        raise tag.refuse(f"An option with the code '{code}' does not exist")
    return found
