"""
Shipments: lines of one order that leave together. Weight is in units of 1e-8, cost in cents.

A line is in one shipment at most; a shipment that loses its last line is gone.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from miva_sandbox.state import order_totals, queues
from miva_sandbox.state.columns import key
from miva_sandbox.state.errors import AlreadyExists
from miva_sandbox.state.order_status import CLOSED, Line, Shipment
from miva_sandbox.state.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS order_shipments (
    id INTEGER PRIMARY KEY, batch_id INTEGER NOT NULL DEFAULT 0, code TEXT NOT NULL, code_key TEXT NOT NULL UNIQUE,
    order_id INTEGER NOT NULL, status INTEGER NOT NULL, labelcount INTEGER NOT NULL DEFAULT 0,
    ship_date INTEGER NOT NULL DEFAULT 0, tracknum TEXT NOT NULL DEFAULT '', tracktype TEXT NOT NULL DEFAULT '',
    weight INTEGER NOT NULL, cost INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS order_shipments_by_order ON order_shipments (order_id, id);
"""

CODE_WIDTH = 50
TRACKING_NUMBER_WIDTH = 100
TRACKING_TYPE_WIDTH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    number: str = ""
    type: str = ""
    cost: int = 0


def find(store: Store, shipment_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM order_shipments WHERE id = ?", (shipment_id,))


def find_by_code(store: Store, code: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM order_shipments WHERE code_key = ?", (key(code),))


def create(store: Store, order_id: int, lines: Sequence[sqlite3.Row], *, code: str = "") -> int:
    """
    Put lines into a new shipment and return its id; not idempotent.

    They are taken out of any shipment or return, also a shipped one; cancelled and returned lines stay out, and the
    shipment is made even if nothing remains for it.

    Raises AlreadyExists for a code that is in use, Invalid for a weight beyond the column.
    """
    if code and find_by_code(store, code) is not None:
        raise AlreadyExists("", f"Shipment code '{code}' already exists.", field="Code")
    shipped = [line for line in lines if line["status"] not in CLOSED]
    weight = _weight(store, shipped)
    take_out(store, lines)
    shipment_id = store.db.next_id("order_shipments")
    code = code or _default_code(store, order_id, shipment_id)
    store.db.execute(
        "INSERT INTO order_shipments (id, code, code_key, order_id, status, weight) VALUES (?, ?, ?, ?, ?, ?)",
        (shipment_id, code, key(code), order_id, Shipment.PICKING, weight),
    )
    for line in shipped:
        store.db.execute(
            "UPDATE order_items SET status = ?, shpmnt_id = ?, rma_id = 0, dt_instock = 0 WHERE line_id = ?",
            (Line.PICKING, shipment_id, line["line_id"]),
        )
    order_totals.refresh(store, order_id)
    order_totals.touch(store, order_id)
    queues.fire(store, "ordershipment_created", order_id)
    return shipment_id


def take_out(store: Store, lines: Sequence[sqlite3.Row]) -> None:
    """Take lines out of their shipments and returns; their status and the order's sums are the caller's to set."""
    for line in lines:
        store.db.execute("UPDATE order_items SET shpmnt_id = 0, rma_id = 0 WHERE line_id = ?", (line["line_id"],))
    for shipment_id in {line["shpmnt_id"] for line in lines} - {0}:
        if store.db.row("SELECT 1 FROM order_items WHERE shpmnt_id = ? LIMIT 1", (shipment_id,)) is None:
            store.db.execute("DELETE FROM order_shipments WHERE id = ?", (shipment_id,))
            continue
        lost = _weight(store, [line for line in lines if line["shpmnt_id"] == shipment_id])
        store.db.execute(
            "UPDATE order_shipments SET weight = weight - ? WHERE id = ? AND status = ?",
            (lost, shipment_id, Shipment.PICKING),
        )


def track(store: Store, shipment: sqlite3.Row, tracking: Tracking) -> None:
    """Write number, carrier and cost; what the order says of itself stays, also its update stamp."""
    same = (tracking.number, tracking.type, tracking.cost) == (
        shipment["tracknum"],
        shipment["tracktype"],
        shipment["cost"],
    )
    store.db.execute(
        "UPDATE order_shipments SET tracknum = ?, tracktype = ?, cost = ? WHERE id = ?",
        (tracking.number, tracking.type, tracking.cost, shipment["id"]),
    )
    if not same:
        queues.fire(store, "ordershipment_status_change", shipment["order_id"])


def mark_shipped(store: Store, shipment: sqlite3.Row, *, ship_date: int | None = None) -> None:
    """Ship a shipment with all its lines; one that is shipped already stays as it is."""
    if shipment["status"] == Shipment.SHIPPED:
        return
    store.db.execute(
        "UPDATE order_shipments SET status = ?, ship_date = ? WHERE id = ?",
        (Shipment.SHIPPED, store.clock.now() if ship_date is None else ship_date, shipment["id"]),
    )
    store.db.execute("UPDATE order_items SET status = ? WHERE shpmnt_id = ?", (Line.SHIPPED, shipment["id"]))
    order_totals.refresh(store, shipment["order_id"])
    queues.fire(store, "ordershipment_status_change", shipment["order_id"])


def set_details(store: Store, shipment_id: int, **columns: int) -> None:
    """Write `ship_date`, `weight` or `cost`."""
    for name, value in columns.items():
        store.db.execute(f"UPDATE order_shipments SET {name} = ? WHERE id = ?", (value, shipment_id))  # noqa: S608 - our own names


def order_deleted(store: Store, order_id: int) -> None:
    store.db.execute("DELETE FROM order_shipments WHERE order_id = ?", (order_id,))


def _weight(store: Store, lines: Sequence[sqlite3.Row]) -> int:
    total = 0
    for line in lines:
        options = store.db.value(
            "SELECT coalesce(sum(weight), 0) FROM order_options WHERE line_id = ?", (line["line_id"],)
        )
        total += (line["weight"] + options) * line["quantity"]
    return order_totals.fit(total, "weight", limit=order_totals.LARGEST_WEIGHT)


def _default_code(store: Store, order_id: int, shipment_id: int) -> str:
    day = datetime.fromtimestamp(store.clock.now(), UTC)
    return f"{order_id:05d}-{day:%Y%m%d}-{shipment_id:05d}"
