"""An order as list functions show it: the columns that are always there, and which can be searched and sorted."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from miva_sandbox.api import custom_field_values, formats, order_columns
from miva_sandbox.api.list_query import CUSTOM_FIELDS, Column, Condition, ListQuery, Spec
from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import Row, number
from miva_sandbox.state import queues
from miva_sandbox.state.database import as_records
from miva_sandbox.state.orders import ADDRESS_COLUMNS

QUEUE_FIELDS = f"{CUSTOM_FIELDS}orderworkflow:"
_CENTS = 2
_UNITS_PER_CENT = 10**6
_MONEY = ("total", "total_ship", "total_tax", "total_auth", "total_capt", "total_rfnd", "net_capt")
_COUNTS = ("pend_count", "bord_count", "note_count")


def _customer(column: str) -> str:
    return f"coalesce((SELECT c.{column} FROM customers c WHERE c.id = o.cust_id), '')"  # noqa: S608 - our own names


COLUMNS: Mapping[str, Column] = {
    **{name: Column(f"o.{name}") for name in ("id", "batch_id", "status", "pay_status", "orderdate", "dt_instock")},
    "stk_status": Column("o.stk_status", searchable=False),
    "cust_id": Column("o.cust_id", searchable=False, sortable=False),
    "ship_res": Column("o.ship_res"),
    **{name: Column(f"o.{name}", is_text=True) for name in ADDRESS_COLUMNS},
    "ship_id": Column("o.ship_id", sortable=False),
    "ship_data": Column("o.ship_data", is_text=True),
    "source": Column("o.source", is_text=True),
    "source_id": Column("o.source_id"),
    **{name: Column(f"o.{name}", decimals=_CENTS) for name in _MONEY},
    **{name: Column(f"o.{name}") for name in _COUNTS},
    "dt_updated": Column("o.dt_updated"),
    "cust_login": Column(_customer("login"), is_text=True),
    "cust_pw_email": Column(_customer("pw_email"), is_text=True),
    "business_title": Column("''", is_text=True),
}

# What the words of the field `payment` mean; the sources name them without saying, so this is their plain reading.
_PAYMENT = {
    "auth_0_capt": "(o.total_auth > 0 AND o.total_capt = 0)",
    "partial_capt": "(o.total_capt > 0 AND o.total_capt < o.total)",
    "capt_not_ship": "(o.total_capt > 0 AND o.status <> 200)",
    "ship_not_capt": "(o.status = 200 AND o.total_capt < o.total)",
}
_SORTS = {
    "ship_name": "(o.ship_lname || ' ' || o.ship_fname) COLLATE NOCASE",
    "bill_name": "(o.bill_lname || ' ' || o.bill_fname) COLLATE NOCASE",
    "payment_module": "o.pay_id",
}


def _special(call: Call, name: str, operator: str, value: Any) -> Condition | None:
    if name == "product_code":
        return Condition("o.id IN (SELECT i.order_id FROM order_items i WHERE i.code = ?)", (str(value),))
    if name == "pay_id":
        text = str(value).strip()
        return Condition("o.pay_id = ?", (int(text) if text.isascii() and text.isdigit() else 0,))
    if name == "payment":
        found = _PAYMENT.get(str(value))
        return Condition(found) if found else None
    if name.startswith(QUEUE_FIELDS):
        return _in_queue(call, name.removeprefix(QUEUE_FIELDS), operator)
    if name.startswith(CUSTOM_FIELDS):
        return custom_field_values.condition(call, "order", "o.id", name, operator, value)
    return None


def _in_queue(call: Call, code: str, operator: str) -> Condition | None:
    queue = queues.find(call.store, code)
    if queue is None or operator not in {"TRUE", "FALSE"}:
        return None
    word = "IN" if operator == "TRUE" else "NOT IN"
    return Condition(f"o.id {word} (SELECT q.order_id FROM queue_orders q WHERE q.queue_id = ?)", (queue["id"],))  # noqa: S608 - two words


def _special_sort(call: Call, name: str) -> str | None:
    return _SORTS.get(name) or custom_field_values.sort(call, "order", "o.id", name)


SPEC = Spec(
    columns=COLUMNS,
    default_sort="id",
    on_demand=order_columns.NAMES,
    prefixes=(CUSTOM_FIELDS,),
    shows=("Customer_ID", "BusinessAccount_ID"),
    special=_special,
    special_sort=_special_sort,
    failure_code="MER-JSN-ORD-00028",
)


def show(query: ListQuery) -> None:
    """Apply the filters Customer_ID and BusinessAccount_ID."""
    if (customer := query.shows.get("Customer_ID")) is not None:
        query.also("CAST(o.cust_id AS TEXT) = ?", customer)
    if (account := query.shows.get("BusinessAccount_ID")) is not None:
        query.also("o.cust_id IN (SELECT c.id FROM customers c WHERE CAST(c.account_id AS TEXT) = ?)", account)


def rows(call: Call, found: Sequence[sqlite3.Row], asked: Sequence[str]) -> list[Row]:
    """Build the page: the fixed columns of each order, then one query a column for what is asked on demand."""
    built = [base(row) for row in as_records(found)]
    order_columns.add(call, found, built, asked)
    return built


def base(row: sqlite3.Row | Row) -> Row:
    shown: Row = {
        name: row[name]
        for name in ("id", "pay_id", "batch_id", "status", "pay_status", "stk_status", "dt_instock", "orderdate")
    }
    shown["cust_id"] = row["cust_id"]
    shown["ship_res"] = bool(row["ship_res"])
    for name in (*ADDRESS_COLUMNS, "ship_id", "ship_data", "source", "source_id"):
        shown[name] = row[name]
    for name in _MONEY:
        shown |= money(name, row[name])
    for name in (*_COUNTS, "dt_updated"):
        shown[name] = row[name]
    return shown


def money(name: str, cents: int) -> Row:
    """Write an amount of cents as a number and as text."""
    return {name: number(cents, decimals=_CENTS), f"formatted_{name}": formats.money(cents * _UNITS_PER_CENT)}
