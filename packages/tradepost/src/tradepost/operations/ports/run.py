"""The port of the run in which an operation works."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from tradepost.domain.approval import Ruling
from tradepost.domain.brake import Braking, Harm, Released
from tradepost.domain.plan import Action, Change, Outcome, Plan, Result, SubjectId, SubjectKind

Clock = Callable[[], datetime]
"""Returns the present time, aware and in UTC."""


Needs = Mapping[SubjectId, Collection[SubjectId]]
"""What has to be there before a change is made, by the subjects of both."""


class Approval(Protocol):
    """
    What was approved of the saved plan that a run carries out. Each saved change is dealt with once.

    Raises RunLost as the run does.
    """

    def rule(self, changes: Sequence[Change]) -> Mapping[SubjectId, Ruling]:
        """Say of each change whether the same was approved."""
        ...

    def applied(self, changes: Sequence[Change]) -> Collection[SubjectId]:
        """Of which of these subjects this run has changed the same fields already, by its report."""
        ...

    def settle(self, saved_ids: Collection[int]) -> None:
        """Note that the run has dealt with these; part of the enclosing transaction."""
        ...

    def unsettled(self, *, limit: int) -> Sequence[tuple[Change, Ruling]]:
        """The first saved changes that the run has not dealt with, and whether each was approved."""
        ...


class ActiveRun(Protocol):
    """
    The execution in which an operation works: its place, its report and its right to write.

    Raises RunLost from every method once another worker has taken the run over.
    """

    @property
    def id(self) -> int: ...

    @property
    def is_dry(self) -> bool: ...

    @property
    def writes_from(self) -> datetime | None:
        """Before this, a request of whoever had the run before may still land, so nothing is written; None: at once."""
        ...

    def wait_to_write(self) -> bool:
        """Wait until `writes_from`; False if the run is to stop instead."""
        ...

    def hold(self) -> None:
        """
        Make sure, without the database and from any thread, that the run is still ours: right before each request.
        """
        ...

    @property
    def released(self) -> Released:
        """What a person has let this run do, for all that the brake says."""
        ...

    @property
    def braked(self) -> frozenset[Harm]:
        """What this run was told not to do, in this attempt or the one before it."""
        ...

    @property
    def approval(self) -> Approval | None:
        """What was approved of the saved plan that this run carries out; None where it carries out none."""
        ...

    @property
    def is_saved(self) -> bool:
        """Whether the preview that this run is will be approved: then it shows what the store has by now."""
        ...

    def apply_brake(self, braking: Braking) -> None:
        """Keep, for whoever asks, what this run does not do, and that a person has to answer."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """Commit all writes of the block together, if the run is still ours. No network call inside."""
        ...

    def cursor(self, name: str) -> int:
        """Where this run, or the attempt before it, had got to in a part of its work; 0 at the start."""
        ...

    def advance(self, name: str, cursor: int) -> None:
        """Remember the place; part of the enclosing transaction."""
        ...

    def show(self, plan: Plan[Any], *, needs: Needs | None) -> None:
        """Keep what is intended: the preview that a dry run is. `needs` is None where nobody is asked to approve."""
        ...

    def report(self, results: Sequence[Result]) -> None:
        """Count and keep results with their changes; part of the enclosing transaction where there is one."""
        ...

    def count(self, kind: SubjectKind, action: Action, outcome: Outcome, *, number: int) -> None:
        """Count results of which none is kept by itself; part of the enclosing transaction where there is one."""
        ...

    def progress(self, done: int, total: int | None, label: str) -> None: ...

    def is_cancelled(self) -> bool:
        """Whether a person asked to stop; looked at between batches."""
        ...
