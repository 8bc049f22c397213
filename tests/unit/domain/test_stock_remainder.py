"""What may be sold twice between two channels."""

from datetime import timedelta

import pytest

from tradepost.domain.stock.stock_remainder import OtherChannel, Remainder

HOUR = timedelta(hours=1)


def test_where_no_other_channel_sells_the_same_nothing_remains():
    alone = Remainder(offered=9)

    assert (alone.expected, alone.worst) == (0, 0)
    assert alone.sentence.startswith("No other channel")


def test_what_others_sell_in_the_time_until_it_is_known_here_is_expected_and_all_is_the_worst():
    # One an hour, and two an hour.
    others = [OtherChannel("A", 168, HOUR), OtherChannel("B", 336, 2 * HOUR)]

    remainder = Remainder(others, sync_takes=HOUR / 2, offered=40)

    assert remainder.expected == pytest.approx(1 * 1.5 + 2 * 2.5)
    assert remainder.worst == 40
    assert remainder.sentence == (
        "Sold elsewhere before it is known here: 6.5 pieces on average, at worst all 40 that are offered here."
    )


def test_a_channel_that_sold_nothing_lately_adds_nothing_whether_its_orders_are_fetched_or_not():
    sells = OtherChannel("A", 168, HOUR)

    expected = [Remainder([sells, OtherChannel("B", 0, every)]).expected for every in (None, HOUR)]

    assert expected == [pytest.approx(1), pytest.approx(1)]


def test_orders_that_are_fetched_by_no_schedule_leave_only_the_worst():
    remainder = Remainder([OtherChannel("A", 0, None), OtherChannel("B", 3, None)], offered=4)

    assert remainder.expected is None
    assert "at worst all 4 that are offered here; the orders of 'B' are fetched by no schedule" in remainder.sentence
