"""Customers and their address books."""

import sqlite3
from typing import Any

from miva_sandbox.api import custom_field_values, list_query, order_columns
from miva_sandbox.api.list_query import CUSTOM_FIELDS, Column, Condition, Spec
from miva_sandbox.api.parameters import Parameters
from miva_sandbox.api.registry import Call, function
from miva_sandbox.api.responses import Answer, ApiError, data, done, page
from miva_sandbox.state import custom_fields, customers
from miva_sandbox.state.customers import DESCRIPTION_WIDTH, EMAIL_WIDTH, LOGIN_WIDTH
from miva_sandbox.state.orders import ADDRESS, ADDRESS_COLUMNS, ADDRESS_PARAMETERS


def _special(call: Call, name: str, operator: str, value: Any) -> Condition | None:
    if name.startswith(CUSTOM_FIELDS):
        return custom_field_values.condition(call, "customer", "c.id", name, operator, value)
    return None


_SPEC = Spec(
    columns={
        **{name: Column(f"c.{name}") for name in ("id", "ship_res", "note_count", "dt_created", "dt_login")},
        **{name: Column(f"c.{name}", is_text=True) for name in ("login", "pw_email", *ADDRESS_COLUMNS)},
        "business_title": Column("''", is_text=True),
        "credit": Column("c.credit", decimals=2),
    },
    default_sort="id",
    prefixes=(CUSTOM_FIELDS,),
    special=_special,
    special_sort=lambda call, name: custom_field_values.sort(call, "customer", "c.id", name),
    failure_code="MER-JSN-CST-00001",
)
_ADDRESS_SPEC = Spec(
    columns={
        **{name: Column(f"a.{name}") for name in ("id", "cust_id", "resdntl")},
        **{name: Column(f"a.{name}", is_text=True) for name in ("descrip", *ADDRESS)},
    },
    default_sort="id",
    failure_code="MER-JSN-CST-00002",
)


@function("CustomerList_Load_Query", needs=("CUST:view",))
def customer_list_load_query(call: Call) -> Answer:
    query = list_query.read(call, _SPEC)
    found, total = list_query.fetch(call, query, select="c.*", source="customers c")
    ids = [row["id"] for row in found]
    totals = customers.totals(call.store, ids)
    rows = [order_columns.customer(row, totals.get(row["id"], (0, 0))) for row in found]
    asked = [name for name in query.on_demand if name.startswith(CUSTOM_FIELDS)]
    fields = custom_field_values.values(call, "customer", ids, asked) if asked else {}
    for row in rows:
        if row["id"] in fields:
            row["CustomField_Values"] = fields[row["id"]]
    return page(rows, total_count=total, start_offset=query.offset)


@function("Customer_Insert", needs=("CUST:add",))
def customer_insert(call: Call) -> Answer:
    parameters = call.parameters
    login = parameters.required_text("Customer_Login", limit=LOGIN_WIDTH)
    email = parameters.required_text("Customer_PasswordEmail", limit=EMAIL_WIDTH)
    password = parameters.required_text("Customer_Password")
    if customers.find(call.store, login) is not None:
        raise parameters.refuse("Customer_Login", f"A customer with the login '{login}' already exists")
    fields = custom_field_values.check(call, "customer")
    cust_id = customers.insert(call.store, login=login, pw_email=email, password=password, details=_details(parameters))
    custom_field_values.store_values(call, cust_id, fields)
    row = customers.find_by_id(call.store, cust_id)
    assert row is not None
    return data(order_columns.customer(row, (0, 0)))


@function("Customer_Update", needs=("CUST:modify",))
def customer_update(call: Call) -> Answer:
    row = _load(call, ("Customer_ID", "Edit_Customer"))
    parameters = call.parameters
    changes = _details(parameters)
    for name, column, limit in (
        ("Customer_Login", "login", LOGIN_WIDTH),
        ("Customer_PasswordEmail", "pw_email", EMAIL_WIDTH),
    ):
        if (text := parameters.text(name, blank=False, limit=limit)) is not None:
            changes[column] = text
    password = parameters.text("Customer_Password", blank=False)
    owner = customers.find(call.store, str(changes["login"])) if "login" in changes else None
    if owner is not None and owner["id"] != row["id"]:
        raise parameters.refuse("Customer_Login", f"A customer with the login '{changes['login']}' already exists")
    fields = custom_field_values.check(call, "customer")
    customers.update(call.store, row["id"], changes, password=password)
    custom_field_values.store_values(call, row["id"], fields)
    return done()


