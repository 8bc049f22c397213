"""How parameters name an order and lines of it."""

import sqlite3

from miva_sandbox.api.registry import Call
from miva_sandbox.api.responses import ApiError
from miva_sandbox.state import order_lines, orders


def load(call: Call) -> sqlite3.Row:
    """Load the order that Order_ID names. Raises ApiError."""
    if not call.parameters.has("Order_ID"):
        raise ApiError("MER-JSN-ORD-00058", "Unable to load order: Order_ID must be specified")
    order = orders.find(call.store, call.parameters.required_integer("Order_ID"))
    if order is None:
        raise ApiError("MER-JSN-ORD-00025", "Order not found")
    return order


def lines(call: Call, order: sqlite3.Row) -> list[sqlite3.Row]:
    """Return the lines that Line_IDs names; those of other orders are passed over, and reported to lint."""
    wanted = call.parameters.integers("Line_IDs", required=True) or []
    found = order_lines.of_order(call.store, order["id"], wanted)
    for line_id in sorted(set(wanted) - {line["line_id"] for line in found}):
        call.lint.report("skipped line", call.function, f"line {line_id} is not in order {order['id']}")
    return found


def line(call: Call, order: sqlite3.Row) -> sqlite3.Row:
    """Load the one line that Line_ID names. Raises ApiError."""
    found = order_lines.find(call.store, order["id"], call.parameters.required_integer("Line_ID"))
    if found is None:
        # The code of a real store is not in the sources.
        raise ApiError("MER-JSN-ORD-00022", "Order item not found")
    return found
