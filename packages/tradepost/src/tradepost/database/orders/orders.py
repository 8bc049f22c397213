"""The orders port: the ledger of one channel, where each order of the store is imported once."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.models import Channel, Order, OrderPayload, ShipmentRecord
from tradepost.database.orders.news import make_news, news, note_judged
from tradepost.database.orders.order_lines import matcher_for, save_lines
from tradepost.database.orders.parked import let_try_again, park, parked_ids, tried_fingerprints, unpark
from tradepost.database.orders.shipments import add_shipment, read_shipments
from tradepost.database.sql import Column, Rows
from tradepost.domain.order import (
    LARGEST_ID,
    OrderState,
    ParkedOrder,
    Shipment,
    StoreOrder,
    StoreOrderLine,
    final_state,
    first_state,
    hold_reason,
)
from tradepost.domain.order_lines import LineMatcher
from tradepost.domain.order_news import OrderCriteria, OrderNews, criteria_of
from tradepost.operations.ports import NewShipment, OrderRow


class DjangoOrders:
    """Implements `ports.Orders` for one channel."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id

    def known(self, external_ids: Collection[int]) -> set[int]:
        # No column holds a larger one, and SQLite's driver fails on it.
        possible = [number for number in external_ids if abs(number) <= LARGEST_ID]
        return set(self._all().filter(external_id__in=possible).values_list("external_id", flat=True))

    def add(self, orders: Sequence[StoreOrder], *, at: datetime) -> int:
        if not orders:
            return 0
        with transaction.atomic():
            matcher = matcher_for(_lines(orders), channel_id=self._channel_id)
            ids = self._insert(orders, matcher, at)
            new = [order for order in orders if order.id in ids]
            save_lines(new, ids, matcher)
            self._keep_payloads(new, ids, at)
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
            save_lines(known, ids, matcher_for(_lines(known), channel_id=self._channel_id))
            self._cancel_missing_lines(known, ids)

    def news(self, *, after: int, limit: int) -> list[OrderNews]:
        return news(channel_id=self._channel_id, after=after, limit=limit)

    def make_news(self, numbers: Collection[int]) -> None:
        make_news(numbers, channel_id=self._channel_id)

    def judged(self, fingerprints: Mapping[int, str]) -> None:
        note_judged(fingerprints, channel_id=self._channel_id)
        unpark(fingerprints, channel_id=self._channel_id)

    def parked(self) -> dict[str, str]:
        return tried_fingerprints(channel_id=self._channel_id)

    def park(self, orders: Sequence[ParkedOrder], *, at: datetime) -> None:
        park(orders, channel_id=self._channel_id, at=at)
        seen = {order.external_id: order.fingerprint for order in orders if order.external_id is not None}
        note_judged(seen, channel_id=self._channel_id)

    def unpark(self, numbers: Collection[int]) -> None:
        unpark(numbers, channel_id=self._channel_id)

    def try_again(self, numbers: Collection[str] | None) -> list[str]:
        with transaction.atomic():
            found = let_try_again(numbers, channel_id=self._channel_id)
            self.make_news(parked_ids(found, channel_id=self._channel_id))
        return found

    def compared(self) -> OrderCriteria | None:
        return criteria_of(Channel.objects.values_list("orders_compared", flat=True).get(id=self._channel_id))

    def set_compared(self, criteria: OrderCriteria) -> None:
        Channel.objects.filter(id=self._channel_id).update(orders_compared=criteria.as_values())

    def drop_payloads(self, *, before: datetime) -> None:
        OrderPayload.objects.filter(channel_id=self._channel_id, kept_at__lt=before).delete()

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
        sql.update(
            ShipmentRecord,
            [
                {"id": shipment_id, "external_id": external_id, "synced_at": at, "last_error": ""}
                for shipment_id, external_id in shipments.items()
            ],
        )

    def flag_shipments(self, errors: Mapping[int, str]) -> None:
        sql.update(
            ShipmentRecord, [{"id": shipment_id, "last_error": message} for shipment_id, message in errors.items()]
        )

    def _all(self) -> "QuerySet[Order]":
        return Order.objects.filter(channel_id=self._channel_id)

    def _shipments(self) -> "QuerySet[ShipmentRecord]":
        return ShipmentRecord.objects.filter(order__channel_id=self._channel_id)

    def _keep_payloads(self, orders: Sequence[StoreOrder], ids: Mapping[int, int], at: datetime) -> None:
        sql.upsert(
            OrderPayload,
            [
                {"order_id": ids[order.id], "channel_id": self._channel_id, "record": order.payload, "kept_at": at}
                for order in orders
                if order.payload
            ],
            unique=("order_id",),
        )

    def _insert(self, orders: Sequence[StoreOrder], matcher: LineMatcher, at: datetime) -> dict[int, int]:
        """Insert those that are new; returns our id by the store's."""
        rows = []
        for order in orders:
            reason = hold_reason(order, unmatched=matcher.unmatched(order))
            rows.append(
                {
                    "channel_id": self._channel_id,
                    "external_id": order.id,
                    "state": first_state(order.status, hold_reason=reason),
                    "hold_reason": reason,
                    "store_status": order.status,
                    "placed_at": order.placed_at,
                    "imported_at": at,
                    "ship_to": plain(order.ship_to),
                    "bill_to": plain(order.bill_to),
                    "charges": plain(order.charges),
                    "notes": order.notes,
                    "total": order.total,
                    "currency": order.currency,
                    "shipping_method": order.shipping_method,
                    "payment_state": order.payment_state,
                    "customer_id": order.customer_id,
                    "discounts": plain(order.discounts),
                    "payments": plain(order.payments),
                    "custom_fields": plain(order.custom_fields),
                }
            )
        made = sql.insert(Order, rows, unique=("channel_id", "external_id"), returning=("external_id", "id"))
        return {int(row["external_id"]): int(row["id"]) for row in made}

    def _update(self, orders: Sequence[StoreOrder], ids: Mapping[int, int]) -> None:
        sql.update(
            Order,
            [
                {
                    "id": ids[order.id],
                    "store_status": order.status,
                    "payment_state": order.payment_state,
                    "notes": order.notes,
                }
                for order in orders
            ],
        )
        settled = ((ids[order.id], final_state(order.status)) for order in orders)
        sql.update(Order, [{"id": order_id, "state": state} for order_id, state in settled if state is not None])

    def _cancel_missing_lines(self, orders: Sequence[StoreOrder], ids: Mapping[int, int]) -> None:
        """A line that was deleted on the store sells nothing any more."""
        sql.execute(
            """
            UPDATE tradepost_orderline SET store_status = 'cancelled'
            WHERE order_id IN (SELECT id FROM orders)
              AND NOT EXISTS (
                SELECT 1 FROM given
                WHERE given.order_id = tradepost_orderline.order_id AND given.line_id = tradepost_orderline.line_id
              )
            """,
            given=Rows(
                {"order_id": Column.INTEGER, "line_id": Column.INTEGER},
                [{"order_id": ids[order.id], "line_id": line.line_id} for order in orders for line in order.lines],
            ),
            orders=Rows.of_ids(ids.values()),
        )


def _lines(orders: Sequence[StoreOrder]) -> list[StoreOrderLine]:
    return [line for order in orders for line in order.lines]
