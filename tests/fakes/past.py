"""What earlier runs have changed, in memory."""

from collections.abc import Sequence

from fakes.approval import as_json
from tradepost.domain import changes
from tradepost.domain.plan import Change
from tradepost.operations.ports import PastChange


class MemoryPast:
    """Changes by run, each as it is kept: with the values that JSON has of it."""

    def __init__(self) -> None:
        self._runs: dict[int, list[PastChange]] = {}

    def add(self, run_id: int, made: Sequence[Change]) -> None:
        rows = self._runs.setdefault(run_id, [])
        for change in made:
            kept = changes.as_kept(
                change.subject,
                side=change.side,
                action=change.action,
                fields=as_json(change),
                reason=change.reason,
                listing_id=change.listing_id,
            )
            rows.append(PastChange(len(rows) + 1, kept))

    def of_run(self, run_id: int, *, below: int | None, limit: int) -> Sequence[PastChange]:
        rows = [row for row in self._runs.get(run_id, []) if below is None or row.id < below]
        return rows[::-1][:limit]

    def count(self, run_id: int) -> int:
        return len(self._runs.get(run_id, []))
