"""Notes of orders and customers. Their functions are known from the client library only; codes are ours."""

from miva_sandbox.api import list_query, order_columns
from miva_sandbox.api.list_query import Column, Spec
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, data, done, page
from miva_sandbox.state import customers, notes, orders

_SOURCE = "(SELECT n.*, coalesce(c.login, '') AS cust_login FROM notes n LEFT JOIN customers c ON c.id = n.cust_id) n"
_SPEC = Spec(
    columns={
        **{name: Column(f"n.{name}") for name in ("id", "dtstamp", "cust_id", "account_id", "order_id")},
        **{name: Column(f"n.{name}", is_text=True) for name in ("notetext", "cust_login")},
        "admin_user": Column("''", is_text=True),
        "business_title": Column("''", is_text=True),
    },
    default_sort="id",
    failure_code="MER-JSN-NTE-00002",
)


@function("Note_Insert", needs=("ORDR:modify", "CUST:modify"), any_of=True)
def note_insert(call: Call) -> Answer:
    parameters, store = call.parameters, call.store
    text = parameters.required_text("NoteText")
    order_id, cust_id = parameters.integer("Order_ID") or 0, parameters.integer("Customer_ID") or 0
    parameters.expect(("Account_ID",))
    if order_id and orders.find(store, order_id) is None:
        raise ApiError("MER-JSN-ORD-00025", "Order not found")
    if cust_id and customers.find_by_id(store, cust_id) is None:
        raise ApiError("MER-JSN-CST-00003", "Customer not found")
    note_id = notes.insert(store, text, order_id=order_id, cust_id=cust_id)
    row = store.db.row(f"SELECT * FROM {_SOURCE} WHERE n.id = ?", (note_id,))  # noqa: S608 - our own text
    assert row is not None
    return data(order_columns.note(row))


@function("Note_Update", needs=("ORDR:modify", "CUST:modify"), any_of=True)
def note_update(call: Call) -> Answer:
    note_id = call.parameters.required_integer("Note_ID")
    notes.change(call.store, note_id, call.parameters.required_text("NoteText"))
    return done()


@function("Note_Delete", needs=("ORDR:modify", "CUST:modify"), any_of=True)
def note_delete(call: Call) -> Answer:
    notes.delete(call.store, call.parameters.required_integer("Note_ID"))
    return done()


@function("NoteList_Load_Query", needs=("ORDR:view", "CUST:view"), any_of=True)
def note_list_load_query(call: Call) -> Answer:
    query = list_query.read(call, _SPEC)
    found, total = list_query.fetch(call, query, select="n.*", source=_SOURCE)
    return page([order_columns.note(row) for row in found], total_count=total, start_offset=query.offset)
