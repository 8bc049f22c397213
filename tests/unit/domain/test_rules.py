from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain import rules
from tradepost.domain.listing import Health, Link, Pending, Status

LISTED = Status(Health.LISTED, Link.LINKED)
HIDDEN = Status(Health.HIDDEN, Link.LINKED)


@pytest.mark.parametrize(("price", "wanted"), [("19.994", "19.99"), ("19.995", "20.00"), ("7", "7.00")])
def test_a_price_is_rounded_half_up_to_what_is_charged(price, wanted):
    assert rules.wanted_price(Decimal(price)) == Decimal(wanted)


@given(st.integers(-1000, 1000), st.integers(0, 1000))
def test_stock_is_what_is_left_after_sales_and_never_negative(source, sold):
    assert rules.wanted_quantity(source, sold=sold) == max(0, source - sold)


def test_an_unknown_stock_stays_unknown():
    assert rules.wanted_quantity(None, sold=3) is None


def test_a_parent_shows_the_lowest_price_of_its_variants():
    assert rules.parent_price([Decimal(12), Decimal("9.50"), Decimal(30)]) == Decimal("9.50")


@given(st.none() | st.integers(0, 50), st.none() | st.integers(-50, 50))
def test_a_quantity_is_due_as_a_decrease_or_as_an_increase_but_never_as_both(wanted, expected):
    decrease = rules.is_decrease_due(LISTED, wanted=wanted, expected=expected)
    increase = rules.is_increase_due(LISTED, wanted=wanted, expected=expected)

    assert not (decrease and increase)
    assert (decrease or increase) == (wanted is not None and wanted != expected)


def test_a_first_quantity_counts_as_a_decrease_because_nothing_is_known_of_the_stores():
    assert rules.is_decrease_due(LISTED, wanted=5, expected=None)


def test_a_hidden_listing_gets_its_price_but_no_quantity():
    assert rules.is_price_due(HIDDEN, wanted=Decimal(2), proven=Decimal(1))
    assert not rules.is_increase_due(HIDDEN, wanted=5, expected=0)


def test_a_listing_that_waits_to_be_delisted_gets_nothing_else():
    delisting = Status(Health.LISTED, Link.LINKED, Pending.DELIST)

    assert rules.is_pending_due(delisting, Pending.DELIST)
    assert not rules.is_price_due(delisting, wanted=Decimal(2), proven=Decimal(1))
    assert not rules.is_decrease_due(delisting, wanted=0, expected=5)
