"""
The rows of orders, their lines, charges, payments, notes and shipments, with what the hub reads of them. Lists inside a
line are left out by the store when empty; lists of the order are there, and empty, only if they were asked for.
"""

from decimal import Decimal
from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType, field

from tradepost.miva.rows.product_records import CustomFieldValues, Id, Quantity

_NOTHING = Decimal(0)

# Seconds since 1970, as far as there are calendars for.
Epoch: TypeAlias = Annotated[int, Meta(ge=0, le=253_402_300_799)]


class WireLineOption(Struct, frozen=True, gc=False, kw_only=True):
    attr_code: str = ""
    opt_code: str = ""
    attr_prompt: str = ""
    opt_prompt: str = ""
    data: str = ""
    data_long: str = ""


class LinePart(Struct, frozen=True, gc=False, kw_only=True):
    """A physical product behind a line, computed by the store from today's catalogue."""

    code: str


class WireShipment(Struct, frozen=True, gc=False, kw_only=True):
    id: Id
    code: str = ""
    status: int = 0
    ship_date: Epoch = 0
    tracknum: str = ""
    tracktype: str = ""
    cost: Decimal = _NOTHING


class WireOrderLine(Struct, frozen=True, kw_only=True):
    line_id: Id
    status: int = 0
    shpmnt_id: Id = 0
    product_id: Id = 0
    code: str = ""
    name: str = ""
    sku: str = ""
    type: str = ""
    price: Decimal = _NOTHING
    total: Decimal = _NOTHING
    quantity: Quantity = 0
    options: list[WireLineOption] = []
    parts: list[LinePart] | UnsetType = UNSET


class Charge(Struct, frozen=True, gc=False, kw_only=True):
    """An amount on the order beside its lines; `type` is an open set (SHIPPING, TAX, HANDLING, ...)."""

    type: str = ""
    descrip: str = ""
    amount: Decimal = _NOTHING


class Discount(Struct, frozen=True, gc=False, kw_only=True):
    """What a price group took off the whole order."""

    name: str = ""
    descrip: str = ""
    total: Decimal = _NOTHING


class Coupon(Struct, frozen=True, gc=False, kw_only=True):
    code: str = ""
    descrip: str = ""
    total: Decimal = _NOTHING


class Payment(Struct, frozen=True, gc=False, kw_only=True):
    """What of a payment is no card: the data behind it are never asked for."""

    type: int = 0
    refnum: str = ""
    amount: Decimal = _NOTHING
    dtstamp: Epoch = 0
    currency: str = ""


class Note(Struct, frozen=True, gc=False, kw_only=True):
    notetext: str = ""


class WireOrder(Struct, frozen=True, kw_only=True):
    id: Id
    status: int = 0
    orderdate: Epoch = 0
    dt_updated: int = 0
    cust_id: int = 0
    ship_fname: str = ""
    ship_lname: str = ""
    ship_email: str = ""
    ship_comp: str = ""
    ship_phone: str = ""
    ship_addr1: str = ""
    ship_addr2: str = ""
    ship_city: str = ""
    ship_state: str = ""
    ship_zip: str = ""
    ship_cntry: str = ""
    bill_fname: str = ""
    bill_lname: str = ""
    bill_email: str = ""
    bill_comp: str = ""
    bill_phone: str = ""
    bill_addr1: str = ""
    bill_addr2: str = ""
    bill_city: str = ""
    bill_state: str = ""
    bill_zip: str = ""
    bill_cntry: str = ""
    total: Decimal = _NOTHING
    total_auth: Decimal = _NOTHING
    total_capt: Decimal = _NOTHING
    total_rfnd: Decimal = _NOTHING
    ship_method: str | UnsetType = UNSET
    items: list[WireOrderLine] | UnsetType = UNSET
    charges: list[Charge] | UnsetType = UNSET
    discounts: list[Discount] | UnsetType = UNSET
    coupons: list[Coupon] | UnsetType = UNSET
    payments: list[Payment] | UnsetType = UNSET
    notes: list[Note] | UnsetType = UNSET
    shipments: list[WireShipment] | UnsetType = UNSET
    custom_field_values: CustomFieldValues | UnsetType = field(default=UNSET, name="CustomField_Values")
