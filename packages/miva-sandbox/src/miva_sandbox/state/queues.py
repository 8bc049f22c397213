"""
Order queues and the workflows that move orders between them (module `orderworkflow`).

Nothing leaves or enters a queue by itself: a workflow does, if it is enabled. The defaults are there, switched off.
"""

import sqlite3
from collections.abc import Sequence

from miva_sandbox.state.errors import NotFound
from miva_sandbox.state.store import Store

# A workflow that waits for a payment looks every five minutes, and gives up after an hour.
_WAIT_STEP_SECONDS = 300
_WAIT_LIMIT_SECONDS = 3600

SCHEMA = """
CREATE TABLE IF NOT EXISTS queues (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL, code_key TEXT NOT NULL UNIQUE, descrip TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS queue_orders (
    queue_id INTEGER NOT NULL, order_id INTEGER NOT NULL, PRIMARY KEY (queue_id, order_id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS queue_orders_by_order ON queue_orders (order_id);
CREATE TABLE IF NOT EXISTS workflows (
    id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, enabled INTEGER NOT NULL,
    triggers TEXT NOT NULL, waits_for_payment INTEGER NOT NULL, action TEXT NOT NULL, queue_id INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS workflow_waits (
    workflow_id INTEGER NOT NULL, order_id INTEGER NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (workflow_id, order_id)
) WITHOUT ROWID;
INSERT INTO queues SELECT * FROM (VALUES
    (1, 'new_and_updated', 'new_and_updated', 'New and updated orders'),
    (2, 'successfully_retrieved_orders', 'successfully_retrieved_orders', 'Successfully retrieved orders')
) WHERE NOT EXISTS (SELECT 1 FROM queues);
INSERT OR IGNORE INTO sequences VALUES ('queues', 2);
INSERT INTO workflows SELECT * FROM (VALUES
    (1, 'new_orders', 0,
     ' order_created order_total_change orderitem_created orderitem_updated orderitem_deleted ', 1, 'queue_add', 1),
    (2, 'retrieved_orders', 0, ' order_retrieved ', 0, 'queue_add', 2),
    (3, 'acknowledged_orders', 0, ' order_acknowledged ', 0, 'queue_move', 2)
) WHERE NOT EXISTS (SELECT 1 FROM workflows);
"""


def find(store: Store, code: str) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM queues WHERE code_key = ?", (code.casefold(),))


def find_by_id(store: Store, queue_id: int) -> sqlite3.Row | None:
    return store.db.row("SELECT * FROM queues WHERE id = ?", (queue_id,))


def all_queues(store: Store) -> list[sqlite3.Row]:
    return store.db.rows("SELECT * FROM queues ORDER BY id")


def insert(store: Store, code: str, *, descrip: str = "") -> int:
    """Make a queue, or return the one that has the code already. Idempotent."""
    if (found := find(store, code)) is not None:
        return int(found["id"])
    queue_id = store.db.next_id("queues")
    store.db.execute("INSERT INTO queues VALUES (?, ?, ?, ?)", (queue_id, code, code.casefold(), descrip))
    return queue_id


def enable(store: Store, workflow: str, *, enabled: bool = True) -> None:
    """Switch a default workflow on or off. Raises NotFound."""
    changed = store.db.execute("UPDATE workflows SET enabled = ? WHERE code = ?", (enabled, workflow))
    if changed.rowcount == 0:
        raise NotFound("", f"Workflow '{workflow}' not found", field="workflow")


def add(store: Store, queue_id: int, order_id: int) -> None:
    """Put an order into a queue; it stays in all others. Idempotent."""
    store.db.execute("INSERT OR IGNORE INTO queue_orders VALUES (?, ?)", (queue_id, order_id))
    _touch(store, order_id)


def move(store: Store, queue_id: int, order_id: int) -> None:
    store.db.execute("DELETE FROM queue_orders WHERE order_id = ? AND queue_id <> ?", (order_id, queue_id))
    add(store, queue_id, order_id)


def remove(store: Store, queue_id: int, order_id: int) -> None:
    store.db.execute("DELETE FROM queue_orders WHERE queue_id = ? AND order_id = ?", (queue_id, order_id))
    _touch(store, order_id)


def fire(store: Store, trigger: str, order_id: int) -> None:
    """Run what is enabled for a trigger; what waits for a payment is kept until `settle` finds one."""
    for workflow in store.db.rows("SELECT * FROM workflows WHERE enabled AND instr(triggers, ?)", (f" {trigger} ",)):
        if workflow["waits_for_payment"] and not _paid_at(store, order_id):
            store.db.execute(
                "INSERT OR REPLACE INTO workflow_waits VALUES (?, ?, ?)", (workflow["id"], order_id, store.clock.now())
            )
        else:
            _act(store, workflow, order_id)


def settle(store: Store) -> None:
    """Do by the clock what waiting workflows would have done by now."""
    now = store.clock.now()
    for wait in store.db.rows("SELECT * FROM workflow_waits"):
        since, order_id = wait["since"], wait["order_id"]
        paid = _paid_at(store, order_id)
        steps = max(1, -(-(paid - since) // _WAIT_STEP_SECONDS)) if paid else 0
        test = since + steps * _WAIT_STEP_SECONDS
        in_time = bool(paid) and test <= since + _WAIT_LIMIT_SECONDS
        if in_time and test > now:
            continue
        if not in_time and now <= since + _WAIT_LIMIT_SECONDS:
            continue
        store.db.execute(
            "DELETE FROM workflow_waits WHERE workflow_id = ? AND order_id = ?", (wait["workflow_id"], order_id)
        )
        workflow = store.db.row("SELECT * FROM workflows WHERE id = ? AND enabled", (wait["workflow_id"],))
        if in_time and workflow is not None:
            _act(store, workflow, order_id)


def order_deleted(store: Store, order_id: int) -> None:
    store.db.execute("DELETE FROM queue_orders WHERE order_id = ?", (order_id,))
    store.db.execute("DELETE FROM workflow_waits WHERE order_id = ?", (order_id,))


def members(store: Store, order_ids: Sequence[int]) -> dict[int, set[str]]:
    """Return for each order the codes of the queues it is in."""
    found: dict[int, set[str]] = {order_id: set() for order_id in order_ids}
    marks = ",".join("?" * len(order_ids))
    for row in store.db.rows(
        "SELECT order_id, code FROM queue_orders JOIN queues ON queues.id = queue_id "  # noqa: S608 - only marks
        f"WHERE order_id IN ({marks})",
        list(order_ids),
    ):
        found[row["order_id"]].add(row["code"])
    return found


def _act(store: Store, workflow: sqlite3.Row, order_id: int) -> None:
    if workflow["action"] == "queue_move":
        move(store, workflow["queue_id"], order_id)
    elif workflow["action"] == "queue_remove":
        remove(store, workflow["queue_id"], order_id)
    else:
        add(store, workflow["queue_id"], order_id)


def _paid_at(store: Store, order_id: int) -> int:
    return store.db.value("SELECT min(dtstamp) FROM order_payments WHERE order_id = ?", (order_id,)) or 0


def _touch(store: Store, order_id: int) -> None:
    # What a workflow does to an order counts as an update of it, so that reading a queue can "update" orders.
    store.db.execute("UPDATE orders SET dt_updated = ? WHERE id = ?", (store.clock.now(), order_id))
