"""Orders: list, delete, custom fields, customer information, payments."""

from collections.abc import Callable
from typing import Any

from miva_sandbox.api import list_query, order_rows
from miva_sandbox.api.order_records import load
from miva_sandbox.api.parameters import as_text
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, data, done, page
from miva_sandbox.state import charges, custom_fields, customers, order_totals, orders, queues
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.orders import ADDRESS_COLUMNS, ADDRESS_PARAMETERS
from miva_sandbox.state.store import Store

_WORKFLOW = "orderworkflow"
_MONEY = ("total_auth", "total_capt", "total_rfnd", "net_capt")


@function("OrderList_Load_Query", needs=("ORDR:view",))
def order_list_load_query(call: Call) -> Answer:
    call.parameters.expect(("Passphrase",))
    query = list_query.read(call, order_rows.SPEC)
    order_rows.show(query)
    queues.settle(call.store)
    found, total = list_query.fetch(call, query, select="o.*", source="orders o")
    return page(order_rows.rows(call, found, query.on_demand), total_count=total, start_offset=query.offset)


@function("Order_Delete", needs=("ORDR:delete",))
def order_delete(call: Call) -> Answer:
    orders.delete(call.store, load(call)["id"])
    return done()


@function("OrderCustomFields_Update", needs=("ORDR:modify",))
def order_custom_fields_update(call: Call) -> Answer:
    """Write CustomField_Values: {module: {field: value}}; of the workflow module the fields are the queues."""
    order = load(call)
    for module, fields in (call.parameters.mapping("CustomField_Values") or {}).items():
        for name, value in fields.items() if isinstance(fields, dict) else ():
            _set_field(call, order["id"], module, name, value)
    order_totals.touch(call.store, order["id"])
    return done()


def _set_field(call: Call, order_id: int, module: str, name: str, value: Any) -> None:
    text = "|".join(as_text(part) for part in value) if isinstance(value, list) else as_text(value)
    if module == _WORKFLOW and (queue := queues.find(call.store, name)) is not None:
        change = queues.remove if text in {"", "0"} else queues.add
        change(call.store, queue["id"], order_id)
        return
    field = custom_fields.find(call.store, "order", name) if module == custom_fields.MODULE else None
    if field is None:
        call.lint.report("unknown custom field", call.function, f"{module}:{name}")
    else:
        custom_fields.write(call.store, field, order_id, text)


@function("OrderCustomFieldList_Load", needs=("ORDR:view",))
def order_custom_field_list_load(call: Call) -> Answer:
    fields = [
        {
            "code": row["code"],
            "name": row["name"],
            "type": row["fieldtype"],
            "searchable": True,
            "sortable": True,
            "module": {"code": custom_fields.MODULE, "name": "Custom Fields"},
            "choices": custom_fields.choices(call.store, row),
        }
        for row in custom_fields.all_of(call.store, "order")
    ]
    fields += [
        {
            "code": row["code"],
            "name": row["descrip"] or row["code"],
            "type": "checkbox",
            "searchable": True,
            "sortable": False,
            "module": {"code": _WORKFLOW, "name": "Order Workflow"},
            "choices": [],
        }
        for row in queues.all_queues(call.store)
    ]
    return data(fields)


@function("Order_Update_Customer_Information", needs=("ORDR:modify",))
def order_update_customer_information(call: Call) -> Answer:
    """Change addresses and the customer; what is absent stays."""
    order = load(call)
    changes: dict[str, str | int] = {}
    if (cust_id := call.parameters.integer("Customer_ID")) is not None:
        if cust_id and customers.find_by_id(call.store, cust_id) is None:
            raise call.parameters.refuse("Customer_ID", "Customer not found")
        changes["cust_id"] = cust_id
    if (residential := call.parameters.boolean("Ship_Residential")) is not None:
        changes["ship_res"] = residential
    for side in ("Ship", "Bill"):
        for name, member in ADDRESS_PARAMETERS.items():
            column = f"{side.lower()}_{member}"
            text = call.parameters.text(f"{side}_{name}", limit=ADDRESS_COLUMNS[column])
            if text is not None:
                changes[column] = text
    orders.update(call.store, order["id"], changes)
    return done()


@function("OrderPayment_Capture", needs=("ORDR:modify",))
def order_payment_capture(call: Call) -> Answer:
    return _pay(call, charges.capture)


@function("OrderPayment_Refund", needs=("ORDR:modify",))
def order_payment_refund(call: Call) -> Answer:
    return _pay(call, charges.refund)


def _pay(call: Call, book: Callable[[Store, int, int], int]) -> Answer:
    payment_id = call.parameters.required_integer("OrderPayment_ID")
    amount = call.parameters.decimal("Amount", negative=False, right=2)
    payment = call.store.db.row("SELECT * FROM order_payments WHERE id = ?", (payment_id,))
    if payment is None:
        # The code of a real store is not in the sources.
        raise ApiError("MER-JSN-OPY-00001", "Payment not found")
    cents = payment["amount"] if amount is None else to_units(amount, decimals=2)
    book(call.store, payment["order_id"], cents)
    order = orders.find(call.store, payment["order_id"])
    assert order is not None
    totals: dict[str, Any] = {"order_id": order["id"]}
    for name in _MONEY:
        totals |= order_rows.money(name, order[name])
    return data(totals)
