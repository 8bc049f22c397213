"""Categories: list, write, and which products stand in them."""

import json
import sqlite3
from typing import Any

from miva_sandbox.api import (
    assigned_products,
    custom_field_values,
    list_query,
    product_columns,
    product_reference,
    product_rows,
)
from miva_sandbox.api.list_query import CUSTOM_FIELDS, Column, Condition, Spec
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, FieldError, data, done, page
from miva_sandbox.state import categories, columns
from miva_sandbox.state.categories import Category
from miva_sandbox.state.errors import AlreadyExists, Invalid

_PARENT = "coalesce((SELECT parent.code FROM categories parent WHERE parent.id = g.parent_id), '')"


def _special(call: Call, name: str, operator: str, value: Any) -> Condition | None:
    return custom_field_values.condition(call, "category", "g.id", name, operator, value)


def _special_sort(call: Call, name: str) -> str | None:
    return custom_field_values.sort(call, "category", "g.id", name)


_LIST = Spec(
    columns={
        "id": Column("g.id"),
        "code": Column("g.code", is_text=True, key_sql="g.code_key"),
        **{name: Column(f"g.{name}", is_text=True) for name in ("name", "page_title", "page_code")},
        **{name: Column(f"g.{name}") for name in ("dt_created", "dt_updated", "depth")},
        "parent_category": Column(_PARENT, is_text=True),
        "active": Column("g.active", searchable=False),
        "disp_order": Column("g.disp_order", searchable=False),
    },
    default_sort="disp_order",
    on_demand=frozenset({"uris", "url"}),
    prefixes=(CUSTOM_FIELDS,),
    shows=("Category_Show",),
    special=_special,
    special_sort=_special_sort,
    failure_code="MER-JSN-CAT-00020",
)


@function("CategoryList_Load_Query", needs=("CTGY:view",))
def category_list_load_query(call: Call) -> Answer:
    return _list(call)


@function("CategoryList_Load_Parent", needs=("CTGY:view",))
def category_list_load_parent(call: Call) -> Answer:
    """List the children of one category, or the top ones for parent 0; a bare array."""
    call.parameters.expect(("Parent_ID", "Category_Code", "Edit_Category"))
    parent_id = call.parameters.integer("Parent_ID")
    if parent_id is None:
        parent_id = product_reference.category(call)["id"]
    found = call.store.db.rows(
        f"SELECT g.*, {_PARENT} AS parent_category FROM categories g WHERE parent_id = ? ORDER BY disp_order, id",  # noqa: S608 - our own names
        (parent_id,),
    )
    return data([_row(row) for row in found])


@function("ChildCategoryList_Load_Query", needs=("CTGY:view",))
def child_category_list_load_query(call: Call) -> Answer:
    """List the children of a category; with Unassigned the other categories, too or alone."""
    parent_id = product_reference.category(call, prefix="Parent")["id"]
    assigned, unassigned = call.parameters.boolean("Assigned"), call.parameters.boolean("Unassigned")
    if assigned is False and not unassigned:
        return done()
    if not unassigned:
        return _list(call, ("g.parent_id = ?", parent_id))
    return _list(call, ("g.parent_id <> ?", parent_id)) if assigned is False else _list(call)


def _list(call: Call, condition: tuple[str, int] | None = None) -> Answer:
    query = list_query.read(call, _LIST)
    if query.shows.get("Category_Show") == "Active":
        query.also("g.active = 1")
    if condition is not None:
        query.also(*condition)
    found, total = list_query.fetch(call, query, select=f"g.*, {_PARENT} AS parent_category", source="categories g")
    rows = [_row(row) for row in found]
    _add_on_demand(call, rows, query.on_demand)
    return page(rows, total_count=total, start_offset=query.offset)


def _row(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "parent_id": row["parent_id"],
        "agrpcount": row["agrpcount"],
        "depth": row["depth"],
        "disp_order": row["disp_order"],
        "page_code": row["page_code"],
        "page_id": 0,
        "code": row["code"],
        "name": row["name"],
        "page_title": row["page_title"],
        "active": bool(row["active"]),
        "dt_created": row["dt_created"],
        "dt_updated": row["dt_updated"],
        "parent_category": row["parent_category"],
    }


