"""What a listing may be asked for, and what it becomes: every cell of both tables, also the empty ones."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain import listing
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listing import (
    APPLIED_BY,
    QUEUE,
    Attention,
    Event,
    Health,
    Link,
    Pending,
    Status,
    is_cured,
    is_hidden_by_us,
    keep_later_request,
    request,
    settle,
)

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


# --- recording what a run did beside what people ask for ------------------------------------------------------------


@pytest.mark.parametrize(
    ("current", "recorded", "pending"),
    [
        # The run did what was asked, and nobody has asked for anything since.
        (Status(Health.LISTED, Link.LINKED, Pending.HIDE), Status(Health.HIDDEN, Link.LINKED), ""),
        (Status(Health.LISTED, Link.LINKED, Pending.OVERWRITE), Status(Health.LISTED, Link.LINKED), ""),
        # Somebody has: it is allowed in the new state.
        (Status(Health.LISTED, Link.LINKED, Pending.DELIST), Status(Health.LISTED, Link.LINKED), "delist"),
        (Status(Health.NOT_LISTED, Link.UNLINKED, Pending.HIDE), Status(Health.LISTED, Link.LINKED), "hide"),
        (Status(Health.NOT_LISTED, Link.UNLINKED, Pending.OVERWRITE), Status(Health.LISTED, Link.LINKED), "overwrite"),
        # What the run left pending stays as it is now, not as the run read it.
        (
            Status(Health.LISTED, Link.LINKED, Pending.NONE),
            Status(Health.LISTED, Link.LINKED, Pending.OVERWRITE),
            "",
        ),
        (
            Status(Health.LISTED, Link.LINKED, Pending.DELIST),
            Status(Health.LISTED, Link.LINKED, Pending.OVERWRITE),
            "delist",
        ),
        # Nothing can be asked of a broken link.
        (Status(Health.LISTED, Link.LINKED, Pending.HIDE), Status(Health.LISTED, Link.BROKEN), ""),
    ],
)
def test_a_request_that_came_after_the_run_had_read_the_listing_is_kept(current, recorded, pending):
    assert keep_later_request(current, recorded) == replace(recorded, pending=Pending(pending))


@given(current=statuses, recorded=statuses)
def test_recording_takes_the_state_of_the_run_and_leaves_people_theirs(current, recorded):
    kept = keep_later_request(current, recorded)

    assert (kept.health, kept.link) == (recorded.health, recorded.link)
    assert kept.is_paused == current.is_paused
    assert kept.pending in {current.pending, Pending.NONE}
    if current.pending in QUEUE[recorded.health, recorded.link] - {Pending.OVERWRITE}:
        assert kept.pending is current.pending


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("health", "hidden"),
    [(Health.LISTED, False), (Health.HIDDEN, True), (Health.DELISTED, False), (Health.NOT_LISTED, None)],
)
def test_that_we_hid_it_is_remembered_only_while_it_is_not_on_the_store(before, health, hidden):
    assert is_hidden_by_us(Status(health), before=before) is (before if hidden is None else hidden)


@given(status=statuses)
def test_only_a_broken_link_is_cured_by_a_status_and_only_by_one_that_is_not_broken(status):
    cured = {attention for attention in Attention if is_cured(attention, status)}

    assert cured == (set() if status.link is Link.BROKEN else {Attention.BROKEN_LINK})
    assert not is_cured(None, status)
