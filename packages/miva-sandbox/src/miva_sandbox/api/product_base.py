"""The columns that a product always has, wherever it is shown: in lists, and inside other products."""

import sqlite3

from miva_sandbox.api import formats
from miva_sandbox.api.responses import Row, number
from miva_sandbox.state.store import Store


def base(store: Store, row: sqlite3.Row | Row) -> Row:
    return {
        "id": row["id"],
        "disp_order": row["disp_order"],
        "code": row["code"],
        "sku": row["sku"],
        "name": row["name"],
        "thumbnail": row["thumbnail"],
        "image": row["image"],
        "price": number(row["price"]),
        "formatted_price": formats.money(row["price"]),
        "cost": number(row["cost"]),
        "profit": number(row["profit"]),
        "margin": number(row["margin"], decimals=2),
        "formatted_cost": formats.money(row["cost"]),
        "page_code": row["page_code"],
        "page_id": 0,
        "weight": number(row["weight"]),
        "formatted_weight": formats.weight(store, row["weight"]),
        "taxable": bool(row["taxable"]),
        "active": bool(row["active"]),
        "exsearch": bool(row["exsearch"]),
        "page_title": row["page_title"],
        "dt_created": row["dt_created"],
        "dt_updated": row["dt_updated"],
    }
