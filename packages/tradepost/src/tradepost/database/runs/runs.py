"""
Runs in the database: each step of a run's life is one conditional update, so that whoever is second gets nothing.

A run belongs to (owner, attempt) as long as its lease lasts. All writes of its owner carry both.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from tradepost.database import sql
from tradepost.database.models import Run, RunKind, Trigger
from tradepost.domain.plan import RunState

# Runs that change listings exclude each other on a channel, and so do those that follow orders: what one has read of an
# order before the other has shipped it would be taken for news. Every other kind is in a lane of its own.
_LANES: Mapping[RunKind, str] = {
    RunKind.PUBLISH: "listings",
    RunKind.SYNC: "listings",
    RunKind.LINK: "listings",
    RunKind.SET_TYPE: "listings",
    RunKind.UNDO: "listings",
    RunKind.ADOPT: "listings",
    RunKind.GET_ORDERS: "orders",
    RunKind.SYNC_ORDERS: "orders",
}


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write a run: who took it, and at which attempt."""

    run_id: int
    owner: str
    attempt: int


def lane_of(kind: RunKind) -> str:
    return _LANES.get(kind, kind.value)


def request_run(
    channel_id: int | None,
    kind: RunKind,
    *,
    source_id: int | None = None,
    trigger: Trigger,
    at: datetime,
    scope: Collection[int] | None = None,
    options: Mapping[str, Any] | None = None,
    is_dry: bool = False,
    requested_by: str = "",
    released_by: str = "",
) -> Run:
    """Queue a run of a channel or a source, or join the one that is queued for the same already."""
    of = {"channel_id": channel_id, "source_id": source_id}
    listing_ids = None if scope is None else sorted(set(scope))
    key = _scope_key(listing_ids, options, is_dry=is_dry)
    while True:
        queued = Run.objects.filter(**of, kind=kind, scope_key=key, state=RunState.QUEUED).first()
        if queued is not None:
            return queued
        try:
            with transaction.atomic():
                return Run.objects.create(
                    **of,
                    kind=kind,
                    lane=lane_of(kind) if source_id is None else RunKind.IMPORT.value,
                    trigger=trigger,
                    requested_by=requested_by,
                    released_by=released_by,
                    is_dry=is_dry,
                    scope=listing_ids,
                    options=dict(options or {}),
                    scope_key=key,
                    queued_at=at,
                )
        except IntegrityError:
            # Somebody queued the same meanwhile: join it, unless it was taken in this moment; then queue another.
            continue


def begin_run(
    source_id: int, *, options: Mapping[str, Any], owner: str, until: datetime, at: datetime, requested_by: str
) -> tuple[Run, Lease] | None:
    """Begin an import that only this process can do, as the file is here; None where the source is being imported."""
    try:
        with transaction.atomic():
            run = Run.objects.create(
                source_id=source_id,
                kind=RunKind.IMPORT,
                lane=RunKind.IMPORT.value,
                trigger=Trigger.PERSON,
                requested_by=requested_by,
                options=dict(options),
                scope_key=_scope_key(None, options, is_dry=False),
                state=RunState.RUNNING,
                owner=owner,
                attempt=1,
                lease_until=until,
                queued_at=at,
                started_at=at,
            )
    except IntegrityError:
        return None
    return run, Lease(run.pk, owner, 1)


def is_at_work(
    channel_id: int | None,
    kind: RunKind,
    *,
    source_id: int | None = None,
    options: Mapping[str, Any] | None = None,
) -> bool:
    """Whether a run of this kind on all that is due, with the same options, is being executed."""
    key = _scope_key(None, options, is_dry=False)
    of = {"channel_id": channel_id, "source_id": source_id}
    return Run.objects.filter(**of, kind=kind, scope_key=key, state=RunState.RUNNING).exists()


def take(run_id: int, *, owner: str, until: datetime, at: datetime, abandoned_by: str = "") -> Lease | None:
    """
    Take a run that is queued or whose lease has run out; `abandoned_by` names an owner known to be dead.

    On a look-only channel it becomes a preview, whoever asked for it and whatever the channel was then, but for an
    adoption, which writes nothing to a store; after a restore that is one, too, until what came since is read back. Who
    takes it from another owner, or is next in the lane of one that was left, is told from when to write.

    None when it is somebody else's, settled, its lane on the channel is in use, or the channel executes no runs.
    """
    try:
        with transaction.atomic():
            attempts = sql.fetch_numbers(
                """
                UPDATE tradepost_run
                SET state = 'running', owner = %s, attempt = attempt + 1, lease_until = %s,
                    started_at = COALESCE(started_at, %s),
                    writes_from = CASE WHEN state = 'running' THEN %s ELSE (
                        SELECT MAX(other.writes_from) FROM tradepost_run AS other
                        WHERE other.channel_id = tradepost_run.channel_id AND other.lane = tradepost_run.lane
                            AND other.writes_from IS NOT NULL
                    ) END,
                    is_dry = is_dry OR EXISTS (
                        SELECT 1 FROM tradepost_channel AS channel
                        WHERE channel.id = tradepost_run.channel_id AND channel.is_look_only
                            AND (tradepost_run.kind <> 'adopt' OR channel.restored_why <> '')
                    )
                WHERE id = %s AND (
                    state = 'queued' OR (state = 'running' AND (lease_until < %s OR (owner = %s AND owner <> '')))
                ) AND NOT EXISTS (
                    SELECT 1 FROM tradepost_channel AS channel
                    WHERE channel.id = tradepost_run.channel_id
                        AND (channel.is_paused OR channel.archived_at IS NOT NULL)
                )
                RETURNING attempt
                """,
                owner,
                until,
                at,
                at + lost_answer_time(run_id),
                run_id,
                at,
                abandoned_by,
            )
    except IntegrityError:
        return None
    return Lease(run_id, owner, attempts[0]) if attempts else None


