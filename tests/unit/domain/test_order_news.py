"""Which orders belong into the ledger: by their state and by when they were placed, and never two answers to it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fakes.articles import an_order
from tradepost.domain.orders.order import PaymentState, StoreStatus
from tradepost.domain.orders.order_news import OrderCriteria, OrderNews, criteria_of, imported_since, needs_details

OPEN = OrderCriteria(
    frozenset({StoreStatus.PENDING, StoreStatus.PROCESSING}), frozenset({PaymentState.CAPTURED}), since=1_000
)
NEWS = OrderNews(7, StoreStatus.PENDING, placed=2_000, updated=2_000, fingerprint="a")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changed", "may_want"),
    [
        ({}, True),
        ({"placed": 1_000, "updated": 500}, True),
        # Placed before, and paid or put back since.
        ({"placed": 500, "updated": 1_000}, True),
        ({"placed": 999, "updated": 999}, False),
        ({"status": StoreStatus.SHIPPED}, False),
        ({"is_gone": True}, False),
    ],
)
def test_an_order_may_belong_into_the_ledger_by_its_state_and_by_when_anything_happened_to_it(changed, may_want):
    assert OPEN.may_want(replace(NEWS, **changed)) is may_want


@pytest.mark.parametrize(
    ("changed", "wants"),
    [
        ({}, True),
        ({"status": StoreStatus.CANCELLED}, False),
        ({"payment_state": PaymentState.PENDING}, False),
    ],
)
def test_an_order_belongs_there_if_its_state_and_its_payment_are_asked_for(changed, wants):
    order = replace(an_order(7), status=StoreStatus.PENDING, payment_state=PaymentState.CAPTURED)

    assert OPEN.wants(replace(order, **changed)) is wants


@pytest.mark.parametrize(
    ("changed", "needs"),
    [
        ({}, True),
        ({"status": StoreStatus.SHIPPED}, False),
        # What is in the ledger is followed in every state.
        ({"status": StoreStatus.SHIPPED, "is_imported": True}, True),
        ({"is_gone": True, "is_imported": True}, False),
    ],
)
def test_only_orders_that_are_in_the_ledger_or_may_belong_there_are_loaded(changed, needs):
    assert needs_details(replace(NEWS, **changed), OPEN) is needs


def test_what_is_asked_for_can_be_kept_and_read_again():
    kept = OPEN.as_values()

    assert kept == {"statuses": ["pending", "processing"], "payment_states": ["captured"], "since": 1_000}
    assert criteria_of(kept) == OPEN


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"statuses": ["pending"], "since": 1},
        {"statuses": ["of a newer version"], "payment_states": ["captured"], "since": 1},
    ],
)
def test_what_was_kept_by_nobody_or_by_a_newer_version_says_nothing(kept):
    assert criteria_of(kept) is None


def test_the_first_look_goes_a_little_further_back_than_asked_as_clocks_differ():
    since = imported_since(now=NOON, look_back=timedelta(days=2), before=None)

    assert since == int((NOON - timedelta(days=2, minutes=15)).timestamp())


def test_a_longer_look_back_moves_the_first_look_back_and_time_does_not_move_it_on():
    first = replace(OPEN, since=imported_since(now=NOON, look_back=timedelta(days=2), before=None))

    later = imported_since(now=NOON + timedelta(days=9), look_back=timedelta(days=2), before=first)
    longer = imported_since(now=NOON, look_back=timedelta(days=3), before=first)

    assert (later, longer) == (first.since, first.since - 86_400)
