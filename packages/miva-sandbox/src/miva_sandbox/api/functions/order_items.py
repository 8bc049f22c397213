"""The lines of an order: ship, back-order, cancel, return, delete, split, add, change."""

from miva_sandbox.api import order_item_rows, order_records, order_rows
from miva_sandbox.api.new_lines import option_of, read_item
from miva_sandbox.api.order_columns import order_return
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, data, done
from miva_sandbox.state import order_lines, order_stock, orders, products, returns, shipments, steps
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.steps import Steps
from miva_sandbox.state.store import Store


@function("OrderItemList_CreateShipment", needs=("ORDR:modify",))
def create_shipment(call: Call) -> Answer:
    order = order_records.load(call)
    lines = order_records.lines(call, order)
    if not lines:
        raise ApiError("MER-JSN-ORD-00057", "Order items must exist in order to create a shipment")
    shipment_id = shipments.create(call.store, order["id"], lines)
    made = shipments.find(call.store, shipment_id)
    assert made is not None
    return data({**order_item_rows.shipment(call, made, list_row=True), "shipment_id": shipment_id})


@function("OrderItemList_RemoveFromShipment", needs=("ORDR:modify",))
def remove_from_shipment(call: Call) -> Answer:
    order = order_records.load(call)
    order_lines.remove_from_shipment(call.store, order["id"], order_records.lines(call, order))
    return done()


@function("OrderItemList_BackOrder", needs=("ORDR:modify",))
def back_order(call: Call) -> Answer:
    order = order_records.load(call)
    lines = order_records.lines(call, order)
    order_lines.back_order(call.store, order["id"], lines, dt_instock=call.parameters.integer("Date_InStock") or 0)
    return done()


@function("OrderItemList_Cancel", needs=("ORDR:modify",))
def cancel(call: Call) -> Answer:
    order = order_records.load(call)
    lines = order_records.lines(call, order)
    total = order_lines.cancel(call.store, order["id"], lines, reason=call.parameters.text("Reason") or "")
    return data(order_rows.money("total", total))


@function("OrderItemList_CreateReturn", needs=("ORDR:modify",))
def create_return(call: Call) -> Answer:
    order = order_records.load(call)
    lines = order_records.lines(call, order)
    if not lines:
        raise ApiError("MER-JSN-ORD-00059", "Order items must exist in order to create a return")
    made = returns.find(call.store, returns.create(call.store, order["id"], lines))
    assert made is not None
    return data(order_return(made))


@function("OrderReturnList_Received", needs=("ORDR:modify",))
def return_list_received(call: Call) -> Answer:
    """Receive Returns: [{return_id, adjust_inventory}]; all are read before the first, unknown ones passed over."""
    received = [
        (element.required_integer("return_id"), element.required_integer("adjust_inventory"))
        for element in call.parameters.objects("Returns") or []
    ]
    for return_id, adjusts in received:
        if returns.find(call.store, return_id) is None:
            call.lint.report("skipped return", call.function, f"return {return_id} does not exist")
            continue
        returns.receive(call.store, return_id, adjusts_inventory=adjusts != 0)
    return done()


@function("OrderItemList_Delete", needs=("ORDR:modify",))
def delete(call: Call) -> Answer:
    order = order_records.load(call)
    total = order_lines.delete(call.store, order["id"], order_records.lines(call, order))
    return data(order_rows.money("total", total))


@function("OrderItem_Split", needs=("ORDR:modify",))
def split(call: Call) -> Answer:
    order = order_records.load(call)
    line = order_records.line(call, order)
    new_id = order_lines.split(call.store, line, call.parameters.required_integer("Quantity"))
    return data(
        {
            "original_orderitem": order_item_rows.of_line(call, order["id"], line["line_id"]),
            "split_orderitem": order_item_rows.of_line(call, order["id"], new_id),
        }
    )


@function("OrderItem_Add", needs=("ORDR:modify",))
def add(call: Call) -> Answer:
    """Add a line as it is described; a product of that code lends its name, and its stock falls."""
    order = order_records.load(call)
    line = read_item(call, call.parameters, option_names=("Options", "Attributes"))
    line_id = call.store.db.next_id(order_lines.SEQUENCE)
    steps.run(
        call.store,
        _added(call.store, order["id"], line_id, line),
        lambda: call.store.hooks.gap(functions=[call.function]),
    )
    changed = orders.find(call.store, order["id"])
    assert changed is not None
    shown = order_item_rows.of_line(call, order["id"], line_id)
    return data({**order_rows.money("total", changed["total"]), "orderitem": shown})


def _added(store: Store, order_id: int, line_id: int, line: NewLine) -> Steps:
    """The line comes first, then its stock falls."""
    order_lines.insert(store, order_id, line, line_id=line_id)
    order_lines.changed(store, order_id, "orderitem_created")
    yield
    order_stock.take(store, order_lines.draws(store, line))


@function("OrderItem_Update", needs=("ORDR:modify",))
def update(call: Call) -> Answer:
    """Change a line; what is absent stays, and what it drew from stock is taken anew."""
    order = order_records.load(call)
    line = order_records.line(call, order)
    parameters, store = call.parameters, call.store
    changes: dict[str, str | int] = {}
    if (code := parameters.text("Code", blank=False, limit=50)) is not None:
        product = products.find(store, code)
        changes |= {"code": code, "product_id": product["id"] if product is not None else 0}
    for name, column, limit in (("Name", "name", 100), ("Sku", "sku", 50)):
        if (text := parameters.text(name, limit=limit)) is not None:
            changes[column] = text
    if (quantity := parameters.integer("Quantity", low=1)) is not None:
        changes["quantity"] = quantity
    for name, column in (("Price", "price"), ("Weight", "weight")):
        if (amount := parameters.decimal(name)) is not None:
            changes[column] = to_units(amount)
    if (taxable := parameters.boolean("Taxable")) is not None:
        changes["taxable"] = taxable
    options = parameters.objects("Options") or parameters.objects("Attributes")
    chosen = [option_of(call, line["product_id"], option) for option in options] if options is not None else None
    order_stock.put_back(store, line)
    if chosen is not None:
        order_lines.remove_options(store, line["line_id"])
        for option in chosen:
            order_lines.add_option(store, order["id"], line["line_id"], option)
    order_lines.change(store, line["line_id"], **changes)
    changed = order_lines.find(store, order["id"], line["line_id"])
    assert changed is not None
    order_stock.take(store, order_stock.of_line(store, changed, order_lines.options_of(store, line["line_id"])))
    return data(order_rows.money("total", order_lines.changed(store, order["id"])))
