"""Orders as the ledger has them, turned into the domain's values."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from tradepost.database.models import Order, OrderLine, ShipmentLineRecord
from tradepost.database.orders.shipments import proven_of
from tradepost.domain.orders.order import (
    Address,
    LineOption,
    OrderState,
    PaymentState,
    StoreCharge,
    StoreDiscount,
    StoreOrder,
    StoreOrderLine,
    StorePayment,
    StoreStatus,
)
from tradepost.domain.orders.order_changes import LedgerOrder, RecordedShipment
from tradepost.domain.orders.shipment import ShipmentState


def read_ledger(rows: Collection[Order]) -> dict[int, LedgerOrder]:
    """Return these orders by the store's number, with their lines and the shipments that were recorded."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=rows).order_by("id"):
        lines[line.order_id].append(line)
    shipments = _shipments(rows)
    return {row.external_id: _ledger_order(row, lines[row.pk], shipments.get(row.pk, ())) for row in rows}


def read_by_id(rows: Collection[Order]) -> dict[int, LedgerOrder]:
    """Return these orders by our id: they may be of several channels."""
    by_channel: dict[int, list[Order]] = defaultdict(list)
    for row in rows:
        by_channel[row.channel_id].append(row)
    found: dict[int, LedgerOrder] = {}
    for of_channel in by_channel.values():
        ledger = read_ledger(of_channel)
        found |= {row.pk: ledger[row.external_id] for row in of_channel}
    return found


def _shipments(rows: Collection[Order]) -> dict[int, tuple[RecordedShipment, ...]]:
    parts: dict[int, dict[int, RecordedShipment]] = defaultdict(dict)
    pieces: dict[int, dict[int, int]] = defaultdict(dict)
    found = (
        ShipmentLineRecord.objects.filter(shipment__order__in=rows)
        .exclude(shipment__state=ShipmentState.TAKEN_BACK)
        .order_by("id")
        .select_related("shipment", "line")
    )
    for part in found:
        shipment = part.shipment
        pieces[shipment.pk][part.line.line_id] = part.quantity
        is_told = shipment.external_id is not None or shipment.state == ShipmentState.SUPPRESSED
        # While a request of ours is on its way, what is found there may come from it.
        is_settled = shipment.sending_since is None and shipment.joined_to_id is None
        parts[shipment.order_id][shipment.pk] = RecordedShipment(
            shipment.code,
            is_told,
            pieces[shipment.pk],
            external_id=shipment.external_id,
            proven=proven_of(shipment) if is_settled else None,
        )
    return {order_id: tuple(of_order.values()) for order_id, of_order in parts.items()}


def _ledger_order(row: Order, lines: Collection[OrderLine], shipments: tuple[RecordedShipment, ...]) -> LedgerOrder:
    order = StoreOrder(
        id=row.external_id,
        status=StoreStatus(row.store_status),
        placed_at=row.placed_at,
        ship_to=Address(**row.ship_to),
        bill_to=Address(**row.bill_to),
        total=row.total,
        shipping_method=row.shipping_method,
        payment_state=PaymentState(row.payment_state),
        lines=tuple(_line(line) for line in lines),
        charges=tuple(_charge(values) for values in row.charges),
        notes=tuple(row.notes),
        currency=row.currency,
        customer_id=row.customer_id,
        discounts=tuple(_discount(values) for values in row.discounts),
        payments=tuple(_payment(values) for values in row.payments),
        custom_fields=row.custom_fields,
    )
    matched = frozenset(line.line_id for line in lines if line.listing_id is not None)
    listed = {line.line_id: line.listed_price for line in lines if line.listed_price is not None}
    return LedgerOrder(
        order,
        OrderState(row.state),
        row.holds,
        shipments,
        matched,
        is_gone=bool(row.closed_reason),
        listed=listed,
        is_anonymous=row.anonymised_at is not None,
    )


def _line(line: OrderLine) -> StoreOrderLine:
    return StoreOrderLine(
        line_id=line.line_id,
        code=line.code,
        sku=line.sku,
        name=line.name,
        quantity=line.quantity,
        price=line.price,
        total=line.total,
        status=StoreStatus(line.store_status),
        external_product_id=line.external_product_id,
        shipment_id=line.shipment_id,
        options=tuple(LineOption(**option) for option in line.options),
        part_codes=tuple(line.part_codes),
        is_product=line.is_product,
    )


def _charge(values: dict[str, Any]) -> StoreCharge:
    return StoreCharge(values["kind"], values["description"], Decimal(values["amount"]))


def _discount(values: dict[str, Any]) -> StoreDiscount:
    return StoreDiscount(values["name"], Decimal(values["amount"]), values["code"])


def _payment(values: dict[str, Any]) -> StorePayment:
    at = datetime.fromisoformat(values["at"])
    return StorePayment(values["kind"], Decimal(values["amount"]), at, values["reference"], values["currency"])
