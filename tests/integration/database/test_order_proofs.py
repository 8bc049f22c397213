"""Which orders are asked for again by number when the ledger is compared with the store."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.database.test_index_use import plans_of
from tradepost.database.models import Order, ShipmentRecord
from tradepost.database.orders.orders import DjangoOrders

HOURS = st.integers(0, 6)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(HOURS, st.lists(HOURS, max_size=2)), max_size=6), since=HOURS, until=HOURS)
def test_those_are_found_that_were_placed_or_shipped_within_the_time(channel, noon, rows, since, until):
    ShipmentRecord.objects.all().delete()
    Order.objects.all().delete()
    for number, (placed, shipped) in enumerate(rows, start=1):
        order = Order.objects.create(
            channel=channel,
            external_id=number,
            store_status="pending",
            placed_at=noon + timedelta(hours=placed),
            imported_at=noon,
            total=0,
        )
        for place, hour in enumerate(shipped):
            at = noon + timedelta(hours=hour)
            ShipmentRecord.objects.create(
                channel=channel,
                order=order,
                code=f"TP-{number}-{place}",
                carrier="UPS",
                tracking_number="1Z",
                cost=0,
                shipped_at=at,
            )
    span = {"since": noon + timedelta(hours=since), "until": noon + timedelta(hours=until)}

    found = {}
    while page := DjangoOrders(channel.pk).placed_or_shipped(**span, after=max(found, default=0), limit=2):
        found |= page

    assert found == {
        number: since <= placed < until
        for number, (placed, shipped) in enumerate(rows, start=1)
        if any(since <= hour < until for hour in (placed, *shipped))
    }


def test_they_are_found_by_indexes(channel, noon):
    orders = DjangoOrders(channel.pk)

    (plan,) = plans_of(lambda: orders.placed_or_shipped(since=noon, until=noon + timedelta(days=30), after=0, limit=10))

    assert "shipment_by_date" in plan
    assert not [line for line in plan.splitlines() if "SCAN tradepost" in line or "Seq Scan" in line]
