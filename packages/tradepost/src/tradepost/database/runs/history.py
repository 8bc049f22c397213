"""The history: changes with what became of them, kept with the run that planned or made them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.models import Run, RunChange, RunKind, Trigger
from tradepost.database.people.audit import DjangoAudit
from tradepost.domain.people.audit import note_of_request
from tradepost.domain.plan import Change, Counts, Plan, Result, SubjectKind
from tradepost.operations.ports import Clock

_BATCH = 500
_OF_PRODUCTS = (SubjectKind.PRODUCT.value, SubjectKind.LISTING.value)


@dataclass(frozen=True, slots=True)
class RequestHistory:
    """Implements `ports.History`: each request is a settled run of a channel, with the name of who asked for it."""

    requested_by: str
    trigger: Trigger
    clock: Clock

    def keep(self, results: Sequence[Result], *, channel_id: int) -> None:
        kept = self.open(channel_id)
        kept.add(results)

    def open(self, channel_id: int) -> "KeptRequest":
        return _opened(self, channel_id=channel_id)


@dataclass(frozen=True, slots=True)
class SourceRequestHistory:
    """Implements `ports.SourceHistory`: each request is a settled run of a source."""

    requested_by: str
    trigger: Trigger
    clock: Clock

    def keep(self, results: Sequence[Result], *, source_id: int) -> None:
        kept = _opened(self, source_id=source_id)
        kept.add(results)


def _opened(asked: RequestHistory | SourceRequestHistory, **of: int) -> "KeptRequest":
    now = asked.clock()
    run = Run(
        **of,
        kind=RunKind.REQUEST,
        lane=RunKind.REQUEST,
        trigger=asked.trigger,
        requested_by=asked.requested_by,
        attempt=1,
        queued_at=now,
        started_at=now,
    )
    return KeptRequest(run, asked.clock)


class KeptRequest:
    """
    Implements `ports.OpenRequest`; `run` says after each batch what was done up to there.

    Whose request it is goes into the audit trail with the first batch, so that a kill leaves no change without it.
    """

    def __init__(self, run: Run, clock: Clock) -> None:
        self._run = run
        self._clock = clock
        self._counts = Counts()

    def add(self, results: Sequence[Result]) -> None:
        if not results:
            return
        run, is_first = self._run, not self._counts.numbers
        self._counts.add(results)
        run.state, run.counts = self._counts.state.value, self._counts.to_rows()
        run.done = run.total = sum(self._counts.numbers.values())
        run.finished_at = self._clock()
        run.save()
        add_results(results, run_id=run.pk, attempt=1)
        if is_first and run.trigger == Trigger.PERSON:
            note = note_of_request([result.change for result in results], who=run.requested_by, run_id=run.pk)
            if note is not None:
                DjangoAudit(clock=self._clock).note(note)


def add_results(results: Sequence[Result], *, run_id: int, attempt: int) -> None:
    sql.insert(
        RunChange,
        [
            _row(result.change, run_id=run_id, attempt=attempt)
            | {"outcome": result.outcome.value, "proof": result.proof.value, "message": result.message}
            for result in results
        ],
        constants={"unit": ""},
    )


def add_plan(plan: Plan[Any], *, run_id: int, attempt: int, limit: int | None = None) -> list[RunChange]:
    """
    Keep what is intended, up to a limit: the same rows without an outcome, and outside the histories of listings.

    Without a limit it is a plan to be approved, so its rows say which listings they are about.
    """
    rows = [(unit.key, change) for unit in plan.units for change in unit.changes]
    of_no_listing: dict[str, Any] = {} if limit is None else {"listing_id": None}
    return _add(
        [_row(change, run_id=run_id, attempt=attempt) | {"unit": unit} | of_no_listing for unit, change in rows[:limit]]
    )


def forget_preview(run: Run) -> None:
    """Take back what a run has shown, if it is a preview."""
    if not run.is_dry:
        return
    RunChange.objects.filter(run=run).delete()
    Run.objects.filter(pk=run.pk).update(planned=[], counts=[])
    run.planned, run.counts = [], []


def forget_values(*, before: datetime, previews_before: datetime, limit: int) -> int:
    """
    Forget from which value to which the oldest runs have changed products, and what old previews had shown.

    What was changed, and what came of it, stays in the history. Returns how many runs that was done for.
    """
    is_old = Q(finished_at__lt=before) | Q(finished_at__lt=previews_before, is_dry=True, saved_plan=None)
    old = Run.objects.filter(is_old, is_forgotten=False).order_by("finished_at")[:limit]
    for run in old:
        with transaction.atomic():
            if run.is_dry:
                RunChange.objects.filter(run=run).delete()
            else:
                _forget_values_of(run)
            Run.objects.filter(pk=run.pk).update(is_forgotten=True)
    return len(old)


def _forget_values_of(run: Run) -> None:
    rows = RunChange.objects.filter(run=run, subject_kind__in=_OF_PRODUCTS).exclude(fields=[]).order_by("pk")
    after = 0
    while found := list(rows.filter(pk__gt=after)[:_BATCH]):
        after = found[-1].pk
        for row in found:
            row.fields = [{"name": field["name"], "before": None, "after": None} for field in row.fields]
        RunChange.objects.bulk_update(found, ["fields"])


def _add(rows: Sequence[Mapping[str, Any]]) -> list[RunChange]:
    return RunChange.objects.bulk_create([RunChange(**row) for row in rows], batch_size=_BATCH)


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
