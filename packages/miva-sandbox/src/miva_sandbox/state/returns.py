"""Returns (RMAs): lines that a customer sends back. A returned line keeps the shipment that it left with."""

import sqlite3
from collections.abc import Sequence

from miva_sandbox.state import order_stock, order_totals, queues
from miva_sandbox.state.order_status import CLOSED, Line, Return
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS order_returns (
    id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, code TEXT NOT NULL, status INTEGER NOT NULL,
    dt_issued INTEGER NOT NULL, dt_recvd INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS order_returns_by_order ON order_returns (order_id, id);
"""


def find(store: Store, return_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM order_returns WHERE id = ?", (return_id,))


def create(store: Store, order_id: int, lines: Sequence[sqlite3.Row]) -> int:
    """Issue a return for lines; cancelled and returned ones are left out. Returns its id."""
    return_id = store.db.next_id("order_returns")
    store.db.execute(
        "INSERT INTO order_returns (id, order_id, code, status, dt_issued) VALUES (?, ?, ?, ?, ?)",
        (return_id, order_id, f"{order_id:05d}-{return_id:05d}", Return.ISSUED, store.clock.now()),
    )
    for line in lines:
        if line["status"] not in CLOSED:
            store.db.execute(
                "UPDATE order_items SET status = ?, rma_id = ? WHERE line_id = ?",
                (Line.RMA_ISSUED, return_id, line["line_id"]),
            )
    order_totals.refresh(store, order_id)
    order_totals.touch(store, order_id)
    queues.fire(store, "orderreturn_created", order_id)
    return return_id


def receive(store: Store, return_id: int, *, adjusts_inventory: bool) -> None:
    """
    Note that the goods of a return are back, and give their stock back first if that is wanted.

    Nobody looks whether the return was received already: a repeat gives the stock back again.
    """
    found = find(store, return_id)
    if found is None:
        return
    if adjusts_inventory:
        for line in store.db.rows("SELECT * FROM order_items WHERE rma_id = ? ORDER BY line_id", (return_id,)):
            order_stock.put_back(store, line)
    store.db.execute(
        "UPDATE order_returns SET status = ?, dt_recvd = ? WHERE id = ?",
        (Return.RECEIVED, store.clock.now(), return_id),
    )
    store.db.execute("UPDATE order_items SET status = ? WHERE rma_id = ?", (Line.RETURNED, return_id))
    order_totals.refresh(store, found["order_id"])
    order_totals.touch(store, found["order_id"])
    queues.fire(store, "orderreturn_status_change", found["order_id"])


def order_deleted(store: Store, order_id: int) -> None:
    store.db.execute("DELETE FROM order_returns WHERE order_id = ?", (order_id,))
