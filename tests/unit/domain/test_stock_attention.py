"""What of a stock needs a person."""

from datetime import UTC, datetime

import pytest

from tradepost.domain.listings.attention import Attention
from tradepost.domain.stock.stock import Counting
from tradepost.domain.stock.stock_attention import (
    ReservingOrder,
    WatchedStock,
    attentions,
    quantity_unknown_message,
    stands_still,
)

MARCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(("available", "is_flagged"), [(None, False), (0, False), (3, False), (-1, True)])
def test_what_is_below_zero_is_oversold(available, is_flagged):
    assert (Attention.OVERSOLD in attentions(WatchedStock(1, "MUG", available))) is is_flagged


def test_what_is_meant_to_be_sold_below_zero_needs_nobody():
    assert attentions(WatchedStock(1, "MUG", -1, sells_without_stock=True)) == {}


def test_what_is_oversold_names_its_orders():
    orders = [ReservingOrder(1005, 3), ReservingOrder(1001, 8, "Other")]
    stock = WatchedStock(1, "MUG", -3, 8, MARCH, reserved=11, orders=orders)

    assert attentions(stock)[Attention.OVERSOLD] == (
        "3 more of MUG are sold than there are (8 stated), so none is offered. Orders 1005, 1001 on 'Other' reserve 11."
        " State a new count, cancel what can't be delivered, or hand over what has left the count."
    )


def test_what_is_oversold_without_an_order_or_a_statement_says_neither():
    (message,) = attentions(WatchedStock(1, "MUG", -3)).values()

    assert "3 more of MUG are sold than there are (0 stated), so none is offered. State a new count" in message


def test_ten_orders_are_named_without_older_ones():
    orders = [ReservingOrder(number, 1) for number in range(10)]

    (message,) = attentions(WatchedStock(1, "MUG", -3, reserved=10, orders=orders)).values()

    assert "Orders 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 reserve 10." in message


def test_of_many_orders_the_newest_are_named():
    orders = [ReservingOrder(number, 1) for number in range(11)]

    message = attentions(WatchedStock(1, "MUG", -3, 8, MARCH, reserved=11, orders=orders))[Attention.OVERSOLD]

    assert "Orders 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and older ones reserve 11." in message


@pytest.mark.parametrize(
    ("stated", "shipped", "counting", "is_still"),
    [
        (9, 3, Counting.CHANGED, False),
        (9, 4, Counting.CHANGED, True),
        (1, 1, Counting.CHANGED, True),
        (9, 4, Counting.FILE, False),
        (9, 4, Counting.COLUMN, False),
        (0, 4, Counting.CHANGED, False),
        (None, 4, Counting.CHANGED, False),
    ],
)
def test_a_number_stands_still_when_more_than_a_third_of_it_has_left_the_house(stated, shipped, counting, is_still):
    assert stands_still(stated=stated, shipped=shipped, counting=counting) is is_still


def test_a_number_that_stands_still_names_the_setting():
    (message,) = attentions(WatchedStock(1, "MUG", 5, 9, MARCH, reserved=4, shipped=4)).values()

    assert message.startswith("The number of MUG stands at 9 since 2026-03-01, while 4 pieces were shipped")
    assert "'tradepost source set catalogue --counts file'" in message


def test_a_number_that_stands_still_since_nobody_knows_when_is_said_without_a_day():
    (message,) = attentions(WatchedStock(1, "MUG", 5, 9, reserved=4, shipped=4)).values()

    assert message.startswith("The number of MUG stands at 9, while 4 pieces were shipped")


def test_what_nobody_counts_is_told_with_the_command_that_states_it():
    message = quantity_unknown_message("MUG")

    assert message.startswith("Nobody states how many there are of MUG, so it is published with 0")
    assert "'tradepost catalogue state-count MUG NUMBER'" in message
