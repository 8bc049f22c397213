"""
The on-demand columns of products. Each is read for the whole page with one or two queries, never row by row.

`COLUMNS` maps a column's name to the function that adds it to the rows.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from miva_sandbox.api import attribute_columns, custom_field_values, product_base
from miva_sandbox.api.list_query import CUSTOM_FIELDS
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import Row, number
from miva_sandbox.state import images
from miva_sandbox.state.database import as_records

# `found` are the products, `rows` what is built of them, in the same order.
Adder = Callable[[Call, Sequence[sqlite3.Row], Sequence[Row]], None]
_OF_THE_PAGE = "(SELECT value FROM json_each(?))"


def add(call: Call, found: Sequence[sqlite3.Row], rows: Sequence[Row], asked: Sequence[str]) -> None:
    custom = [name for name in asked if name.startswith(CUSTOM_FIELDS)]
    for name in dict.fromkeys(asked):
        if name in COLUMNS:
            COLUMNS[name](call, found, rows)
        elif name.startswith("imagetype:"):
            _image_type(call, rows, name)
    if custom:
        values = custom_field_values.values(call, "product", [row["id"] for row in rows], custom)
        for built in rows:
            if built["id"] in values:
                built["CustomField_Values"] = values[built["id"]]


def page_ids(rows: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps([row["id"] for row in rows])


def _plain(name: str) -> Adder:
    def add_column(_: Call, found: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
        for source, row in zip(found, rows, strict=True):
            row[name] = source[name]

    return add_column


def _canonical_category(call: Call, found: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    codes = {
        row["id"]: row["code"]
        for row in call.store.db.rows(
            f"SELECT id, code FROM categories WHERE id IN {_OF_THE_PAGE}",  # noqa: S608 - our own text
            (json.dumps([row["cancat_id"] for row in found]),),
        )
    }
    for source, row in zip(found, rows, strict=True):
        row["cancat_code"] = codes.get(source["cancat_id"], "")


def _inventory(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    """Without the right to see inventory the column still comes, as if nothing were tracked."""
    counts: dict[int, int] = {}
    if call.may("INVT:view") and call.store.db.value("SELECT active FROM inventory_settings"):
        counts = {
            row["product_id"]: row["inventory"]
            for row in call.store.db.rows(
                "SELECT s.product_id, coalesce(c.inventory, 0) AS inventory FROM inventory_product_settings s "  # noqa: S608
                "LEFT JOIN inventory_product_counts c ON c.product_id = s.product_id "
                f"WHERE s.active AND s.product_id IN {_OF_THE_PAGE}",
                (page_ids(rows),),
            )
        }
    for built in rows:
        built["product_inventory_active"] = built["id"] in counts
        built["product_inventory"] = counts.get(built["id"], 0)


_SETTING_TEXTS = ("in_short", "in_long", "low_short", "low_long", "out_short", "out_long", "ltd_long")
_NO_SETTINGS: Row = {
    "active": False,
    **dict.fromkeys(_SETTING_TEXTS, ""),
    "low_track": "d",
    "low_level": 0,
    "low_lvl_d": True,
    "out_track": "d",
    "out_hide": "d",
    "out_level": 0,
    "out_lvl_d": True,
}


def _inventory_settings(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    if not call.may("INVT:view"):
        call.lint.report("column without the right", call.function, "productinventorysettings")
        return
    found = call.store.db.rows(
        f"SELECT * FROM inventory_product_settings WHERE product_id IN {_OF_THE_PAGE}",  # noqa: S608 - our own text
        (page_ids(rows),),
    )
    settings = {
        row["product_id"]: {
            name: bool(row[name]) if isinstance(_NO_SETTINGS[name], bool) else row[name] for name in _NO_SETTINGS
        }
        for row in as_records(found)
    }
    for built in rows:
        built["productinventorysettings"] = settings.get(built["id"], _NO_SETTINGS)


def _images(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    found: dict[int, list[Row]] = defaultdict(list)
    listed = call.store.db.rows(
        "SELECT row.id, row.product_id, row.image_id, row.type_id, coalesce(type.code, '') AS code, "  # noqa: S608
        "coalesce(type.descrip, '') AS type_desc, images.image, images.width, images.height, row.disp_order "
        "FROM product_images row JOIN images ON images.id = row.image_id LEFT JOIN image_types type "
        f"ON type.id = row.type_id WHERE row.product_id IN {_OF_THE_PAGE} ORDER BY row.disp_order, row.id",
        (page_ids(rows),),
    )
    for row in as_records(listed):
        found[row["product_id"]].append(row)
    for built in rows:
        built["productimagedata"] = found.get(built["id"], [])


def _image_type(call: Call, rows: Sequence[Row], name: str) -> None:
    image_type = images.find_type(call.store, name.partition(":")[2])
    if image_type is None or not call.may("IMGS:view"):
        call.lint.report("unknown column" if image_type is None else "column without the right", call.function, name)
        return
    found: dict[int, int] = dict(
        tuple(row)
        for row in call.store.db.rows(
            f"SELECT product_id, image_id FROM product_images WHERE type_id = ? AND product_id IN {_OF_THE_PAGE}",  # noqa: S608
            (image_type["id"], page_ids(rows)),
        )
    )
    for built in rows:
        built[name] = found.get(built["id"], 0)


def _categories(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    found: dict[int, list[Row]] = defaultdict(list)
    listed = call.store.db.rows(
        "SELECT x.product_id AS of_product, g.id, g.parent_id, g.agrpcount, g.depth, g.disp_order, "  # noqa: S608
        "g.page_code, g.code, g.name, g.page_title, g.active, g.dt_created, g.dt_updated FROM category_products x "
        f"JOIN categories g ON g.id = x.cat_id WHERE x.product_id IN {_OF_THE_PAGE} ORDER BY g.disp_order, g.id",
        (page_ids(rows),),
    )
    for category in as_records(listed):
        category["active"] = bool(category["active"])
        found[category.pop("of_product")].append(category)
    for built in rows:
        built["categories"] = found.get(built["id"], [])


def _shipping_rules(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    ids = page_ids(rows)
    methods: dict[int, list[Row]] = defaultdict(list)
    for row in call.store.db.rows(
        f"SELECT * FROM product_shipping_methods WHERE product_id IN {_OF_THE_PAGE} ORDER BY rowid",  # noqa: S608
        (ids,),
    ):
        methods[row["product_id"]].append({"mod_code": row["mod_code"], "meth_code": row["meth_code"]})
    rules = {
        row["product_id"]: row
        for row in call.store.db.rows(
            f"SELECT * FROM product_shipping_rules WHERE product_id IN {_OF_THE_PAGE}",  # noqa: S608 - our own text
            (ids,),
        )
    }
    for built in rows:
        rule = rules.get(built["id"])
        built["productshippingrules"] = {
            "product_id": built["id"],
            "ownpackage": bool(rule and rule["ownpackage"]),
            **{name: number(rule[name] if rule else 0, decimals=2) for name in ("width", "length", "height")},
            **{name: rule[name] if rule else "" for name in ("origcntry", "hscode", "nmfcclass", "nmfccode")},
            "limitmeths": bool(rule and rule["limitmeths"]),
            "methods": methods.get(built["id"], []),
        }


def _related(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in call.store.db.rows(
        "SELECT r.product_id AS of_product, p.* FROM related_products r JOIN products p ON p.id = r.relprod_id "  # noqa: S608
        f"WHERE r.product_id IN {_OF_THE_PAGE} ORDER BY r.disp_order",
        (page_ids(rows),),
    ):
        found[row["of_product"]].append(product_base.base(call.store, row))
    for built in rows:
        built["relatedproducts"] = found.get(built["id"], [])


def _uris(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in call.store.db.rows(
        f"SELECT * FROM uris WHERE product_id IN {_OF_THE_PAGE} AND product_id <> 0 ORDER BY id",  # noqa: S608
        (page_ids(rows),),
    ):
        found[row["product_id"]].append(uri(call, row))
    for built in rows:
        built["uris"] = found.get(built["id"], [])


def uri(call: Call, row: sqlite3.Row) -> Row:
    return {**dict(row), "store_id": call.store.id, "canonical": bool(row["canonical"])}


def _url(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    canonical: dict[int, str] = dict(
        tuple(row)
        for row in call.store.db.rows(
            f"SELECT product_id, uri FROM uris WHERE canonical AND product_id <> 0 AND product_id IN {_OF_THE_PAGE}",  # noqa: S608
            (page_ids(rows),),
        )
    )
    for built in rows:
        path = canonical.get(built["id"], "")
        built["url"] = f"{call.domain.base_url}{path}" if path else ""


def _subscription_settings(_: Call, __: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    """Nothing is sold by subscription here."""
    for built in rows:
        built["subscriptionsettings"] = {"product_id": built["id"], "enabled": False, "mandatory": False}


def _subscription_terms(_: Call, __: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    for built in rows:
        built["subscriptionterms"] = []


def _attributes(call: Call, _: Sequence[sqlite3.Row], rows: Sequence[Row]) -> None:
    found = attribute_columns.of_products(call.store, page_ids(rows))
    for built in rows:
        built["attributes"] = found.get(built["id"], [])


COLUMNS: Mapping[str, Adder] = {
    "descrip": _plain("descrip"),
    "catcount": _plain("catcount"),
    "cancat_code": _canonical_category,
    "product_inventory": _inventory,
    "productinventorysettings": _inventory_settings,
    "attributes": _attributes,
    "productimagedata": _images,
    "categories": _categories,
    "productshippingrules": _shipping_rules,
    "relatedproducts": _related,
    "uris": _uris,
    "url": _url,
    "subscriptionsettings": _subscription_settings,
    "subscriptionterms": _subscription_terms,
}
