"""Which orders are anonymised, and how somebody's are found, on both databases."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integration.database.test_index_use import plans_of
from tradepost.database.models import Order, OrderEvent, ParkedOrderRecord
from tradepost.database.orders.personal_data import DjangoPersonalData, forget_people
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.personal_data import is_kept_long_enough

HOURS = st.integers(0, 6)


def order(channel, number, noon, state=OrderState.CLOSED, hours=0, **more):
    return Order.objects.create(
        channel=channel,
        external_id=number,
        state=state.value,
        hold_reason="A reason" if state is OrderState.ON_HOLD else "",
        store_status="pending",
        placed_at=noon,
        imported_at=noon + timedelta(hours=hours),
        total=0,
        **{"ship_to": {"first_name": "Ada", "country": "FR"}, **more},
    )


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.sampled_from(OrderState), HOURS, st.lists(HOURS, max_size=2)), max_size=6),
    before=HOURS,
    limit=st.integers(1, 4),
)
def test_those_are_anonymised_that_the_rule_says(channel, noon, rows, before, limit):
    Order.objects.all().delete()
    for number, (state, hours, events) in enumerate(rows, start=1):
        made = order(channel, number, noon, state, hours)
        for hour in events:
            OrderEvent.objects.create(order=made, at=noon + timedelta(hours=hour), what="changed")
    moment = noon + timedelta(hours=before)

    found = []
    with transaction.atomic():
        while part := forget_people(channel_id=channel.pk, before=moment, limit=limit, at=noon):
            assert len(part) <= limit
            found += part

    assert sorted(found) == [
        number
        for number, (state, hours, events) in enumerate(rows, start=1)
        if is_kept_long_enough(state, last_at=noon + timedelta(hours=max([hours, *events])), before=moment)
    ]
    assert {row.ship_to["first_name"] for row in Order.objects.filter(external_id__in=found)} <= {""}
    assert {row.ship_to["country"] for row in Order.objects.all()} <= {"FR"}


def test_they_are_found_by_their_index(channel, noon):
    plan, *_ = plans_of(lambda: forget_people(channel_id=channel.pk, before=noon, limit=10, at=noon))

    assert "order_with_person" in plan
    assert "order_event_of_order" in plan or "tradepost_orderevent_order_id" in plan


@pytest.mark.parametrize("column", ["ship_to", "bill_to"])
def test_an_address_is_found_however_it_is_written_and_no_other(channel, noon, column):
    order(channel, 1, noon, **{column: {"email": "Ada.Byron@Example.com"}})
    order(channel, 2, noon, **{column: {"email": "xada.byron@example.com"}})
    order(channel, 3, noon, **{column: {"email": "ada_byron@example.com"}})
    ParkedOrderRecord.objects.create(
        channel=channel, number="4", reason="It is bad.", version="0", payload='{"e": "ADA.byron@example.com"}',
        first_at=noon, last_at=noon,
    )  # fmt: skip
    had = order(channel, 5, noon, **{column: {"email": "ada.king@example.com"}})
    for number, name in ((5, column), (6, "notes")):
        row = had if number == 5 else order(channel, number, noon, **{column: {"email": "bob@example.com"}})
        before = {"email": "ADA.Byron@example.com"} if name == column else ["Ring ada.byron@example.com"]
        OrderEvent.objects.create(
            order=row, at=noon, what="changed", fields=[{"name": name, "before": before, "after": None}]
        )
    data = DjangoPersonalData()

    assert [found.number for found in data.orders_of("ada.byron@example.com")] == [1, 5]
    assert [parked["order"] for parked in data.told("ada.byron@example.com").parked] == ["4"]
    with transaction.atomic():
        assert data.erase_parked("ada.byron@example.com") == [(channel.pk, "4")]
    assert data.told("ada.byron@example.com").parked == []


def test_orders_of_one_number_on_two_channels_are_told_apart(channel, noon):
    from tradepost.database.models import Channel  # noqa: PLC0415

    other = Channel.objects.create(name="Other")
    for each, total in ((channel, 1), (other, 2)):
        made = order(each, 1001, noon, ship_to={"email": "ada@example.com"})
        Order.objects.filter(pk=made.pk).update(total=total)

    told = DjangoPersonalData().told("ada@example.com").orders

    assert [(each["channel"], each["total"]) for each in told] == [("Shop", "1.00"), ("Other", "2.00")]
