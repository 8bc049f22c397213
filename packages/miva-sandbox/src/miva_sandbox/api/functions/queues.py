"""The module `orderworkflow`: read a queue of orders, and acknowledge orders."""

import sqlite3
from time import monotonic

from miva_sandbox.api import list_query, order_rows
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, done, page, warning_members
from miva_sandbox.state import orders, queues

_MODULE = "orderworkflow"
_LIMIT_SECONDS = 60


@function("QueueOrderList_Load_Query", module=_MODULE, needs=("ORDR:view",))
def queue_order_list_load_query(call: Call) -> Answer:
    """Answer like OrderList_Load_Query, for one queue; what was returned counts as retrieved once it was sent."""
    queue = _queue(call)
    call.parameters.expect(("Passphrase",))
    queues.settle(call.store)
    query = list_query.read(call, order_rows.SPEC)
    order_rows.show(query)
    query.also("o.id IN (SELECT q.order_id FROM queue_orders q WHERE q.queue_id = ?)", queue["id"])
    found, total = list_query.fetch(call, query, select="o.*", source="orders o")
    rows = order_rows.rows(call, found, query.on_demand)
    order_ids = [row["id"] for row in found]

    def retrieved() -> None:
        with call.store.db.lock:
            for order_id in order_ids:
                queues.fire(call.store, "order_retrieved", order_id)

    call.after_answer.append(retrieved)
    return page(rows, total_count=total, start_offset=query.offset)


@function("OrderList_Acknowledge", module=_MODULE, needs=("ORDR:view",))
def order_list_acknowledge(call: Call) -> Answer:
    """Tell the workflows of each order. It removes nothing from a queue by itself; unknown orders give a warning."""
    order_ids = call.parameters.integers("Order_IDs", required=True) or []
    started = monotonic()
    processed = 0
    warnings: list[tuple[str, str, str]] = []
    for order_id in order_ids:
        if monotonic() - started >= _LIMIT_SECONDS:
            break
        processed += 1
        if orders.find(call.store, order_id) is None:
            warnings.append((str(order_id), "MER-UTIL-ORWF-00180", "Order not found"))
        else:
            queues.fire(call.store, "order_acknowledged", order_id)
    answer = done(processed=processed)
    if warnings:
        answer["warnings"] = warning_members(warnings)
    return answer


def _queue(call: Call) -> sqlite3.Row:
    parameters, store = call.parameters, call.store
    parameters.expect(("Queue_ID", "Edit_Queue", "Queue_Code"))
    if parameters.has("Queue_ID"):
        found, number = queues.find_by_id(store, parameters.required_integer("Queue_ID")), "00029"
    elif parameters.has("Edit_Queue"):
        found, number = queues.find(store, parameters.required_text("Edit_Queue")), "00106"
    elif parameters.has("Queue_Code"):
        found, number = queues.find(store, parameters.required_text("Queue_Code")), "00030"
    else:
        raise ApiError(
            "MER-UTIL-ORWF-00031",
            "Unable to load queue: One of Queue_ID, Edit_Queue, or Queue_Code must be specified",
        )
    if found is None:
        raise ApiError(f"MER-UTIL-ORWF-{number}", "Queue not found")
    return found
