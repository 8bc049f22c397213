"""Notes that people and programs leave at an order or at a customer."""

import sqlite3

from miva_sandbox.state.errors import NotFound
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    id INTEGER PRIMARY KEY, cust_id INTEGER NOT NULL DEFAULT 0, account_id INTEGER NOT NULL DEFAULT 0,
    order_id INTEGER NOT NULL DEFAULT 0, user_id INTEGER NOT NULL DEFAULT 0, notetext TEXT NOT NULL,
    dtstamp INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS notes_by_order ON notes (order_id, id);
CREATE INDEX IF NOT EXISTS notes_by_customer ON notes (cust_id, id);
"""


def insert(store: Store, text: str, *, order_id: int = 0, cust_id: int = 0) -> int:
    """Leave a note, and count it at its order and its customer. The order's update stamp stays."""
    note_id = store.db.next_id("notes")
    store.db.execute(
        "INSERT INTO notes (id, cust_id, order_id, notetext, dtstamp) VALUES (?, ?, ?, ?, ?)",
        (note_id, cust_id, order_id, text, store.clock.now()),
    )
    _count(store, order_id, cust_id)
    return note_id


def find(store: Store, note_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM notes WHERE id = ?", (note_id,))


def change(store: Store, note_id: int, text: str) -> None:
    """Raises NotFound."""
    if store.db.execute("UPDATE notes SET notetext = ? WHERE id = ?", (text, note_id)).rowcount == 0:
        raise NotFound("MER-JSN-NTE-00001", "Note not found", field="Note_ID")


def delete(store: Store, note_id: int) -> None:
    """Raises NotFound."""
    note = find(store, note_id)
    if note is None:
        raise NotFound("MER-JSN-NTE-00001", "Note not found", field="Note_ID")
    store.db.execute("DELETE FROM notes WHERE id = ?", (note_id,))
    _count(store, note["order_id"], note["cust_id"])


def order_deleted(store: Store, order_id: int) -> None:
    store.db.execute("DELETE FROM notes WHERE order_id = ?", (order_id,))


def customer_deleted(store: Store, cust_id: int) -> None:
    store.db.execute("DELETE FROM notes WHERE cust_id = ? AND order_id = 0", (cust_id,))


def _count(store: Store, order_id: int, cust_id: int) -> None:
    if order_id:
        store.db.execute(
            "UPDATE orders SET note_count = (SELECT count(*) FROM notes WHERE order_id = orders.id) WHERE id = ?",
            (order_id,),
        )
    if cust_id:
        store.db.execute(
            "UPDATE customers SET note_count = (SELECT count(*) FROM notes WHERE cust_id = customers.id) WHERE id = ?",
            (cust_id,),
        )
