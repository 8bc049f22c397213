"""What a listing may be asked for, and what it becomes: every cell of both tables, also the empty ones."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain import listing
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listing import APPLIED_BY, Event, Health, Link, Pending, Status, request, settle

SETTLED = [
    (Health.NOT_LISTED, Link.UNLINKED),
    (Health.DELISTED, Link.UNLINKED),
    (Health.LISTED, Link.LINKED),
    (Health.HIDDEN, Link.LINKED),
    (Health.LISTED, Link.BROKEN),
    (Health.HIDDEN, Link.BROKEN),
]

# Written out by hand from the operator's point of view, not read from the module.
MAY_BE_ASKED = {
    (Health.NOT_LISTED, Link.UNLINKED): {"publish"},
    (Health.DELISTED, Link.UNLINKED): {"publish"},
    (Health.LISTED, Link.LINKED): {"overwrite", "hide", "delist"},
    (Health.HIDDEN, Link.LINKED): {"overwrite", "unhide", "delist"},
    (Health.LISTED, Link.BROKEN): set(),
    (Health.HIDDEN, Link.BROKEN): set(),
}
BECOMES = {
    ("not_listed", "unlinked"): {
        Event.FOUND_ACTIVE: ("listed", "linked"),
        Event.FOUND_HIDDEN: ("hidden", "linked"),
        Event.PUBLISHED: ("listed", "linked"),
        Event.UNLINKED: ("not_listed", "unlinked"),
    },
    ("delisted", "unlinked"): {
        Event.FOUND_ACTIVE: ("listed", "linked"),
        Event.FOUND_HIDDEN: ("hidden", "linked"),
        Event.PUBLISHED: ("listed", "linked"),
        Event.UNLINKED: ("not_listed", "unlinked"),
    },
    ("listed", "linked"): {
        Event.OVERWRITTEN: ("listed", "linked"),
        Event.HIDDEN: ("hidden", "linked"),
        Event.DELISTED: ("delisted", "unlinked"),
        Event.GONE: ("listed", "broken"),
        Event.UNLINKED: ("not_listed", "unlinked"),
    },
    ("hidden", "linked"): {
        Event.OVERWRITTEN: ("hidden", "linked"),
        Event.UNHIDDEN: ("listed", "linked"),
        Event.DELISTED: ("delisted", "unlinked"),
        Event.GONE: ("hidden", "broken"),
        Event.UNLINKED: ("not_listed", "unlinked"),
    },
    ("listed", "broken"): {
        Event.FOUND_ACTIVE: ("listed", "linked"),
        Event.FOUND_HIDDEN: ("hidden", "linked"),
        Event.UNLINKED: ("not_listed", "unlinked"),
    },
    ("hidden", "broken"): {
        Event.FOUND_ACTIVE: ("listed", "linked"),
        Event.FOUND_HIDDEN: ("hidden", "linked"),
        Event.UNLINKED: ("not_listed", "unlinked"),
    },
}

statuses = st.builds(
    lambda settled, pending, is_paused: Status(*settled, pending, is_paused),
    st.sampled_from(SETTLED),
    st.sampled_from(Pending),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("settled", "change"), list(product(SETTLED, [change for change in Pending if change is not Pending.NONE]))
)
def test_a_change_can_be_queued_exactly_where_the_table_allows_it(settled, change):
    status = Status(*settled)

    if change.value in MAY_BE_ASKED[settled]:
        assert request(status, change) == Status(*settled, pending=change)
    else:
        with pytest.raises(NotAllowed) as refusal:
            request(status, change)
        assert change.value in str(refusal.value)


@pytest.mark.parametrize(("settled", "event"), list(product(SETTLED, Event)))
def test_an_event_settles_a_listing_exactly_where_the_table_says_so(settled, event):
    expected = BECOMES[settled[0].value, settled[1].value].get(event)

    if expected is None:
        with pytest.raises(NotAllowed):
            settle(Status(*settled), event)
    else:
        status = settle(Status(*settled), event)
        assert (status.health.value, status.link.value) == expected


def test_every_pending_change_is_applied_by_publish_or_sync():
    assert APPLIED_BY == {
        Pending.PUBLISH: "publish",
        Pending.OVERWRITE: "publish",
        Pending.HIDE: "sync",
        Pending.UNHIDE: "sync",
        Pending.DELIST: "sync",
    }


def test_asking_for_the_opposite_of_what_is_queued_just_clears_it():
    hiding = Status(Health.LISTED, Link.LINKED, Pending.HIDE)
    unhiding = Status(Health.HIDDEN, Link.LINKED, Pending.UNHIDE)

    assert request(hiding, Pending.UNHIDE).pending is Pending.NONE
    assert request(unhiding, Pending.HIDE).pending is Pending.NONE


def test_the_last_request_wins():
    hiding = Status(Health.LISTED, Link.LINKED, Pending.HIDE)

    assert request(hiding, Pending.DELIST).pending is Pending.DELIST


@given(statuses)
def test_clearing_changes_nothing_but_the_pending_change(status):
    cleared = request(status, Pending.NONE)

    assert cleared == Status(status.health, status.link, Pending.NONE, status.is_paused)


@given(statuses, st.sampled_from(Event))
def test_whatever_happens_a_listing_without_link_is_not_on_the_store(status, event):
    try:
        after = settle(status, event)
    except NotAllowed:
        return

    assert (after.link is Link.UNLINKED) == (after.health in {Health.NOT_LISTED, Health.DELISTED})
    assert after.is_paused == status.is_paused


@given(statuses)
def test_nothing_is_sent_for_a_paused_a_broken_or_an_unlinked_listing(status):
    sends = (
        listing.is_due_for_status(status),
        listing.may_send_price(status),
        listing.may_send_quantity(status),
    )

    if status.is_paused or status.link is not Link.LINKED:
        assert not any(sends)


@given(statuses)
def test_a_hidden_listing_never_gets_a_quantity(status):
    if status.health is Health.HIDDEN:
        assert not listing.may_send_quantity(status)
