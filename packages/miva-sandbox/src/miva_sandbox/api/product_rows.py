"""Lists of products: which columns can be searched and sorted, and the rows that a page shows."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from miva_sandbox.api import custom_field_values, list_query, product_base, product_columns
from miva_sandbox.api.list_query import CUSTOM_FIELDS, Column, Condition, ListQuery, Spec
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import ApiError, Row
from miva_sandbox.state.database import as_records

_FAILURE = "MER-JSN-PRD-00054"
_TRACKED = (
    "((SELECT active FROM inventory_settings) AND EXISTS "
    "(SELECT 1 FROM inventory_product_settings s WHERE s.product_id = p.id AND s.active))"
)
_COUNT = "coalesce((SELECT c.inventory FROM inventory_product_counts c WHERE c.product_id = p.id), 0)"


def _text(name: str) -> Column:
    return Column(f"p.{name}", is_text=True)


def _whole(name: str) -> Column:
    return Column(f"p.{name}")


def _price(name: str) -> Column:
    return Column(f"p.{name}", decimals=8)


COLUMNS = {
    "id": _whole("id"),
    "code": Column("p.code", is_text=True, key_sql="p.code_key"),
    **{name: _text(name) for name in ("sku", "name", "thumbnail", "image", "descrip", "page_title", "page_code")},
    **{name: _price(name) for name in ("price", "cost", "profit", "weight")},
    **{name: _whole(name) for name in ("taxable", "active", "exsearch", "dt_created", "dt_updated")},
    "margin": Column("p.margin", decimals=2),
    "cancat_code": Column("coalesce((SELECT g.code FROM categories g WHERE g.id = p.cancat_id), '')", is_text=True),
    "disp_order": Column("p.disp_order", searchable=False),
}


def _special(call: Call, name: str, operator: str, value: Any) -> Condition | None:
    if name == "product_inventory":
        return _stock(call, operator, value)
    if name == "category":
        return _category(operator, value)
    if name.startswith(CUSTOM_FIELDS):
        return custom_field_values.condition(call, "product", "p.id", name, operator, value)
    return None


def _stock(call: Call, operator: str, value: Any) -> Condition | None:
    if not call.may("INVT:view"):
        return None
    if operator == "NA":
        return Condition(f"NOT {_TRACKED}")
    found = list_query.compare(Column(_COUNT), operator, value)
    return found and Condition(f"({_TRACKED} AND {found.sql})", found.values)


def _category(operator: str, value: Any) -> Condition | None:
    if operator not in ("IN", "NOT_IN"):
        return None
    codes = [code.strip().casefold() for code in str(value).split(",") if code.strip()]
    if not codes:
        raise ApiError(_FAILURE, "You have an error in your SQL syntax near ')'")
    return Condition(
        f"p.id {operator.replace('_', ' ')} (SELECT x.product_id FROM category_products x "  # noqa: S608 - two words
        "JOIN categories g ON g.id = x.cat_id WHERE g.code_key IN (SELECT value FROM json_each(?)))",
        (json.dumps(codes),),
    )


def _special_sort(call: Call, name: str) -> str | None:
    if name == "product_inventory":
        return f"iif({_TRACKED}, {_COUNT}, NULL)"
    return custom_field_values.sort(call, "product", "p.id", name)


def spec(*, default_sort: str = "disp_order", order_column: Column | None = None) -> Spec:
    """Describe lists of products; `order_column` replaces the display order where a list has one of its own."""
    return Spec(
        columns=COLUMNS | ({"disp_order": order_column} if order_column else {}),
        default_sort=default_sort,
        on_demand=frozenset(product_columns.COLUMNS),
        prefixes=("imagetype:", CUSTOM_FIELDS),
        shows=("Product_Show",),
        special=_special,
        special_sort=_special_sort,
        failure_code=_FAILURE,
    )


def show(query: ListQuery) -> None:
    """Apply the filter Product_Show: All, Uncategorized, and any other text is Active."""
    wanted = query.shows.get("Product_Show")
    if wanted == "Uncategorized":
        query.also("p.catcount = 0")
    elif wanted is not None and wanted != "All":
        query.also("p.active = 1")


def rows(call: Call, found: Sequence[sqlite3.Row], asked: Sequence[str]) -> list[Row]:
    """Build the page: the fixed columns of each product, then one query a column for what is asked on demand."""
    built = [product_base.base(call.store, row) for row in as_records(found)]
    product_columns.add(call, found, built, asked)
    return built
