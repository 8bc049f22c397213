"""The port of the run in which an operation works."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

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
