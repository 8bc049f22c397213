"""What an order shows on demand: one query a column for the whole page, never one per order."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from miva_sandbox.api import custom_field_values, formats, order_item_rows
from miva_sandbox.api.list_query import CUSTOM_FIELDS
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import Row, number
from miva_sandbox.state import charges, customers, queues
from miva_sandbox.state.orders import ADDRESS_COLUMNS

Groups = dict[int, list[Row]]

_UNITS_PER_CENT = 10**6
_WORKFLOW = "orderworkflow"
_AUDIT_LOG = "auditlog"


def _order_lists(call: Call, ids: list[int], asked: frozenset[str]) -> dict[str, Groups]:
    lists: dict[str, Groups] = {}
    for name, load in _LISTS.items():
        if name in asked:
            lists[name] = load(call, ids, asked)
    return lists


def add(call: Call, found: Sequence[sqlite3.Row], built: Sequence[Row], asked: Sequence[str]) -> None:
    """Add to each built row what was asked; lists are there also when they are empty."""
    names = frozenset(name for name in asked if not name.startswith(CUSTOM_FIELDS))
    ids = [row["id"] for row in found]
    lists = _order_lists(call, ids, names)
    buyers = _customers(call, found) if names & {"customer", "cust_login", "cust_pw_email", "business_title"} else {}
    for row, shown in zip(found, built, strict=True):
        buyer = buyers.get(row["cust_id"])
        if "ship_method" in names:
            shown["ship_method"] = ship_method(row)
        if "payment_module" in names:
            shown["payment_module"] = _payment_module(row)
        for name, column in (("cust_login", "login"), ("cust_pw_email", "pw_email")):
            if name in names:
                shown[name] = buyer[column] if buyer else ""
        if "business_title" in names:
            shown["business_title"] = ""
        if "customer" in names and buyer:
            shown["customer"] = buyer
        for name, groups in lists.items():
            shown[name] = groups.get(row["id"], [])
    _custom_fields(call, ids, built, [name for name in asked if name.startswith(CUSTOM_FIELDS)])


def ship_method(row: sqlite3.Row) -> str:
    if not row["ship_id"]:
        return "None"
    return str(row["ship_data"]) if row["ship_id"] == charges.SHIPPING_MODULE else "Unknown"


def _payment_module(row: sqlite3.Row) -> str:
    if not row["pay_id"]:
        return "None"
    return "Sandbox Payment" if row["pay_id"] == charges.PAYMENT_MODULE else "Unknown"


def _grouped(rows: Iterable[sqlite3.Row], show: Callable[[sqlite3.Row], Row]) -> Groups:
    groups: Groups = defaultdict(list)
    for row in rows:
        groups[row["order_id"]].append(show(row))
    return groups


def _of_orders(call: Call, table: str, ids: list[int], order: str) -> list[sqlite3.Row]:
    return call.store.db.rows(
        f"SELECT * FROM {table} WHERE order_id IN (SELECT value FROM json_each(?)) ORDER BY {order}",  # noqa: S608 - our own names
        (json.dumps(ids),),
    )


def _items(call: Call, ids: list[int], asked: frozenset[str]) -> Groups:
    return order_item_rows.of_orders(call, ids, parts="parts" in asked)


def _shipments(call: Call, ids: list[int], asked: frozenset[str]) -> Groups:
    groups = _grouped(
        _of_orders(call, "order_shipments", ids, "id"), lambda row: order_item_rows.shipment(call, row, list_row=True)
    )
    return _with_items(call, ids, asked, groups, "shpmnt_id")


def _returns(call: Call, ids: list[int], asked: frozenset[str]) -> Groups:
    groups = _grouped(_of_orders(call, "order_returns", ids, "id"), order_return)
    return _with_items(call, ids, asked, groups, "rma_id")


def _with_items(call: Call, ids: list[int], asked: frozenset[str], groups: Groups, key: str) -> Groups:
    """Add to each shipment or return its lines, if lines are asked for; these never carry parts."""
    if "items" in asked:
        lines: Groups = defaultdict(list)
        for items in order_item_rows.of_orders(call, ids, parts=False).values():
            for item in items:
                lines[item[key]].append(item)
        for group in groups.values():
            for entry in group:
                entry["items"] = lines.get(entry["id"], [])
    return groups


def order_return(row: sqlite3.Row) -> Row:
    return {name: row[name] for name in ("id", "order_id", "code", "status", "dt_issued", "dt_recvd")}


def _charges(call: Call, ids: list[int], asked: frozenset[str]) -> Groups:
    del asked
    return _grouped(_of_orders(call, "order_charges", ids, "charge_id"), charge)


def charge(row: sqlite3.Row) -> Row:
    return {
        **{name: row[name] for name in ("order_id", "charge_id", "module_id", "type", "descrip")},
        "amount": number(row["amount"]),
        "formatted_amount": formats.money(row["amount"]),
        "disp_amt": number(row["disp_amt"]),
        "formatted_disp_amt": formats.money(row["disp_amt"]),
        "tax_exempt": bool(row["tax_exempt"]),
        "tax": number(row["tax"], decimals=2),
        "formatted_tax": formats.money(row["tax"] * _UNITS_PER_CENT),
    }


def _payments(call: Call, ids: list[int], asked: frozenset[str]) -> Groups:
    groups = _grouped(_of_orders(call, "order_payments", ids, "id"), payment)
    if "payment_data" in asked:
        for group in groups.values():
            for entry in group:
                entry |= {
                    "decrypt_status": "not_encrypted",
                    "decrypt_error": "",
                    "description": "Sandbox Payment",
                    "module": {"id": entry["pay_id"], "code": "sandbox", "name": "Sandbox Payment"},
                    "data": {},
                }
    return groups


def payment(row: sqlite3.Row) -> Row:
    shown: Row = {name: row[name] for name in ("id", "order_id", "type", "refnum")}
    for name in ("amount", "available"):
        shown[name] = number(row[name], decimals=2)
        shown[f"formatted_{name}"] = formats.money(row[name] * _UNITS_PER_CENT)
    further = ("dtstamp", "expires", "pay_id", "pay_secid", "currency", "environ", "level", "cardbrand")
    return shown | {name: row[name] for name in further}


def _notes(call: Call, ids: list[int], asked: frozenset[str]) -> Groups:
    del asked
    rows = call.store.db.rows(
        "SELECT n.*, coalesce(c.login, '') AS cust_login FROM notes n LEFT JOIN customers c ON c.id = n.cust_id "
        "WHERE n.order_id IN (SELECT value FROM json_each(?)) ORDER BY n.id",
        (json.dumps(ids),),
    )
    return _grouped(rows, note)


def note(row: sqlite3.Row) -> Row:
    shown: Row = {
        name: row[name] for name in ("id", "cust_id", "account_id", "order_id", "user_id", "notetext", "dtstamp")
    }
    return shown | {"cust_login": row["cust_login"], "business_title": "", "admin_user": ""}


def _empty(call: Call, ids: list[int], asked: frozenset[str]) -> Groups:
    """Coupons and price groups are not part of this store, so no order has any."""
    del call, ids, asked
    return {}


_LISTS: dict[str, Callable[[Call, list[int], frozenset[str]], Groups]] = {
    "items": _items,
    "charges": _charges,
    "coupons": _empty,
    "discounts": _empty,
    "payments": _payments,
    "notes": _notes,
    "shipments": _shipments,
    "returns": _returns,
}
NAMES = frozenset(_LISTS) | {
    "ship_method",
    "cust_login",
    "cust_pw_email",
    "business_title",
    "payment_module",
    "customer",
    "parts",
    "payment_data",
}


def _customers(call: Call, found: Sequence[sqlite3.Row]) -> dict[int, Row]:
    ids = sorted({row["cust_id"] for row in found} - {0})
    rows = call.store.db.rows(
        "SELECT * FROM customers WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(ids),)
    )
    totals = customers.totals(call.store, [row["id"] for row in rows])
    return {row["id"]: customer(row, totals.get(row["id"], (0, 0))) for row in rows}


def customer(row: sqlite3.Row, totals: tuple[int, int]) -> Row:
    """Show a customer; `totals` are the number of orders and their sum in cents."""
    count, cents = totals
    average = round(cents / count) if count else 0
    shown: Row = {name: row[name] for name in ("id", "account_id", "login", "pw_email", "ship_id")}
    shown["ship_res"] = bool(row["ship_res"])
    shown |= {name: row[name] for name in ADDRESS_COLUMNS if name.startswith("ship_")}
    shown["bill_id"] = row["bill_id"]
    shown |= {name: row[name] for name in ADDRESS_COLUMNS if name.startswith("bill_")}
    shown |= {"tax_exempt": bool(row["tax_exempt"]), "order_cnt": count}
    for name, amount in (("order_avg", average), ("order_tot", cents), ("credit", row["credit"])):
        shown[name] = number(amount, decimals=2)
        shown[f"formatted_{name}"] = formats.money(amount * _UNITS_PER_CENT)
    dates = ("note_count", "dt_created", "dt_updated", "dt_login", "dt_pwchg")
    return shown | {name: row[name] for name in dates} | {"business_title": ""}


def _custom_fields(call: Call, ids: list[int], built: Sequence[Row], asked: Sequence[str]) -> None:
    workflow = f"{CUSTOM_FIELDS}{_WORKFLOW}:"
    # The workflow module's fields are the queues; the rest is the custom field module's.
    everything = f"{CUSTOM_FIELDS}*" in asked
    wanted = [name.removeprefix(workflow) for name in asked if name.startswith(workflow)]
    others = [name for name in asked if not name.startswith(workflow)]
    found = custom_field_values.values(call, "order", ids, others) if others else {}
    queue_fields = _queue_fields(call, ids, ["*"] if everything else wanted)
    for row in built:
        modules: Row = dict(found.get(row["id"], {}))
        if row["id"] in queue_fields:
            modules[_WORKFLOW] = queue_fields[row["id"]]
        if modules:
            row["CustomField_Values"] = modules


def _queue_fields(call: Call, ids: list[int], wanted: Sequence[str]) -> dict[int, Row]:
    codes: list[str] = []
    known = [str(queue["code"]) for queue in queues.all_queues(call.store)] if wanted else []
    for name in wanted:
        matching = [code for code in (*known, _AUDIT_LOG) if name in {"*", code} or code.casefold() == name.casefold()]
        if not matching:
            call.lint.report("unknown column", call.function, f"{CUSTOM_FIELDS}{_WORKFLOW}:{name}")
        codes += matching
    if not codes:
        return {}
    members = queues.members(call.store, ids)
    return {order_id: {code: "1" if code in inside else "" for code in codes} for order_id, inside in members.items()}
