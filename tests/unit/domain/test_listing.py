"""What a listing may be asked for, and what it becomes: every cell of the table, also the empty ones."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings import listing
from tradepost.domain.listings.listing import (
    APPLIED_BY,
    LISTED,
    QUEUE,
    SETTLED,
    TRANSITIONS,
    Event,
    Health,
    Link,
    Pending,
    Status,
    is_hidden_by_us,
    keep_later_request,
    put_back_on_sale,
    request,
    settle,
    taken_off_sale,
    transition,
)
from transition_counts import chances, counted_transitions, table_of

NEW, OFF, ON, AWAY = "not listed", "delisted", "listed", "hidden"
LOST_ON, LOST_AWAY = "broken, was listed", "broken, was hidden"
STATES = {
    (Health.NOT_LISTED, Link.UNLINKED): NEW,
    (Health.DELISTED, Link.UNLINKED): OFF,
    (Health.LISTED, Link.LINKED): ON,
    (Health.HIDDEN, Link.LINKED): AWAY,
    (Health.LISTED, Link.BROKEN): LOST_ON,
    (Health.HIDDEN, Link.BROKEN): LOST_AWAY,
}
# Written out by hand from the operator's point of view, not read from the module.
MAY_BE_ASKED = {
    NEW: {"publish"},
    OFF: {"publish"},
    ON: {"overwrite", "hide", "delist"},
    AWAY: {"overwrite", "unhide", "delist"},
    LOST_ON: set(),
    LOST_AWAY: set(),
}
NEEDS_THE_CATALOGUE = {"publish", "overwrite", "unhide"}
ASKS = {"publish", "overwrite", "hide", "unhide", "delist"}
ON_STORE = {ON: LOST_ON, AWAY: LOST_AWAY}


def becomes(state, pending, paused, orphaned, event):  # noqa: C901, PLR0912 a case per event, as a person reads it
    """What the operator expects: the new (state, pending, paused, orphaned), or None for what can't be."""
    unlinked, linked, broken = state in {NEW, OFF}, state in ON_STORE, state in {LOST_ON, LOST_AWAY}
    same = (state, pending, paused, orphaned)
    match event.value:
        case "publish" | "overwrite" | "hide" | "unhide" | "delist" as change:
            if {change, pending} == {"hide", "unhide"} and linked and pending in MAY_BE_ASKED[state]:
                return state, "", paused, orphaned
            if change not in MAY_BE_ASKED[state] or (orphaned and change in NEEDS_THE_CATALOGUE):
                return None
            return state, change, paused, orphaned
        case "clear":
            return state, "", paused, orphaned
        case "pause":
            return None if paused else (state, pending, True, orphaned)
        case "unpause":
            return (state, pending, False, orphaned) if paused else None
        case "unlink":
            return None if unlinked else (NEW, "", paused, orphaned)
        case "found active" | "found hidden":
            after = ON if event is Event.FOUND_ACTIVE else AWAY
            if linked:
                return None
            return after, "" if unlinked and pending == "publish" else pending, paused, orphaned
        case "not linked":
            return None if linked else same
        case "published":
            return (ON, "", paused, orphaned) if unlinked and pending in {"", "publish"} else None
        case "overwritten":
            return (state, "", paused, orphaned) if linked and pending == "overwrite" else None
        case "closed":
            return (AWAY, "delist" if pending == "delist" else "", paused, orphaned) if state == ON else None
        case "opened again":
            return (ON, "", paused, orphaned) if state == AWAY and not pending else None
        case "not published":
            return same if not broken and pending in {"publish", "overwrite"} else None
        case "synced":
            return same if linked and pending != "delist" else None
        case "not synced":
            return same if linked else None
        case "hidden":
            return (AWAY, "", paused, orphaned) if state == ON and pending == "hide" else None
        case "unhidden":
            return (ON, "", paused, orphaned) if state == AWAY and pending == "unhide" else None
        case "delisted":
            return (OFF, "", paused, orphaned) if linked else None
        case "gone":
            after = OFF if pending == "delist" else ON_STORE.get(state)
            return (after, "", paused, orphaned) if linked else None
        case "found again":
            after = {lost: there for there, lost in ON_STORE.items()}.get(state)
            return (after, pending, paused, orphaned) if after else None
        case "orphaned":
            kept = pending if pending in {"hide", "delist"} else ""
            return None if orphaned else (state, kept, paused, True)
        case "returned":
            return (state, pending, paused, False) if orphaned else None
    raise AssertionError(event)


