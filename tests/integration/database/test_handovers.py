"""Orders that are handed over, and what a later statement knows of them; on both databases."""

# ruff: noqa: PLR0917 - fixtures are asked for by name

from datetime import timedelta

import pytest
from django.db import transaction

from tradepost.database.models import Sighting
from tradepost.database.stock.handovers import DjangoHandovers
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.stock.stock import OrderSighting, SoldLine
from tradepost.operations.ports import Handover, SightedOrder

CUPS = SoldLine("cup", "CUP", 2, StoreStatus.PENDING)


@pytest.fixture
def orders(shop, accounts, noon):
    """Order 1001 of two cups, and 1002, which is closed."""
    found = [
        OrderSighting(1001, StoreStatus.PENDING, 100, (CUPS,)),
        OrderSighting(1002, StoreStatus.CANCELLED, 100, ()),
    ]
    with transaction.atomic():
        accounts.sight([SightedOrder(order.id, order) for order in found], is_first=False, at=noon)


@pytest.fixture
def mark(channel, noon):
    def run(*numbers, minutes=1, channel_id=channel.pk):
        return DjangoHandovers(channel_id).mark(numbers or None, at=noon + timedelta(minutes=minutes))

    return run


def test_an_order_is_marked_once_and_keeps_its_time(orders, mark, noon):
    first = mark(1001, 1001, 5, 2**70)
    second = mark(1001, minutes=2)

    assert first == Handover([1001], [], [5, 2**70])
    assert second == Handover([], [1001], [])
    assert Sighting.objects.get(external_id=1001).handed_over_at == noon + timedelta(minutes=1)


def test_all_open_leaves_closed_orders_alone(orders, mark):
    assert mark() == Handover([1001], (), ())
    assert Sighting.objects.get(external_id=1002).handed_over_at is None


def test_orders_of_another_channel_are_unknown(orders, mark, channel):
    assert mark(1001, channel_id=channel.pk + 1) == Handover([], [], [1001])


def test_a_number_that_is_stated_after_the_handing_over_knows_of_the_order(
    orders, mark, catalogue, save, simple, stock, noon
):
    mark(1001, minutes=10)

    taken = []
    for minutes, quantity in ((5, 6), (15, 7)):
        save([simple("CUP", quantity=quantity)], at=noon + timedelta(minutes=minutes))
        catalogue.refresh_wanted(["cup"])
        taken.append(quantity - stock("CUP")["CUP"][0])

    assert taken == [2, 0]
