"""From answers to outcomes: every answer with everything that a second plan may still want, and every field unread."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain import changes
from tradepost.domain.plan import Action, FieldChange, Outcome, Proof, Result, Unit
from tradepost.operations.outcomes import answers_of, answers_of_units, left_of, names, result_of
from tradepost.operations.ports import UnitAnswer, WriteAnswer, WriteOutcome

SENT = changes.product_updated(
    "mug", "Mug", fields=[FieldChange("name", "A", "B"), FieldChange("cost", None, 2)], reason="", listing_id=None
)


def wanting(*fields, of=SENT):
    """A second plan that still wants these fields of what was sent."""
    kept = tuple(field for field in of.fields if field.name in fields)
    return replace(of, fields=kept) if kept else None


W, O = WriteOutcome, Outcome  # noqa: E741 - a table is read by its columns
READ, ANSWERED, NONE = Proof.READ, Proof.ANSWERED, Proof.NONE

# answer -> what became of it where (nothing is left, nothing is left but a field is unread, something is left)
TABLE = {
    W.DONE: ((O.APPLIED, READ), (O.APPLIED, ANSWERED), (O.REJECTED, NONE)),
    W.HOLDS: ((O.UNCHANGED, READ), (O.UNCHANGED, READ), (O.REJECTED, NONE)),
    W.REFUSED: ((O.APPLIED, READ), (O.REJECTED, NONE), (O.REJECTED, NONE)),
    W.LOST: ((O.APPLIED, READ), (O.UNKNOWN, NONE), (O.UNKNOWN, NONE)),
    W.FAILED: ((O.FAILED, NONE),) * 3,
    W.WITHHELD: ((O.SKIPPED, NONE),) * 3,
}


def test_every_answer_is_in_the_table():
    assert set(TABLE) == set(WriteOutcome)


@pytest.mark.parametrize("column", [0, 1, 2], ids=["nothing left", "nothing left, one unread", "something left"])
@pytest.mark.parametrize("outcome", WriteOutcome)
def test_an_answer_becomes_an_outcome_by_what_is_left_and_what_can_be_read(outcome, column):
    still_wanted = wanting("name") if column == 2 else None
    unread = ["cost"] if column == 1 else []

    result = result_of(SENT, answer=WriteAnswer(outcome), still_wanted=still_wanted, unread=unread)

    assert (result.outcome, result.proof) == TABLE[outcome][column]
    assert result.change is SENT


def test_what_nobody_answered_is_proven_by_what_can_be_read():
    assert result_of(SENT, answer=None, still_wanted=None) == Result(SENT, Outcome.APPLIED, Proof.READ)
    assert result_of(SENT, answer=None, still_wanted=wanting("name")).outcome is Outcome.REJECTED


# --- what is said of it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "left", "says"),
    [
        (WriteAnswer(W.DONE), ["name"], "The store did not take name, and gave no reason."),
        (WriteAnswer(W.REFUSED, "Too long."), ["name", "cost"], "The store did not take cost, name: Too long."),
        (WriteAnswer(W.LOST), ["name"], "The store's answer was lost."),
        (WriteAnswer(W.LOST, "Timed out."), ["name"], "Timed out."),
        (WriteAnswer(W.FAILED, "No such file."), [], "No such file."),
        (WriteAnswer(W.WITHHELD, "You may not."), ["name"], "You may not."),
    ],
)
def test_what_was_missed_is_said_with_the_stores_words(answer, left, says):
    assert result_of(SENT, answer=answer, still_wanted=wanting(*left)).message == says


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (WriteAnswer(W.DONE), "The store said yes, but nothing of it can be seen."),
        (WriteAnswer(W.REFUSED, "No."), "No."),
    ],
)
def test_of_a_change_of_one_field_the_field_is_not_named(answer, says):
    one = changes.quantity_set("mug", before=1, after=2, listing_id=None)

    assert result_of(one, answer=answer, still_wanted=one).message == says


def test_what_was_not_created_at_all_is_said_to_be_missing_and_not_its_fields():
    made = replace(SENT, action=Action.CREATE)

    assert result_of(made, answer=WriteAnswer(W.DONE), still_wanted=made).message == (
        "The store did not create it, and gave no reason."
    )
    assert "take name" in result_of(made, answer=WriteAnswer(W.DONE), still_wanted=wanting("name", of=made)).message


def test_a_lost_answer_names_what_can_not_be_read_back():
    result = result_of(SENT, answer=WriteAnswer(W.LOST), still_wanted=None, unread=["page_title", "cost"])

    assert result.message == "The answer was lost, and cost, page title can't be read back."


def test_fields_are_named_as_people_read_them():
    assert names(["page_title", "cost"]) == "cost, page title"


# --- what is left ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "is_met"),
    [
        (8, True),  # two were sold since
        (0, True),
        (10, False),  # more than was sent
        (20, False),  # what was there before
        (None, False),  # nothing is counted
    ],
)
def test_stock_that_was_sold_from_has_arrived(found, is_met):
    sent = changes.quantity_set("mug", before=20, after=9, listing_id=None)
    left = changes.quantity_set("mug", before=found, after=9, listing_id=None)

    assert left_of(sent, left) == (frozenset() if is_met else frozenset({"quantity"}))


def test_what_a_second_plan_wants_besides_what_was_sent_is_left():
    more = replace(SENT, fields=(FieldChange("sku", "a", "b"),))

    assert left_of(SENT, more) == frozenset({"sku"})


# --- answers by subject ---------------------------------------------------------------------------------------------


def test_each_change_has_its_own_refusal_or_else_what_was_said_of_its_unit():
    tee, small = (replace(SENT, subject=replace(SENT.subject, key=key)) for key in ("tee", "tee-S"))
    said = [
        UnitAnswer(W.DONE, refusals={1: "No such part."}, complaints=("Odd.",)),
        UnitAnswer(W.LOST, message="Gone."),
    ]

    answers = answers_of_units([Unit("tee", (tee, small)), Unit("mug", (SENT,))], said)

    assert answers == {
        tee.subject.id: WriteAnswer(W.DONE, "Odd."),
        small.subject.id: WriteAnswer(W.REFUSED, "No such part."),
        SENT.subject.id: WriteAnswer(W.LOST, "Gone."),
    }


def test_an_answer_too_few_is_a_mistake_and_never_taken_for_another_ones():
    with pytest.raises(ValueError, match="shorter"):
        answers_of([SENT, replace(SENT, subject=replace(SENT.subject, key="cup"))], [WriteAnswer(W.DONE)])
    with pytest.raises(ValueError, match="shorter"):
        answers_of_units([Unit("mug", (SENT,))], [])


# --- what holds for all of them -------------------------------------------------------------------------------------

answers = st.none() | st.builds(WriteAnswer, st.sampled_from(WriteOutcome), st.sampled_from(["", "Words."]))
quantities = st.none() | st.integers(0, 5)
stock_changes = st.builds(
    lambda before, after: changes.quantity_set("mug", before=before, after=after, listing_id=None),
    quantities,
    st.integers(0, 5),
)
cases = st.one_of(
    st.tuples(st.just(SENT), st.sampled_from([None, wanting("name"), wanting("cost"), SENT])),
    st.tuples(stock_changes, st.none() | stock_changes),
)
unread = st.sets(st.sampled_from(["name", "cost", "quantity"]))


@given(cases, answers, unread)
def test_nothing_is_called_applied_while_something_of_it_is_left(case, answer, unread):
    sent, still_wanted = case

    result = result_of(sent, answer=answer, still_wanted=still_wanted, unread=unread)

    if result.outcome in {Outcome.APPLIED, Outcome.UNCHANGED}:
        assert left_of(sent, still_wanted) == frozenset()


@given(cases, answers, unread)
def test_only_a_lost_answer_leaves_something_unknown_and_a_lost_one_is_applied_only_if_it_was_read(
    case, answer, unread
):
    sent, still_wanted = case

    result = result_of(sent, answer=answer, still_wanted=still_wanted, unread=unread)

    is_lost = answer is not None and answer.outcome is WriteOutcome.LOST
    assert (result.outcome is Outcome.UNKNOWN) <= is_lost
    if is_lost:
        assert result.outcome in {Outcome.UNKNOWN, Outcome.APPLIED}
        assert (result.outcome is Outcome.APPLIED) == (result.proof is Proof.READ)


@given(cases, answers, unread)
def test_what_went_wrong_is_always_said_and_proof_belongs_to_what_went_well(case, answer, unread):
    sent, still_wanted = case

    result = result_of(sent, answer=answer, still_wanted=still_wanted, unread=unread)

    is_good = result.outcome in {Outcome.APPLIED, Outcome.UNCHANGED}
    assert (result.proof is not Proof.NONE) == is_good
    if result.outcome is Outcome.UNKNOWN or (result.outcome is Outcome.REJECTED and left_of(sent, still_wanted)):
        assert result.message
    if result.proof is Proof.READ and result.outcome is Outcome.APPLIED:
        assert not unread
