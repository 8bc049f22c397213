"""Attributes with their options, of products and of templates, as answers show them."""

import json
import sqlite3
from collections import defaultdict

from miva_sandbox.api import formats
from miva_sandbox.api.list_query import Column
from miva_sandbox.api.responses import Row, number
from miva_sandbox.state.attributes import CHOICES, TEMPLATE_TYPE
from miva_sandbox.state.store import Store

_LISTED = "(SELECT value FROM json_each(?))"
# What lists of attributes can be searched and sorted by, those of products and of templates alike.
SEARCHED = {
    "id": Column("id"),
    "code": Column("code", is_text=True, key_sql="code_key"),
    **{name: Column(name, is_text=True) for name in ("prompt", "image", "type")},
    **{name: Column(name, decimals=8) for name in ("price", "cost", "weight")},
    **{name: Column(name) for name in ("required", "inventory")},
    "disp_order": Column("disp_order", searchable=False),
}


def of_products(store: Store, product_ids: str) -> dict[int, list[Row]]:
    """Read the attributes of products; `product_ids` is a JSON array. Returns {product id: attributes in order}."""
    options: dict[int, list[Row]] = defaultdict(list)
    for row in store.db.rows(
        f"SELECT * FROM options WHERE product_id IN {_LISTED} ORDER BY disp_order, id",  # noqa: S608 - our own text
        (product_ids,),
    ):
        options[row["attr_id"]].append(option(store, row))
    attributes = store.db.rows(
        f"SELECT * FROM attributes WHERE product_id IN {_LISTED} ORDER BY disp_order, id",  # noqa: S608 - our own text
        (product_ids,),
    )
    templates = of_templates(store, [row["attemp_id"] for row in attributes if row["attemp_id"]])
    found: dict[int, list[Row]] = defaultdict(list)
    for row in attributes:
        built = attribute(store, row)
        if row["type"] == TEMPLATE_TYPE:
            built["attributes"] = templates.get(row["attemp_id"], [])
        elif row["type"] in CHOICES:
            built["options"] = options.get(row["id"], [])
        found[row["product_id"]].append(built)
    return found


def of_templates(store: Store, template_ids: list[int]) -> dict[int, list[Row]]:
    """Read the attributes of templates. Returns {template id: attributes in order}."""
    if not template_ids:
        return {}
    ids = json.dumps(template_ids)
    options: dict[int, list[Row]] = defaultdict(list)
    for row in store.db.rows(
        f"SELECT * FROM template_options WHERE attemp_id IN {_LISTED} ORDER BY disp_order, id",  # noqa: S608
        (ids,),
    ):
        options[row["attmpat_id"]].append(template_option(store, row))
    found: dict[int, list[Row]] = defaultdict(list)
    for row in store.db.rows(
        f"SELECT * FROM template_attributes WHERE attemp_id IN {_LISTED} ORDER BY disp_order, id",  # noqa: S608
        (ids,),
    ):
        built = template_attribute(store, row)
        if row["type"] in CHOICES:
            built["options"] = options.get(row["id"], [])
        found[row["attemp_id"]].append(built)
    return found


def attribute(store: Store, row: sqlite3.Row) -> Row:
    return {
        "id": row["id"],
        "product_id": row["product_id"],
        "default_id": row["default_id"],
        "disp_order": row["disp_order"],
        "attemp_id": row["attemp_id"],
        **_attribute_members(store, row),
    }


def template_attribute(store: Store, row: sqlite3.Row) -> Row:
    return {
        "id": row["id"],
        "attemp_id": row["attemp_id"],
        "default_id": row["default_id"],
        # Templates spell it in one word, products in two.
        "disporder": row["disp_order"],
        **_attribute_members(store, row),
    }


def option(store: Store, row: sqlite3.Row) -> Row:
    return {
        "id": row["id"],
        "product_id": row["product_id"],
        "attr_id": row["attr_id"],
        "disp_order": row["disp_order"],
        "code": row["code"],
        "prompt": row["prompt"],
        **_amounts(store, row),
        "image": row["image"],
    }


def template_option(store: Store, row: sqlite3.Row) -> Row:
    return {
        "id": row["id"],
        "attemp_id": row["attemp_id"],
        "attmpat_id": row["attmpat_id"],
        "disporder": row["disp_order"],
        "code": row["code"],
        "prompt": row["prompt"],
        **_amounts(store, row),
        "image": row["image"],
    }


def _attribute_members(store: Store, row: sqlite3.Row) -> Row:
    return {
        "code": row["code"],
        "type": row["type"],
        "prompt": row["prompt"],
        **_amounts(store, row),
        "required": bool(row["required"]),
        "inventory": bool(row["inventory"]),
        "image": row["image"],
    }


def _amounts(store: Store, row: sqlite3.Row) -> Row:
    return {
        "price": number(row["price"]),
        "formatted_price": formats.money(row["price"]),
        "cost": number(row["cost"]),
        "formatted_cost": formats.money(row["cost"]),
        "weight": number(row["weight"]),
        "formatted_weight": formats.weight(store, row["weight"]),
    }
