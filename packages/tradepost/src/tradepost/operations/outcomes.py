"""
From answers to outcomes: what became of each change that was sent, by what was answered and by what a second plan,
made of what can be read afterwards, still wants.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeAlias

from tradepost.domain.fields import is_met
from tradepost.domain.plan import Action, Change, Outcome, Plan, Proof, Result, SubjectId, Unit
from tradepost.operations.ports import Ports, UnitAnswer, WriteAnswer, WriteOutcome

Answers: TypeAlias = dict[SubjectId, WriteAnswer]
"""What was answered last, by the subject of the change."""

_NOT_ASKED = WriteAnswer(WriteOutcome.DONE)


def answers_of(changes: Iterable[Change], answers: Sequence[WriteAnswer]) -> Answers:
    return {change.subject.id: answer for change, answer in zip(changes, answers, strict=True)}


def answers_of_units(units: Sequence[Unit], unit_answers: Sequence[UnitAnswer]) -> Answers:
    """Give each change its own refusal, or else what was said of the whole unit."""
    answers: Answers = {}
    for unit, answer in zip(units, unit_answers, strict=True):
        general = WriteAnswer(answer.outcome, " ".join([*answer.complaints, answer.message]).strip())
        for index, change in enumerate(unit.changes):
            refusal = answer.refusals.get(index)
            answers[change.subject.id] = general if refusal is None else WriteAnswer(WriteOutcome.REFUSED, refusal)
    return answers


def provision(ports: Ports, plan: Plan[Any]) -> Answers:
    """Send a plan's units to the store, each as a document."""
    return answers_of_units(plan.units, ports.store.provision(plan.units))


def left_of(change: Change, still_wanted: Change | None) -> frozenset[str]:
    """Name the fields that a second plan still wants of what was sent; stock that was sold from has arrived."""
    if still_wanted is None:
        return frozenset()
    sent = {field.name: field for field in change.fields}
    return frozenset(
        field.name for field in still_wanted.fields if field.name not in sent or not is_met(sent[field.name], field)
    )


def result_of(
    change: Change,
    *,
    answer: WriteAnswer | None,
    still_wanted: Change | None,
    unread: Collection[str] = (),
    implied: Collection[str] = (),
) -> Result:
    """
    Say what became of a change.

    `still_wanted`: what the second plan wants of the same subject. `unread`: its fields that this token can't read.
    `implied`: those of them that were taken for sure, even if the answer was lost.
    """
    answer = answer or _NOT_ASKED
    left = left_of(change, still_wanted)
    is_lost = answer.outcome is WriteOutcome.LOST
    match answer.outcome:
        case WriteOutcome.WITHHELD:
            return Result(change, Outcome.SKIPPED, message=answer.message)
        case WriteOutcome.FAILED:
            return Result(change, Outcome.FAILED, message=answer.message)
        case WriteOutcome.HOLDS if not left:
            return Result(change, Outcome.UNCHANGED, Proof.READ)
    if left:
        return Result(change, Outcome.UNKNOWN if is_lost else Outcome.REJECTED, message=_why(change, answer, left))
    if not unread:
        return Result(change, Outcome.APPLIED, Proof.READ)
    doubtful = set(unread) - set(implied)
    if is_lost and doubtful:
        return Result(
            change, Outcome.UNKNOWN, message=f"The answer was lost, and {names(doubtful)} can't be read back."
        )
    if answer.outcome is WriteOutcome.REFUSED:
        return Result(change, Outcome.REJECTED, message=answer.message)
    return Result(change, Outcome.APPLIED, Proof.ANSWERED)


def names(fields: Collection[str]) -> str:
    """List fields as people read them."""
    return ", ".join(sorted(field.replace("_", " ") for field in fields))


def _why(change: Change, answer: WriteAnswer, left: Collection[str]) -> str:
    if answer.outcome is WriteOutcome.LOST:
        return answer.message or "The store's answer was lost."
    if len(change.fields) == 1:
        return answer.message or "The store said yes, but nothing of it can be seen."
    is_absent = change.action is Action.CREATE and len(left) >= len(change.fields)
    missed = "The store did not " + ("create it" if is_absent else f"take {names(left)}")
    return f"{missed}: {answer.message}" if answer.message else f"{missed}, and gave no reason."
