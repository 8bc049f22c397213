"""Children of the module customfields: groups, product fields, their choices and values."""

import sqlite3

from miva_sandbox.provisioning.lookups import product_found
from miva_sandbox.provisioning.modules import child
from miva_sandbox.provisioning.registry import Tag
from miva_sandbox.state import custom_fields
from miva_sandbox.state.custom_fields import CHOICES, MULTITEXT, TYPES
from miva_sandbox.state.modules import CUSTOM_FIELDS

Changes = dict[str, str | int]


@child(CUSTOM_FIELDS, "Group_Add")
def add_group(tag: Tag) -> None:
    custom_fields.insert_group(tag.store, tag.required_code("Code"), name=tag.required_text("Name"))


@child(CUSTOM_FIELDS, "Group_Update")
def update_group(tag: Tag) -> None:
    row = _group(tag, tag.attribute("code"))
    custom_fields.update_group(tag.store, row, code=tag.code("Code"), name=tag.text("Name", blank=False))


@child(CUSTOM_FIELDS, "Group_Delete")
def delete_group(tag: Tag) -> None:
    custom_fields.delete_group(tag.store, _group(tag, tag.attribute("code")))


@child(CUSTOM_FIELDS, "ProductField_Add")
def add_field(tag: Tag) -> None:
    code, name = tag.required_code("Code"), tag.required_text("Name", limit=100)
    group = tag.text("Group", blank=False)
    further = _details(tag)
    if group is not None:
        further["group_id"] = _group(tag, group)["id"]
    custom_fields.insert(tag.store, "product", code=code, name=name, **further)


@child(CUSTOM_FIELDS, "ProductField_Update")
def update_field(tag: Tag) -> None:
    row = _field(tag, tag.attribute("code"))
    changes: Changes = {}
    code = tag.code("Code")
    if code is not None:
        changes["code"] = code
    name = tag.text("Name", blank=False, limit=100)
    if name is not None:
        changes["name"] = name
    group = tag.text("Group")
    if group is not None:
        changes["group_id"] = _group(tag, group)["id"] if group else 0
    custom_fields.update(tag.store, row, changes | _details(tag))


@child(CUSTOM_FIELDS, "ProductField_Delete")
def delete_field(tag: Tag) -> None:
    custom_fields.delete(tag.store, _field(tag, tag.attribute("code")))


@child(CUSTOM_FIELDS, "ProductFieldTypeOption_Add")
def add_choice(tag: Tag) -> None:
    row = _field_with_choices(tag)
    value = tag.attribute("value")
    if value in custom_fields.choices(tag.store, row):
        tag.lint("choice added twice", f"'{value}' of custom field '{row['code']}'")
    custom_fields.add_choice(tag.store, row, value)


@child(CUSTOM_FIELDS, "ProductFieldTypeOption_Delete")
def delete_choice(tag: Tag) -> None:
    row = _field_with_choices(tag)
    value = tag.attribute("value")
    if not custom_fields.delete_choice(tag.store, row, value):
        tag.lint("nothing to do", f"custom field '{row['code']}' has no choice '{value}'")


@child(CUSTOM_FIELDS, "ProductField_Value")
def set_value(tag: Tag) -> None:
    record = product_found(tag, tag.attribute("product"))
    row = _field(tag, tag.attribute("field"))
    # Not trimmed, and never encoded: this value is read otherwise than all others.
    text = tag.element.raw_text
    if row["fieldtype"] != MULTITEXT:
        custom_fields.set_value(tag.store, row, record["id"], text)
    elif text:
        custom_fields.append_values(tag.store, row, record["id"], custom_fields.split(text))
    else:
        custom_fields.clear(tag.store, row, record["id"])


@child(CUSTOM_FIELDS, "ProductFieldValue_Delete")
def delete_value(tag: Tag) -> None:
    record = product_found(tag, tag.attribute("product"))
    row = _field(tag, tag.attribute("field"))
    value = tag.element.text
    if not value:
        custom_fields.clear(tag.store, row, record["id"])
    elif row["fieldtype"] == MULTITEXT:
        custom_fields.remove_value(tag.store, row, record["id"], value)
    else:
        raise tag.refuse(
            f"Custom field '{row['code']}' must have a field type of 'multitext' to delete a specific value"
        )


def _details(tag: Tag) -> Changes:
    found = {
        "fieldtype": tag.word("FieldType", TYPES),
        "info": tag.text("Info"),
        "facet": tag.boolean("Facet"),
        "is_public": tag.boolean("Public"),
        "separate": tag.boolean("Separate"),
    }
    return {column: value for column, value in found.items() if value is not None}


def _group(tag: Tag, code: str) -> sqlite3.Row:
    found = custom_fields.find_group(tag.store, code)
    if found is None:
        raise tag.refuse(f"Group '{code}' not found")
    return found


def _field(tag: Tag, code: str) -> sqlite3.Row:
    found = custom_fields.find(tag.store, "product", code)
    if found is None:
        raise tag.refuse(f"Product field '{code}' not found")
    return found


def _field_with_choices(tag: Tag) -> sqlite3.Row:
    row = _field(tag, tag.attribute("code"))
    if row["fieldtype"] not in CHOICES:
        raise tag.refuse(f"Product field '{row['code']}' must have a field type of Radio or Drop-Down List")
    return row
