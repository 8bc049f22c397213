"""Which stocks a person may have to look at: the queries hold exactly what the rules say, on both databases."""

# ruff: noqa: PLR0917 - fixtures are asked for by name

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.database.models import Listing, Source, VariantRecord
from tradepost.domain.listings.attention import Attention
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.stock.stock import Counting, OrderSighting, SoldLine
from tradepost.domain.stock.stock_attention import NAMED, ReservingOrder, attentions, is_oversold, stands_still
from tradepost.operations.ports import SightedOrder

SKUS = ["CUP", "tee-S", "tee-M"]
stocks = st.lists(
    st.tuples(st.sampled_from(SKUS), st.integers(1, 4), st.sampled_from([StoreStatus.PENDING, StoreStatus.SHIPPED])),
    max_size=6,
)


@pytest.fixture
def sell(accounts, noon):
    def run(sold, *, to=accounts):
        lines = [SoldLine(sku, sku, pieces, status) for sku, pieces, status in sold]
        orders = [OrderSighting(number, line.status, 100, (line,)) for number, line in enumerate(lines, 1001)]
        with transaction.atomic():
            to.sight([SightedOrder(order.id, order) for order in orders], is_first=False, at=noon)

    return run


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sold=stocks,
    stated=st.integers(0, 9),
    counting=st.sampled_from(Counting),
    noted=st.booleans(),
    sold_on=st.sets(st.sampled_from(SKUS)),
)
def test_exactly_those_are_watched_that_the_rules_name_or_a_person_was_asked_about(
    shop, accounts, listings, sell, noon, sold, stated, counting, noted, sold_on
):
    with transaction.atomic():
        VariantRecord.objects.update(quantity=stated, stated_at=noon)
        Source.objects.create(name="catalogue", counts=counting.value)
        sell(sold)
        Listing.objects.filter(variant__isnull=False, variant__sku="tee-M").update(available=0)
        Listing.objects.filter(sku__in=sold_on).update(sells_without_stock=True)
        if noted:
            listings.flag({shop["tee-S"].id: {Attention.OVERSOLD: "Once."}}, ended={})

        watched = accounts.watched(after=0, limit=100)
        paged = [each for row in Listing.objects.order_by("id") for each in accounts.watched(after=row.pk - 1, limit=1)]

        expected = []
        for row in Listing.objects.filter(variant__isnull=False).order_by("id"):
            shipped = sum(pieces for sku, pieces, status in sold if sku == row.sku and status is StoreStatus.SHIPPED)
            is_still = stands_still(stated=stated, shipped=shipped, counting=counting)
            is_more = is_oversold(row.available, sells_without_stock=row.sku in sold_on)
            if is_more or is_still or (noted and row.sku == "tee-S"):
                expected.append(row.sku)
                found = next(each for each in watched if each.sku == row.sku)
                assert (found.shipped, found.stated) == (shipped, stated)
        assert [each.sku for each in watched] == expected
        assert {each.sku for each in paged} == set(expected)
        transaction.set_rollback(True)


def test_what_is_oversold_names_its_orders_of_every_channel(shop, accounts, sell, channel, noon):
    sell([("CUP", 4, StoreStatus.PENDING), ("CUP", 3, StoreStatus.PENDING)])

    (watched,) = accounts.watched(after=0, limit=10)

    assert (watched.available, watched.reserved) == (-2, 7)
    assert watched.orders == [ReservingOrder(1002, 3), ReservingOrder(1001, 4)]
    assert "Orders 1002, 1001 reserve 7." in attentions(watched)[Attention.OVERSOLD]
    assert watched.stated_at is not None
    assert noon - watched.stated_at < timedelta(days=1)


def test_many_that_are_oversold_are_read_as_one_is(shop, accounts, sell):
    def statements() -> tuple[int, list[list[int]]]:
        with CaptureQueriesContext(connection) as queries:
            watched = accounts.watched(after=0, limit=10)
        return len(queries), [[order.number for order in each.orders] for each in watched]

    sell([("CUP", 4, StoreStatus.PENDING)] * (NAMED + 2))
    one, of_one = statements()
    sell([("CUP", 4, StoreStatus.PENDING)] * (NAMED + 2) + [("tee-S", 4, StoreStatus.PENDING)] * 2)
    two, of_two = statements()

    newest = list(range(1002 + NAMED, 1001, -1))
    assert of_one == [newest]
    assert sorted(of_two) == sorted([newest, [1004 + NAMED, 1003 + NAMED]])
    assert two == one
