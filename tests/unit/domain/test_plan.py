from dataclasses import replace

import pytest

from tradepost.domain.plan import (
    Action,
    Change,
    Counts,
    FieldChange,
    Outcome,
    Plan,
    Proof,
    Result,
    RunState,
    Side,
    Subject,
    SubjectKind,
    Unit,
)


def a_result(outcome, *, action=Action.CREATE, proof=Proof.READ, kind=SubjectKind.PRODUCT):
    return Result(Change(Subject(kind, "tee"), Side.STORE, action), outcome, proof)


@pytest.mark.parametrize("outcome", [Outcome.APPLIED, Outcome.UNCHANGED, Outcome.SKIPPED])
def test_a_run_is_completed_when_everything_was_done_or_left_on_purpose(outcome):
    counts = Counts()

    counts.add([a_result(Outcome.APPLIED), a_result(outcome)])

    assert counts.state is RunState.COMPLETED


@pytest.mark.parametrize("outcome", [Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN])
def test_one_bad_result_among_a_thousand_good_ones_is_completed_with_errors(outcome):
    counts = Counts()

    counts.add([a_result(Outcome.APPLIED)] * 1000 + [a_result(outcome)])

    assert counts.state is RunState.COMPLETED_WITH_ERRORS


def test_a_run_that_had_nothing_to_do_is_completed():
    assert Counts().state is RunState.COMPLETED


def test_counts_tell_what_was_read_back_from_what_was_only_answered():
    counts = Counts()

    counts.add([a_result(Outcome.APPLIED)] * 3 + [a_result(Outcome.APPLIED, proof=Proof.ANSWERED)] * 2)

    assert counts.of(outcome=Outcome.APPLIED) == 5
    assert counts.of(outcome=Outcome.APPLIED, proof=Proof.READ) == 3
    assert counts.of(kind=SubjectKind.ORDER) == 0


def test_counts_survive_being_stored_and_added_up():
    counts = Counts()
    counts.add([a_result(Outcome.APPLIED), a_result(Outcome.FAILED, kind=SubjectKind.FILE, action=Action.UPLOAD)])

    restored = Counts.from_rows(counts.to_rows())
    restored.add([a_result(Outcome.APPLIED), a_result(Outcome.FAILED, kind=SubjectKind.FILE, action=Action.UPLOAD)])

    assert restored.of(kind=SubjectKind.FILE, action=Action.UPLOAD, outcome=Outcome.FAILED) == 2
    assert restored.of() == 4


def test_a_code_is_one_subject_in_any_case_and_a_path_or_number_is_itself():
    assert Subject(SubjectKind.PRODUCT, "Tee").id == Subject(SubjectKind.PRODUCT, " TEE").id
    assert Subject(SubjectKind.LISTING, "Tee").id == Subject(SubjectKind.LISTING, "tee", "shown otherwise").id
    assert Subject(SubjectKind.PRODUCT, "Tee").id != Subject(SubjectKind.LISTING, "Tee").id
    assert Subject(SubjectKind.FILE, "x/Tee.png").id != Subject(SubjectKind.FILE, "x/tee.png").id


def test_set_up_items_of_one_code_are_told_apart_by_their_label():
    field, category = (Subject(SubjectKind.SETUP, "Brand", label) for label in ("custom field", "category"))

    assert field.id != category.id
    assert field.id == Subject(SubjectKind.SETUP, "brand", "custom field").id


def a_change(side=Side.STORE, action=Action.UPDATE, **fields):
    values = tuple(FieldChange(name, None, value) for name, value in fields.items())
    return Change(Subject(SubjectKind.PRODUCT, "tee"), side, action, values)


def test_a_change_tells_what_it_makes_of_a_field():
    change = a_change(price=1, name=None)

    assert (change.after("price"), change.after("name"), change.after("sku")) == (1, None, None)
    assert [change.touches(name) for name in ("price", "name", "sku")] == [True, True, False]


def test_a_change_tells_what_a_field_was_before():
    fields = (FieldChange("name", "Tee", "Shirt"), FieldChange("quantity", 3, 2))
    change = replace(a_change(), fields=fields)

    assert [change.before(name) for name in ("quantity", "name", "sku")] == [3, "Tee", None]


def test_of_a_plan_those_changes_to_the_store_are_kept_that_are_taken_and_units_that_have_some():
    price, name, ours = a_change(price=1), a_change(name="Tee"), a_change(Side.HUB, price=1)
    plan = Plan("facts", (Unit("a", (price, name, ours)), Unit("b", (name,))), (a_result(Outcome.SKIPPED),))

    kept = plan.only(lambda change: change.touches("price"))

    assert kept == Plan("facts", (Unit("a", (price,)),))
    assert list(plan.changes(Side.HUB)) == [ours]
    assert list(plan.changes(Side.STORE)) == [price, name, name]
    assert (Unit("a", ()).is_empty, plan.units[0].is_empty) == (True, False)
