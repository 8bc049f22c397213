"""What consumers are given, on both databases: exactly the orders that the domain's rule says, each once."""

import re

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.database.test_index_use import plans_of
from tradepost.database.models import Channel, ConsumedOrder, Consumer, Order, OrderEvent
from tradepost.database.orders.exports import DjangoOrderExports
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.order_export import ExportForm, ExportKind, is_due_for
from tradepost.operations.ports import ExportBatch


def order(channel, number, noon, state=OrderState.OPEN):
    return Order.objects.create(
        channel=channel,
        external_id=number,
        state=state.value,
        hold_reason="A reason" if state is OrderState.ON_HOLD else "",
        store_status="pending",
        placed_at=noon,
        imported_at=noon,
        total=0,
    )


def take(exports, noon, *, limit=10):
    """Give the consumer a batch and let it confirm; (number, kind) of what was in it."""
    with transaction.atomic():
        exports.add_consumer("erp", form=ExportForm.JSONL, at=noon)
        consumer = exports.consumer("erp")
        taken = exports.take(consumer, limit=limit, at=noon)
        exports.add_batch(consumer, ExportBatch(consumer.given + 1, "x", len(taken), 0, noon))
    with transaction.atomic():
        numbers = exports.confirm(exports.consumer("erp"))
    assert numbers == [each.order.id for each in taken if each.kind is ExportKind.ORDER]
    return [(each.order.id, each.kind) for each in taken]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.sampled_from(OrderState), st.booleans(), st.booleans()), max_size=6),
    limit=st.integers(1, 4),
)
def test_new_orders_are_those_of_the_rule(channel, noon, rows, limit):
    Consumer.objects.all().delete()
    Order.objects.all().delete()
    other, _ = Channel.objects.get_or_create(name="Other")
    exports = DjangoOrderExports(channel.pk)
    exports.add_consumer("erp", form=ExportForm.JSONL, at=noon)
    erp = Consumer.objects.get()
    for number, (state, was_given, is_elsewhere) in enumerate(rows, start=1):
        made = order(other if is_elsewhere else channel, number, noon, state)
        if was_given:
            ConsumedOrder.objects.create(consumer=erp, order=made, first_batch=0, last_batch=0)

    found = []
    while taken := take(exports, noon, limit=limit):
        assert len(taken) <= limit
        found += taken

    assert found == [
        (number, ExportKind.ORDER)
        for number, (state, was_given, is_elsewhere) in enumerate(rows, start=1)
        if is_due_for(state, was_given=was_given) and not is_elsewhere
    ]


def test_an_event_is_told_once_however_much_later_and_whatever_the_limit(channel, noon):
    exports = DjangoOrderExports(channel.pk)
    orders = [order(channel, number, noon) for number in (1, 2, 3)]
    take(exports, noon)
    for each in orders:
        OrderEvent.objects.create(order=each, at=noon, what="changed")

    first, second, third = (take(exports, noon, limit=2) for _ in range(3))

    assert (first, second, third) == ([(1, ExportKind.CHANGE), (2, ExportKind.CHANGE)], [(3, ExportKind.CHANGE)], [])


def test_new_orders_and_changes_are_found_by_indexes(channel, noon):
    exports = DjangoOrderExports(channel.pk)
    exports.add_consumer("erp", form=ExportForm.JSONL, at=noon)
    with transaction.atomic():
        consumer = exports.consumer("erp")

    plans = plans_of(lambda: exports.take(consumer, limit=10, at=noon))
    whole = "\n".join(plans)

    assert "order_by_state" in whole
    # The newest events are looked through from the last one back, until one is an hour old.
    assert not re.search(
        r"SCAN (?!tradepost_orderevent$)(tradepost_|ordered|event|consumed)|Seq Scan", whole, re.MULTILINE
    )
