"""What was approved of a saved plan, in memory."""

from collections.abc import Collection, Mapping, Sequence

from tradepost.database.json_values import plain
from tradepost.domain.approval import NOT_APPROVED, NOT_WANTED, Ruling, SavedChange, rule
from tradepost.domain.plan import Change, FieldChange, SubjectId


def as_json(change: Change) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(field.name, plain(field.before), plain(field.after)) for field in change.fields)


class MemoryApproval:
    """`saved`: the changes of a plan, with whether each was approved; `done`: what the run has changed already."""

    def __init__(self, saved: Sequence[tuple[Change, bool]], *, done: Collection[SubjectId] = ()) -> None:
        self._changes = [change for change, _ in saved]
        self._saved = [
            SavedChange(number, as_json(change), is_approved) for number, (change, is_approved) in enumerate(saved)
        ]
        self.done = set(done)
        self.settled: set[int] = set()

    def rule(self, changes: Sequence[Change]) -> Mapping[SubjectId, Ruling]:
        return {
            change.subject.id: rule(
                as_json(change),
                [
                    saved
                    for saved, known in zip(self._saved, self._changes, strict=True)
                    if (known.subject.id, known.side, known.action) == (change.subject.id, change.side, change.action)
                ],
            )
            for change in changes
        }

    def applied(self, changes: Sequence[Change]) -> Collection[SubjectId]:
        return self.done & {change.subject.id for change in changes}

    def settle(self, saved_ids: Collection[int]) -> None:
        assert not self.settled & set(saved_ids), "each is dealt with once"
        self.settled |= set(saved_ids)

    def unsettled(self, *, limit: int) -> Sequence[tuple[Change, Ruling]]:
        rest = [saved for saved in self._saved if saved.id not in self.settled][:limit]
        return [
            (self._changes[saved.id], Ruling(NOT_WANTED if saved.is_approved else NOT_APPROVED, saved.id))
            for saved in rest
        ]
