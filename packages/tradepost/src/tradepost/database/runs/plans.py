"""Saved plans in the database: their changes, what was approved of them, and what a run has dealt with."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tradepost.database.json_values import plain
from tradepost.database.models import PlannedChange, Run, RunChange, RunKind, SavedPlan, Trigger
from tradepost.database.runs.history import add_plan
from tradepost.domain import changes
from tradepost.domain.approval import NOT_APPROVED, NOT_WANTED, Ruling, SavedChange, rule
from tradepost.domain.plan import (
    Action,
    Change,
    FieldChange,
    Outcome,
    RunState,
    Side,
    Subject,
    SubjectId,
    SubjectKind,
)
from tradepost.operations.catalogue.import_journal import plan_of
from tradepost.operations.ports import Needs

_BATCH = 500

_Key = tuple[SubjectId, str, str]
"""Subject, side and action."""


class DjangoApproval:
    """Implements `ports.Approval` of the plan that a run carries out."""

    def __init__(self, plan_id: int, *, run_id: int) -> None:
        self._plan_id = plan_id
        self._run_id = run_id

    def rule(self, changes: Sequence[Change]) -> Mapping[SubjectId, Ruling]:
        saved: defaultdict[_Key, list[SavedChange]] = defaultdict(list)
        for row in self._rows(changes, self._plan_id).select_related("planned").exclude(planned=None):
            saved[_key(row)].append(_saved(row))
        return {
            change.subject.id: rule(_plain_fields(change), saved[change.subject.id, change.side, change.action])
            for change in changes
        }

    def applied(self, changes: Sequence[Change]) -> Collection[SubjectId]:
        asked = {change.subject.id: {field.name for field in change.fields} for change in changes}
        done = self._rows(changes, self._run_id).filter(outcome=Outcome.APPLIED.value)
        return {
            subject
            for row in done
            if (subject := subject_of(row).id) in asked and asked[subject] & {field["name"] for field in row.fields}
        }

    def settle(self, saved_ids: Collection[int]) -> None:
        ids = sorted(saved_ids)
        for start in range(0, len(ids), _BATCH):
            these = PlannedChange.objects.filter(plan_id=self._plan_id, change_id__in=ids[start : start + _BATCH])
            these.update(is_settled=True)

    def unsettled(self, *, limit: int) -> Sequence[tuple[Change, Ruling]]:
        rest = PlannedChange.objects.filter(plan_id=self._plan_id, is_settled=False).select_related("change")
        return [
            (change_of(each.change), Ruling(NOT_WANTED if each.is_approved else NOT_APPROVED, each.change_id))
            for each in rest.order_by("change_id")[:limit]
        ]

    @staticmethod
    def _rows(changes: Sequence[Change], run_id: int) -> "QuerySet[RunChange]":
        keys = {change.subject.key for change in changes}
        kinds = {change.subject.kind.value for change in changes}
        return RunChange.objects.filter(run_id=run_id, subject_kind__in=kinds, subject_key__in=keys)


def save_plan(run_id: int, *, expires_at: datetime, who: str, at: datetime) -> SavedPlan:
    """Begin a saved plan; the run that is its preview adds the changes."""
    events = [{"at": at.isoformat(), "who": who, "what": "saved"}]
    return SavedPlan.objects.create(run_id=run_id, expires_at=expires_at, events=events)


def save_made_plan(
    *,
    source_id: int,
    kind: RunKind,
    options: Mapping[str, Any],
    changes: Iterable[Change],
    planned: Mapping[tuple[SubjectKind, Action], int],
    who: str,
    expires_at: datetime,
    at: datetime,
) -> SavedPlan:
    """Keep a preview of what is done in the catalogue, which was made already, as a plan of its source."""
    total = sum(planned.values())
    with transaction.atomic():
        run = Run.objects.create(
            source_id=source_id,
            kind=kind,
            lane=RunKind.IMPORT.value,
            trigger=Trigger.PERSON,
            requested_by=who,
            is_dry=True,
            options=dict(options),
            state=RunState.COMPLETED,
            attempt=1,
            done=total,
            total=total,
            planned=[
                {"subject": subject, "action": action, "count": number}
                for (subject, action), number in sorted(planned.items())
            ],
            queued_at=at,
            started_at=at,
            finished_at=at,
        )
        plan = save_plan(run.pk, expires_at=expires_at, who=who, at=at)
        ahead = iter(changes)
        while batch := list(islice(ahead, _BATCH)):
            rows = add_plan(plan_of(batch), run_id=run.pk, attempt=1)
            add_planned(rows, {}, plan_id=plan.pk)
    return plan


def add_planned(rows: Sequence[RunChange], needs: Needs, *, plan_id: int) -> None:
    """Let people be asked about changes that were kept just now."""
    PlannedChange.objects.bulk_create(
        [
            PlannedChange(
                change=row,
                plan_id=plan_id,
                needs=[[kind.value, key] for kind, key in sorted(needs.get(subject_of(row).id, ()))],
            )
            for row in rows
        ],
        batch_size=_BATCH,
    )


def subject_of(row: RunChange) -> Subject:
    return Subject(SubjectKind(row.subject_kind), row.subject_key, row.subject_label)


def change_of(row: RunChange) -> Change:
    """Read a change back, with the values that JSON has of it."""
    return changes.as_kept(
        subject_of(row),
        side=Side(row.side),
        action=Action(row.action),
        fields=_fields(row.fields),
        reason=row.reason,
        listing_id=row.listing_id,
    )


def _saved(row: RunChange) -> SavedChange:
    return SavedChange(row.pk, _fields(row.fields), is_approved=row.planned.is_approved)


def _fields(rows: Sequence[Mapping[str, Any]]) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(row["name"], row["before"], row["after"]) for row in rows)


def _plain_fields(change: Change) -> tuple[FieldChange, ...]:
    return tuple(FieldChange(field.name, plain(field.before), plain(field.after)) for field in change.fields)


def _key(row: RunChange) -> _Key:
    return subject_of(row).id, row.side, row.action
