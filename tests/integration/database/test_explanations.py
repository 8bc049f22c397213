"""What the stock of a listing is made up of, read from both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from tradepost.database.models import Channel
from tradepost.database.stock import explanations
from tradepost.database.stock.accounts import DjangoAccounts
from tradepost.database.stock.explanations import explained_stocks
from tradepost.database.stock.handovers import DjangoHandovers
from tradepost.domain.listings.listing import Health, Link, Status
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.stock.stock import EntryKind, OrderSighting, SoldLine
from tradepost.domain.stock.stock_explanation import ExplainedEntry, ExplainedReservation, ExplainedStock
from tradepost.operations.ports import AccountEntry, Reading, SightedOrder


def order(number, quantity, status=StoreStatus.PENDING, updated=100):
    return OrderSighting(number, status, updated, (SoldLine("cup", "CUP", quantity, status),))


@pytest.fixture
def sight(channel, noon):
    def run(*orders, hours=1, channel_id=channel.pk):
        at = noon + timedelta(hours=hours)
        with transaction.atomic():
            DjangoAccounts(channel_id, clock=lambda: at, run_id=7).sight(
                [SightedOrder(found.id, found) for found in orders], is_first=False, at=at
            )
        return at

    return run


def test_statement_orders_and_account_are_those_of_the_day(shop, channel, sight, put_on_sale, noon):
    other = Channel.objects.create(name="Other")
    put_on_sale(other, ["cup"], ["CUP"])
    sold_at = sight(order(1001, 2), order(1003, 1))
    back_at = sight(order(1003, 1, StoreStatus.CANCELLED, updated=200), hours=2)
    elsewhere_at = sight(order(5, 4, StoreStatus.SHIPPED), channel_id=other.pk, hours=3)
    handed_at = noon + timedelta(hours=4)
    DjangoHandovers(channel.pk).mark([1001], at=handed_at)
    looked_at = noon + timedelta(hours=5)
    accounts = DjangoAccounts(channel.pk, clock=lambda: looked_at, run_id=9)
    accounts.record([AccountEntry(shop["CUP"].id, EntryKind.MOVE, -4)], settled=(), lost=())
    accounts.read([Reading(shop["CUP"].id, 1)], at=looked_at)

    (found,) = explained_stocks([shop["CUP"].id])

    assert found == ExplainedStock(
        sku="CUP",
        status=Status(Health.LISTED, Link.LINKED),
        quantity=5,
        available=-1,
        account=-1,
        stated_by="catalogue.csv",
        stated_at=noon,
        reserved=6,
        reservations=[
            ExplainedReservation(1001, 2, handed_over_at=handed_at),
            ExplainedReservation(5, 4, shipped_at=elsewhere_at, channel="Other"),
        ],
        entries=[
            ExplainedEntry(EntryKind.SET, 5, 5, noon),
            ExplainedEntry(EntryKind.SALE, -2, 3, sold_at, order_number=1001, run_id=7),
            ExplainedEntry(EntryKind.SALE, -1, 2, sold_at, order_number=1003, run_id=7, is_cancelled=True),
            ExplainedEntry(EntryKind.RETURN, 1, 3, back_at, order_number=1003, run_id=7, is_cancelled=True),
            ExplainedEntry(EntryKind.MOVE, -4, -1, looked_at, run_id=9),
        ],
        looked_at=looked_at,
        missing=1,
        missing_since=looked_at,
    )


def test_the_account_is_told_from_its_last_set_or_look_on(shop, accounts, sight):
    sight(order(1001, 2))
    accounts.record([AccountEntry(shop["CUP"].id, EntryKind.LOOK, 3)], settled=(), lost=())

    (found,) = explained_stocks([shop["CUP"].id])

    assert [(entry.kind, entry.amount) for entry in found.entries] == [(EntryKind.LOOK, 3)]


def test_what_is_more_than_a_screen_is_left_out_and_added_up(shop, sight, monkeypatch):
    monkeypatch.setattr(explanations, "SHOWN", 2)
    sight(*(order(number, 1) for number in (1001, 1002, 1003)))

    (found,) = explained_stocks([shop["CUP"].id])

    assert [reservation.order_number for reservation in found.reservations] == [1002, 1003]
    assert [entry.order_number for entry in found.entries] == [1002, 1003]
    assert (found.reserved, found.left_out) == (3, 2)


def test_a_family_has_the_stock_of_its_variants_only(shop):
    found = explained_stocks([row.id for row in shop.values()])

    assert [stock.sku for stock in found] == ["CUP", "tee-M", "tee-S"]
    assert [replace(stock, entries=()).account for stock in found] == [5, 5, 5]
