"""The orders port: the ledger of one channel, where each order of the store is imported once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.listings.wanted import refresh_quantities
from tradepost.database.models import Channel, Order, OrderLine, ShipmentRecord
from tradepost.database.orders.order_lines import LineMatcher, save_lines, take_off_stock
from tradepost.database.orders.shipments import add_shipment, read_shipments
from tradepost.database.orders.sold import recount_sold
from tradepost.database.sql import Column, Rows
from tradepost.domain.order import OrderState, Shipment, StoreOrder, StoreStatus, total_mismatch
from tradepost.operations.ports import NewShipment, OrderRow

_COLUMNS = {
    "channel_id": Column.INTEGER,
    "external_id": Column.INTEGER,
    "state": Column.TEXT,
    "hold_reason": Column.TEXT,
    "store_status": Column.TEXT,
    "placed_at": Column.TIME,
    "imported_at": Column.TIME,
    "ship_to": Column.JSON,
    "bill_to": Column.JSON,
    "charges": Column.JSON,
    "notes": Column.JSON,
    "total": Column.INTEGER,
    "currency": Column.TEXT,
    "shipping_method": Column.TEXT,
    "is_paid": Column.BOOLEAN,
}
_FINAL = {StoreStatus.SHIPPED: OrderState.CLOSED, StoreStatus.CANCELLED: OrderState.CANCELLED}


class DjangoOrders:
    """Implements `ports.Orders` for one channel."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id

    def known(self, external_ids: Collection[int]) -> set[int]:
        return set(self._all().filter(external_id__in=list(external_ids)).values_list("external_id", flat=True))

    def add(self, orders: Sequence[StoreOrder], *, at: datetime) -> int:
        if not orders:
            return 0
        with transaction.atomic():
            matcher = LineMatcher([line for order in orders for line in order.lines], channel_id=self._channel_id)
            ids = self._insert(orders, matcher, at)
            new = [order for order in orders if order.id in ids]
            save_lines(new, ids, matcher)
            take_off_stock(new, matcher)
        return len(ids)

    def refresh(self, orders: Sequence[StoreOrder]) -> None:
        with transaction.atomic():
            ids = dict(
                self._all().filter(external_id__in=[order.id for order in orders]).values_list("external_id", "id")
            )
            known = [order for order in orders if order.id in ids]
            if not known:
                return
            self._update(known, ids)
            matcher = LineMatcher([line for order in known for line in order.lines], channel_id=self._channel_id)
            save_lines(known, ids, matcher)
            self._cancel_missing_lines(known, ids)
            sold = OrderLine.objects.filter(order_id__in=ids.values(), variant__isnull=False)
            variants = set(sold.values_list("variant_id", flat=True))
            recount_sold(variants)
            refresh_quantities(variants)

    def last_fetch(self) -> datetime | None:
        return Channel.objects.values_list("orders_fetched_at", flat=True).get(id=self._channel_id)

    def set_last_fetch(self, at: datetime) -> None:
        Channel.objects.filter(id=self._channel_id).update(orders_fetched_at=at)

    def unacknowledged(self, *, after: int, limit: int) -> list[OrderRow]:
        rows = self._all().filter(acknowledged_at__isnull=True, id__gt=after).order_by("id")[:limit]
        return [OrderRow(row.pk, row.external_id, OrderState(row.state), is_acknowledged=False) for row in rows]

    def mark_acknowledged(self, ids: Collection[int], *, at: datetime) -> None:
        self._all().filter(id__in=list(ids), acknowledged_at__isnull=True).update(acknowledged_at=at)

    def add_shipment(self, new: NewShipment, *, at: datetime) -> Shipment:
        with transaction.atomic():
            return add_shipment(new, channel_id=self._channel_id, at=at)

    def shipments_due(self, *, after: int, limit: int) -> list[Shipment]:
        due = self._shipments().filter(synced_at__isnull=True, id__gt=after).select_related("order").order_by("id")
        return read_shipments(list(due[:limit]))

    def mark_synced(self, shipments: Mapping[int, int], *, at: datetime) -> None:
        sql.execute(
            """
            UPDATE tradepost_shipmentrecord SET external_id = given.external_id, synced_at = given.at, last_error = ''
            FROM given WHERE tradepost_shipmentrecord.id = given.id
            """,
            given=Rows(
                {"id": Column.INTEGER, "external_id": Column.INTEGER, "at": Column.TIME},
                [(number, external_id, at) for number, external_id in shipments.items()],
            ),
        )

    def flag_shipments(self, errors: Mapping[int, str]) -> None:
        sql.execute(
            """
            UPDATE tradepost_shipmentrecord SET last_error = given.message
            FROM given WHERE tradepost_shipmentrecord.id = given.id
            """,
            given=Rows({"id": Column.INTEGER, "message": Column.TEXT}, list(errors.items())),
        )

    def _all(self) -> "QuerySet[Order]":
        return Order.objects.filter(channel_id=self._channel_id)

    def _shipments(self) -> "QuerySet[ShipmentRecord]":
        return ShipmentRecord.objects.filter(order__channel_id=self._channel_id)

    def _insert(self, orders: Sequence[StoreOrder], matcher: LineMatcher, at: datetime) -> dict[int, int]:
        """Insert those that are new; returns our id by the store's."""
        rows = []
        for order in orders:
            reason = hold_reason(order, matcher)
            state = _FINAL.get(order.status, OrderState.ON_HOLD if reason else OrderState.OPEN)
            rows.append(
                (
                    self._channel_id,
                    order.id,
                    state.value,
                    reason,
                    order.status.value,
                    order.placed_at,
                    at,
                    plain(order.ship_to),
                    plain(order.bill_to),
                    plain(order.charges),
                    order.notes,
                    order.total,
                    order.currency,
                    order.shipping_method,
                    order.is_paid,
                )
            )
        names = ", ".join(_COLUMNS)
        made = sql.fetch(
            f"""
            INSERT INTO tradepost_order ({names}) SELECT {names} FROM given WHERE true
            ON CONFLICT (channel_id, external_id) DO NOTHING
            RETURNING external_id, id
            """,  # noqa: S608 (names of columns of our own)
            given=Rows(_COLUMNS, rows),
        )
        return {int(external_id): int(number) for external_id, number in made}

    def _update(self, orders: Sequence[StoreOrder], ids: Mapping[int, int]) -> None:
        rows = [
            (ids[order.id], order.status.value, order.is_paid, order.notes, _FINAL.get(order.status))
            for order in orders
        ]
        sql.execute(
            """
            UPDATE tradepost_order
            SET store_status = given.store_status, is_paid = given.is_paid, notes = given.notes,
                state = COALESCE(given.state, tradepost_order.state)
            FROM given WHERE tradepost_order.id = given.id
            """,
            given=Rows(
                {
                    "id": Column.INTEGER,
                    "store_status": Column.TEXT,
                    "is_paid": Column.BOOLEAN,
                    "notes": Column.JSON,
                    "state": Column.TEXT,
                },
                rows,
            ),
        )

    def _cancel_missing_lines(self, orders: Sequence[StoreOrder], ids: Mapping[int, int]) -> None:
        """A line that was deleted on the store sells nothing any more."""
        there = Rows(
            {"order_id": Column.INTEGER, "line_id": Column.INTEGER},
            [(ids[order.id], line.line_id) for order in orders for line in order.lines],
        )
        sql.execute(
            """
            UPDATE tradepost_orderline SET store_status = 'cancelled'
            WHERE order_id IN (SELECT id FROM orders)
              AND NOT EXISTS (
                SELECT 1 FROM there
                WHERE there.order_id = tradepost_orderline.order_id AND there.line_id = tradepost_orderline.line_id
              )
            """,
            there=there,
            orders=Rows.of_ids(ids.values()),
        )


def hold_reason(order: StoreOrder, matcher: LineMatcher) -> str:
    """Say why a person has to look at an order; empty when nobody has to."""
    reasons = [
        f"'{line.name or line.code}' (SKU {line.sku or line.code}) is no listing of this channel."
        for line in order.lines
        if line.is_product and matcher.match(line) is None
    ]
    difference = total_mismatch(order)
    if difference:
        reasons.append(f"Lines and charges leave {difference} of the total {order.total} unexplained.")
    return " ".join(reasons)
