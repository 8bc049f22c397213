"""The history: changes with what became of them, kept with the run that planned or made them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tradepost.database.json_values import plain
from tradepost.database.models import Run, RunChange, RunKind, Trigger
from tradepost.domain.plan import Change, Counts, Plan, Result
from tradepost.operations.ports import Clock

_BATCH = 500


class RequestHistory:
    """Implements `ports.History`: each request is a settled run, with the name of who asked for it."""

    def __init__(self, *, requested_by: str, trigger: Trigger, clock: Clock) -> None:
        self._requested_by = requested_by
        self._trigger = trigger
        self._clock = clock

    def keep(self, results: Sequence[Result], *, channel_id: int) -> None:
        kept = self.open(channel_id)
        kept.add(results)
        kept.close()

    def open(self, channel_id: int) -> "KeptRequest":
        return KeptRequest(
            channel_id,
            requested_by=self._requested_by,
            trigger=self._trigger,
            started_at=self._clock(),
            clock=self._clock,
        )


class KeptRequest:
    """Implements `ports.OpenRequest`."""

    def __init__(
        self, channel_id: int, *, requested_by: str, trigger: Trigger, started_at: datetime, clock: Clock
    ) -> None:
        self._run = Run(
            channel_id=channel_id,
            kind=RunKind.REQUEST,
            lane=RunKind.REQUEST,
            trigger=trigger,
            requested_by=requested_by,
            attempt=1,
            queued_at=started_at,
            started_at=started_at,
        )
        self._clock = clock
        self._counts = Counts()
        self._is_written = True

    def add(self, results: Sequence[Result]) -> None:
        if not results:
            return
        self._counts.add(results)
        self._is_written = False
        if self._run.pk is None:
            self._write()
        add_results(results, run_id=self._run.pk, attempt=1)

    def close(self) -> None:
        if not self._is_written:
            self._write()

    def _write(self) -> None:
        run = self._run
        run.state, run.counts = self._counts.state.value, self._counts.to_rows()
        run.done = run.total = sum(self._counts.numbers.values())
        run.finished_at = self._clock()
        run.save()
        self._is_written = True


def add_results(results: Sequence[Result], *, run_id: int, attempt: int) -> None:
    _add(
        [
            _row(result.change, run_id=run_id, attempt=attempt)
            | {"outcome": result.outcome.value, "proof": result.proof.value, "message": result.message}
            for result in results
        ]
    )


def add_plan(plan: Plan[Any], *, run_id: int, attempt: int) -> None:
    """Keep what is intended: the same rows without an outcome, and outside the histories of listings."""
    rows = [(unit.key, change) for unit in plan.units for change in unit.changes]
    _add([_row(change, run_id=run_id, attempt=attempt) | {"unit": unit, "listing_id": None} for unit, change in rows])


def _add(rows: Sequence[Mapping[str, Any]]) -> None:
    RunChange.objects.bulk_create([RunChange(**row) for row in rows], batch_size=_BATCH)


def _row(change: Change, *, run_id: int, attempt: int) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "attempt": attempt,
        "subject_kind": change.subject.kind.value,
        "subject_key": change.subject.key,
        "subject_label": change.subject.label,
        "side": change.side.value,
        "action": change.action.value,
        "fields": [
            {"name": field.name, "before": plain(field.before), "after": plain(field.after)} for field in change.fields
        ],
        "reason": change.reason,
        "listing_id": change.listing_id,
    }
