"""
Orders that were handed over before the database was put back to an earlier state: nobody is given them a second time.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from tradepost.database import sql
from tradepost.database.models import Channel, ConsumedOrder, Consumer, OpenBatch, Order
from tradepost.database.stock.handovers import DjangoHandovers
from tradepost.domain.orders.order import OrderState

# How far the numbers of batches go on, so that none is given twice: consumers know those that were given since.
_CURSORS_APART = 1_000_000
# Of no batch that could be confirmed.
_NO_BATCH = 0
_BATCH = 500


def waiting_orders(channel_id: int) -> list[int]:
    """Return the numbers of open orders that somebody who takes orders over was not given, or has not confirmed."""
    unconfirmed = OpenBatch.objects.filter(consumer__channel_id=channel_id)
    open_orders = Order.objects.filter(channel_id=channel_id, state=OrderState.OPEN.value)
    waiting: set[int] = set()
    for consumer in Consumer.objects.filter(channel_id=channel_id):
        given = ConsumedOrder.objects.filter(consumer=consumer)
        cursor = unconfirmed.filter(consumer=consumer).values_list("cursor", flat=True).first()
        if cursor is not None:
            given = given.exclude(first_batch=cursor)
        waiting.update(open_orders.exclude(id__in=given.values("order_id")).values_list("external_id", flat=True))
    if not Consumer.objects.filter(channel_id=channel_id).exists():
        handed = DjangoHandovers(channel_id).handed_over()
        waiting.update(set(open_orders.values_list("external_id", flat=True)) - handed)
    return sorted(waiting)


def note_handed_over(channel_id: int, *, missing: Collection[int], through: int, at: datetime) -> None:
    """
    Note that the orders up to a number of the store's were handed over: those that the ledger has, now, and those that
    are `missing` from it when they come in. Batches that nobody has confirmed are taken for what they had.
    """
    Channel.objects.filter(id=channel_id).update(known_orders=sorted(number for number in missing if number <= through))
    OpenBatch.objects.filter(consumer__channel_id=channel_id).delete()
    for consumer in Consumer.objects.select_for_update().filter(channel_id=channel_id):
        # What it was given and has not confirmed is known, too, or is given anew under another number.
        unconfirmed = ConsumedOrder.objects.filter(consumer=consumer, first_batch__gt=consumer.cursor)
        unconfirmed.filter(order__external_id__gt=through).delete()
        consumer.given = consumer.cursor = consumer.given + _CURSORS_APART
        consumer.save(update_fields=["given", "cursor"])
    known = Order.objects.filter(channel_id=channel_id, state=OrderState.OPEN.value, external_id__lte=through)
    _hand_over(channel_id, dict(known.values_list("external_id", "id")), at=at)


def take_known(imported: Mapping[int, int], *, channel_id: int, at: datetime) -> None:
    """Take orders that have come in, our ids by their numbers, for handed over where they were before."""
    known: set[int] = set(Channel.objects.values_list("known_orders", flat=True).get(id=channel_id))
    found = {number: order_id for number, order_id in imported.items() if number in known}
    if found:
        Channel.objects.filter(id=channel_id).update(known_orders=sorted(known - found.keys()))
        _hand_over(channel_id, found, at=at)


def _hand_over(channel_id: int, orders: Mapping[int, int], *, at: datetime) -> None:
    ids = list(orders.values())
    for consumer_id in Consumer.objects.filter(channel_id=channel_id).values_list("id", flat=True):
        for start in range(0, len(ids), _BATCH):
            rows = [
                {
                    "consumer_id": consumer_id,
                    "order_id": order_id,
                    "first_batch": _NO_BATCH,
                    "last_batch": _NO_BATCH,
                    "event_id": 0,
                }
                for order_id in ids[start : start + _BATCH]
            ]
            sql.insert(ConsumedOrder, rows, unique=("consumer_id", "order_id"))
    DjangoHandovers(channel_id).mark(list(orders), at=at)
