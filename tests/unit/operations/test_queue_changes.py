"""Queue changes: what a person asks of listings, what is refused with its reason, and what is left as it was."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asking import queue
from fakes.articles import a_family, a_simple
from fakes.hub import HIDDEN, LISTED, NOON, MemoryHub
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import QUEUE, Link, Pending, Status
from tradepost.domain.plan import Outcome
from tradepost.operations.listings.queue_changes import plan_pause, plan_queue, plan_removal, plan_unlink

BROKEN = replace(LISTED, link=Link.BROKEN)
STATUSES = st.builds(
    replace, st.sampled_from([Status(), LISTED, HIDDEN, BROKEN]), is_paused=st.booleans(), is_orphaned=st.booleans()
)


def hub_of(*statuses):
    """A hub with a mug for each of these."""
    hub = MemoryHub()
    for number, status in enumerate(statuses):
        hub.listings.build(a_simple(f"m{number}"))
        hub.listings.change(
            f"m{number}", status=status, external_id=None if status.link is Link.UNLINKED else number + 1
        )
    return hub


def rows_of(*statuses):
    hub = hub_of(*statuses)
    return hub.listings.by_ids(hub.listings.all)


def outcomes(plan):
    return [result.outcome for result in plan.results]


# --- queued ---------------------------------------------------------------------------------------------------------


def test_one_that_may_not_keeps_no_other_from_being_queued():
    plan = plan_queue(rows_of(LISTED, Status(), replace(LISTED, pending=Pending.HIDE)), Pending.HIDE)

    assert outcomes(plan) == [Outcome.APPLIED, Outcome.SKIPPED, Outcome.UNCHANGED]
    assert plan.results[1].message
    assert plan.statuses == {1: replace(LISTED, pending=Pending.HIDE)}
    assert plan.applied_by == "sync"


def test_a_family_is_asked_for_by_its_parent():
    hub = MemoryHub()
    parent = hub.list_on_store(a_family("tee", "S", "M"))[0]

    with hub.run.transaction():
        queue(hub.listings, [parent], Pending.HIDE)

    assert {row.status.pending for row in hub.listings.all.values()} == {Pending.HIDE}


@pytest.mark.parametrize(("change", "groups"), [(Pending.OVERWRITE, {Group.TEXTS}), (Pending.HIDE, frozenset())])
def test_only_an_overwrite_is_of_groups(change, groups):
    hub = hub_of(LISTED)

    with hub.run.transaction():
        queue(hub.listings, hub.listings.by_ids([1]), change, groups={Group.TEXTS})

    assert hub.listings.of("m0").overwrite_groups == groups
    assert groups <= CONTENT_GROUPS


@given(st.lists(STATUSES, min_size=1, max_size=4), st.sampled_from(list(Pending)))
def test_what_is_queued_is_what_the_table_allows_and_each_row_gets_one_result(statuses, change):
    rows = rows_of(*statuses)

    plan = plan_queue(rows, change)

    assert [result.change.listing_id for result in plan.results] == [row.id for row in rows]
    for row, result in zip(rows, plan.results, strict=True):
        assert (row.id in plan.statuses) is (result.outcome is Outcome.APPLIED)
        assert bool(result.message) is (result.outcome is Outcome.SKIPPED)
        if row.id in plan.statuses:
            after = plan.statuses[row.id]
            assert after.pending is Pending.NONE or after.pending in QUEUE[row.status.settled]
            assert replace(after, pending=row.status.pending) == row.status, "nothing else of it changes"
    again = plan_queue([replace(row, status=plan.statuses.get(row.id, row.status)) for row in rows], change)
    assert Outcome.APPLIED not in outcomes(again)


# --- paused, let go of ----------------------------------------------------------------------------------------------


@given(st.lists(STATUSES, min_size=1, max_size=4), st.booleans())
def test_a_pause_changes_nothing_but_whether_it_is_paused(statuses, is_paused):
    rows = rows_of(*statuses)

    plan = plan_pause(rows, is_paused=is_paused)

    for row, result in zip(rows, plan.results, strict=True):
        after = plan.statuses.get(row.id, row.status)
        assert after == replace(row.status, is_paused=is_paused)
        assert (result.outcome is Outcome.APPLIED) is (row.status.is_paused != is_paused)


@given(st.lists(STATUSES, min_size=1, max_size=4))
def test_what_is_let_go_of_is_linked_no_more_and_the_rest_unchanged(statuses):
    rows = rows_of(*statuses)

    plan = plan_unlink(rows)

    for row, result in zip(rows, plan.results, strict=True):
        assert plan.statuses.get(row.id, row.status).link is Link.UNLINKED
        assert (result.outcome is Outcome.APPLIED) is (row.status.link is not Link.UNLINKED)


# --- forgotten ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "options", "reason"),
    [
        ({"open_since": NOON}, {}, "the answer to a write of its stock is missing"),
        ({}, {"open_codes": {"m0"}}, "a publish of it did not come to its end"),
        ({"status": replace(LISTED, pending=Pending.HIDE)}, {}, "'hide' is queued for it"),
        ({}, {"only_off_the_store": True}, "it is still on the store"),
    ],
)
def test_what_is_not_finished_on_the_store_is_not_forgotten(values, options, reason):
    (row,) = rows_of(LISTED)

    plan = plan_removal([replace(row, **values)], **{"open_codes": (), **options})

    assert outcomes(plan) == [Outcome.SKIPPED]
    assert reason in plan.results[0].message


def test_a_parent_stays_with_a_variant_that_stays():
    hub = MemoryHub()
    hub.list_on_store(a_family("tee", "S", "M"))
    hub.listings.change("tee-M", open_since=NOON)

    plan = plan_removal(hub.listings.by_ids(hub.listings.all), open_codes=())

    assert {r.change.subject.key: r.outcome for r in plan.results} == {
        "tee": Outcome.SKIPPED, "tee-S": Outcome.APPLIED, "tee-M": Outcome.SKIPPED,
    }  # fmt: skip


@given(
    st.lists(st.tuples(STATUSES, st.sampled_from(list(Pending)), st.booleans()), min_size=1, max_size=4),
    st.sets(st.integers(0, 3)), st.booleans(),
)  # fmt: skip
def test_nothing_is_forgotten_of_which_something_may_still_happen_on_the_store(drawn, open_numbers, only_off):
    rows = [
        replace(row, status=replace(row.status, pending=pending), open_since=NOON if is_open else None)
        for row, (_, pending, is_open) in zip(rows_of(*(each[0] for each in drawn)), drawn, strict=True)
    ]
    open_codes = {f"m{number}" for number in open_numbers}

    plan = plan_removal(rows, open_codes=open_codes, only_off_the_store=only_off)

    for row, result in zip(rows, plan.results, strict=True):
        is_finished = row.open_since is None and row.code not in open_codes and row.status.pending is Pending.NONE
        may_go = is_finished and not (only_off and row.status.link is not Link.UNLINKED)
        assert (result.outcome is Outcome.APPLIED) is may_go
        assert bool(result.message) is not may_go
