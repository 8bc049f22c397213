"""
How parameters name attributes, options and templates, and how they describe one.

The reference does not give the codes of "not found" here; they follow the pattern of the others.
"""

import sqlite3
from typing import Any

from miva_sandbox.api import product_reference
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import ApiError
from miva_sandbox.state import attribute_templates, attributes, columns
from miva_sandbox.state.attributes import PRODUCT, TYPES, Attribute, Kind, Option
from miva_sandbox.state.numbers import to_units

_PREFIX = {
    "attributes": "Attribute",
    "options": "Option",
    "template_attributes": "AttributeTemplateAttribute",
    "template_options": "AttributeTemplateOption",
}


def template(call: Call) -> sqlite3.Row:
    """Load what AttributeTemplate_ID, Edit_AttributeTemplate or AttributeTemplate_Code names. Raises ApiError."""
    found = _by_id(call, "AttributeTemplate", "attribute_templates")
    if found is None and (code := _code(call, "AttributeTemplate")) is not None:
        found = attribute_templates.find(call.store, code)
    if found is None:
        raise ApiError("MER-JSN-ATM-00001", "Attribute template not found")
    return found


def attribute(call: Call, kind: Kind) -> sqlite3.Row:
    """Load an attribute by id, or by its code within the product or template that the call names. Raises ApiError."""
    prefix = _PREFIX[kind.attributes]
    found = _by_id(call, prefix, kind.attributes)
    if found is not None:
        _expect_owner(call, kind)
    elif (code := _code(call, prefix)) is not None:
        found = attributes.find(call.store, kind, owner_id(call, kind), code)
    if found is None:
        raise ApiError("MER-JSN-ATT-00001", "Attribute not found")
    return found


def option(call: Call, kind: Kind) -> sqlite3.Row:
    """Load an option by id, or by its code within the attribute that the call names. Raises ApiError."""
    prefix = _PREFIX[kind.options]
    found = _by_id(call, prefix, kind.options)
    if found is not None:
        _expect_owner(call, kind)
        owner = _PREFIX[kind.attributes]
        call.parameters.expect((f"{owner}_ID", f"Edit_{owner}", f"{owner}_Code"))
    elif (code := _code(call, prefix)) is not None:
        found = attributes.find_option(call.store, kind, attribute(call, kind)["id"], code)
    if found is None:
        raise ApiError("MER-JSN-OPT-00001", "Option not found")
    return found


def owner_id(call: Call, kind: Kind) -> int:
    row = product_reference.product(call) if kind is PRODUCT else template(call)
    return int(row["id"])


def _expect_owner(call: Call, kind: Kind) -> None:
    prefix = "Product" if kind is PRODUCT else "AttributeTemplate"
    call.parameters.expect((f"{prefix}_ID", f"Edit_{prefix}", f"{prefix}_Code"))


def _by_id(call: Call, prefix: str, table: str) -> sqlite3.Row | None:
    name = f"{prefix}_ID"
    call.parameters.expect((f"Edit_{prefix}", f"{prefix}_Code"))
    if not call.parameters.has(name):
        return None
    found = call.store.db.row(
        f"SELECT * FROM {table} WHERE id = ?",  # noqa: S608 - our own tables
        (call.parameters.required_integer(name),),
    )
    if found is None:
        raise ApiError("MER-JSN-ATT-00002", f"{'Option' if 'option' in table else 'Attribute'} not found")
    return found


def _code(call: Call, prefix: str) -> str | None:
    for name in (f"Edit_{prefix}", f"{prefix}_Code"):
        if call.parameters.has(name):
            return call.parameters.required_text(name)
    return None


def new_attribute(call: Call) -> Attribute:
    """Read the parameters of an attribute that is to be made. Raises InputErrors."""
    return Attribute(code=_new_code(call), type=_type(call, required=True) or "", **_values(call, is_attribute=True))


def attribute_changes(call: Call) -> dict[str, Any]:
    changes = _values(call, is_attribute=True)
    if (code := _changed_code(call)) is not None:
        changes["code"] = code
    if (kind := _type(call, required=False)) is not None:
        changes["type"] = kind
    return changes


def new_option(call: Call) -> Option:
    default = call.parameters.boolean("Default") or False
    return Option(code=_new_code(call), default=default, **_values(call, is_attribute=False))


def option_changes(call: Call) -> dict[str, Any]:
    changes = _values(call, is_attribute=False)
    if (code := _changed_code(call)) is not None:
        changes["code"] = code
    return changes


def _type(call: Call, *, required: bool) -> str | None:
    return call.parameters.word("Type", TYPES, required=required)


def _new_code(call: Call) -> str:
    code = call.parameters.required_text("Code")
    if fault := columns.code_fault(code, strict=call.store.strict_codes):
        raise call.parameters.refuse("Code", fault)
    return code


def _changed_code(call: Call) -> str | None:
    return _new_code(call) if call.parameters.has("Code") else None


def _values(call: Call, *, is_attribute: bool) -> dict[str, Any]:
    """Read what attributes and options have in common; only what is given, but an insert needs a prompt."""
    parameters = call.parameters
    is_insert = call.function.endswith("_Insert")
    values: dict[str, Any] = {
        "prompt": parameters.text("Prompt", required=is_insert and not is_attribute),
        "image": parameters.text("Image", limit=254),
    }
    amounts = {
        "price": parameters.decimal("Price"),
        "cost": parameters.decimal("Cost"),
        "weight": parameters.weight("Weight", unit=call.store.settings["wtunits"]),
    }
    values |= {name: to_units(amount) for name, amount in amounts.items() if amount is not None}
    if is_attribute:
        values |= {"required": parameters.boolean("Required"), "inventory": parameters.boolean("Inventory")}
        if is_insert and values["prompt"] is None:
            values["prompt"] = ""
    return {name: value for name, value in values.items() if value is not None}
