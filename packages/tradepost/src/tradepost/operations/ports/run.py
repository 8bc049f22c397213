"""The port of the run in which an operation works."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from tradepost.domain.brake import Braking, Harm, Released
from tradepost.domain.plan import Plan, Result

Clock = Callable[[], datetime]
"""Returns the present time, aware and in UTC."""


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
    def released(self) -> Released:
        """What a person has let this run do, for all that the brake says."""
        ...

    @property
    def braked(self) -> frozenset[Harm]:
        """What this run was told not to do, in this attempt or the one before it."""
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

    def show(self, plan: Plan[Any]) -> None:
        """Keep what is intended: the preview that a dry run is."""
        ...

    def report(self, results: Sequence[Result]) -> None:
        """Count and keep results with their changes; part of the enclosing transaction where there is one."""
        ...

    def progress(self, done: int, total: int | None, label: str) -> None: ...

    def is_cancelled(self) -> bool:
        """Whether a person asked to stop; looked at between batches."""
        ...
