"""Custom fields of any kind of record: as on-demand columns, as search fields and as sort, and as a parameter."""

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any

from miva_sandbox.api import list_query
from miva_sandbox.api.list_query import CUSTOM_FIELDS, Column, Condition
from miva_sandbox.api.parameters import Parameters, as_text
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import ApiError, FieldError
from miva_sandbox.state import basket_inventory, custom_fields
from miva_sandbox.state.custom_fields import CHECKBOX, MODULE, MULTITEXT, Entity

Values = dict[int, dict[str, dict[str, str | list[str]]]]

_NEGATIVE = {"NE": "EQ", "NC": "CO", "NOTLIKE": "LIKE", "NOT_IN": "IN"}
_FALSE = "0"
_STORED = "iif(v.value <> '', v.value, v.value_long)"


def values(call: Call, entity: Entity, record_ids: Collection[int], asked: Sequence[str]) -> Values:
    """
    Read the fields that on-demand columns ask for.

    Returns {record id: {module: {field code: value}}}, empty if none of the fields exists.
    """
    fields: dict[int, sqlite3.Row] = {}
    held: dict[str, None] = {}
    for name in asked:
        module, _, code = name.removeprefix(CUSTOM_FIELDS).partition(":")
        of_baskets = _of_baskets(call, entity, module, code)
        held |= dict.fromkeys(of_baskets)
        if module == "*" or (module == MODULE and code == "*"):
            fields |= {field["id"]: field for field in custom_fields.all_of(call.store, entity)}
            continue
        if of_baskets:
            continue
        field = custom_fields.find(call.store, entity, code) if module == MODULE else None
        if field is None:
            call.lint.report("unknown column", call.function, name)
        else:
            fields[field["id"]] = field
    found: Values = {}
    if fields:
        own = custom_fields.values(call.store, entity, record_ids, list(fields.values()))
        found = {record_id: {MODULE: codes} for record_id, codes in own.items()}
    if held:
        for record_id, codes in basket_inventory.values(call.store, record_ids, held).items():
            found.setdefault(record_id, {})[basket_inventory.MODULE] = dict(codes)
    return found


def _of_baskets(call: Call, entity: Entity, module: str, code: str) -> Sequence[str]:
    """Return the fields of the module `baskinv` that a column's name is for."""
    if entity != "product" or module not in {"*", basket_inventory.MODULE}:
        return ()
    known = basket_inventory.fields(call.store)
    return known if "*" in {module, code} else [code] if code in known else ()


def condition(  # noqa: PLR0917 - a condition is field, operator, value
    call: Call, entity: Entity, record: str, name: str, operator: str, value: Any
) -> Condition | None:
    """Search by a field; `record` is the SQL of the record's id. None for a field or operator that is none."""
    field = _field(call, entity, name)
    if field is None:
        return None
    if field["fieldtype"] == MULTITEXT:
        return _any_value(field["id"], record, operator, value)
    column = Column(_expression(field["id"], record), is_text=True)
    if field["fieldtype"] == CHECKBOX and (operator == "FALSE" or (operator == "EQ" and str(value).strip() == _FALSE)):
        return Condition(f"{column.sql} <> '1'")
    if operator in ("EQ", "IN") and str(value).strip(" ,"):
        # From the field's few values to the records, not from every record to its value.
        found = list_query.compare(Column(_STORED, is_text=True), operator, value)
        rows = f"SELECT v.record_id FROM custom_field_values v WHERE v.field_id = {int(field['id'])}"  # noqa: S608 - our own names
        return found and Condition(f"{record} IN ({rows} AND {found.sql})", found.values)
    return list_query.compare(column, operator, value)


def sort(call: Call, entity: Entity, record: str, name: str) -> str | None:
    field = _field(call, entity, name)
    if field is None or field["fieldtype"] == MULTITEXT:
        return None
    return f"{_expression(field['id'], record)} COLLATE NOCASE"


def _field(call: Call, entity: Entity, name: str) -> sqlite3.Row | None:
    if not name.startswith(CUSTOM_FIELDS):
        return None
    module, _, code = name.removeprefix(CUSTOM_FIELDS).partition(":")
    return custom_fields.find(call.store, entity, code) if module == MODULE else None


def _expression(field_id: int, record: str) -> str:
    return (
        f"coalesce((SELECT {_STORED} FROM custom_field_values v "  # noqa: S608 - our own names
        f"WHERE v.field_id = {int(field_id)} AND v.record_id = {record}), '')"
    )


def _any_value(field_id: int, record: str, operator: str, value: Any) -> Condition | None:
    """Compare a list of texts: one that matches is enough, for the negative operators none may match."""
    rows = f"SELECT v.record_id FROM custom_field_multi_values v WHERE v.field_id = {int(field_id)}"  # noqa: S608 - our own names
    if operator == "NULL":
        return Condition(f"{record} NOT IN ({rows})")
    found = list_query.compare(Column("v.value", is_text=True), _NEGATIVE.get(operator, operator), value)
    if found is None:
        return None
    word = "NOT IN" if operator in _NEGATIVE else "IN"
    return Condition(f"{record} {word} ({rows} AND {found.sql})", found.values)


def check(call: Call, entity: Entity) -> list[tuple[sqlite3.Row, str | list[str]]]:
    """
    Read the parameter CustomField_Values: {module: {field: value}}.

    Returns (field, value) pairs. Raises InputErrors for an unknown field, ApiError for another module.
    """
    found: list[tuple[sqlite3.Row, str | list[str]]] = []
    for module, members in (call.parameters.mapping("CustomField_Values") or {}).items():
        if entity == "product" and module == basket_inventory.MODULE:
            continue
        if module != MODULE:
            raise ApiError("MER-JSN-PRD-00076", f"Module '{module}' not found")
        for code, value in members.items() if isinstance(members, dict) else ():
            field = custom_fields.find(call.store, entity, code)
            if field is None:
                raise FieldError(f"CustomField_Values:{module}:{code}", "Field not found")
            found.append((field, [as_text(item) for item in value] if isinstance(value, list) else as_text(value)))
    return found


def basket_total(call: Call) -> int | None:
    """
    Read what CustomField_Values says of the module `baskinv`: the total to set, or None.

    Raises InputErrors for a field that isn't there and for what is no number, ApiError if the module is off.
    """
    members = (call.parameters.mapping("CustomField_Values") or {}).get(basket_inventory.MODULE)
    if members is None:
        return None
    known = basket_inventory.fields(call.store)
    if not known:
        raise ApiError("MER-JSN-PRD-00076", f"Module '{basket_inventory.MODULE}' not found")
    given = Parameters(
        members if isinstance(members, dict) else {}, path=f"CustomField_Values:{basket_inventory.MODULE}:"
    )
    for code in members if isinstance(members, dict) else ():
        if code not in known:
            raise given.refuse(code, "Field not found")
    if given.has(basket_inventory.HELD):
        call.lint.report("read-only custom field", call.function, f"{basket_inventory.MODULE}:{basket_inventory.HELD}")
    return given.integer(basket_inventory.TOTAL)


def store_values(call: Call, record_id: int, checked: list[tuple[sqlite3.Row, str | list[str]]]) -> None:
    for field, value in checked:
        if field["fieldtype"] == MULTITEXT:
            parts = value if isinstance(value, list) else custom_fields.split(value)
            custom_fields.replace_values(call.store, field, record_id, parts)
        else:
            custom_fields.set_value(call.store, field, record_id, "|".join(value) if isinstance(value, list) else value)
