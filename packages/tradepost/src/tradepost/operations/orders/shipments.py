"""Shipments in the hub: recorded, corrected, taken back or kept from the store; a later run tells the store."""

from collections.abc import Callable, Collection

from tradepost.domain import changes
from tradepost.domain.orders.order import Shipment
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.orders.order_requests import OrderPorts
from tradepost.operations.ports import NewShipment, ShipmentCorrection, ShipmentEdit
from tradepost.operations.previews import previewed


def record_shipment(new: NewShipment, ports: OrderPorts) -> Shipment:
    """Record a shipment of an order. Raises NotAllowed when the order, a SKU or the number of pieces does not fit."""
    with ports.transaction():
        shipment = ports.orders.add_shipment(new, at=ports.clock())
        ports.history.keep([Result(changes.shipment_recorded(shipment), Outcome.APPLIED)], channel_id=ports.channel_id)
    return shipment


def preview_shipment(new: NewShipment, ports: OrderPorts) -> Shipment:
    """Say what would be recorded, and record nothing. Raises NotAllowed as recording does."""
    # The rules look at what is packed already: they are asked by recording, which is then taken back.
    return previewed(lambda: ports.orders.add_shipment(new, at=ports.clock()), ports.transaction)


def correct_shipment(code: str, correction: ShipmentCorrection, ports: OrderPorts) -> ShipmentEdit:
    """Change what is recorded of a shipment, told or not; all of it is sent again. Raises NotAllowed."""
    return _edit(
        lambda: [ports.orders.correct_shipment(code, correction, by=ports.requested_by, at=ports.clock())],
        ports,
        reason="corrected by a person",
    )[0]


def leave_out_shipment(code: str, state: ShipmentState, ports: OrderPorts, *, reason: str) -> ShipmentEdit:
    """
    Don't tell the store of a shipment: suppress it, or take it back, as it never went out.

    Raises NotAllowed where the store may have it.
    """
    return _edit(
        lambda: [ports.orders.leave_out_shipment(code, state, reason=reason, by=ports.requested_by, at=ports.clock())],
        ports,
        reason=f"{state.replace('_', ' ')} by a person",
    )[0]


def retry_shipments(codes: Collection[str] | None, ports: OrderPorts) -> list[ShipmentEdit]:
    """Let parked or suppressed shipments be sent by the next sync; None: all that are parked."""
    return _edit(
        lambda: ports.orders.retry_shipments(codes, by=ports.requested_by, at=ports.clock()),
        ports,
        reason="a person asks to send it",
    )


def _edit(edit: Callable[[], list[ShipmentEdit]], ports: OrderPorts, *, reason: str) -> list[ShipmentEdit]:
    with ports.transaction():
        edits = edit()
        kept = [
            changes.shipment_edited(each.code, order_number=each.order_number, fields=each.fields, reason=reason)
            for each in edits
        ]
        ports.history.keep([Result(change, Outcome.APPLIED) for change in kept], channel_id=ports.channel_id)
    return edits
