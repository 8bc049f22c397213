"""Shipments: the packages that were sent for an order."""

import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.db.models import Sum

from tradepost.database.models import Order, ShipmentLineRecord, ShipmentRecord
from tradepost.domain.errors import NotAllowed
from tradepost.domain.order import OrderState, Shipment, ShipmentLine, StoreStatus
from tradepost.domain.shipping import ShippableLine, ShippableOrder, parts_to_ship
from tradepost.operations.ports import NewShipment


def add_shipment(new: NewShipment, *, channel_id: int, at: datetime) -> Shipment:
    """Record a shipment of an order; call it inside a transaction. Raises NotAllowed where it does not fit."""
    order = Order.objects.select_for_update().filter(channel_id=channel_id, external_id=new.order_number).first()
    if order is None:
        raise NotAllowed(f"There is no order {new.order_number} in this channel's ledger; get orders first.")
    tracking_number = new.tracking_number.strip()
    parts = parts_to_ship(
        _shippable(order), tracking_number=tracking_number, wanted=new.lines, even_if_held=new.even_if_held
    )
    carrier = new.carrier.strip() or order.carrier
    if not carrier:
        raise NotAllowed(f"Say who carries it; no rule gives order {new.order_number} a carrier.")
    record = ShipmentRecord.objects.create(
        order=order,
        # Random, because a store may remember the codes of a hub that was set up anew.
        code=f"TP-{order.external_id}-{secrets.token_hex(4)}",
        carrier=carrier,
        tracking_number=tracking_number,
        cost=new.cost,
        shipped_at=at,
    )
    ShipmentLineRecord.objects.bulk_create(
        [ShipmentLineRecord(shipment=record, line_id=part.line_id, quantity=part.quantity) for part in parts]
    )
    return read_shipments([record])[0]


def read_shipments(records: Sequence[ShipmentRecord]) -> list[Shipment]:
    """Turn shipments, loaded with their orders, into the domain's values."""
    parts: dict[int, list[ShipmentLine]] = defaultdict(list)
    for part in ShipmentLineRecord.objects.filter(shipment__in=records).order_by("id").select_related("line"):
        parts[part.shipment_id].append(ShipmentLine(part.line.line_id, part.quantity))
    return [
        Shipment(
            id=record.pk,
            code=record.code,
            order_number=record.order.external_id,
            carrier=record.carrier,
            tracking_number=record.tracking_number,
            cost=record.cost,
            lines=tuple(parts[record.pk]),
            shipped_at=record.shipped_at,
        )
        for record in records
    ]


def _shippable(order: Order) -> ShippableOrder:
    packed = dict(
        ShipmentLineRecord.objects.filter(line__order=order, shipment__external_id__isnull=True)
        .values("line_id")
        .annotate(pieces=Sum("quantity"))
        .values_list("line_id", "pieces")
    )
    return ShippableOrder(
        number=order.external_id,
        state=OrderState(order.state),
        lines=tuple(
            ShippableLine(
                id=line.pk,
                code=line.code,
                sku=line.sku,
                quantity=line.quantity,
                status=StoreStatus(line.store_status),
                is_product=line.is_product,
                listing_sku="" if line.listing is None else line.listing.sku,
                packed=packed.get(line.pk, 0),
            )
            for line in order.lines.select_related("listing").order_by("id")
        ),
        why_held=order.holds.reason,
        tracking_numbers=frozenset(order.shipments.values_list("tracking_number", flat=True)),
    )
