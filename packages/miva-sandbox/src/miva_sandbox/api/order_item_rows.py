"""The lines of orders, as `items` shows them, and the shipment that a line is in."""

import json
import sqlite3
from collections import defaultdict
from typing import Any

from miva_sandbox.api import formats
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import Row, number
from miva_sandbox.state import choices, products, variants

_UNITS_PER_CENT = 10**6
_UNITS_PER_MILL = 10**5
_TRACKING_NUMBER = "%tracknum%"

# Prompts are today's, by the ids stored with the line: blank once the attribute or the option is gone.
_OPTIONS = """
SELECT o.*,
    coalesce(iif(o.attmpat_id, ta.prompt, a.prompt), '') AS attr_prompt,
    coalesce(iif(o.attmpat_id, tp.prompt, p.prompt), '') AS opt_prompt
FROM order_options o
LEFT JOIN attributes a ON a.id = o.attr_id
LEFT JOIN template_attributes ta ON o.attmpat_id AND ta.id = o.attmpat_id
LEFT JOIN options p ON NOT o.attmpat_id AND p.id = o.option_id
LEFT JOIN template_options tp ON o.attmpat_id AND tp.id = o.option_id
WHERE o.order_id IN (SELECT value FROM json_each(?))
ORDER BY o.line_id, coalesce(a.disp_order, 1e9), coalesce(ta.disp_order, 0), o.id
"""


def of_orders(call: Call, order_ids: list[int], *, parts: bool) -> dict[int, list[Row]]:
    """Return the lines of many orders, by order; `parts` are worked out anew from today's catalogue."""
    db, ids = call.store.db, (json.dumps(order_ids),)
    lines = db.rows(
        "SELECT * FROM order_items WHERE order_id IN (SELECT value FROM json_each(?)) ORDER BY order_id, line_id", ids
    )
    options: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for option in db.rows(_OPTIONS, ids):
        options[option["line_id"]].append(option)
    shipments = {
        row["id"]: row
        for row in db.rows("SELECT * FROM order_shipments WHERE order_id IN (SELECT value FROM json_each(?))", ids)
    }
    returns = {
        row["id"]: row
        for row in db.rows("SELECT * FROM order_returns WHERE order_id IN (SELECT value FROM json_each(?))", ids)
    }
    known_parts: dict[tuple[Any, ...], list[sqlite3.Row]] = {}
    found: dict[int, list[Row]] = defaultdict(list)
    for line in lines:
        shown = _line(call, line, returns.get(line["rma_id"]))
        if (shipped := shipments.get(line["shpmnt_id"])) is not None:
            shown["shipment"] = shipment(call, shipped)
        if chosen := options.get(line["line_id"]):
            shown["options"] = [_option(call, option) for option in chosen]
        if parts and (held := _parts(call, line, chosen or [], known_parts)):
            shown["parts"] = [_part(call, part, line["quantity"]) for part in held]
        found[line["order_id"]].append(shown)
    return found


def of_line(call: Call, order_id: int, line_id: int) -> Row:
    return next(item for item in of_orders(call, [order_id], parts=False)[order_id] if item["line_id"] == line_id)


def shipment(call: Call, row: sqlite3.Row, *, list_row: bool = False) -> Row:
    """Show a shipment inside a line, or as a row of a list, which has a batch and no formatted weight."""
    # NUMERIC(10,3): the units behind the third decimal are not stored by a real one.
    weight = round(row["weight"] / _UNITS_PER_MILL)
    shown: Row = {"id": row["id"], "code": row["code"]}
    if list_row:
        shown["batch_id"] = row["batch_id"]
    for name in ("order_id", "status", "labelcount", "ship_date", "tracknum", "tracktype"):
        shown[name] = row[name]
    shown["tracklink"] = tracking_link(call, row["tracktype"], row["tracknum"])
    shown["weight"] = number(weight, decimals=3)
    if not list_row:
        shown["formatted_weight"] = formats.weight(call.store, row["weight"])
    shown["cost"] = number(row["cost"], decimals=2)
    shown["formatted_cost"] = formats.money(row["cost"] * _UNITS_PER_CENT)
    return shown


def tracking_link(call: Call, carrier: str, tracking_number: str) -> str:
    """Write the address where a parcel is followed; blank for a carrier without one."""
    for known, url in call.domain.settings.tracking_links.items():
        if known.casefold() == carrier.casefold():
            return url.replace(_TRACKING_NUMBER, tracking_number)
    return ""


def _line(call: Call, line: sqlite3.Row, rma: sqlite3.Row | None) -> Row:
    shown: Row = {
        name: line[name]
        for name in (
            "order_id",
            "line_id",
            "group_id",
            "parent_id",
            "status",
            "subscrp_id",
            "subterm_id",
            "shpmnt_id",
            "rma_id",
            "product_id",
            "dt_instock",
            "code",
            "name",
            "sku",
            "type",
        )
    }
    if rma is not None:
        shown |= {"rma_code": rma["code"], "rma_dt_issued": rma["dt_issued"], "rma_dt_recvd": rma["dt_recvd"]}
    shown |= {name: number(line[name]) for name in ("retail", "base_price", "price")}
    shown["total"] = number(line["total"], decimals=2)
    shown["formatted_total"] = formats.money(line["total"] * _UNITS_PER_CENT)
    shown["weight"] = number(line["weight"])
    shown["formatted_weight"] = formats.weight(call.store, line["weight"])
    shown["taxable"] = bool(line["taxable"])
    shown["tax"] = number(line["tax"], decimals=2)
    shown["formatted_tax"] = formats.money(line["tax"] * _UNITS_PER_CENT)
    shown["upsold"] = bool(line["upsold"])
    shown["quantity"] = line["quantity"]
    return shown


def _option(call: Call, option: sqlite3.Row) -> Row:
    shown: Row = {
        name: option[name]
        for name in ("id", "order_id", "line_id", "attr_id", "attr_code", "attmpat_id", "option_id", "opt_code")
    }
    shown |= {name: number(option[name]) for name in ("retail", "base_price", "price", "weight")}
    shown["formatted_weight"] = formats.weight(call.store, option["weight"])
    shown |= {name: option[name] for name in ("data", "data_long", "attr_prompt", "opt_prompt")}
    shown["attribute"] = option["attr_code"]
    shown["value"] = option["opt_code"] or option["data"] or option["data_long"]
    return shown


def _parts(
    call: Call, line: sqlite3.Row, options: list[sqlite3.Row], known: dict[tuple[Any, ...], list[sqlite3.Row]]
) -> list[sqlite3.Row]:
    chosen = tuple(
        (option["attr_code"], option["opt_code"], option["attr_id"], option["option_id"]) for option in options
    )
    key = (line["code"].casefold(), chosen)
    if key not in known:
        product = products.find(call.store, line["code"])
        variant_id = choices.variant_of_line(call.store, product["id"], options) if product is not None else None
        known[key] = (
            variants.parts(call.store, product["id"], variant_id)
            if product is not None and variant_id is not None
            else []
        )
    return known[key]


def _part(call: Call, part: sqlite3.Row, quantity: int) -> Row:
    return {
        "code": part["code"],
        "sku": part["sku"],
        "name": part["name"],
        "quantity": part["quantity"],
        "total_quantity": part["quantity"] * quantity,
        "price": number(part["price"]),
        "cost": number(part["cost"]),
        "weight": number(part["weight"]),
        "formatted_weight": formats.weight(call.store, part["weight"]),
    }
