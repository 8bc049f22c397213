"""What an import changes, change by change: kept in the history of its run, or shown before it is done."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tradepost.domain.catalogue.product_changes import as_planned, is_moved_in
from tradepost.domain.plan import Action, Change, Outcome, Plan, Result, SubjectKind, Unit
from tradepost.operations.ports import ActiveRun, Approval

SHOWN = 1000
"""So many changes of a preview are kept, and of those products that a run has made; the others are counted."""


def plan_of(changes: Sequence[Change]) -> Plan[None]:
    """Make a plan of changes of the catalogue, each of which can be done without the others."""
    return Plan(None, tuple(Unit(change.subject.key, (change,)) for change in changes))


class Journal(Protocol):
    """Where an import tells what it does, in the transaction that does it."""

    @property
    def run_id(self) -> int | None:
        """The run that does it; None where none does."""
        ...

    @property
    def approval(self) -> Approval | None:
        """What of it was approved; None where all may be done."""
        ...

    def tell(self, changes: Sequence[Change], *, unchanged: int = 0) -> None:
        """Tell what was done, and how many were looked at that are as they were."""
        ...

    def leave(self, results: Sequence[Result]) -> None:
        """Tell what is not done, with the reason."""
        ...


class NoJournal:
    """Implements `Journal` for what is kept nowhere else than in the catalogue."""

    run_id = None
    approval = None

    def tell(self, changes: Sequence[Change], *, unchanged: int = 0) -> None:
        pass

    def leave(self, results: Sequence[Result]) -> None:
        pass


@dataclass(slots=True)
class RunJournal:
    """
    Implements `Journal` in the history of a run.

    Each product that was changed or withdrawn is kept with the values that it had, for an undo. Of new ones the first
    are, and all have the run's number: a million of them are a mark in their rows, and no million rows more.
    """

    run: ActiveRun
    _made: int = 0

    @property
    def run_id(self) -> int:
        return self.run.id

    @property
    def approval(self) -> Approval | None:
        return self.run.approval

    def tell(self, changes: Sequence[Change], *, unchanged: int = 0) -> None:
        kept: list[Result] = []
        counted = 0
        for change in changes:
            # What has come from another product stays in the history: no undo may take it out.
            if change.action is Action.CREATE and not is_moved_in(change):
                self._made += 1
                if self._made > SHOWN:
                    counted += 1
                    continue
            kept.append(Result(change, Outcome.APPLIED))
        self.run.report(kept)
        self.run.count(SubjectKind.PRODUCT, Action.CREATE, Outcome.APPLIED, number=counted)
        self.run.count(SubjectKind.PRODUCT, Action.KEEP, Outcome.UNCHANGED, number=unchanged)

    def leave(self, results: Sequence[Result]) -> None:
        self.run.report(results)


@dataclass(slots=True)
class PlanJournal:
    """
    Implements `Journal` for a preview: counts all changes, and keeps the first.

    `keep`: is given all of them, where the preview is to be approved.
    """

    keep: Callable[[Sequence[Change]], None] | None = None
    planned: Counter[tuple[SubjectKind, Action]] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)
    left: list[Result] = field(default_factory=list)
    unchanged: int = 0
    run_id: int | None = None
    approval: Approval | None = None

    def tell(self, changes: Sequence[Change], *, unchanged: int = 0) -> None:
        self.unchanged += unchanged
        self.planned.update((change.subject.kind, change.action) for change in changes)
        self.changes += map(as_planned, changes[: SHOWN - len(self.changes)])
        if self.keep is not None:
            self.keep([as_planned(change) for change in changes])

    def leave(self, results: Sequence[Result]) -> None:
        self.left += results[: SHOWN - len(self.left)]
