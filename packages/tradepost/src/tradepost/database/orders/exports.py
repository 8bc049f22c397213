"""The exports port: which orders the consumers of a channel were given, and which they have not confirmed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType

from django.db.models import F

from tradepost.database import sql
from tradepost.database.models import (
    Channel,
    ConsumedOrder,
    Consumer,
    ConsumerTargetRecord,
    OpenBatch,
    Order,
    OrderEvent,
    OrderLine,
)
from tradepost.database.orders.ledger import read_by_id
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.order_delivery import Confirmation
from tradepost.domain.orders.order_export import LARGEST_BATCH, ExportedChange, ExportedOrder, ExportForm, ExportKind
from tradepost.operations.ports import ConsumerStanding, ConsumerState, ConsumerTarget, ExportBatch

# No transaction is open for so long: what was written before has been committed, or never will be.
_SURELY_COMMITTED = timedelta(hours=1)
# The rule is `domain.orders.order_export.is_due_for`; the literal lets SQLite use the index by state.
_NEW = """
SELECT ordered.id FROM tradepost_order AS ordered
WHERE ordered.channel_id = %s AND ordered.state = 'open' AND NOT EXISTS (
    SELECT 1 FROM tradepost_consumedorder AS consumed
    WHERE consumed.consumer_id = %s AND consumed.order_id = ordered.id
)
ORDER BY ordered.id LIMIT %s
"""
# Events of one order are written one after another, under its lock: a higher number is a later one.
# SQLite is told to begin with the last events, and not to read them by order.
_CHANGED = """
SELECT DISTINCT +event.order_id AS id FROM tradepost_orderevent AS event
CROSS JOIN tradepost_consumedorder AS consumed
WHERE consumed.consumer_id = %s AND consumed.order_id = event.order_id
  AND event.id > %s AND event.id > consumed.event_id
ORDER BY id LIMIT %s
"""


class DjangoOrderExports:
    """Implements `ports.OrderExports` for one channel."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id

    def consumer(self, name: str) -> ConsumerState | None:
        row = Consumer.objects.select_for_update().filter(channel_id=self._channel_id, name=name).first()
        if row is None:
            return None
        batch = OpenBatch.objects.filter(consumer=row).first()
        waiting = (
            None
            if batch is None
            else ExportBatch(batch.cursor, batch.content, batch.orders, batch.changes, batch.made_at)
        )
        return ConsumerState(row.pk, row.name, ExportForm(row.form), row.cursor, row.given, waiting)

    def consumers(self) -> list[ConsumerStanding]:
        rows = Consumer.objects.filter(channel_id=self._channel_id).select_related("open_batch", "target")
        return [self._standing(row) for row in rows.defer("open_batch__content").order_by("name")]

    def _standing(self, row: Consumer) -> ConsumerStanding:
        batch: OpenBatch | None = getattr(row, "open_batch", None)
        target: ConsumerTargetRecord | None = getattr(row, "target", None)
        return ConsumerStanding(
            row.pk,
            row.name,
            ExportForm(row.form),
            row.cursor,
            None if batch is None else ExportBatch(batch.cursor, "", batch.orders, batch.changes, batch.made_at),
            # One count for each: whoever takes orders is one of a few, and of each no more is counted than is given.
            waiting_records(row.pk, channel_id=self._channel_id),
            None
            if target is None
            else ConsumerTarget(target.address, Confirmation(target.confirmation), target.fingerprint),
            has_secret=target is not None and bool(target.secret),
            delivered=0 if target is None else target.delivered,
        )

    def add_consumer(self, name: str, *, form: ExportForm, at: datetime) -> None:
        row = {"channel_id": self._channel_id, "name": name, "form": form, "cursor": 0, "given": 0, "events_seen": 0}
        sql.insert(Consumer, [{**row, "made_at": at}], unique=("channel_id", "name"))

    def remove_consumer(self, name: str) -> bool:
        deleted, _ = Consumer.objects.filter(channel_id=self._channel_id, name=name).delete()
        return deleted > 0

    def take(self, consumer: ConsumerState, *, limit: int, at: datetime) -> list[ExportedOrder]:
        seen = Consumer.objects.values_list("events_seen", flat=True).get(id=consumer.id)
        changed = sql.fetch_numbers(_CHANGED, consumer.id, seen, limit)
        new = sql.fetch_numbers(_NEW, self._channel_id, consumer.id, limit - len(changed))
        # Under lock, so that no event comes in between what is read of an order and what is noted as told.
        rows = list(Order.objects.select_for_update().filter(id__in=[*changed, *new]).order_by("id"))
        told = dict(
            ConsumedOrder.objects.filter(consumer_id=consumer.id, order_id__in=changed).values_list(
                "order_id", "event_id"
            )
        )
        events = _events_of([row.pk for row in rows])
        exported = {
            row.pk: order
            for row, order in exported_orders(
                rows, {pk: [e for e in events[pk] if e.pk > last] for pk, last in told.items()}
            )
        }
        self._note_given(consumer, new, changed, {pk: found[-1].pk for pk, found in events.items() if found})
        if len(changed) < limit:
            self._move_on(consumer.id, at=at)
        return [exported[pk] for pk in [*changed, *new]]

    def add_batch(self, consumer: ConsumerState, batch: ExportBatch) -> None:
        OpenBatch.objects.create(
            consumer_id=consumer.id,
            cursor=batch.cursor,
            content=batch.content,
            orders=batch.orders,
            changes=batch.changes,
            made_at=batch.made_at,
        )
        Consumer.objects.filter(id=consumer.id).update(given=batch.cursor)

    def confirm(self, consumer: ConsumerState) -> list[int]:
        assert consumer.open is not None
        OpenBatch.objects.filter(consumer_id=consumer.id).delete()
        Consumer.objects.filter(id=consumer.id).update(cursor=consumer.open.cursor)
        given = ConsumedOrder.objects.filter(consumer_id=consumer.id, first_batch=consumer.open.cursor)
        return sorted(given.values_list("order__external_id", flat=True))

    def orders(self, *, states: Sequence[OrderState], after: int, limit: int) -> list[tuple[int, ExportedOrder]]:
        chosen = Order.objects.filter(channel_id=self._channel_id, state__in=[state.value for state in states])
        rows = list(chosen.filter(id__gt=after).order_by("id")[:limit])
        return [(row.pk, order) for row, order in exported_orders(rows)]

    def _note_given(
        self, consumer: ConsumerState, new: Sequence[int], changed: Sequence[int], last_events: Mapping[int, int]
    ) -> None:
        cursor = consumer.given + 1
        sql.upsert(
            ConsumedOrder,
            [
                {
                    "consumer_id": consumer.id,
                    "order_id": order_id,
                    "first_batch": cursor,
                    "last_batch": cursor,
                    "event_id": last_events.get(order_id, 0),
                }
                for order_id in [*changed, *new]
            ],
            unique=("consumer_id", "order_id"),
            keep=("first_batch",),
        )

    def _move_on(self, consumer_id: int, *, at: datetime) -> None:
        settled = OrderEvent.objects.filter(at__lt=at - _SURELY_COMMITTED).order_by("-id")
        last = settled.values_list("id", flat=True).first()
        if last is not None:
            Consumer.objects.filter(id=consumer_id, events_seen__lt=last).update(events_seen=last)


