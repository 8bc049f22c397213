"""Recording shipments: the packages that the merchant has sent, for a later run to tell the store of."""

from tradepost.domain import changes
from tradepost.domain.order import Shipment
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.order_requests import OrderPorts
from tradepost.operations.ports import NewShipment


def record_shipment(new: NewShipment, ports: OrderPorts) -> Shipment:
    """Record a shipment of an order. Raises NotAllowed when the order, a SKU or the number of pieces does not fit."""
    with ports.transaction():
        shipment = ports.orders.add_shipment(new, at=ports.clock())
        ports.history.keep([Result(changes.shipment_recorded(shipment), Outcome.APPLIED)], channel_id=ports.channel_id)
    return shipment


def preview_shipment(new: NewShipment, ports: OrderPorts) -> Shipment:
    """Say what would be recorded, and record nothing. Raises NotAllowed as recording does."""
    try:
        with ports.transaction():
            # The rules look at what is packed already: they are asked by recording, which is then taken back.
            raise _Preview(ports.orders.add_shipment(new, at=ports.clock()))
    except _Preview as preview:
        return preview.shipment


class _Preview(Exception):
    """Leaves a transaction without keeping it."""

    def __init__(self, shipment: Shipment) -> None:
        super().__init__(shipment.code)
        self.shipment = shipment