statuses = st.builds(
    lambda settled, pending, is_paused, is_orphaned: Status(*settled, pending, is_paused, is_orphaned),
    st.sampled_from(SETTLED),
    st.sampled_from(Pending),
    st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize(("health", "link", "event"), list(product(Health, Link, Event)))
def test_every_event_in_every_state_leads_where_the_operator_expects_or_is_refused(health, link, event):
    """R52: the table of states is complete, and what is not in it is refused."""
    for pending, paused, orphaned in product(Pending, [False, True], [False, True]):
        status = Status(health, link, pending, paused, orphaned)
        state = STATES.get((health, link))
        expected = state and becomes(state, pending.value, paused, orphaned, event)

        if expected is None:
            with pytest.raises(NotAllowed, match=r"\.$"):
                settle(status, event)
        else:
            after = settle(status, event)
            found = (STATES[after.settled], after.pending.value, after.is_paused, after.is_orphaned)
            assert found == expected


@pytest.mark.parametrize(("settled", "event"), list(product(SETTLED, Event)))
def test_no_event_may_take_two_rows_of_the_table(settled, event):
    for pending, paused, orphaned in product(Pending, [False, True], [False, True]):
        status = Status(*settled, pending, paused, orphaned)

        assert sum(row.event is event and row.fits(status) for row in TRANSITIONS) <= 1


def test_each_row_of_the_table_has_a_name_of_its_own_and_a_state_in_which_it_is_taken():
    reached = {
        transition(status, event).name
        for settled, pending, paused, orphaned in product(SETTLED, Pending, [False, True], [False, True])
        for status in [Status(*settled, pending, paused, orphaned)]
        for event in Event
        if any(row.event is event and row.fits(status) for row in TRANSITIONS)
    }

    assert sorted(row.name for row in TRANSITIONS) == sorted(reached)


def test_what_may_be_queued_is_read_off_the_table():
    assert {STATES[settled]: {change.value for change in allowed} for settled, allowed in QUEUE.items()} == MAY_BE_ASKED


@pytest.mark.parametrize("change", sorted(ASKS))
def test_a_request_that_is_refused_names_the_change_and_the_state(change):
    broken = Status(Health.LISTED, Link.BROKEN)

    with pytest.raises(NotAllowed) as refusal:
        request(broken, Pending(change))

    assert str(refusal.value).startswith(f"Can't {change}: this listing is a broken link, and ")


@pytest.mark.parametrize("change", sorted(NEEDS_THE_CATALOGUE))
def test_what_the_catalogue_does_not_have_can_only_go(change):
    orphan = Status(Health.HIDDEN if change == "unhide" else Health.LISTED, Link.LINKED, is_orphaned=True)
    if change == "publish":
        orphan = Status(is_orphaned=True)

    with pytest.raises(NotAllowed, match="the catalogue does not have it any more"):
        request(orphan, Pending(change))


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

    assert cleared == replace(status, pending=Pending.NONE)


@given(statuses, st.sampled_from(Event))
def test_whatever_happens_a_listing_without_link_is_not_on_the_store(status, event):
    try:
        after = settle(status, event)
    except NotAllowed:
        return

    assert (after.link is Link.UNLINKED) == (after.health in {Health.NOT_LISTED, Health.DELISTED})
    assert after.is_paused == (event is Event.PAUSED or (status.is_paused and event is not Event.UNPAUSED))


@given(statuses)
def test_nothing_is_sent_for_a_paused_a_broken_or_an_unlinked_listing(status):
    sends = (
        listing.is_due_for_status(status),
        listing.may_send_price(status),
        listing.may_send_quantity(status),
        listing.may_lower_quantity(status),
    )

    if status.is_paused or status.link is not Link.LINKED:
        assert not any(sends)


@given(statuses)
def test_a_hidden_listing_never_gets_a_quantity(status):
    if status.health is Health.HIDDEN:
        assert not listing.may_lower_quantity(status)


@given(statuses)
def test_what_is_to_go_off_sale_gets_no_more_but_still_less(status):
    if status.pending in {Pending.HIDE, Pending.DELIST} and status.settled == listing.LISTED:
        assert not listing.may_send_quantity(status)
        assert listing.may_lower_quantity(status) is not status.is_paused


# --- recording what a run did beside what people ask for ------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "current", "recorded", "pending"),
    [
        # The run did what was asked, and nobody has asked for anything since.
        ("hide", Status(Health.LISTED, Link.LINKED, Pending.HIDE), Status(Health.HIDDEN, Link.LINKED), ""),
        ("overwrite", Status(Health.LISTED, Link.LINKED, Pending.OVERWRITE), Status(Health.LISTED, Link.LINKED), ""),
        ("overwrite", Status(Health.LISTED, Link.LINKED, Pending.OVERWRITE), Status(Health.HIDDEN, Link.LINKED), ""),
        # Somebody has: it is allowed in the new state.
        ("overwrite", Status(Health.LISTED, Link.LINKED, Pending.DELIST), Status(Health.LISTED, Link.LINKED), "delist"),
        ("publish", Status(Health.NOT_LISTED, Link.UNLINKED, Pending.HIDE), Status(Health.LISTED, Link.LINKED), "hide"),
        (
            "publish",
            Status(Health.NOT_LISTED, Link.UNLINKED, Pending.OVERWRITE),
            Status(Health.LISTED, Link.LINKED),
            "overwrite",
        ),
        # What the run left pending stays as it is now, not as the run read it.
        (
            "overwrite",
            Status(Health.LISTED, Link.LINKED, Pending.NONE),
            Status(Health.LISTED, Link.LINKED, Pending.OVERWRITE),
            "",
        ),
        (
            "overwrite",
            Status(Health.LISTED, Link.LINKED, Pending.DELIST),
            Status(Health.LISTED, Link.LINKED, Pending.OVERWRITE),
            "delist",
        ),
        # Nothing can be asked of a broken link.
        ("", Status(Health.LISTED, Link.LINKED, Pending.HIDE), Status(Health.LISTED, Link.BROKEN), ""),
        # Somebody has taken back what the run was doing: it is undone.
        ("hide", Status(Health.LISTED, Link.LINKED), Status(Health.HIDDEN, Link.LINKED), "unhide"),
        ("unhide", Status(Health.HIDDEN, Link.LINKED), Status(Health.LISTED, Link.LINKED), "hide"),
        # Not where it had done something else, where another run was first, or what nobody may buy any more.
        ("hide", Status(Health.LISTED, Link.LINKED), Status(Health.LISTED, Link.LINKED), ""),
        ("hide", Status(Health.HIDDEN, Link.LINKED), Status(Health.HIDDEN, Link.LINKED), ""),
        ("overwrite", Status(Health.LISTED, Link.LINKED), Status(Health.HIDDEN, Link.LINKED), ""),
        ("hide", Status(Health.LISTED, Link.LINKED, is_orphaned=True), Status(Health.HIDDEN, Link.LINKED), ""),
        ("delist", Status(Health.LISTED, Link.LINKED), Status(Health.DELISTED, Link.UNLINKED), ""),
    ],
)
def test_a_request_that_came_after_the_run_had_read_the_listing_is_kept(asked, current, recorded, pending):
    kept = keep_later_request(current, recorded, asked=Pending(asked))

    assert kept == replace(recorded, pending=Pending(pending), is_orphaned=current.is_orphaned)


