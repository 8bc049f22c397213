"""Saved plans in the database: what is kept of a preview, what is approved of it, and what a run asks and settles."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from tradepost.database.models import PlannedChange, Run, RunChange
from tradepost.database.runs import runs
from tradepost.domain import changes
from tradepost.domain.approval import NOT_APPROVED, NOT_PLANNED, NOT_WANTED
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import OrderState
from tradepost.domain.plan import Action, FieldChange, Outcome, Plan, Result, Unit
from tradepost.engine.plans import Choice, apply, approve, discard, request_saved_plan
from tradepost.engine.run_handle import SHOWN_OF_A_PREVIEW
from tradepost.engine.runs import request_run, run_now, take
from tradepost.engine.undo import forget_old_values, refuse_what_cannot_be_undone

ALL = Choice(is_all=True)
PRICE = changes.price_changed("A", before=None, after=Decimal(1), is_parent=False, listing_id=1)
ORDER = changes.order_cancelled(7, before=OrderState.OPEN, reason="")


def an_update(code, *, listing_id=None, after="Cup", before="Mug"):
    fields = [FieldChange("name", before, after)]
    return changes.product_updated(code, "", fields=fields, reason="", listing_id=listing_id)


def a_plan(*found):
    return Plan(None, tuple(Unit(change.subject.key, (change,)) for change in found))


@pytest.fixture
def saved(channel, operation):
    """Save a plan of changes, as a preview shows them; gives its number."""

    def save(*found, needs=None):
        operation(lambda run: run.show(a_plan(*found), needs=needs or {}))
        run = run_now(request_saved_plan(channel.pk, "publish", requested_by="alice"))
        assert run.state == "completed"
        return run.pk

    return save


def numbers(plan_id):
    return dict(PlannedChange.objects.filter(plan_id=plan_id).values_list("change__subject_key", "change_id"))


def approved(plan_id):
    rows = PlannedChange.objects.filter(plan_id=plan_id, is_approved=True)
    return set(rows.values_list("change__subject_key", flat=True))


def test_a_preview_keeps_its_first_changes_and_counts_all_and_a_saved_plan_keeps_all(channel, operation, saved):
    found = [an_update(f"P{number}") for number in range(SHOWN_OF_A_PREVIEW + 5)]
    operation(lambda run: [run.show(a_plan(*found[start::2]), needs=None) for start in (0, 1)])

    shown = run_now(request_run(channel.pk, "publish", is_dry=True))
    plan_id = saved(*found)

    assert RunChange.objects.filter(run=shown).count() == SHOWN_OF_A_PREVIEW
    assert RunChange.objects.filter(run=plan_id).count() == len(found)
    planned = [{"subject": "product", "action": "update", "count": len(found)}]
    assert (shown.planned, Run.objects.get(pk=plan_id).planned) == (planned, planned)


def test_a_preview_that_was_taken_over_begins_anew(channel, operation):
    run = request_run(channel.pk, "publish", is_dry=True)
    operation(lambda handle: handle.show(a_plan(an_update("A")), needs=None))
    first = take(run.pk)
    Run.objects.filter(pk=run.pk).update(lease_until=timezone.now())
    RunChange.objects.create(
        run=first, attempt=1, subject_kind="product", subject_key="A", side="store", action="update"
    )

    done = run_now(run)

    assert (done.attempt, RunChange.objects.filter(run=done).count(), done.planned[0]["count"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ALL, {"A", "B", "C"}),
        (Choice(units=["A", "C"]), {"A", "C"}),
        (Choice(listing_ids=[2]), {"B"}),
        (Choice(actions=[Action.CREATE.value]), {"C"}),
        (Choice(units=["A", "C"], actions=[Action.UPDATE.value]), {"A"}),
        (Choice(is_all=True, listing_ids=[1]), {"A"}),
    ],
)
def test_a_choice_is_narrowed_by_all_that_is_given(saved, choice, expected):
    made = changes.product_created("C", "", fields=[], reason="", listing_id=3)
    plan_id = saved(an_update("A", listing_id=1), an_update("B", listing_id=2), made)

    approve(plan_id, choice, who="bob")

    assert approved(plan_id) == expected
    approve(plan_id, choice, who="bob", is_withdrawn=True)
    assert approved(plan_id) == set()


def test_what_others_need_is_approved_with_them(saved):
    made, page = (changes.product_created(code, "", fields=[], reason="", listing_id=None) for code in "AB")
    plan_id = saved(made, page, an_update("C"), needs={page.subject.id: {made.subject.id}})

    done = approve(plan_id, Choice(units=["B"]), who="bob")

    assert (done.chosen, done.needed, done.approved, done.total) == (1, 1, 2, 3)
    assert approved(plan_id) == {"A", "B"}


def test_a_choice_of_nothing_is_refused(saved):
    plan_id = saved(an_update("A"))

    for choice in (Choice(), Choice(ids=[0]), Choice(units=["Z"])):
        with pytest.raises(NotAllowed, match="Nothing of plan"):
            approve(plan_id, choice, who="bob")


def test_a_run_asks_what_was_approved_and_settles_each_change_once(channel, operation, saved):
    plan_id = saved(*(an_update(code, listing_id=1) for code in ("A", "B", "C", "D")))
    by_key = numbers(plan_id)
    approve(plan_id, Choice(ids=[by_key["A"], by_key["C"], by_key["D"]]), who="bob")
    seen = {}

    def work(run):
        asked = [an_update("a"), an_update("B"), an_update("C", before="Jug"), an_update("E")]
        rulings = run.approval.rule(asked)
        seen.update({change.subject.key: rulings[change.subject.id].reason for change in asked})
        with run.transaction():
            run.report([Result(an_update("A"), Outcome.APPLIED)])
            run.approval.settle([by_key["A"], by_key["B"], by_key["C"]])
        seen["applied"] = run.approval.applied([an_update("A"), an_update("B")])
        seen["other"] = run.approval.applied([PRICE])
        seen["rest"] = [(c.subject.key, c.fields, ruling) for c, ruling in run.approval.unsettled(limit=5)]

    operation(work)
    run_now(apply(plan_id, who="bob"))

    # Another case is another key in the table, and no approval.
    assert seen["a"] == NOT_PLANNED
    assert (seen["B"], seen["E"]) == (NOT_APPROVED, NOT_PLANNED)
    assert "was Mug when the plan was saved, and is Jug now" in seen["C"]
    assert (seen["applied"], seen["other"]) == ({an_update("A").subject.id}, set())
    ((key, fields, ruling),) = seen["rest"]
    assert (key, fields, ruling.reason) == ("D", (FieldChange("name", "Mug", "Cup"),), NOT_WANTED)


def test_a_plan_that_broke_off_is_carried_out_again_and_one_that_came_to_its_end_is_not(channel, operation, saved):
    plan_id = saved(an_update("A"))
    approve(plan_id, ALL, who="bob")

    def burst(run):
        raise ZeroDivisionError

    operation(burst)
    assert run_now(apply(plan_id, who="bob")).state == "failed"
    operation(lambda run: None)
    assert run_now(apply(plan_id, who="bob")).state == "completed"

    with pytest.raises(NotAllowed, match="is applied by run"):
        apply(plan_id, who="bob")


def test_a_plan_whose_preview_did_not_come_to_its_end_is_none(channel, operation):
    def burst(run):
        raise ZeroDivisionError

    operation(burst)
    run = run_now(request_saved_plan(channel.pk, "publish", requested_by="alice"))

    with pytest.raises(NotAllowed, match="is no whole plan"):
        approve(run.pk, ALL, who="bob")


def test_a_plan_that_is_still_made_waits(channel):
    run = request_saved_plan(channel.pk, "publish", requested_by="alice")

    with pytest.raises(NotAllowed, match="still being made"):
        approve(run.pk, ALL, who="bob")


def test_each_plan_is_kept_as_it_was_asked_for(channel):
    first = request_saved_plan(channel.pk, "publish", requested_by="alice")
    second = request_saved_plan(
        channel.pk, "publish", requested_by="bob", clock=lambda: timezone.now() + timedelta(seconds=1)
    )

    assert first.pk != second.pk
    assert len(runs.unfinished()) == 2


def test_values_and_old_previews_are_forgotten_in_time_and_what_was_done_is_not(channel, operation, saved):
    """Before-images are kept 90 days, what a preview has shown a week."""
    plan_id = saved(an_update("A"))
    operation(lambda run: run.show(a_plan(an_update("A")), needs=None))
    preview = run_now(request_run(channel.pk, "publish", is_dry=True))
    operation(lambda run: run.report([Result(an_update("A"), Outcome.APPLIED), Result(ORDER, Outcome.APPLIED)]))
    done = run_now(request_run(channel.pk, "publish"))
    undone = Run.objects.get(pk=done.pk)

    def kept(days):
        forget_old_values(clock=lambda: timezone.now() + timedelta(days=days))
        rows = RunChange.objects.order_by("pk").values_list("run_id", "fields")
        return [(run_id, field["before"]) for run_id, fields in rows for field in fields]

    everything = [(plan_id, "Mug"), (preview.pk, "Mug"), (done.pk, "Mug"), (done.pk, "open")]
    assert kept(6) == everything
    assert kept(8) == [row for row in everything if row[0] != preview.pk]
    refuse_what_cannot_be_undone(undone)
    assert kept(91) == [(done.pk, None), (done.pk, "open")]
    assert RunChange.objects.filter(run=done).count() == 2
    with pytest.raises(NotAllowed, match="more than 90 days ago"):
        refuse_what_cannot_be_undone(Run.objects.get(pk=done.pk))


def test_what_is_discarded_is_over(saved):
    plan_id = saved(an_update("A"))
    discard(plan_id, who="bob")

    with pytest.raises(NotAllowed, match="is discarded already"):
        discard(plan_id, who="bob")
    with pytest.raises(NotAllowed, match="There is no saved plan"):
        discard(plan_id + 1, who="bob")
