"""Shipments: which pieces of an order are still open, and the packages that were sent for it."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import Sum

from tradepost.database.models import Order, OrderLine, ShipmentLineRecord, ShipmentRecord
from tradepost.domain.errors import NotAllowed
from tradepost.domain.order import OrderState, Shipment, ShipmentLine, StoreStatus
from tradepost.operations.ports import NewShipment

_NOT_TO_SHIP = frozenset({StoreStatus.SHIPPED, StoreStatus.CANCELLED, StoreStatus.RETURNED, StoreStatus.RMA_ISSUED})


def add_shipment(new: NewShipment, *, channel_id: int, at: datetime) -> Shipment:
    """Record a shipment of an order; call it inside a transaction. Raises NotAllowed where it does not fit."""
    order = Order.objects.select_for_update().filter(channel_id=channel_id, external_id=new.order_number).first()
    if order is None:
        raise NotAllowed(f"There is no order {new.order_number} in this channel's ledger; get orders first.")
    if order.state in {OrderState.CANCELLED, OrderState.CLOSED}:
        raise NotAllowed(f"Order {order.external_id} is {order.state}; nothing of it is left to be shipped.")
    if not new.tracking_number.strip():
        raise NotAllowed("A shipment needs a tracking number.")
    if order.shipments.filter(tracking_number=new.tracking_number.strip()).exists():
        raise NotAllowed(
            f"Order {order.external_id} has a shipment with the tracking number {new.tracking_number} already."
        )
    parts = _parts(order, new.lines)
    record = ShipmentRecord.objects.create(
        order=order,
        # Random, because a store may remember the codes of a hub that was set up anew.
        code=f"TP-{order.external_id}-{secrets.token_hex(4)}",
        carrier=new.carrier.strip(),
        tracking_number=new.tracking_number.strip(),
        cost=new.cost,
        shipped_at=at,
    )
    ShipmentLineRecord.objects.bulk_create(
        [ShipmentLineRecord(shipment=record, line=line, quantity=quantity) for line, quantity in parts]
    )
    return read_shipments([record])[0]


def read_shipments(records: Sequence[ShipmentRecord]) -> list[Shipment]:
    """Turn shipments, loaded with their orders, into the domain's values."""
    parts: dict[int, list[ShipmentLine]] = defaultdict(list)
    for shipment_id, line_id, quantity in (
        ShipmentLineRecord.objects.filter(shipment__in=records)
        .order_by("id")
        .values_list("shipment_id", "line__line_id", "quantity")
    ):
        parts[shipment_id].append(ShipmentLine(line_id, quantity))
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


def _parts(order: Order, wanted: Mapping[str, int] | None) -> list[tuple[OrderLine, int]]:
    open_lines = _open(order)
    if wanted is None:
        if not open_lines:
            raise NotAllowed(f"Everything in order {order.external_id} is shipped or cancelled already.")
        return open_lines
    if not wanted:
        raise NotAllowed("A shipment needs at least one piece.")
    parts: list[tuple[OrderLine, int]] = []
    for sku, pieces in wanted.items():
        if pieces < 1:
            raise NotAllowed(f"{pieces} pieces of {sku!r} can't be shipped; give one or more.")
        fitting = [(line, quantity) for line, quantity in open_lines if sku in _names(line)]
        if not fitting and not any(sku in _names(line) for line in order.lines.all()):
            known = ", ".join(sorted({line.sku or line.code for line in order.lines.filter(is_product=True)}))
            raise NotAllowed(f"Order {order.external_id} has no line with the SKU {sku!r}; it has {known}.")
        left = pieces
        for line, quantity in fitting:
            taken = min(left, quantity)
            if taken:
                parts.append((line, taken))
            left -= taken
        if left:
            raise NotAllowed(
                f"{pieces} pieces of {sku!r} can't be shipped: "
                f"order {order.external_id} has {pieces - left} still open."
            )
    return parts


def _names(line: OrderLine) -> Collection[str]:
    own = {line.sku, line.listing.sku} if line.listing is not None else {line.sku}
    return (own - {""}) or {line.code}


def _open(order: Order) -> list[tuple[OrderLine, int]]:
    """
    Return the lines with pieces that nobody has shipped.

    A store splits a line when part of it is shipped and keeps the rest apart, so only shipments that it does not
    have yet are still to be taken off a line's pieces.
    """
    packed = dict(
        ShipmentLineRecord.objects.filter(line__order=order, shipment__external_id__isnull=True)
        .values("line_id")
        .annotate(pieces=Sum("quantity"))
        .values_list("line_id", "pieces")
    )
    lines = order.lines.filter(is_product=True).exclude(store_status__in=[status.value for status in _NOT_TO_SHIP])
    left = [(line, line.quantity - packed.get(line.pk, 0)) for line in lines.select_related("listing").order_by("id")]
    return [(line, quantity) for line, quantity in left if quantity > 0]
