"""The port of what earlier runs have changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tradepost.domain.plan import Change


@dataclass(frozen=True, slots=True)
class PastChange:
    """A change that a run has made, or may have: with the values as they were kept, as JSON has them."""

    id: int
    change: Change


class PastChanges(Protocol):
    """The changes of the runs of one channel or source."""

    def of_run(self, run_id: int, *, below: int | None, limit: int) -> Sequence[PastChange]:
        """The latest ones of a run that were made, or of which nobody knows, with ids below one."""
        ...

    def count(self, run_id: int) -> int: ...
