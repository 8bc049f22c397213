"""
Orders: who bought, where it goes, and the sums. Lines, charges, shipments, returns and notes have modules of their own.

Order money is in cents. Numbers come from a sequence that baskets draw from too, so they have gaps.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from miva_sandbox.state import (
    charges,
    custom_fields,
    notes,
    order_lines,
    order_stock,
    order_totals,
    queues,
    returns,
    shipments,
)
from miva_sandbox.state.columns import fit
from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.order_status import OPEN
from miva_sandbox.state.store import Store

# The members of an address, each stored as `ship_...` and `bill_...`, and how long they may be.
ADDRESS: Mapping[str, int] = {
    "fname": 50,
    "lname": 50,
    "email": 254,
    "comp": 50,
    "phone": 50,
    "fax": 50,
    "addr1": 100,
    "addr2": 100,
    "city": 50,
    "state": 50,
    "zip": 50,
    "cntry": 50,
}
# What callers of every kind name them, after "Ship" or "Bill".
ADDRESS_PARAMETERS: Mapping[str, str] = {
    "FirstName": "fname",
    "LastName": "lname",
    "Email": "email",
    "Company": "comp",
    "Phone": "phone",
    "Fax": "fax",
    "Address1": "addr1",
    "Address2": "addr2",
    "City": "city",
    "State": "state",
    "Zip": "zip",
    "Country": "cntry",
}
ADDRESS_COLUMNS: Mapping[str, int] = {
    f"{side}_{name}": width for side in ("ship", "bill") for name, width in ADDRESS.items()
}

SCHEMA = (
    """
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, pay_id INTEGER NOT NULL DEFAULT 0, batch_id INTEGER NOT NULL DEFAULT 0,
    status INTEGER NOT NULL DEFAULT 0, pay_status INTEGER NOT NULL DEFAULT 0, stk_status INTEGER NOT NULL DEFAULT 0,
    dt_instock INTEGER NOT NULL DEFAULT 0, orderdate INTEGER NOT NULL, cust_id INTEGER NOT NULL DEFAULT 0,
    ship_res INTEGER NOT NULL DEFAULT 0, """
    + ", ".join(f"{name} TEXT NOT NULL DEFAULT ''" for name in ADDRESS_COLUMNS)
    + """,
    ship_id INTEGER NOT NULL DEFAULT 0, ship_data TEXT NOT NULL DEFAULT '', source TEXT NOT NULL,
    source_id INTEGER NOT NULL DEFAULT 0, total INTEGER NOT NULL DEFAULT 0, total_ship INTEGER NOT NULL DEFAULT 0,
    total_tax INTEGER NOT NULL DEFAULT 0, total_auth INTEGER NOT NULL DEFAULT 0, total_capt INTEGER NOT NULL DEFAULT 0,
    total_rfnd INTEGER NOT NULL DEFAULT 0, net_capt INTEGER NOT NULL DEFAULT 0, pend_count INTEGER NOT NULL DEFAULT 0,
    bord_count INTEGER NOT NULL DEFAULT 0, note_count INTEGER NOT NULL DEFAULT 0, dt_updated INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS orders_by_change ON orders (dt_updated);
CREATE INDEX IF NOT EXISTS orders_by_date ON orders (orderdate);
CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (cust_id) WHERE cust_id <> 0;
"""
)

SEQUENCE = "orders"
_FIRST_NUMBER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """`address` has the keys of ADDRESS_COLUMNS; `id` and `orderdate` are drawn and now unless given."""

    id: int | None = None
    orderdate: int | None = None
    cust_id: int = 0
    ship_res: bool = False
    address: Mapping[str, str] = field(default_factory=dict)
    ship_id: int = 0
    ship_data: str = ""
    source: str = "user"
    source_id: int = 0


def next_number(store: Store) -> int:
    return store.db.next_id(SEQUENCE, at_least=_FIRST_NUMBER)


def find(store: Store, order_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM orders WHERE id = ?", (order_id,))


def insert(store: Store, order: NewOrder) -> int:
    """
    Write an order without lines and return its number; a number of the caller's own raises the counter.

    Raises AlreadyExists, Invalid.
    """
    if order.id is not None and find(store, order.id) is not None:
        raise AlreadyExists("", f"Order #{order.id} already exists", field="ID")
    order_id = order.id
    if order_id is None:
        order_id = next_number(store)
    else:
        store.db.execute(
            "INSERT INTO sequences VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)",
            (SEQUENCE, order_id),
        )
    now = store.clock.now()
    values: dict[str, str | int] = {
        "id": order_id,
        "orderdate": now if order.orderdate is None else order.orderdate,
        "cust_id": order.cust_id,
        "ship_res": order.ship_res,
        **{name: fit(text, name, ADDRESS_COLUMNS[name]) for name, text in order.address.items()},
        "ship_id": order.ship_id,
        "ship_data": order.ship_data,
        "source": order.source,
        "source_id": order.source_id,
        "dt_updated": now,
    }
    names, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
    store.db.execute(f"INSERT INTO orders ({names}) VALUES ({marks})", values)  # noqa: S608 - names are our own
    return order_id


def summed(store: Store, order_id: int) -> None:
    """Bring a new order's status and sums in line with its lines and charges; that ends its creation."""
    order_totals.refresh(store, order_id)
    order_totals.refresh_total(store, order_id)
    order_totals.touch(store, order_id)


def announce(store: Store, order_id: int) -> None:
    """Let the workflows hear of an order that is complete."""
    queues.fire(store, "order_created", order_id)


def update(store: Store, order_id: int, changes: Mapping[str, str | int]) -> None:
    """Change columns of the order itself, and move its update stamp. Raises Invalid."""
    for name, value in changes.items():
        if name in ADDRESS_COLUMNS:
            fit(str(value), name, ADDRESS_COLUMNS[name])
    if changes:
        assignments = ", ".join(f"{name} = :{name}" for name in changes)
        store.db.execute(
            f"UPDATE orders SET {assignments} WHERE id = :order_id",  # noqa: S608 - names are our own
            {**changes, "order_id": order_id},
        )
    order_totals.touch(store, order_id)


def delete(store: Store, order_id: int) -> None:
    """Delete an order with all that hangs on it, in one transaction; stock of what had not left goes back."""
    with store.db.savepoint():
        for line in order_lines.of_order(store, order_id):
            if line["status"] in OPEN:
                order_stock.put_back(store, line)
        store.db.execute("DELETE FROM order_options WHERE order_id = ?", (order_id,))
        store.db.execute("DELETE FROM order_items WHERE order_id = ?", (order_id,))
        charges.order_deleted(store, order_id)
        shipments.order_deleted(store, order_id)
        returns.order_deleted(store, order_id)
        notes.order_deleted(store, order_id)
        queues.order_deleted(store, order_id)
        custom_fields.record_deleted(store, "order", order_id)
        store.db.execute("DELETE FROM orders WHERE id = ?", (order_id,))
