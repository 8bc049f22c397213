"""Carrying out a saved plan: what was approved is done, and of the rest nothing is recorded as if it were so."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.approval import MemoryApproval
from fakes.hub import MemoryHub
from fakes.run import MemoryRun
from tradepost.domain.approval import NOT_APPROVED, NOT_PLANNED, NOT_WANTED
from tradepost.domain.listings.attention import Attention
from tradepost.domain.plan import Outcome, Plan, Unit
from tradepost.operations.approvals import report_rest
from tradepost.operations.form import Verdict, drive
from tradepost.operations.ports import Proven

from .test_form import Counters, Outside, a_change


def carry_out(hub, operation, approval):
    hub.run = MemoryRun(approval=approval)
    drive(hub.ports(), operation)
    report_rest(hub.run)
    return hub.run


@pytest.fixture
def hub():
    return MemoryHub()


@pytest.fixture
def outside():
    return Outside()


def reasons(run):
    return {result.change.subject.key: result.message for result in run.results if result.outcome is Outcome.SKIPPED}


def test_only_what_was_approved_is_sent_and_the_rest_is_skipped_with_the_reason(hub, outside):
    """R57."""
    saved = [(a_change("a", None, 1), True), (a_change("b", None, 2), False), (a_change("gone", None, 9), True)]

    run = carry_out(hub, Counters(outside, {"a": 1, "b": 2, "c": 3}), MemoryApproval(saved))

    assert outside.sent == [("a", 1)]
    assert run.outcomes["a"] is Outcome.APPLIED
    assert reasons(run) == {"b": NOT_APPROVED, "c": NOT_PLANNED, "gone": NOT_WANTED}
    assert len(run.results) == 4


def test_what_has_changed_since_is_stale_and_the_plan_goes_on(hub, outside):
    outside.counters |= {"a": 5, "b": 7}
    saved = [(a_change("a", 4, 1), True), (a_change("b", 7, 2), True)]

    run = carry_out(hub, Counters(outside, {"a": 1, "b": 2}), MemoryApproval(saved))

    assert outside.sent == [("b", 2)]
    assert reasons(run) == {"a": "It is stale: quantity was 4 when the plan was saved, and is 5 now."}


def test_what_was_approved_stays_so_while_it_is_carried_out(hub, outside):
    """A second attempt goes from another value, as half of it is there by now."""
    outside.script["a"] = [(False, outside.write("x", 0).__class__(outside.write("x", 0).outcome.LOST, "Lost."))]
    outside.sent.clear()
    saved = [(a_change("a", None, 1), True)]

    run = carry_out(hub, Counters(outside, {"a": 1}, attempts=2), MemoryApproval(saved))

    assert outside.sent == [("a", 1), ("a", 1)]
    assert run.outcomes == {"a": Outcome.APPLIED}


class Chained(Counters):
    """Each name needs the one before it in the alphabet."""

    def needs(self, plan):
        keys = [change.subject.key for unit in plan.units for change in unit.changes]
        return {a_change(key, None, 0).subject.id: {a_change(chr(ord(key) - 1), None, 0).subject.id} for key in keys}


def test_what_needs_something_that_was_not_approved_waits_with_it(hub, outside):
    saved = [(a_change(name, None, 1), name != "b") for name in "abcd"]

    run = carry_out(hub, Chained(outside, dict.fromkeys("abcd", 1)), MemoryApproval(saved))

    assert outside.sent == [("a", 1)]
    assert reasons(run) == {
        "b": NOT_APPROVED,
        "c": "It needs the product b, which is not done.",
        "d": "It needs the product c, which is not done.",
    }


class Recording(Counters):
    """Says of every row that it was proven, and that it needs a person."""

    def plan(self, batch, facts, seen):
        plan = super().plan(batch, facts, seen)
        units = [
            Unit(unit.key, tuple(replace(change, listing_id=ord(unit.key)) for change in unit.changes))
            for unit in plan.units
        ]
        return Plan(None, tuple(units))

    def judge(self, batch, facts, seen, plan, evidence):
        verdict = Verdict(proven=[Proven(ord(name), evidence.began) for name in batch.rows])
        for name in batch.rows:
            verdict.flag(ord(name), Attention.PRICE_FAILED, "It failed.")
        self.verdict = verdict
        return verdict


def test_nothing_is_recorded_of_what_was_held_back(hub, outside, monkeypatch):
    recorded, flagged = [], []
    monkeypatch.setattr(hub.listings, "record", lambda proven: recorded.extend(each.listing_id for each in proven))
    monkeypatch.setattr(hub.listings, "flag", lambda flags, ended: flagged.extend(flags))
    saved = [
        (replace(a_change(name, None, 1), listing_id=ord(name)), is_approved)
        for name, is_approved in (("a", True), ("b", False))
    ]

    carry_out(hub, Recording(outside, {"a": 1, "b": 1}), MemoryApproval(saved))

    assert (recorded, flagged) == ([ord("a")], [ord("a")])


def test_what_only_notes_what_is_so_needs_no_approval(hub, outside):
    run = carry_out(hub, Counters(outside, {"a": 1}, is_observation=True), MemoryApproval([]))

    assert run.outcomes == {"a": Outcome.APPLIED}


def test_what_goes_on_with_something_does_it_where_that_was_begun(hub, outside):
    begun = a_change("a", None, 1).subject.id

    run = carry_out(hub, Counters(outside, {"a": 1, "b": 2}, is_repeat=True), MemoryApproval([], done=[begun]))

    assert outside.sent == [("a", 1)]
    assert reasons(run) == {}


def test_a_plan_that_is_saved_shows_what_the_store_has_and_not_what_it_was_known_to_have(hub, outside):
    class Unseen(Counters):
        def observe(self, ports, batch):
            return {}

    outside.counters |= {"a": 4, "b": 1}
    hub.run = MemoryRun(is_dry=True, is_saved=True)

    drive(hub.ports(), Unseen(outside, {"a": 1, "b": 1}))

    assert hub.run.asked == [a_change("a", 4, 1)]
    assert outside.sent == []


def test_the_rest_of_a_plan_waits_for_the_next_run_if_a_person_stops_this_one(hub):
    hub.run = MemoryRun(approval=MemoryApproval([(a_change("a", None, 1), True)]))
    hub.run.cancelled = True

    report_rest(hub.run)

    assert hub.run.results == []


NAMES = "abcdef"


@given(
    had=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2)),
    has=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2)),
    wanted=st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2), min_size=1),
    approved=st.sets(st.sampled_from(NAMES)),
    size=st.integers(1, 4),
)
def test_whatever_happens_meanwhile_nothing_but_the_approved_is_sent_and_each_saved_change_is_told_of_once(
    had, has, wanted, approved, size
):
    """Cases: what the store had when the plan was saved, and has when it is carried out."""
    hub, outside = MemoryHub(), Outside(dict(had))
    hub.run = MemoryRun(is_dry=True, is_saved=True)
    drive(hub.ports(), Counters(outside, wanted, size=size))
    saved = [(change, change.subject.key in approved) for change in hub.run.asked]
    outside.counters = dict(has)

    run = carry_out(hub, Counters(outside, wanted, size=size), MemoryApproval(saved))

    keys = {change.subject.key for change, _ in saved}
    may = {name for name in keys & approved if had.get(name) == has.get(name)}
    assert {name for name, _ in outside.sent} == may
    told = [result.change.subject.key for result in run.results]
    assert sorted(told) == sorted(set(told))
    assert keys <= set(told)
    assert run.outcomes.keys() - keys <= {name for name in wanted if wanted[name] != has.get(name)}
    assert {name for name, outcome in run.outcomes.items() if outcome is Outcome.APPLIED} == may
