"""
Carrying out a saved plan: what of a plan that is made anew may be done, and what becomes of the rest.

The driver asks before the first step, once for each subject: what was approved stays so while it is carried out, and
what is held back is told to the judge as withheld. Nothing is recorded of a listing or order that was held back: to
the hub it is as if nobody had looked at it.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from tradepost.domain import approval
from tradepost.domain.listings.codes import code_key
from tradepost.domain.plan import Change, Outcome, Plan, Result, SubjectId, SubjectKind
from tradepost.operations.ports import ActiveRun, Approval, Needs, WriteAnswer, WriteOutcome

NeedsOf: TypeAlias = Callable[[Plan[Any]], Needs]
"""Says which others of its plan changes can't be made without."""

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Of what nothing is recorded: listings and their codes as keys, orders by number, shipments by code."""

    listings: frozenset[int] = frozenset()
    codes: frozenset[str] = frozenset()
    orders: frozenset[int] = frozenset()
    shipments: frozenset[str] = frozenset()


class Rulings:
    """
    What may be done of one batch; a subject that was ruled on once is not asked about again.

    `approved`: None where everything may be. `goes_on`: only what this run has begun may be done, so that no half of it
    stays.
    """

    def __init__(self, approved: Approval | None, needs_of: NeedsOf, *, goes_on: bool) -> None:
        self._approved = approved
        self._needs_of = needs_of
        self._goes_on = goes_on
        self._reasons: dict[SubjectId, str] = {}
        self._changes: dict[SubjectId, Change] = {}
        self._saved: set[int] = set()

    @property
    def saved_ids(self) -> Collection[int]:
        """The saved changes that were held against what is wanted now."""
        return self._saved

    def look_at(self, plan: Plan[Any]) -> None:
        """Rule on what is new in a plan."""
        if self._approved is None:
            return
        new = {
            change.subject.id: change
            for unit in plan.units
            for change in unit.changes
            if change.subject.id not in self._reasons
        }
        self._note_settled(plan)
        if not new:
            return
        changes = list(new.values())
        self._changes |= new
        if self._goes_on:
            begun = set(self._approved.applied(changes))
            self._reasons |= {subject: "" if subject in begun else approval.NOT_PLANNED for subject in new}
            return
        for subject, ruling in self._approved.rule(changes).items():
            self._reasons[subject] = ruling.reason
            if ruling.saved_id is not None:
                self._saved.add(ruling.saved_id)
        refused = {subject: reason for subject, reason in self._reasons.items() if reason}
        lacking = approval.needed(refused, self._needs_of(plan))
        self._reasons |= {subject: approval.lacks(other) for subject, other in lacking.items() if subject in new}

    def _note_settled(self, plan: Plan[Any]) -> None:
        """What is settled without being done is dealt with, too."""
        settled = [result.change for result in plan.settled if result.change.subject.id not in self._reasons]
        if self._approved is not None and settled:
            rulings = self._approved.rule(settled).values()
            self._saved |= {ruling.saved_id for ruling in rulings if ruling.saved_id is not None}

    def reason(self, change: Change) -> str:
        """Say why a change is not done; blank where it may be."""
        return self._reasons.get(change.subject.id, "")

    def withheld(self, plan: Plan[Any]) -> dict[SubjectId, tuple[Change, WriteAnswer]]:
        """What of the changes to the store is not sent, with the answer that the judge is given instead."""
        return {
            change.subject.id: (change, WriteAnswer(WriteOutcome.WITHHELD, reason))
            for unit in plan.units
            for change in unit.changes
            if (reason := self.reason(change))
        }

    def result(self, change: Change) -> Result | None:
        """What became of a change of the hub's own side that is not made; None where it may be."""
        reason = self.reason(change)
        return Result(change, Outcome.SKIPPED, message=reason) if reason else None

    def held_back(self) -> HeldBack:
        """Say of what the batch is to record nothing."""
        held = [change for subject, change in self._changes.items() if self._reasons[subject]]
        # Of a listing that is let through in part, the judge has heard what was withheld.
        going_on = {change.listing_id for subject, change in self._changes.items() if not self._reasons[subject]}
        listings = {number for change in held if (number := change.listing_id) is not None and number not in going_on}
        return HeldBack(
            frozenset(listings),
            frozenset(code_key(change.subject.key) for change in held if change.listing_id in listings),
            frozenset(int(key) for key in _keys(held, SubjectKind.ORDER) if key.isdecimal()),
            frozenset(_keys(held, SubjectKind.SHIPMENT)),
        )


def _keys(changes: Sequence[Change], kind: SubjectKind) -> list[str]:
    return [change.subject.key for change in changes if change.subject.kind is kind]


def report_rest(run: ActiveRun) -> None:
    """
    Report what the run has met nothing of that was in its saved plan: not approved, or not wanted any more.

    To be called when a verb is through; nothing is reported where a person has stopped it, or no plan is carried out.
    """
    approved = run.approval
    if approved is None:
        return
    while not run.is_cancelled() and (rest := approved.unsettled(limit=_AT_ONCE)):
        with run.transaction():
            run.report([Result(change, Outcome.SKIPPED, message=ruling.reason) for change, ruling in rest])
            approved.settle([ruling.saved_id for _, ruling in rest if ruling.saved_id is not None])
