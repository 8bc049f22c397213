"""What may be sold twice between two channels, reckoned from sales, schedules and runs, on both databases."""

from datetime import timedelta

import pytest
from django.db import transaction

from tradepost.database.models import Channel, Run, ScheduleRecord
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.database.stock.remainders import remainder_of
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.stock.stock import OrderSighting, SoldLine
from tradepost.domain.stock.stock_remainder import OtherChannel, Remainder
from tradepost.operations.ports import SightedOrder

DAY = timedelta(days=1)


@pytest.fixture
def other(channel, shop, put_on_sale):
    made = Channel.objects.create(name="Other")
    put_on_sale(made, ["cup"], ["CUP"])
    return made


def sell(channel, number, sku, pieces, *, at):
    accounts = DjangoAccounts(channel.pk, clock=lambda: at)
    line = SoldLine(sku, sku, pieces, StoreStatus.PENDING)
    with transaction.atomic():
        accounts.sight([SightedOrder(number, OrderSighting(number, line.status, 1, (line,)))], is_first=False, at=at)


def test_a_channel_alone_has_nothing_to_fear(channel, shop, noon):
    Channel.objects.create(name="With nothing on it")

    assert remainder_of(channel, now=noon) == Remainder()


def test_sales_of_the_last_week_of_what_both_sell_are_counted(channel, shop, other, noon):
    sell(other, 1001, "CUP", 1, at=noon - 8 * DAY)
    sell(other, 1002, "CUP", 2, at=noon - 6 * DAY)
    sell(other, 1003, "something else", 4, at=noon - DAY)
    sell(channel, 1001, "CUP", 1, at=noon - DAY)
    ScheduleRecord.objects.create(channel=other, operation="get_orders", every_minutes=5, cron="", next_at=noon)
    for takes in (10, 20):
        Run.objects.create(
            channel=channel, kind="sync", lane="write", trigger="schedule", state="completed", scope_key="",
            queued_at=noon, started_at=noon, finished_at=noon + timedelta(seconds=takes),
        )  # fmt: skip

    assert remainder_of(channel, now=noon) == Remainder(
        [OtherChannel("Other", 2, timedelta(minutes=5))], timedelta(seconds=15), offered=5 - 1 - 2 - 1
    )


def test_a_cron_expression_has_an_interval_and_no_schedule_has_none(channel, shop, other, noon):
    assert remainder_of(channel, now=noon).others == [OtherChannel("Other", 0, None)]

    ScheduleRecord.objects.create(
        channel=other, operation="get_orders", every_minutes=0, cron="0 */2 * * *", next_at=noon
    )

    assert remainder_of(channel, now=noon).others == [OtherChannel("Other", 0, timedelta(hours=2))]
