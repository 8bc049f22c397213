"""The history: changes with what became of them, kept with the run that planned or made them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from tradepost.database.json_values import plain
from tradepost.database.models import RunChange
from tradepost.domain.plan import Change, Counts, Result, Unit

_BATCH = 500


def add_results(results: Sequence[Result], *, run_id: int, attempt: int) -> None:
    _add(
        [
            _row(result.change, run_id=run_id, attempt=attempt)
            | {"outcome": result.outcome.value, "proof": result.proof.value, "message": result.message}
            for result in results
        ]
    )


def add_plan(units: Sequence[Unit], *, run_id: int, attempt: int) -> None:
    """Keep what is intended: the same rows without an outcome."""
    _add(
        [_row(change, run_id=run_id, attempt=attempt) | {"unit": unit.key} for unit in units for change in unit.changes]
    )


def history_of(listing_id: int) -> QuerySet[RunChange]:
    """Return what was done to a listing, newest first; what a preview planned was not done, and is no history."""
    return RunChange.objects.filter(listing_id=listing_id, run__is_dry=False).order_by("-pk")


def counts_of(results: Sequence[Result]) -> Counts:
    counts = Counts()
    counts.add(results)
    return counts


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
