"""
Tags of customers and their address books.

The names of the address elements are not those of orders. How the address tags name a customer and an address is not
published; here it is by the attributes `customer_login` and `description`.
"""

import re
import sqlite3

from miva_sandbox.provisioning.registry import Tag, tag
from miva_sandbox.state import custom_fields, customers
from miva_sandbox.state.columns import ColumnValues
from miva_sandbox.state.customers import DESCRIPTION_WIDTH, EMAIL_WIDTH, LOGIN_WIDTH
from miva_sandbox.state.orders import ADDRESS

_NAMES = {
    "FirstName": "fname",
    "LastName": "lname",
    "Email": "email",
    "Company": "comp",
    "Phone": "phone",
    "Fax": "fax",
    "Address": "addr1",
    "Address1": "addr1",
    "Address2": "addr2",
    "City": "city",
    "StateCode": "state",
    "Zip": "zip",
    "CountryCode": "cntry",
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


@tag("Customer_Add")
def add(tag: Tag) -> None:
    login = tag.required_text("Login", limit=LOGIN_WIDTH)
    email = _email(tag, tag.required_text("LostPasswordEmail", limit=EMAIL_WIDTH))
    password = tag.required_text("Password")
    details: ColumnValues = {f"{side}_cntry": str(tag.store.settings["country"]) for side in ("ship", "bill")}
    details |= _details(tag)
    cust_id = customers.insert(tag.store, login=login, pw_email=email, password=password, details=details)
    _describe(tag, cust_id, details)


@tag("Customer_Update")
def update(tag: Tag) -> None:
    row = _customer(tag, "login")
    details = _details(tag)
    if (login := tag.text("Login", blank=False, limit=LOGIN_WIDTH)) is not None:
        details["login"] = login
    if (email := tag.text("LostPasswordEmail", blank=False, limit=EMAIL_WIDTH)) is not None:
        details["pw_email"] = _email(tag, email)
    customers.update(tag.store, row["id"], details, password=tag.text("Password", blank=False))


@tag("Customer_Delete")
def delete(tag: Tag) -> None:
    row = _customer(tag, "login")
    customers.delete(tag.store, row["id"])
    custom_fields.record_deleted(tag.store, "customer", row["id"])


@tag("CustomerAddress_Add")
def add_address(tag: Tag) -> None:
    row = _customer(tag, "customer_login")
    description = tag.required_text("Description", limit=DESCRIPTION_WIDTH)
    customers.add_address(tag.store, row["id"], {"descrip": description, **_address(tag)})


@tag("CustomerAddress_Update")
def update_address(tag: Tag) -> None:
    found = _found_address(tag)
    changes = _address(tag)
    if (description := tag.text("Description", blank=False, limit=DESCRIPTION_WIDTH)) is not None:
        changes["descrip"] = description
    customers.change_address(tag.store, found["id"], changes)


@tag("CustomerAddress_Delete")
def delete_address(tag: Tag) -> None:
    customers.delete_address(tag.store, _found_address(tag)["id"])


def _customer(tag: Tag, attribute: str) -> sqlite3.Row:
    login = tag.attribute(attribute)
    found = customers.find(tag.store, login)
    if found is None:
        raise tag.refuse(f"Customer with the login '{login}' does not exist")
    return found


def _found_address(tag: Tag) -> sqlite3.Row:
    row = _customer(tag, "customer_login")
    description = tag.attribute("description")
    for found in customers.addresses_of(tag.store, row["id"]):
        if found["descrip"].casefold() == description.casefold():
            return found
    raise tag.refuse(f"Address '{description}' does not exist")


def _email(tag: Tag, text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise tag.refuse("Invalid value for LostPasswordEmail: Please enter a valid email address")
    return text


def _details(tag: Tag) -> ColumnValues:
    details: ColumnValues = {}
    for side in ("Ship", "Bill"):
        for name, member in _NAMES.items():
            if (text := tag.text(f"{side}{name}", limit=ADDRESS[member])) is not None:
                details[f"{side.lower()}_{member}"] = text
    for name, column in (("ShipResidential", "ship_res"), ("TaxExempt", "tax_exempt")):
        if (flag := tag.boolean(name)) is not None:
            details[column] = flag
    if business := tag.text("BusinessAccount"):
        # Business accounts are not part of this store, so none exists.
        raise tag.refuse(f"Business Account '{business}' does not exist")
    return details


def _describe(tag: Tag, cust_id: int, details: ColumnValues) -> None:
    """Put the two addresses into the address book, if they were given names."""
    for side, name, column in (
        ("ship", "ShippingAddressDescription", "ship_id"),
        ("bill", "BillingAddressDescription", "bill_id"),
    ):
        description = tag.text(name, limit=DESCRIPTION_WIDTH)
        if description:
            own = {member: details.get(f"{side}_{member}", "") for member in ADDRESS}
            address_id = customers.add_address(tag.store, cust_id, {"descrip": description, **own})
            customers.update(tag.store, cust_id, {column: address_id})


def _address(tag: Tag) -> ColumnValues:
    details: ColumnValues = {}
    for name, member in _NAMES.items():
        if (text := tag.text(name, limit=ADDRESS[member])) is not None:
            details[member] = text
    if (residential := tag.boolean("Residential")) is not None:
        details["resdntl"] = residential
    return details
