"""What stands in the way of being bought: all of it, in sentences."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.listings.for_sale import SaleFacts, obstacles
from tradepost.domain.listings.listing import QUEUE, Health, Link, Pending, Status

LISTED = Status(Health.LISTED, Link.LINKED)
HIDDEN = Status(Health.HIDDEN, Link.LINKED)
SOLD = SaleFacts(LISTED, 4, is_page_open=True, parent=LISTED)
statuses = st.builds(
    lambda settled, pending: Status(*settled, pending=pending), st.sampled_from(sorted(QUEUE)), st.sampled_from(Pending)
)


def test_nothing_stands_in_the_way_of_what_is_listed_and_there_on_an_open_page():
    assert obstacles(SOLD) == []
    assert obstacles(replace(SOLD, is_page_open=None, parent=None, available=None)) == []
    assert obstacles(replace(SOLD, status=replace(LISTED, is_paused=True), is_price_held=True)) == []


def test_of_what_is_not_on_the_store_nothing_else_is_said_but_why_it_is_not_published():
    assert obstacles(SaleFacts(Status(), 0, parent=HIDDEN)) == ["It is not on the store."]
    assert obstacles(SaleFacts(Status(), 0, is_price_held=True)) == [
        "It is not on the store.", "Its price is held back, so it is not published.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"status": Status()}, "not on the store"),
        ({"status": Status(), "is_price_held": True}, "price is held back"),
        ({"status": Status(Health.LISTED, Link.BROKEN)}, "gone from the store"),
        ({"status": HIDDEN}, "It is hidden"),
        ({"status": replace(LISTED, pending=Pending.HIDE)}, "queued to be hidden"),
        ({"status": replace(LISTED, pending=Pending.DELIST)}, "queued to be delisted"),
        ({"status": replace(LISTED, is_orphaned=True)}, "does not have it any more"),
        ({"status": HIDDEN, "available": None}, "Nobody has stated"),
        ({"status": replace(HIDDEN, is_paused=True)}, "paused"),
        ({"available": 0}, "0 are available"),
        ({"available": -2}, "0 are available"),
        ({"is_page_open": False}, "inactive on the store"),
        ({"parent": HIDDEN}, "hidden or closed"),
        ({"parent": Status()}, "no page offers it"),
        ({"parent": Status(Health.HIDDEN, Link.BROKEN)}, "page is gone"),
    ],
)
def test_each_obstacle_is_said(changed, words):
    assert words in " ".join(obstacles(replace(SOLD, **changed)))


@pytest.mark.parametrize("available", [0, -2])
def test_none_left_is_no_obstacle_where_it_goes_on_being_sold(available):
    assert obstacles(replace(SOLD, available=available, sells_without_stock=True)) == []


@given(status=statuses)
def test_what_is_not_listed_can_never_be_bought(status):
    assert obstacles(SaleFacts(status, 4)) or status.settled == LISTED.settled


def test_several_obstacles_are_all_said():
    both = obstacles(replace(SOLD, status=HIDDEN, available=0, is_page_open=False, parent=HIDDEN))

    assert len(both) == 4