@given(current=statuses, recorded=statuses, asked=st.sampled_from(Pending))
def test_recording_takes_the_state_of_the_run_and_leaves_people_theirs(current, recorded, asked):
    kept = keep_later_request(current, recorded, asked=asked)

    assert (kept.health, kept.link) == (recorded.health, recorded.link)
    assert kept.is_paused == current.is_paused
    taken_back = {Pending.HIDE: Pending.UNHIDE, Pending.UNHIDE: Pending.HIDE}.get(asked, Pending.NONE)
    assert kept.pending in {current.pending, Pending.NONE, taken_back}
    assert kept.pending in {Pending.NONE, current.pending, *QUEUE[recorded.settled]}
    assert kept.is_orphaned == current.is_orphaned
    if not current.is_orphaned and current.pending in QUEUE[recorded.settled] - {asked}:
        assert kept.pending is current.pending
    if current.is_orphaned and recorded.pending is Pending.NONE:
        assert kept.pending in {Pending.NONE, Pending.HIDE, Pending.DELIST}


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize(
    ("health", "hidden"),
    [(Health.LISTED, False), (Health.HIDDEN, True), (Health.DELISTED, False), (Health.NOT_LISTED, None)],
)
def test_that_we_hid_it_is_remembered_only_while_it_is_not_on_the_store(before, health, hidden):
    assert is_hidden_by_us(Status(health), before=before) is (before if hidden is None else hidden)


