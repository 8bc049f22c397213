"""The element `Shipment` of order tags: lines that name the same tracking number and carrier leave together."""

from collections.abc import Mapping
from dataclasses import dataclass

from miva_sandbox.provisioning.order_fields import Parcel
from miva_sandbox.provisioning.registry import Refused, Tag
from miva_sandbox.state import order_lines, shipments
from miva_sandbox.state.errors import StoreError
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.shipments import CODE_WIDTH, TRACKING_NUMBER_WIDTH, TRACKING_TYPE_WIDTH, Tracking

SHIPPED_WORDS = ("Shipped", "Yes", "1")


@dataclass(frozen=True, slots=True)
class Details:
    """`ship_date` 0 is none: an order tag that leaves it out stores none, not even for what is marked as shipped."""

    code: str
    tracking: Tracking
    ship_date: int
    is_shipped: bool


def details(tag: Tag) -> Details:
    code = tag.text("Code", blank=False, limit=CODE_WIDTH) or ""
    if code and shipments.find_by_code(tag.store, code) is not None:
        raise tag.refuse(f"Shipment code '{code}' already exists.")
    return Details(code, tracking(tag), tag.date("ShipDate") or 0, is_marked(tag))


def tracking(tag: Tag) -> Tracking:
    number = tag.text("TrackingNumber", blank=False, limit=TRACKING_NUMBER_WIDTH)
    carrier = tag.text("TrackingType", limit=TRACKING_TYPE_WIDTH)
    cost = tag.number("Cost", digits=10, decimals=2)
    return Tracking(number=number or "", type=carrier or "", cost=0 if cost is None else to_units(cost, decimals=2))


def is_marked(tag: Tag) -> bool:
    return tag.word("MarkAsShipped", SHIPPED_WORDS) is not None


def ship(tag: Tag, order_id: int, line_ids: list[int], wanted: Details) -> int:
    """Make a shipment of lines with all its details, and return its id."""
    lines = order_lines.of_order(tag.store, order_id, line_ids)
    shipment_id = shipments.create(tag.store, order_id, lines, code=wanted.code)
    made = shipments.find(tag.store, shipment_id)
    assert made is not None
    shipments.track(tag.store, made, wanted.tracking)
    shipments.set_details(tag.store, shipment_id, ship_date=wanted.ship_date)
    if wanted.is_shipped:
        shipments.mark_shipped(tag.store, made, ship_date=wanted.ship_date)
    return shipment_id


def gather(tag: Tag, order_id: int, parcels: Mapping[int, Parcel]) -> None:
    """
    Ship the lines that name a parcel, and those that a `Shipment` without number takes.

    `parcels` says for each new line which number and carrier it names, blank for none.
    """
    groups: dict[Parcel, list[int]] = {}
    loose: list[int] = []
    for line_id, parcel in parcels.items():
        if parcel[0]:
            groups.setdefault(parcel, []).append(line_id)
        else:
            loose.append(line_id)
    found: dict[Parcel, Details] = {}
    loose_details: Details | None = None
    for element in tag.element.children("Shipment"):
        inner = tag.inner(element)
        try:
            read = details(inner)
            parcel = (read.tracking.number, read.tracking.type)
            if not parcel[0]:
                if loose_details is not None:
                    raise inner.refuse("Only one shipment tag may be specified without a tracking number")
                if not loose:
                    raise inner.refuse("Shipment must contain at least one item")
                loose_details = read
            elif parcel not in groups:
                raise inner.refuse("Shipment contains no items")
            else:
                found[parcel] = read
        except (Refused, StoreError) as error:
            inner.complain_of(error)
    for parcel, line_ids in groups.items():
        plain = Details("", Tracking(number=parcel[0], type=parcel[1]), 0, is_shipped=False)
        ship(tag, order_id, line_ids, found.get(parcel, plain))
    if loose_details is not None:
        ship(tag, order_id, loose, loose_details)
