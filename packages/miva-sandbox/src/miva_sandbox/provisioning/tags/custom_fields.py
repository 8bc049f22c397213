"""
Children of the module customfields: groups, and for products, categories, customers and orders alike the fields,
their choices and values.
"""

import sqlite3
from functools import partial
from typing import get_args

from miva_sandbox.provisioning.lookups import product_found
from miva_sandbox.provisioning.modules import child
from miva_sandbox.provisioning.registry import Tag
from miva_sandbox.state import categories, custom_fields, customers, orders
from miva_sandbox.state.columns import ColumnValues
from miva_sandbox.state.custom_fields import CHOICES, MULTITEXT, TYPES, Entity
from miva_sandbox.state.modules import CUSTOM_FIELDS

_MOST_DIGITS = 10  # of an order's number


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


def _add_field(entity: Entity, tag: Tag) -> None:
    code, name = tag.required_code("Code"), tag.required_text("Name", limit=100)
    group = tag.text("Group", blank=False)
    further = _details(tag)
    if group is not None:
        further["group_id"] = _group(tag, group)["id"]
    custom_fields.insert(tag.store, entity, code=code, name=name, **further)


def _update_field(entity: Entity, tag: Tag) -> None:
    row = _field(entity, tag, tag.attribute("code"))
    changes: ColumnValues = {}
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


def _delete_field(entity: Entity, tag: Tag) -> None:
    custom_fields.delete(tag.store, _field(entity, tag, tag.attribute("code")))


def _add_choice(entity: Entity, tag: Tag) -> None:
    row = _field_with_choices(entity, tag)
    value = tag.attribute("value")
    if value in custom_fields.choices(tag.store, row):
        tag.lint("choice added twice", f"'{value}' of custom field '{row['code']}'")
    custom_fields.add_choice(tag.store, row, value)


def _delete_choice(entity: Entity, tag: Tag) -> None:
    row = _field_with_choices(entity, tag)
    value = tag.attribute("value")
    if not custom_fields.delete_choice(tag.store, row, value):
        tag.lint("nothing to do", f"custom field '{row['code']}' has no choice '{value}'")


def _set_value(entity: Entity, tag: Tag) -> None:
    record_id = _record(entity, tag)
    row = _field(entity, tag, tag.attribute("field"))
    # Not trimmed, and never encoded: this value is read otherwise than all others.
    text = tag.element.raw_text
    if row["fieldtype"] != MULTITEXT:
        custom_fields.set_value(tag.store, row, record_id, text)
    elif text:
        custom_fields.append_values(tag.store, row, record_id, custom_fields.split(text))
    else:
        custom_fields.clear(tag.store, row, record_id)


def _delete_value(entity: Entity, tag: Tag) -> None:
    record_id = _record(entity, tag)
    row = _field(entity, tag, tag.attribute("field"))
    value = tag.element.text
    if not value:
        custom_fields.clear(tag.store, row, record_id)
    elif row["fieldtype"] == MULTITEXT:
        custom_fields.remove_value(tag.store, row, record_id, value)
    else:
        raise tag.refuse(
            f"Custom field '{row['code']}' must have a field type of 'multitext' to delete a specific value"
        )


def _details(tag: Tag) -> ColumnValues:
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


def _field(entity: Entity, tag: Tag, code: str) -> sqlite3.Row:
    found = custom_fields.find(tag.store, entity, code)
    if found is None:
        raise tag.refuse(f"{entity.capitalize()} field '{code}' not found")
    return found


def _field_with_choices(entity: Entity, tag: Tag) -> sqlite3.Row:
    row = _field(entity, tag, tag.attribute("code"))
    if row["fieldtype"] not in CHOICES:
        raise tag.refuse(
            f"{entity.capitalize()} field '{row['code']}' must have a field type of Radio or Drop-Down List"
        )
    return row


def _record(entity: Entity, tag: Tag) -> int:
    """Return the id of the record that the attribute of the entity's name names."""
    code = tag.attribute(entity)
    if entity == "product":
        return int(product_found(tag, code)["id"])
    if entity == "category":
        found = categories.find(tag.store, code)
    elif entity == "customer":
        found = customers.find(tag.store, code)
    else:
        found = (
            orders.find(tag.store, int(code))
            if code.isascii() and code.isdigit() and len(code) <= _MOST_DIGITS
            else None
        )
    if found is None:
        raise tag.refuse(f"{entity.capitalize()} '{code}' not found")
    return int(found["id"])


# The entity's name begins the name of each of these elements.
for _entity in get_args(Entity):
    for _pattern, _function in (
        ("{}Field_Add", _add_field),
        ("{}Field_Update", _update_field),
        ("{}Field_Delete", _delete_field),
        ("{}FieldTypeOption_Add", _add_choice),
        ("{}FieldTypeOption_Delete", _delete_choice),
        ("{}Field_Value", _set_value),
        ("{}FieldValue_Delete", _delete_value),
    ):
        child(CUSTOM_FIELDS, _pattern.format(_entity))(partial(_function, _entity))
