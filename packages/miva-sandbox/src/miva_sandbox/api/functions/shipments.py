"""Shipments: tracking and shipping of many, and their list."""

import sqlite3
from typing import Any

from miva_sandbox.api import list_query, order_columns, order_item_rows, order_rows
from miva_sandbox.api.list_query import CUSTOM_FIELDS, Column, Condition, Spec
from miva_sandbox.api.parameters import Parameters
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, InputErrors, done, page
from miva_sandbox.state import shipments
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.shipments import TRACKING_NUMBER_WIDTH, TRACKING_TYPE_WIDTH, Tracking

_OLD_LISTS = ("Shipment_IDs", "Mark_Shipped", "Tracking_List", "TrackingType_List", "Cost_List")
_OLD_MEMBERS = ("shpmnt_id", "mark_shipped", "tracknum", "tracktype", "cost")


@function("OrderShipmentList_Update", needs=("ORDR:modify",))
def order_shipment_list_update(call: Call) -> Answer:
    """
    Write tracking and cost of many shipments, and ship those that are marked.

    What an element leaves out is set blank; an unknown shipment is passed over. All elements are read before the
    first is written.
    """
    updates: list[tuple[int, bool, Tracking]] = []
    errors: list[tuple[str, str]] = []
    for element in _elements(call):
        try:
            updates.append(_read(element))
        except InputErrors as error:
            errors += error.errors
    if errors:
        raise InputErrors(errors)
    if not updates:
        call.lint.report("empty list", call.function, "nothing to update, and success all the same")
    for shipment_id, is_marked, tracking in updates:
        shipment = shipments.find(call.store, shipment_id)
        if shipment is None:
            call.lint.report("skipped shipment", call.function, f"shipment {shipment_id} does not exist")
            continue
        shipments.track(call.store, shipment, tracking)
        if is_marked:
            shipments.mark_shipped(call.store, shipment)
    return done()


def _elements(call: Call) -> list[Parameters]:
    parameters = call.parameters
    parameters.expect(_OLD_LISTS)
    found = parameters.objects("Shipment_Updates")
    if found is not None:
        return found
    lists = [parameters.items(name) or [] for name in _OLD_LISTS]
    return [
        Parameters(
            {member: values[index] for member, values in zip(_OLD_MEMBERS, lists, strict=True) if index < len(values)},
            path=f"Shipment_Updates[{index + 1}]:",
        )
        for index in range(len(lists[0]))
    ]


def _read(element: Parameters) -> tuple[int, bool, Tracking]:
    shipment_id = element.required_integer("shpmnt_id")
    is_marked = element.boolean("mark_shipped") or False
    number = element.text("tracknum", limit=TRACKING_NUMBER_WIDTH) or ""
    carrier = element.text("tracktype", limit=TRACKING_TYPE_WIDTH) or ""
    cost = element.decimal("cost", right=2)
    # Documented, and not looked at by the store.
    element.expect(("weight",))
    return (
        shipment_id,
        is_marked,
        Tracking(number=number, type=carrier, cost=to_units(cost, decimals=2) if cost is not None else 0),
    )


def _columns() -> dict[str, Column]:
    columns = {
        **{name: Column(f"s.{name}") for name in ("id", "order_id", "batch_id", "status", "ship_date")},
        **{name: Column(f"s.{name}", is_text=True) for name in ("code", "tracknum", "tracktype")},
        "weight": Column("s.weight", decimals=8),
        "cost": Column("s.cost", decimals=2),
    }
    for name, column in order_rows.COLUMNS.items():
        if name not in {"id", "dt_updated"}:
            columns[f"order_{name}"] = Column(column.sql, is_text=column.is_text, decimals=column.decimals)
    return columns


def _special(call: Call, name: str, operator: str, value: Any) -> Condition | None:
    del call, operator
    if name == "product_code":
        return Condition("s.id IN (SELECT i.shpmnt_id FROM order_items i WHERE i.code = ?)", (str(value),))
    return None


_ORDER_COLUMNS = order_columns.NAMES - {"shipments", "returns", "parts"}
_SPEC = Spec(
    columns=_columns(),
    default_sort="id",
    on_demand=frozenset({"items", "order", "include_order"} | {f"order_{name}" for name in _ORDER_COLUMNS}),
    prefixes=(CUSTOM_FIELDS,),
    special=_special,
    failure_code="MER-JSN-SHP-00028",
    exact_columns=True,
)


@function("OrderShipmentList_Load_Query", needs=("ORDR:view",))
def order_shipment_list_load_query(call: Call) -> Answer:
    call.parameters.expect(("Passphrase",))
    query = list_query.read(call, _SPEC)
    found, total = list_query.fetch(
        call, query, select="s.*", source="order_shipments s JOIN orders o ON o.id = s.order_id"
    )
    rows = [order_item_rows.shipment(call, row, list_row=True) for row in found]
    if "items" in query.on_demand:
        lines: dict[int, list[Any]] = {}
        for items in order_item_rows.of_orders(call, _order_ids(found), parts=False).values():
            for item in items:
                lines.setdefault(item["shpmnt_id"], []).append(item)
        for row in rows:
            row["items"] = lines.get(row["id"], [])
    asked = [name.removeprefix("order_") for name in query.on_demand if name.startswith("order_")]
    if asked or {"order", "include_order"} & set(query.on_demand):
        shown = _orders(call, _order_ids(found), asked)
        for row in rows:
            row["order"] = shown[row["order_id"]]
    return page(rows, total_count=total, start_offset=query.offset)


def _order_ids(found: list[sqlite3.Row]) -> list[int]:
    return sorted({row["order_id"] for row in found})


def _orders(call: Call, order_ids: list[int], asked: list[str]) -> dict[int, Any]:
    marks = ", ".join("?" * len(order_ids))
    found = call.store.db.rows(f"SELECT * FROM orders WHERE id IN ({marks})", order_ids)  # noqa: S608 - only marks
    return {row["id"]: row for row in order_rows.rows(call, found, asked)}
