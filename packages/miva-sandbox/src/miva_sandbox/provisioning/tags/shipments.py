"""Tags of shipments. The codes are the caller's own, so that a repeat is known as one."""

from miva_sandbox.provisioning import order_parcels
from miva_sandbox.provisioning.order_parcels import Details
from miva_sandbox.provisioning.order_selection import select
from miva_sandbox.provisioning.registry import Refused, Tag, tag
from miva_sandbox.provisioning.tags.orders import found_order
from miva_sandbox.state import order_lines, shipments
from miva_sandbox.state.columns import key
from miva_sandbox.state.numbers import to_units
from miva_sandbox.state.order_status import Line, Shipment
from miva_sandbox.state.shipments import CODE_WIDTH, TRACKING_NUMBER_WIDTH, TRACKING_TYPE_WIDTH, Tracking


@tag("OrderShipment_Add")
def add(tag: Tag) -> None:
    """Ship lines that have not left; they are split before tracking is read, and stay split if that fails."""
    order = found_order(tag)
    code = tag.text("Code", blank=False, limit=CODE_WIDTH) or ""
    if code and shipments.find_by_code(tag.store, code) is not None:
        raise tag.refuse(f"Shipment code '{code}' already exists.")
    line_ids = _lines(tag, order["id"])
    if not line_ids:
        raise tag.refuse("Unable to create shipment; No items available to ship")
    details = Details(code, order_parcels.tracking(tag), tag.date("ShipDate") or 0, order_parcels.is_marked(tag))
    order_parcels.ship(tag, order["id"], line_ids, details)


@tag("OrderShipment_SetStatus")
def set_status(tag: Tag) -> None:
    code = tag.attribute("code")
    shipment = shipments.find_by_code(tag.store, code)
    if shipment is None:
        raise tag.refuse(f"Shipment '{code}' not found")
    is_shipped = order_parcels.is_marked(tag)
    is_picking = shipment["status"] == Shipment.PICKING
    date = tag.date("ShipDate") if is_picking else shipment["ship_date"]
    number = tag.text("TrackingNumber", limit=TRACKING_NUMBER_WIDTH)
    carrier = tag.text("TrackingType", limit=TRACKING_TYPE_WIDTH)
    cost = tag.number("Cost", digits=10, decimals=2)
    weight = tag.number("Weight", digits=10, decimals=3)
    if number is None and shipment["tracknum"]:
        tag.lint("cleared tracking", f"'{shipment['tracknum']}' is cleared: TrackingNumber was left out")
    tracking = Tracking(
        number=number or "",
        type=_carrier(tag, carrier),
        cost=shipment["cost"] if cost is None else to_units(cost, decimals=2),
    )
    shipments.track(tag.store, shipment, tracking)
    details = {"ship_date": tag.store.clock.now() if date is None else date}
    if weight is not None:
        details["weight"] = to_units(weight)
    shipments.set_details(tag.store, shipment["id"], **details)
    if is_shipped:
        shipments.mark_shipped(tag.store, shipment, ship_date=details["ship_date"])


def _lines(tag: Tag, order_id: int) -> list[int]:
    container = tag.container("ProductList")
    if container is None:
        pending = order_lines.of_order(tag.store, order_id)
        return [line["line_id"] for line in pending if line["status"] == Line.PENDING]
    found: list[int] = []
    for element in container.walk():
        inner = tag.inner(element)
        try:
            if element.key != "product":
                raise inner.refuse("Unknown tag")
            found += _selected(inner, order_id, found)
        except Refused as error:
            inner.complain_of(error)
    return found


def _selected(tag: Tag, order_id: int, taken: list[int]) -> list[int]:
    code = tag.optional_attribute("product_code")
    line_id = tag.attribute_integer("line_id") if tag.optional_attribute("line_id") is not None else None
    quantity = tag.attribute_integer("quantity") if tag.optional_attribute("quantity") is not None else None
    if line_id is None and code is not None and quantity is None:
        raise tag.refuse("Missing required attribute quantity")
    return select(tag, order_id, line_id=line_id, code=code, quantity=quantity, taken=taken)


def _carrier(tag: Tag, carrier: str | None) -> str:
    """Keep a carrier only if the domain has a tracking link for it."""
    known = {key(name) for name in tag.store.tracking_links}
    if carrier and key(carrier) not in known:
        tag.lint("dropped carrier", f"'{carrier}' has no tracking link")
        return ""
    return carrier or ""
