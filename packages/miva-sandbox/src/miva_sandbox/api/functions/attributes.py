"""Attributes and options, of products and of attribute templates: the same functions under two sets of names."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from miva_sandbox.api import attribute_columns, attribute_records, list_query, product_reference
from miva_sandbox.api.list_query import Spec
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, FieldError, data, done, page
from miva_sandbox.state import attributes
from miva_sandbox.state.attributes import PRODUCT, TEMPLATE, Kind
from miva_sandbox.state.errors import AlreadyExists, Invalid

Show = Callable[..., dict[str, Any]]

_NAMES = {PRODUCT: ("Attribute", "Option"), TEMPLATE: ("AttributeTemplateAttribute", "AttributeTemplateOption")}
_SHOW_ATTRIBUTE: dict[Kind, Show] = {
    PRODUCT: attribute_columns.attribute,
    TEMPLATE: attribute_columns.template_attribute,
}
_SHOW_OPTION: dict[Kind, Show] = {PRODUCT: attribute_columns.option, TEMPLATE: attribute_columns.template_option}


@contextmanager
def refusals_name_the_code() -> Iterator[None]:
    """Turn what the rules refuse into an error of the parameter that it came from."""
    try:
        yield
    except (AlreadyExists, Invalid) as error:
        raise FieldError(error.field.capitalize() or "Code", error.message) from error


def _register(kind: Kind) -> None:
    attribute_name, option_name = _NAMES[kind]

    @function(f"{attribute_name}_Insert", needs=("PROD:modify",))
    def insert(call: Call) -> Answer:
        owner_id = attribute_records.owner_id(call, kind)
        with refusals_name_the_code():
            attribute_id = attributes.insert(call.store, kind, owner_id, attribute_records.new_attribute(call))
        return data(_SHOW_ATTRIBUTE[kind](call.store, _row(call, kind.attributes, attribute_id)))

    @function(f"{attribute_name}_Update", needs=("PROD:modify",))
    def update(call: Call) -> Answer:
        row = attribute_records.attribute(call, kind)
        with refusals_name_the_code():
            attributes.update(call.store, kind, row, attribute_records.attribute_changes(call))
        return done()

    @function(f"{attribute_name}_Delete", needs=("PROD:modify",))
    def delete(call: Call) -> Answer:
        attributes.delete(call.store, kind, attribute_records.attribute(call, kind))
        return done()

    @function(f"{option_name}_Insert", needs=("PROD:modify",))
    def insert_option(call: Call) -> Answer:
        attribute = attribute_records.attribute(call, kind)
        with refusals_name_the_code():
            option_id = attributes.insert_option(call.store, kind, attribute, attribute_records.new_option(call))
        return data(_SHOW_OPTION[kind](call.store, _row(call, kind.options, option_id)))

    @function(f"{option_name}_Update", needs=("PROD:modify",))
    def update_option(call: Call) -> Answer:
        option = attribute_records.option(call, kind)
        given = call.parameters.boolean("Default")
        attribute = _row(call, kind.attributes, option[kind.link])
        default = given if given is not None else attribute["default_id"] == option["id"]
        with refusals_name_the_code():
            attributes.update_option(call.store, kind, option, attribute_records.option_changes(call), default=default)
        return done()

    @function(f"{option_name}_Set_Default", needs=("PROD:modify",))
    def set_default(call: Call) -> Answer:
        option = attribute_records.option(call, kind)
        default = call.parameters.boolean(f"{option_name}_Default")
        attributes.update_option(call.store, kind, option, {}, default=default is not False)
        return done()

    @function(f"{option_name}_Delete", needs=("PROD:modify",))
    def delete_option(call: Call) -> Answer:
        attributes.delete_option(call.store, kind, attribute_records.option(call, kind))
        return done()

    @function(f"{option_name}List_Load_Attribute", needs=("PROD:view",))
    def list_options(call: Call) -> Answer:
        # For templates the client library makes a list query of it, and reads a bare array all the same.
        call.parameters.expect(("Customer_ID",) if kind is PRODUCT else ("Sort", "Offset", "Count", "Filter"))
        attribute = attribute_records.attribute(call, kind)
        options = attributes.options_of(call.store, kind, attribute["id"])
        return data([_SHOW_OPTION[kind](call.store, row) for row in options])


_register(PRODUCT)
_register(TEMPLATE)


def _row(call: Call, table: str, row_id: int) -> sqlite3.Row:
    found = call.store.db.row(f"SELECT * FROM {table} WHERE id = ?", (row_id,))  # noqa: S608 - our own tables
    assert found is not None
    return found


@function("Attribute_Load_Code", needs=("PROD:view",))
def attribute_load_code(call: Call) -> Answer:
    call.parameters.expect(("Customer_ID",))
    return data(attribute_columns.attribute(call.store, attribute_records.attribute(call, PRODUCT)))


@function("Option_Load_Code", needs=("PROD:view",))
def option_load_code(call: Call) -> Answer:
    call.parameters.expect(("Customer_ID",))
    return data(attribute_columns.option(call.store, attribute_records.option(call, PRODUCT)))


@function("AttributeAndOptionList_Load_Product", needs=("PROD:view",))
def attribute_and_option_list_load_product(call: Call) -> Answer:
    """List all attributes with their options; a bare array."""
    call.parameters.expect(("Customer_ID",))
    product_id = product_reference.product(call)["id"]
    return data(attribute_columns.of_products(call.store, json.dumps([product_id])).get(product_id, []))


_LIST = Spec(
    columns=attribute_columns.SEARCHED,
    default_sort="disp_order",
    failure_code="MER-JSN-ATT-00003",
)


@function("ProductAttributeAndOptionList_Load_Query", needs=("PROD:view",))
def product_attribute_and_option_list_load_query(call: Call) -> Answer:
    product_id = product_reference.product(call)["id"]
    query = list_query.read(call, _LIST)
    query.also("product_id = ?", product_id)
    found, total = list_query.fetch(call, query, select="id", source="attributes")
    shown = {
        row["id"]: row
        for row in attribute_columns.of_products(call.store, json.dumps([product_id])).get(product_id, [])
    }
    used = {
        row["attr_id"]
        for row in call.store.db.rows(
            "SELECT DISTINCT attr_id FROM product_variants WHERE product_id = ?", (product_id,)
        )
    }
    rows = [{**shown[row["id"]], "has_variant_parts": row["id"] in used} for row in found]
    return page(rows, total_count=total, start_offset=query.offset)