def lost_answer_time(run_id: int) -> timedelta:
    """How long a request that was not answered can still land on the run's store."""
    seconds = Run.objects.filter(id=run_id).values_list("channel__lost_answer_seconds", flat=True).first()
    return timedelta(seconds=seconds or 0)


def renew_lease(lease: Lease, *, until: datetime) -> bool:
    """
    Extend the lease, if the run is still ours.

    As the first statement of a transaction it is the fence: nobody can take the run over before the commit.
    """
    extended = sql.fetch_numbers(
        """
        UPDATE tradepost_run SET lease_until = %s
        WHERE id = %s AND owner = %s AND attempt = %s AND state = 'running'
        RETURNING id
        """,
        until,
        lease.run_id,
        lease.owner,
        lease.attempt,
    )
    return bool(extended)


def write(lease: Lease, **columns: Any) -> bool:
    """Write columns of the run, if it is still ours."""
    return bool(_held(lease).update(**columns))


def is_cancel_requested(lease: Lease) -> bool | None:
    """Whether a person asked to stop; None if the run is not ours any more."""
    return _held(lease).values_list("cancel_requested", flat=True).first()


def finish(lease: Lease, state: RunState, *, at: datetime, **columns: Any) -> bool:
    return write(lease, state=state, finished_at=at, lease_until=None, owner="", **columns)


def claim_answer(run_id: int) -> bool:
    """Let one person answer what a run was stopped for; False if somebody has, or it is not asked any more."""
    return bool(Run.objects.filter(id=run_id, needs_answer=True).update(needs_answer=False))


def drop_answered(run: Run) -> None:
    """Take earlier questions along with a later run that went through or was stopped for the same; no preview does."""
    if run.is_dry:
        return
    asked = Run.objects.filter(**_subject_of(run), kind=run.kind, needs_answer=True, id__lt=run.pk)
    chosen = None if run.scope is None else frozenset(run.scope)
    moot = [
        earlier
        for earlier, scope in asked.values_list("id", "scope")
        if chosen is None or (scope is not None and chosen.issuperset(scope))
    ]
    Run.objects.filter(id__in=moot).update(needs_answer=False)


def give_back(lease: Lease, *, writes_from: datetime | None) -> bool:
    """
    Queue a run again that its owner can't go on with; False if the same has been queued anew meanwhile.

    `writes_from`: until then a request of this owner may land; None where all of them were answered.
    """
    left = {} if writes_from is None else {"writes_from": writes_from}
    try:
        with transaction.atomic():
            return write(lease, state=RunState.QUEUED, lease_until=None, owner="", **left)
    except IntegrityError:
        return False


def request_cancel(run_id: int, *, at: datetime) -> bool:
    """Stop a run: at once while it is queued, at the next batch while it is running. False if it is settled."""
    stopped = Run.objects.filter(id=run_id, state=RunState.QUEUED).update(
        state=RunState.CANCELLED, cancel_requested=True, finished_at=at
    )
    return bool(stopped or Run.objects.filter(id=run_id, state=RunState.RUNNING).update(cancel_requested=True))


def unfinished() -> Sequence[Run]:
    """
    What is queued or running where anything is executed: those that were begun first, then in the order asked.

    Of each only who has it, and what keeps others from their turn.
    """
    runs = Run.objects.filter(state__in=[RunState.QUEUED, RunState.RUNNING]).exclude(channel__is_paused=True)
    columns = ("state", "owner", "lease_until", "channel_id", "source_id", "lane", "is_dry")
    return list(runs.exclude(channel__archived_at__isnull=False).order_by("-state", "id").only(*columns))


def in_the_way(run: Run) -> Run | None:
    """The running run that keeps this one from its lane."""
    if run.is_dry:
        return None
    return (
        Run.objects.filter(**_subject_of(run), lane=run.lane, state=RunState.RUNNING, is_dry=False)
        .exclude(id=run.pk)
        .first()
    )


def _subject_of(run: Run) -> dict[str, int | None]:
    return {"channel_id": run.channel_id, "source_id": run.source_id}


def _scope_key(listing_ids: Sequence[int] | None, options: Mapping[str, Any] | None, *, is_dry: bool) -> str:
    asked = json.dumps([listing_ids, options or {}, is_dry], sort_keys=True)
    return hashlib.sha256(asked.encode()).hexdigest()[:32]


def _held(lease: Lease) -> "QuerySet[Run]":
    return Run.objects.filter(id=lease.run_id, owner=lease.owner, attempt=lease.attempt, state=RunState.RUNNING)
