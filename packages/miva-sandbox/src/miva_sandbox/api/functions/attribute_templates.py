"""Attribute templates: sets of attributes that products link to or copy."""

import sqlite3
from typing import Any

from miva_sandbox.api import attribute_columns, attribute_records, list_query, product_reference, product_rows
from miva_sandbox.api.functions.attributes import refusals_name_the_code
from miva_sandbox.api.list_query import Column, Spec
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, data, done, page
from miva_sandbox.state import attribute_templates, attributes, columns
from miva_sandbox.state.attributes import PRODUCT, TEMPLATE_TYPE

_LIST = Spec(
    columns={
        "id": Column("id"),
        "code": Column("code", is_text=True, key_sql="code_key"),
        "prompt": Column("prompt", is_text=True),
        "refcount": Column("refcount"),
    },
    default_sort="code",
    failure_code="MER-JSN-ATM-00002",
)


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "code", "prompt", "refcount")}


@function("AttributeTemplateList_Load_Query", needs=("PROD:view",))
def attribute_template_list_load_query(call: Call) -> Answer:
    query = list_query.read(call, _LIST)
    found, total = list_query.fetch(call, query, select="*", source="attribute_templates")
    return page([_shown(row) for row in found], total_count=total, start_offset=query.offset)


@function("AttributeTemplate_Insert", needs=("PROD:modify",))
def attribute_template_insert(call: Call) -> Answer:
    code, prompt = call.parameters.required_text("Code"), call.parameters.text("Prompt", limit=50) or ""
    if fault := columns.code_fault(code, strict=call.store.strict_codes):
        raise call.parameters.refuse("Code", fault)
    with refusals_name_the_code():
        attribute_templates.insert(call.store, code, prompt=prompt)
    made = attribute_templates.find(call.store, code)
    assert made is not None
    return data(_shown(made))


@function("AttributeTemplate_Update", needs=("PROD:modify",))
def attribute_template_update(call: Call) -> Answer:
    row = attribute_records.template(call)
    code, prompt = call.parameters.text("Code", blank=False), call.parameters.text("Prompt", limit=50)
    if code is not None and (fault := columns.code_fault(code, strict=call.store.strict_codes)):
        raise call.parameters.refuse("Code", fault)
    with refusals_name_the_code():
        attribute_templates.update(call.store, row, code=code, prompt=prompt)
    return done()


@function("AttributeTemplate_Delete", needs=("PROD:modify",))
def attribute_template_delete(call: Call) -> Answer:
    with refusals_name_the_code():
        attribute_templates.delete(call.store, attribute_records.template(call))
    return done()


_ATTRIBUTES = Spec(
    columns=attribute_columns.SEARCHED,
    default_sort="disp_order",
    failure_code="MER-JSN-ATM-00003",
)


@function("AttributeTemplateAttributeList_Load_Query", needs=("PROD:view",))
def attribute_template_attribute_list_load_query(call: Call) -> Answer:
    template_id = attribute_records.template(call)["id"]
    query = list_query.read(call, _ATTRIBUTES)
    query.also("attemp_id = ?", template_id)
    found, total = list_query.fetch(call, query, select="id", source="template_attributes")
    shown = {row["id"]: row for row in attribute_columns.of_templates(call.store, [template_id]).get(template_id, [])}
    return page([shown[row["id"]] for row in found], total_count=total, start_offset=query.offset)


_PRODUCTS = product_rows.spec()
_LINKS = "EXISTS (SELECT 1 FROM attributes a WHERE a.product_id = p.id AND a.attemp_id = ?)"


@function("AttributeTemplateProductList_Load_Query", needs=("PROD:view",))
def attribute_template_product_list_load_query(call: Call) -> Answer:
    template_id = attribute_records.template(call)["id"]
    assigned, unassigned = call.parameters.boolean("Assigned"), call.parameters.boolean("Unassigned")
    query = list_query.read(call, _PRODUCTS)
    product_rows.show(query)
    if assigned is False and not unassigned:
        return done()
    if not unassigned:
        query.also(_LINKS, template_id)
    elif assigned is False:
        query.also(f"NOT {_LINKS}", template_id)
    found, total = list_query.fetch(call, query, select="p.*", source="products p")
    linked = {
        row["product_id"]
        for row in call.store.db.rows("SELECT product_id FROM attributes WHERE attemp_id = ?", (template_id,))
    }
    rows = [{"assigned": row["id"] in linked, **row} for row in product_rows.rows(call, found, query.on_demand)]
    return page(rows, total_count=total, start_offset=query.offset)


@function("AttributeTemplateProduct_Update_Assigned", needs=("PROD:modify",))
def attribute_template_product_update_assigned(call: Call) -> Answer:
    """Link a template to a product under the template's own code and prompt, or take the link away."""
    template, product = attribute_records.template(call), product_reference.product(call)
    linked = call.store.db.row(
        "SELECT * FROM attributes WHERE product_id = ? AND attemp_id = ?", (product["id"], template["id"])
    )
    if call.parameters.boolean("Assigned", required=True):
        if linked is None:
            with refusals_name_the_code():
                attribute_templates.link(
                    call.store, product["id"], template, code=template["code"], prompt=template["prompt"]
                )
    elif linked is not None:
        attributes.delete(call.store, PRODUCT, linked)
    return done()


@function("Attribute_CopyTemplate", needs=("PROD:modify",))
def attribute_copy_template(call: Call) -> Answer:
    template, product = attribute_records.template(call), product_reference.product(call)
    attribute_templates.copy(call.store, product["id"], template)
    return done()


@function("Attribute_CopyLinkedTemplate", needs=("PROD:modify",))
def attribute_copy_linked_template(call: Call) -> Answer:
    """Replace a link by a copy of the template's attributes."""
    linked = attribute_records.attribute(call, PRODUCT)
    if linked["type"] != TEMPLATE_TYPE:
        raise ApiError("MER-JSN-ATT-00004", "Attribute is not linked to a template")
    template = call.store.db.row("SELECT * FROM attribute_templates WHERE id = ?", (linked["attemp_id"],))
    assert template is not None
    with call.store.db.savepoint():
        attributes.delete(call.store, PRODUCT, linked)
        attribute_templates.copy(call.store, linked["product_id"], template)
    return done()