@function("Customer_Delete", needs=("CUST:delete",))
def customer_delete(call: Call) -> Answer:
    row = _load(call)
    customers.delete(call.store, row["id"])
    custom_fields.record_deleted(call.store, "customer", row["id"])
    return done()


@function("CustomerAddressList_Load_Query", needs=("CUST:view",))
def customer_address_list_load_query(call: Call) -> Answer:
    row = _load(call)
    query = list_query.read(call, _ADDRESS_SPEC)
    query.also("a.cust_id = ?", row["id"])
    found, total = list_query.fetch(call, query, select="a.*", source="customer_addresses a")
    return page([_address(row) for row in found], total_count=total, start_offset=query.offset)


@function("CustomerAddress_Insert", needs=("CUST:modify",))
def customer_address_insert(call: Call) -> Answer:
    row = _load(call)
    made = customers.find_address(
        call.store, customers.add_address(call.store, row["id"], _address_details(call.parameters))
    )
    assert made is not None
    return data(_address(made))


@function("CustomerAddress_Update", needs=("CUST:modify",))
def customer_address_update(call: Call) -> Answer:
    found = _load_address(call)
    customers.change_address(call.store, found["id"], _address_details(call.parameters))
    return done()


@function("CustomerAddress_Update_Residential", needs=("CUST:modify",))
def customer_address_update_residential(call: Call) -> Answer:
    found = _load_address(call)
    residential = call.parameters.boolean("Residential", required=True) or False
    customers.change_address(call.store, found["id"], {"resdntl": residential})
    return done()


@function("CustomerAddress_Delete", needs=("CUST:modify",))
def customer_address_delete(call: Call) -> Answer:
    customers.delete_address(call.store, _load_address(call)["id"])
    return done()


@function("CustomerAddressList_Delete", needs=("CUST:modify",))
def customer_address_list_delete(call: Call) -> Answer:
    row = _load(call)
    ids = call.parameters.integers("CustomerAddress_IDs", required=True) or []
    own = [address["id"] for address in customers.addresses_of(call.store, row["id"]) if address["id"] in ids]
    for address_id in own:
        customers.delete_address(call.store, address_id)
    return done(processed=len(own))


def _load(call: Call, names: tuple[str, ...] = ("Customer_ID", "Edit_Customer", "Customer_Login")) -> sqlite3.Row:
    parameters = call.parameters
    parameters.expect(names)
    for name in names:
        if parameters.has(name):
            found = (
                customers.find_by_id(call.store, parameters.required_integer(name))
                if name == "Customer_ID"
                else customers.find(call.store, parameters.required_text(name))
            )
            if found is None:
                raise ApiError("MER-JSN-CST-00003", "Customer not found")
            return found
    raise ApiError("MER-JSN-CST-00004", f"Unable to load customer: One of {', '.join(names)} must be specified")


def _load_address(call: Call) -> sqlite3.Row:
    parameters = call.parameters
    parameters.expect(("Customer_ID", "Customer_Login", "Edit_Customer", "Address_ID", "CustomerAddress_ID"))
    name = "Address_ID" if parameters.has("Address_ID") else "CustomerAddress_ID"
    found = customers.find_address(call.store, parameters.required_integer(name))
    if found is None:
        raise ApiError("MER-JSN-CST-00005", "Customer address not found")
    return found


def _details(parameters: Parameters) -> dict[str, str | int]:
    details: dict[str, str | int] = {}
    for side in ("Ship", "Bill"):
        for name, member in ADDRESS_PARAMETERS.items():
            column = f"{side.lower()}_{member}"
            if (text := parameters.text(f"Customer_{side}{name}", limit=ADDRESS_COLUMNS[column])) is not None:
                details[column] = text
    for name, column in (("Customer_ShipResidential", "ship_res"), ("Customer_Tax_Exempt", "tax_exempt")):
        if (flag := parameters.boolean(name)) is not None:
            details[column] = flag
    # Business accounts are not part of this store.
    parameters.expect(("Customer_BusinessAccount",))
    return details


def _address_details(parameters: Parameters) -> dict[str, str | int]:
    details: dict[str, str | int] = {}
    if (description := parameters.text("Description", limit=DESCRIPTION_WIDTH)) is not None:
        details["descrip"] = description
    for name, member in ADDRESS_PARAMETERS.items():
        if (text := parameters.text(name, limit=ADDRESS[member])) is not None:
            details[member] = text
    if (residential := parameters.boolean("Residential")) is not None:
        details["resdntl"] = residential
    return details


def _address(row: sqlite3.Row) -> dict[str, Any]:
    shown: dict[str, Any] = {name: row[name] for name in ("id", "cust_id", "descrip", *ADDRESS)}
    return shown | {"resdntl": bool(row["resdntl"])}
