"""
Approval: what a person has said yes to of a saved plan, and whether a change that is wanted now is still that.

A saved plan is a promise about changes, not about listings: a change is done if the same was approved, from the same
values to the same values. What was approved and is not the same any more is *stale*; it is left, and the plan goes on.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from tradepost.domain.plan import FieldChange, SubjectId

NOT_PLANNED = "It was not in the saved plan; a later run does it."
NOT_APPROVED = "It was not approved."
NOT_WANTED = "It is stale: nothing of it is to be changed any more."
_LONGEST_VALUE = 60
_BLANK = (None, "")


class PlanState(StrEnum):
    """What has become of a saved plan; whether an open one has expired, its time says."""

    OPEN = "open"
    APPLIED = "applied"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class SavedChange:
    """A change as it was saved, with the values as JSON has them; `id` is what people approve it by."""

    id: int
    fields: tuple[FieldChange, ...]
    is_approved: bool

    @property
    def names(self) -> frozenset[str]:
        return frozenset(field.name for field in self.fields)


@dataclass(frozen=True, slots=True)
class Ruling:
    """Whether a change may be done: blank, or why not; and the saved change that was held against it."""

    reason: str = ""
    saved_id: int | None = None


def rule(fields: Sequence[FieldChange], saved: Sequence[SavedChange]) -> Ruling:
    """
    Say whether a change with these fields may be done; `saved`: those of the plan with its subject, side and action.

    It may want less than what was approved, because somebody has done the rest; more, or anything else, is stale.
    """
    found = _closest(fields, saved)
    if found is None:
        return Ruling(NOT_PLANNED)
    if not found.is_approved:
        return Ruling(NOT_APPROVED, found.id)
    return Ruling(_why_stale(fields, found), found.id)


def needed(
    refused: Mapping[SubjectId, str], needs: Mapping[SubjectId, Collection[SubjectId]]
) -> dict[SubjectId, SubjectId]:
    """Name those that can't be done because something that they need is `refused`, and what that is."""
    missing: dict[SubjectId, SubjectId] = {}
    is_settled = False
    while not is_settled:
        is_settled = True
        for subject, others in needs.items():
            if subject in refused or subject in missing:
                continue
            lacking = next((other for other in others if other in refused or other in missing), None)
            if lacking is not None:
                missing[subject] = lacking
                is_settled = False
    return missing


def lacks(subject: SubjectId) -> str:
    """Write why a change is not done that needs another one."""
    kind, key = subject
    return f"It needs the {kind.value.replace('_', ' ')} {key.replace(chr(10), ', ')}, which is not done."


def has_expired(expires_at: datetime, *, now: datetime) -> bool:
    return now >= expires_at


def shown_state(state: PlanState, *, expires_at: datetime, now: datetime) -> str:
    """What a person is told of a plan: of an open one that it has expired, where it has."""
    return "expired" if state is PlanState.OPEN and has_expired(expires_at, now=now) else state.value


def with_needs(
    chosen: Iterable[int], needs: Mapping[int, Collection[SubjectId]], by_subject: Callable[[SubjectId], Iterable[int]]
) -> set[int]:
    """Add to chosen changes, by id, all that they can't be done without."""
    found = set(chosen)
    ahead = list(found)
    while ahead:
        for subject in needs.get(ahead.pop(), ()):
            for other in by_subject(subject):
                if other not in found:
                    found.add(other)
                    ahead.append(other)
    return found


def _closest(fields: Sequence[FieldChange], saved: Sequence[SavedChange]) -> SavedChange | None:
    """The saved change that names the most of these fields: a sync changes a product's price and its stock apart."""
    names = {field.name for field in fields}
    fitting = [each for each in saved if names & each.names or not (names or each.names)]
    return max(fitting, key=lambda each: len(names & each.names), default=None)


def _why_stale(fields: Sequence[FieldChange], saved: SavedChange) -> str:
    before = {field.name: field for field in saved.fields}
    more = sorted(field.name for field in fields if field.name not in before)
    if more:
        return f"It is stale: it would change {_words(more)}, too, which was not in the saved plan."
    moved = [field for field in fields if not _is_same(field.before, before[field.name].before)]
    if moved:
        changed = "; ".join(
            f"{_word(field.name)} was {_value(before[field.name].before)} when the plan was saved, "
            f"and is {_value(field.before)} now"
            for field in moved
        )
        return f"It is stale: {changed}."
    otherwise = [field for field in fields if not _is_same(field.after, before[field.name].after)]
    if otherwise:
        changed = "; ".join(
            f"{_word(field.name)} was to become {_value(before[field.name].after)}, "
            f"and would become {_value(field.after)} now"
            for field in otherwise
        )
        return f"It is stale: {changed}."
    return ""


def _is_same(value: Any, other: Any) -> bool:
    return value == other or (value in _BLANK and other in _BLANK)


def _words(names: Iterable[str]) -> str:
    return ", ".join(map(_word, names))


def _word(name: str) -> str:
    return name.replace("_", " ")


def _value(value: Any) -> str:
    if value in _BLANK:
        return "nothing"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"
