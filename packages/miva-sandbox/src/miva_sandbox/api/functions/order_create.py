"""Order_Create: an order by program, without payment; lines of the catalogue take stock, free ones don't."""

import sqlite3
from collections.abc import Sequence
from decimal import Decimal

from miva_sandbox.api import custom_field_values, order_rows
from miva_sandbox.api.new_lines import read_item, read_product
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, data
from miva_sandbox.state import charges, customers, order_lines, order_stock, orders, steps
from miva_sandbox.state.baskets import SHIPPING_METHODS
from miva_sandbox.state.charges import Charge
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.order_lines import NewLine
from miva_sandbox.state.orders import ADDRESS, ADDRESS_COLUMNS, ADDRESS_PARAMETERS
from miva_sandbox.state.sales import Sale
from miva_sandbox.state.steps import Steps
from miva_sandbox.state.store import Store


@function("Order_Create", needs=("ORDR:add",))
def order_create(call: Call) -> Answer:
    """Everything is read before the first write, so a bad parameter creates nothing."""
    parameters, store = call.parameters, call.store
    customer = _customer(call)
    address = (
        {f"{side}_{name}": customer[f"{side}_{name}"] for side in ("ship", "bill") for name in ADDRESS}
        if customer
        else {}
    )
    for side in ("Ship", "Bill"):
        for name, member in ADDRESS_PARAMETERS.items():
            column = f"{side.lower()}_{member}"
            if (text := parameters.text(f"{side}{name}", limit=ADDRESS_COLUMNS[column])) is not None:
                address[column] = text
    residential = parameters.boolean("ShipResidential") or False
    items = [read_item(call, element) for element in parameters.objects("Items") or []]
    sales = [read_product(call, element) for element in parameters.objects("Products") or []]
    charged = [
        Charge(
            type=element.required_text("type", limit=50),
            descrip=element.required_text("descrip"),
            amount=to_units(element.decimal("amount", required=True, right=3) or Decimal(0)),
        )
        for element in parameters.objects("Charges") or []
    ]
    method = parameters.text("Shipping_Module_Data") or ""
    module = parameters.text("Shipping_Module_Code")
    if (parameters.boolean("CalculateCharges") or False) and method in SHIPPING_METHODS:
        charged.append(Charge(type="SHIPPING", descrip=f"Shipping: {method}", amount=SHIPPING_METHODS[method]))
    parameters.boolean("TriggerFulfillmentModules")
    fields = custom_field_values.check(call, "order")
    order_id = orders.insert(
        store,
        orders.NewOrder(
            cust_id=customer["id"] if customer else 0,
            address=address,
            ship_res=residential,
            ship_id=charges.SHIPPING_MODULE if module else 0,
            ship_data=method,
        ),
    )
    for charge in charged:
        charges.add(store, order_id, charge)
    custom_field_values.store_values(call, order_id, fields)
    steps.run(
        store,
        _filled(store, order_id, items, sales),
        lambda: store.hooks.gap(functions=[call.function]),
        unheard=(StoreError,),
    )
    row = orders.find(store, order_id)
    assert row is not None
    return data(order_rows.rows(call, [row], ["items", "charges"])[0])


def _filled(store: Store, order_id: int, items: Sequence[NewLine], sales: Sequence[Sale]) -> Steps:
    """The order is there first, without lines; then comes each line, and then its stock falls."""
    try:
        for line in items:
            order_lines.insert(store, order_id, line)
        for sold in sales:
            yield
            order_lines.insert(store, order_id, sold.line)
            yield
            order_stock.take(store, sold.movements)
        orders.summed(store, order_id)
    except StoreError:
        # It takes the order back as anybody would who deletes it.
        orders.delete(store, order_id)
        raise
    orders.announce(store, order_id)


def _customer(call: Call) -> sqlite3.Row | None:
    parameters, store = call.parameters, call.store
    row = None
    if parameters.has("Customer_ID"):
        cust_id = parameters.required_integer("Customer_ID")
        if not cust_id:
            return None
        row = customers.find_by_id(store, cust_id)
    elif parameters.has("Customer_Login"):
        row = customers.find(store, parameters.required_text("Customer_Login"))
    else:
        return None
    if row is None:
        raise ApiError("MER-JSN-CST-00003", "Customer not found")
    return row