def waiting_records(consumer_id: int, *, channel_id: int) -> int:
    """How many records the next batch of a consumer would have."""
    seen = Consumer.objects.values_list("events_seen", flat=True).get(id=consumer_id)
    changed = sql.fetch_numbers(_CHANGED, consumer_id, seen, LARGEST_BATCH)
    new = sql.fetch_numbers(_NEW, channel_id, consumer_id, LARGEST_BATCH - len(changed))
    return len(changed) + len(new)


def take_back(order_ids: Sequence[int]) -> None:
    """
    Take open batches back that have one of these orders: something of it must not be given any more.

    Their cursors can't be confirmed; what they had is given with the next one.
    """
    batches = dict(
        OpenBatch.objects.filter(
            consumer__consumed__order_id__in=order_ids, consumer__consumed__last_batch=F("cursor")
        ).values_list("consumer_id", "cursor")
    )
    for consumer_id, cursor in batches.items():
        given = ConsumedOrder.objects.filter(consumer_id=consumer_id, last_batch=cursor)
        given.filter(first_batch=cursor).delete()
        given.update(event_id=0)
        Consumer.objects.filter(id=consumer_id).update(events_seen=0)
    OpenBatch.objects.filter(consumer_id__in=list(batches)).delete()


def _events_of(order_ids: Sequence[int]) -> dict[int, list[OrderEvent]]:
    events: dict[int, list[OrderEvent]] = defaultdict(list)
    for event in OrderEvent.objects.filter(order_id__in=order_ids).order_by("id"):
        events[event.order_id].append(event)
    return events


def exported_orders(
    rows: Sequence[Order], events: Mapping[int, Sequence[OrderEvent]] = MappingProxyType({})
) -> list[tuple[Order, ExportedOrder]]:
    """Turn orders into what is told of them; those with `events` as changes."""
    ledger = read_by_id(rows)
    names = dict(Channel.objects.filter(id__in={row.channel_id for row in rows}).values_list("id", "name"))
    skus: dict[int, dict[int, str]] = defaultdict(dict)
    lines = OrderLine.objects.filter(order__in=rows, listing__isnull=False)
    for order_id, line_id, sku in lines.values_list("order_id", "line_id", "listing__sku"):
        skus[order_id][line_id] = sku
    return [
        (
            row,
            ExportedOrder(
                ExportKind.CHANGE if row.pk in events else ExportKind.ORDER,
                names[row.channel_id],
                ledger[row.pk].order,
                OrderState(row.state),
                row.imported_at,
                skus[row.pk],
                [
                    ExportedChange(event.at, event.what, tuple(field["name"] for field in event.fields))
                    for event in events.get(row.pk, ())
                ],
            ),
        )
        for row in rows
    ]