# --- any sequence of events -----------------------------------------------------------------------------------------


# What needs several steps before it can happen at all, so that it is chosen when it can.
RARE = (Event.ASK_HIDE, Event.HIDDEN, Event.ASK_UNHIDE, Event.UNHIDDEN, Event.OVERWRITTEN, Event.FOUND_AGAIN)
CHOICES = [*Event, *(RARE * 5)]


def possible(status):
    return [event for event in CHOICES if any(row.event is event and row.fits(status) for row in TRANSITIONS)]


def run_through(chance):
    """Let events happen one after another, of those that can, and look at what each leaves behind."""
    status = Status(pending=chance.choice([Pending.PUBLISH, Pending.NONE]))
    for _ in range(chance.randint(20, 60)):
        status = settle(status, chance.choice(possible(status)))

        # One pending change at most, and only one that may be asked for here.
        assert status.pending in {Pending.NONE, *QUEUE[status.settled]}
        assert (status.link is Link.UNLINKED) == (status.health in {Health.NOT_LISTED, Health.DELISTED})
        if status.is_orphaned:
            assert status.pending in {Pending.NONE, Pending.HIDE, Pending.DELIST}
            assert not listing.may_send_price(status)
        if status.is_paused or status.link is Link.BROKEN:
            assert not listing.is_due_for_publish(status)
        if status.is_paused or status.link is not Link.LINKED:
            assert not listing.is_due_for_status(status)
            assert not listing.may_send_price(status)
            assert not listing.may_send_quantity(status)
        if status.health is Health.HIDDEN:
            assert not listing.may_send_quantity(status)


def test_no_sequence_of_events_breaks_an_invariant_and_each_row_of_the_table_is_taken_often():
    with counted_transitions() as counts:
        for chance in chances(1000):
            run_through(chance)

    assert min(counts.values()) >= 20, table_of(counts)


# --- what goes off sale with its product ------------------------------------------------------------------------------


@given(status=statuses)
def test_only_what_is_on_sale_is_taken_off_and_what_is_taken_off_can_be_put_back(status):
    off = taken_off_sale(status)

    assert (off is not None) == (
        status.settled == LISTED and not status.is_orphaned and status.pending not in {Pending.HIDE, Pending.DELIST}
    )
    if off is not None:
        assert off == replace(status, pending=Pending.HIDE)
        assert put_back_on_sale(off) == replace(status, pending=Pending.NONE)
        assert put_back_on_sale(settle(off, Event.HIDDEN)).pending is Pending.UNHIDE


@given(status=statuses)
def test_what_is_to_go_or_is_gone_is_not_put_back(status):
    back = put_back_on_sale(status)

    if status.is_orphaned or status.pending is Pending.DELIST or status.link is not Link.LINKED:
        assert back is None


def touched(state, pending, *, paused, orphaned):
    """What runs may do with a listing, as the operator expects."""
    if paused:
        return set()
    found = {"publish"} if pending in {"publish", "overwrite"} and not orphaned else set()
    if state in ON_STORE:
        found |= {"status"} if pending in {"hide", "unhide", "delist"} else set()
        found |= {"price"} if pending != "delist" and not orphaned else set()
        found |= {"images"} if not orphaned else set()
    if state == ON and pending not in {"hide", "delist"}:
        found.add("quantity")
    if state == AWAY and pending not in {"unhide", "delist"}:
        found.add("hold at none")
    return found