def _add_on_demand(call: Call, rows: list[dict[str, Any]], asked: list[str]) -> None:
    if "uris" in asked or "url" in asked:
        ids = json.dumps([row["id"] for row in rows])
        uris = call.store.db.rows(
            "SELECT * FROM uris WHERE cat_id <> 0 AND cat_id IN (SELECT value FROM json_each(?)) ORDER BY id", (ids,)
        )
        for row in rows:
            own = [uri for uri in uris if uri["cat_id"] == row["id"]]
            if "uris" in asked:
                row["uris"] = [product_columns.uri(call, uri) for uri in own]
            if "url" in asked:
                row["url"] = next((f"{call.domain.base_url}{uri['uri']}" for uri in own if uri["canonical"]), "")
    custom = [name for name in asked if name.startswith(CUSTOM_FIELDS)]
    if custom:
        values = custom_field_values.values(call, "category", [row["id"] for row in rows], custom)
        for row in rows:
            if row["id"] in values:
                row["CustomField_Values"] = values[row["id"]]


_IN_CATEGORY = product_rows.spec(order_column=Column("x.disp_order", searchable=False))


@function("CategoryProductList_Load_Query", needs=("CTGY:view", "PROD:view"))
def category_product_list_load_query(call: Call) -> Answer:
    category = product_reference.category(call)
    query = list_query.read(call, _IN_CATEGORY)
    product_rows.show(query)
    join = "category_products x ON x.product_id = p.id AND x.cat_id = ?"
    return assigned_products.answer(call, query, join=join, owner_id=category["id"])


@function("CategoryProduct_Update_Assigned", needs=("CTGY:modify", "PROD:modify"))
def category_product_update_assigned(call: Call) -> Answer:
    category, product = product_reference.category(call), product_reference.product(call)
    change = categories.assign if call.parameters.boolean("Assigned", required=True) else categories.unassign
    change(call.store, category["id"], product["id"])
    return done()


_TEXTS = {"Category_Page_Title": ("page_title", 254), "Category_Alternate_Display_Page": ("page_code", 50)}


@function("Category_Insert", needs=("CTGY:add",))
def category_insert(call: Call) -> Answer:
    parameters = call.parameters
    code, name = _code(call, required=True), parameters.required_text("Category_Name", limit=100)
    parent_id = _parent_id(call) or 0
    active = parameters.boolean("Category_Active")
    texts = {column: parameters.text(key, limit=limit) or "" for key, (column, limit) in _TEXTS.items()}
    custom = custom_field_values.check(call, "category")
    try:
        category_id = categories.insert(
            call.store,
            Category(code=code or "", name=name, parent_id=parent_id, active=active is not False, **texts),
        )
    except AlreadyExists as error:
        raise FieldError("Category_Code", f"A category with the code '{code}' already exists") from error
    custom_field_values.store_values(call, category_id, custom)
    row = call.store.db.row(
        f"SELECT g.*, {_PARENT} AS parent_category FROM categories g WHERE g.id = ?",  # noqa: S608 - our own names
        (category_id,),
    )
    assert row is not None
    return data(_row(row))


@function("Category_Update", needs=("CTGY:modify",))
def category_update(call: Call) -> Answer:
    row = product_reference.category(call)
    parameters = call.parameters
    changes: dict[str, str | int] = {}
    if parameters.has("Category_ID") or parameters.has("Edit_Category"):
        code = _code(call, required=False)
        if code is not None:
            other = categories.find(call.store, code)
            if other is not None and other["id"] != row["id"]:
                raise FieldError("Category_Code", f"A category with the code '{code}' already exists")
            changes["code"] = code
    name = parameters.text("Category_Name", blank=False, limit=100)
    active, parent_id = parameters.boolean("Category_Active"), _parent_id(call)
    texts = {column: parameters.text(key, limit=limit) for key, (column, limit) in _TEXTS.items()}
    given = {"name": name, "active": active, "parent_id": parent_id, **texts}
    changes |= {column: value for column, value in given.items() if value is not None}
    custom = custom_field_values.check(call, "category")
    try:
        categories.update(call.store, row["id"], changes)
    except Invalid as error:
        raise FieldError("Category_Parent_Category", error.message) from error
    custom_field_values.store_values(call, row["id"], custom)
    return done()


@function("Category_Delete", needs=("CTGY:delete",))
def category_delete(call: Call) -> Answer:
    categories.delete(call.store, product_reference.category(call)["id"])
    return done()


def _code(call: Call, *, required: bool) -> str | None:
    code = call.parameters.text("Category_Code", required=required, blank=False)
    if code is not None and (fault := columns.code_fault(code, strict=call.store.strict_codes)):
        raise call.parameters.refuse("Category_Code", fault)
    return code


def _parent_id(call: Call) -> int | None:
    """Read the parent's code; blank is the root."""
    code = call.parameters.text("Category_Parent_Category")
    if not code:
        return None if code is None else 0
    parent = categories.find(call.store, code)
    if parent is None:
        raise call.parameters.refuse("Category_Parent_Category", "Category not found")
    return int(parent["id"])
