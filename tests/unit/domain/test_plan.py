import pytest

from tradepost.domain.plan import (
    Action,
    Change,
    Counts,
    Outcome,
    Proof,
    Result,
    RunState,
    Side,
    Subject,
    SubjectKind,
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