@pytest.mark.parametrize(("settled", "state"), STATES.items())
def test_what_runs_may_touch_is_what_the_operator_expects(settled, state):
    for pending, paused, orphaned in product(Pending, [False, True], [False, True]):
        status = Status(*settled, pending, is_paused=paused, is_orphaned=orphaned)
        may = {
            "publish": listing.is_due_for_publish(status),
            "status": listing.is_due_for_status(status),
            "price": listing.may_send_price(status),
            "images": listing.is_due_for_images(status, awaits_images=True),
            "quantity": listing.may_send_quantity(status),
            "hold at none": listing.is_kept_hidden(status),
        }

        assert {name for name, is_so in may.items() if is_so} == touched(
            state, pending.value, paused=paused, orphaned=orphaned
        ), status
        assert not listing.is_due_for_images(status, awaits_images=False)


@pytest.mark.parametrize(
    ("status", "event", "cure"),
    [
        (
            Status(is_orphaned=True),
            Event.ASK_PUBLISH,
            "the catalogue does not have it any more, or a rule does not list it; import it again",
        ),
        (Status(is_orphaned=True), Event.ASK_HIDE, "only a listed listing can be hidden"),
        (Status(), Event.ASK_HIDE, "only a listed listing can be hidden"),
        (Status(), Event.ASK_OVERWRITE, "queue a publish instead"),
        (Status(Health.LISTED, Link.BROKEN), Event.ASK_HIDE, "its product is gone from the store; unlink it"),
        (Status(Health.LISTED, Link.BROKEN, is_paused=True), Event.PAUSED, "it is paused already"),
    ],
)
def test_what_can_not_be_asked_for_is_told_with_what_can(status, event, cure):
    with pytest.raises(NotAllowed) as refused:
        settle(status, event)

    assert cure in str(refused.value)


@pytest.mark.parametrize(("settled", "state"), STATES.items())
def test_a_refusal_names_the_state_that_a_listing_is_in(settled, state):
    with pytest.raises(NotAllowed, match=f"this listing is {'a broken link' if 'broken' in state else state}, and "):
        settle(Status(*settled), Event.UNPAUSED)


def test_what_a_run_could_not_do_is_still_asked_for():
    asked = Status(Health.LISTED, Link.LINKED, Pending.HIDE)

    assert keep_later_request(asked, asked, asked=Pending.HIDE) == asked


def test_nothing_is_called_listed_that_the_store_has_switched_off():
    shown = {health.value: listing.shown_health(health, is_inactive=True).value for health in Health}

    assert shown == {
        "not_listed": "not_listed", "listed": "inactive", "hidden": "hidden", "delisted": "delisted",
    }  # fmt: skip
    assert all(listing.shown_health(health, is_inactive=False).value == health.value for health in Health)


@pytest.mark.parametrize(
    ("status", "is_due"),
    [
        (Status(Health.LISTED, Link.LINKED), True),
        (Status(Health.HIDDEN, Link.LINKED), True),
        (Status(Health.LISTED, Link.LINKED, is_paused=True), False),
        (Status(Health.LISTED, Link.LINKED, is_orphaned=True), False),
        (Status(Health.LISTED, Link.BROKEN), False),
        (Status(), False),
    ],
)
def test_images_that_are_missing_are_brought_to_what_is_on_the_store(status, is_due):
    assert listing.is_due_for_images(status, awaits_images=True) is is_due
    assert not listing.is_due_for_images(status, awaits_images=False)


@pytest.mark.parametrize("pending", list(Pending))
@pytest.mark.parametrize("is_asked", [True, False])
def test_structure_is_asked_for_once_and_takes_no_other_request_s_place(pending, is_asked):
    before = Status(Health.LISTED, Link.LINKED, pending)

    after = listing.content_asked(before, is_asked=is_asked)

    may = pending in {Pending.NONE, Pending.OVERWRITE} and not is_asked
    assert after == (replace(before, pending=Pending.OVERWRITE) if may else None)
