"""What a sync works on in each of its parts, and in which order the parts come."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fakes.articles import NOON
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.operations.ports import ListingRow

LISTED, HIDDEN = Status(Health.LISTED, Link.LINKED), Status(Health.HIDDEN, Link.LINKED)
PRICE = Decimal("7.90")
# On sale, as the catalogue has it.
ROW = ListingRow(1, Kind.SIMPLE, "mug", "mug", LISTED, 101, 1, None, "", PRICE, PRICE, available=5, account=5)


def asked(pending, status=LISTED, **more):
    return {"status": replace(status, pending=pending), **more}


@pytest.mark.parametrize(
    ("values", "stages"),
    [
        ({}, set()),
        (asked(Pending.DELIST), {Stage.DELIST}),
        ({"open_since": NOON, "account": 4}, {Stage.SETTLE}),
        (asked(Pending.HIDE), {Stage.HIDE}),
        ({"status": HIDDEN, "account": 3}, {Stage.HIDE}),  # pieces came back to what is hidden
        ({"account": 6}, {Stage.DECREASE}),
        ({"account": 4}, {Stage.INCREASE}),
        ({"account": None}, {Stage.SET}),
        ({"sells_without_stock": True}, {Stage.AT_ZERO}),
        ({"proven_without_stock": True}, {Stage.AT_ZERO}),
        ({"sells_without_stock": True, "proven_without_stock": True}, set()),
        ({"proven_price": Decimal(3)}, {Stage.PRICE}),
        ({"proven_price": Decimal(3), "is_price_held": True}, set()),
        ({"proven_price": Decimal(3), "yielded_price": PRICE}, set()),
        (asked(Pending.UNHIDE, HIDDEN, account=0), {Stage.UNHIDE}),
        ({"is_inactive": True}, {Stage.ACTIVATE}),
        ({"is_inactive": True, "keeps_inactive": True}, set()),
        (
            {"proven_price": Decimal(3), "account": 4, "is_inactive": True},
            {Stage.PRICE, Stage.INCREASE, Stage.ACTIVATE},
        ),
    ],
)
def test_each_part_of_a_sync_is_for_what_is_missing(values, stages):
    row = replace(ROW, **values)

    assert {stage for stage in Stage if is_due(stage, row)} == stages
    assert not any(is_due(stage, replace(row, status=replace(row.status, link=Link.BROKEN))) for stage in Stage)


def test_what_must_not_be_sold_comes_before_prices_and_what_can_be_bought_comes_last():
    order = list(Stage)
    takes_away = {Stage.DELIST, Stage.SETTLE, Stage.HIDE, Stage.DECREASE, Stage.AT_ZERO}
    gives = {Stage.INCREASE, Stage.SET, Stage.UNHIDE, Stage.ACTIVATE}

    assert set(order[:5]) == takes_away
    assert order[5] is Stage.PRICE
    assert set(order[6:]) == gives
    # What was never answered is settled before any stock is written.
    stock = (Stage.HIDE, Stage.DECREASE, Stage.AT_ZERO, Stage.INCREASE, Stage.SET, Stage.UNHIDE)
    assert order.index(Stage.SETTLE) < min(map(order.index, stock))
