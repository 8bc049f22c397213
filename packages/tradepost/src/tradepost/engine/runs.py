"""
Executing runs: take, work, settle. The same for threads of the server, for other machines and for a command in a shell.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from tradepost import wiring
from tradepost.database.channels import channels
from tradepost.database.failures import explain, is_away
from tradepost.database.listings.wanted import refresh_channel
from tradepost.database.models import Channel, Run, RunKind, Trigger
from tradepost.database.runs import job_queue, runs
from tradepost.database.runs.history import forget_preview
from tradepost.domain.brake import Braking
from tradepost.domain.errors import NotAllowed, RunLost, StoreRefused, TradepostError
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.people.audit import AuditEvent, AuditNote
from tradepost.domain.plan import SETTLED_STATES, RunState
from tradepost.engine.catalogue_previews import preview_of_source
from tradepost.engine.kept_uploads import import_upload
from tradepost.engine.owner import is_dead, new_owner
from tradepost.engine.run_handle import Progress, RunHandle
from tradepost.operations.ports import Clock
from tradepost.operations.selection import (
    AS_IF,
    FILE,
    FULL_EXISTENCE,
    GROUPS,
    IS_FORCED,
    LINK_TO,
    PLACED,
    PLAN,
    SKU_FROM,
    TELLS_ALL,
    UNDOES,
    UPLOAD,
    Selection,
    beyond_brake,
)
from tradepost.security.log_context import of_run

_logger = logging.getLogger(__name__)
_FOLLOW_SECONDS = 0.2
_LOOK_SECONDS = 1.0
# A run that the database can't live with would be begun anew for ever.
_ATTEMPTS_WITHOUT_DATABASE = 5
_TAKEN_OVER = "Run %s was taken over by another worker."
_INTERRUPTED = "It was interrupted; asked for again, it goes on where it stopped."
# How long no schedule tries a store again that lets nobody in: a person has to mend it, and each attempt slows it down.
REFUSED_PAUSE = timedelta(hours=1)
# These ask the store even where nothing is due, so that their end says that it lets the channel in.
_ASKING = frozenset({RunKind.GET_ORDERS, RunKind.SYNC, RunKind.LINK})
# After these, what earlier runs were stopped for is done, is not due any more, or is asked anew.
_ANSWERS = frozenset({RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS, RunState.STOPPED})

# Rung when something was queued in this process, so that its executor need not wait for the next look.
doorbell = threading.Event()


class AlreadyRunning(NotAllowed):
    """Another run keeps this one from its lane; `run` is the one that is running."""

    def __init__(self, message: str, *, run: Run) -> None:
        super().__init__(message)
        self.run = run


def request_run(
    channel_id: int,
    kind: RunKind | str,
    *,
    trigger: Trigger = Trigger.PERSON,
    scope: Collection[int] | None = None,
    options: Mapping[str, Any] | None = None,
    is_dry: bool = False,
    requested_by: str = "",
    released_by: str = "",
) -> Run:
    """
    Queue a run, or join the one that is queued for the same already.

    `scope`: listing ids; None means all that is due. `is_dry`: only plan, and change nothing. `released_by`: who lets
    it go beyond the brake, as `options` say. Raises NotAllowed for a
    channel that is paused or out of use.
    """
    _refuse_paused(channel_id)
    run = runs.request_run(
        channel_id,
        RunKind(kind),
        trigger=trigger,
        at=timezone.now(),
        scope=scope,
        options=options,
        is_dry=is_dry,
        requested_by=requested_by,
        released_by=released_by,
    )
    if not is_dry:
        note_request(run, trigger, AuditEvent.RELEASED if released_by else AuditEvent.REQUESTED, requested_by)
    announce(run)
    return run


def announce(*queued: Run) -> None:
    """Tell whoever executes runs, in this process or any other, that these were queued."""
    doorbell.set()
    if job_queue.is_shared():
        job_queue.queue_jobs(queued)


def request_import(
    source_id: int,
    *,
    kind: RunKind | str = RunKind.IMPORT,
    options: Mapping[str, Any] | None = None,
    is_dry: bool = False,
    trigger: Trigger = Trigger.PERSON,
    requested_by: str = "",
    clock: Clock = timezone.now,
) -> Run:
    """
    Queue a run that fetches a source's files and imports them, or join the one that is queued already.

    `kind` and `options`: an undo of such a run, an upload, or a saved plan that is carried out. `is_dry`: only say what
    it would do.
    """
    run = runs.request_run(
        None,
        RunKind(kind),
        source_id=source_id,
        trigger=trigger,
        at=clock(),
        options=options,
        is_dry=is_dry,
        requested_by=requested_by,
    )
    if not is_dry:
        note_request(run, trigger, AuditEvent.REQUESTED, requested_by)
    announce(run)
    return run


def release_run(run_id: int, *, requested_by: str, trigger: Trigger = Trigger.PERSON) -> Run:
    """
    Queue a run again that the brake has stopped: this time it may do what was shown, and no more of it.

    Raises NotAllowed where there is nothing to answer (any more), or the channel is paused or out of use.
    """
    stopped = Run.objects.get(id=run_id)
    braking = Braking.from_json(stopped.brake)
    with transaction.atomic():
        if braking is None or stopped.channel_id is None or not runs.claim_answer(run_id):
            raise NotAllowed(f"Run {run_id} has nothing to release: it was not stopped, or that is settled already.")
        return request_run(
            stopped.channel_id,
            stopped.kind,
            trigger=trigger,
            scope=stopped.scope,
            options={**stopped.options, **beyond_brake(braking.numbers)},
            requested_by=requested_by,
            released_by=requested_by,
        )


def note_request(run: Run, trigger: Trigger, event: AuditEvent, who: str) -> None:
    """Keep in the audit trail what a person asks for."""
    if trigger is Trigger.PERSON:
        listings = "" if run.scope is None else f" of {len(run.scope):,} listings"
        wiring.trail.audit().note(AuditNote(event, who, run.of, f"{run.kind.replace('_', ' ')}{listings}", run.pk))


def _refuse_paused(channel_id: int | None) -> None:
    if channel_id is None:
        return
    channel = Channel.objects.get(id=channel_id)
    if channel.archived_at is not None:
        raise NotAllowed(f"The channel '{channel.name}' is out of use.")
    if channel.is_paused:
        raise NotAllowed(
            f"The channel '{channel.name}' is paused, so nothing is executed on it; 'tradepost channel resume' changes "
            "that."
        )


def cancel_run(run_id: int, *, requested_by: str = "") -> bool:
    """Stop a run: at once while it is queued, after the present batch while it is running. False if it is settled."""
    with transaction.atomic():
        is_cancelled = runs.request_cancel(run_id, at=timezone.now())
        if is_cancelled:
            run = Run.objects.select_related("channel", "source").get(pk=run_id)
            words = run.kind.replace("_", " ")
            wiring.trail.audit().note(AuditNote(AuditEvent.CANCELLED, requested_by, run.of, words, run_id))
    return is_cancelled


def lease_time() -> timedelta:
    """How long a run is held without a sign of life of whoever executes it."""
    return timedelta(seconds=settings.TRADEPOST_LEASE_SECONDS)


def take(run_id: int, *, clock: Clock = timezone.now, abandoned_by: str = "") -> Run | None:
    """Take a run for this thread; None if it is somebody else's or its lane is in use."""
    now = clock()
    taken = runs.take(run_id, owner=new_owner(), until=now + lease_time(), at=now, abandoned_by=abandoned_by)
    return None if taken is None else Run.objects.select_related("channel", "source").get(id=run_id)


def free_runs(*, clock: Clock = timezone.now) -> list[tuple[Run, str]]:
    """
    What somebody may take now, in the order to do so, and by whom it was left where that process is known to be dead.

    Of each lane that is not in use it is the first.
    """
    now = clock()
    free: list[tuple[Run, str]] = []
    busy: set[tuple[int | None, int | None, str]] = set()
    for run in runs.unfinished():
        left_by = _dead_owner(run)
        lane = (run.channel_id, run.source_id, run.lane)
        if run.lease_until is not None and run.lease_until > now and not left_by:
            is_free = False
        else:
            is_free = run.is_dry or lane not in busy
        if is_free:
            free.append((run, left_by))
        if not run.is_dry:
            busy.add(lane)
    return free


def run_now(run: Run, *, progress: Progress | None = None) -> Run:
    """
    Execute a run in this thread and return it settled; one that another worker has taken meanwhile is watched.

    What a dead process left behind in its lane is completed first. Raises AlreadyRunning when another run is in
    the way: this one stays queued.
    """
    while True:
        taken = take(run.pk, abandoned_by=_dead_owner(run))
        if taken is not None:
            execute(taken, progress=progress)
            run = Run.objects.get(id=run.pk)
            if run.state not in SETTLED_STATES:
                # The database was away for a while, or this process stood still and another one has the run.
                continue
            return run
        run.refresh_from_db()
        if run.state in SETTLED_STATES:
            return run
        if run.state == RunState.RUNNING:
            _show(run, progress)
            time.sleep(_FOLLOW_SECONDS)
            continue
        other = runs.in_the_way(run)
        if other is None:
            # It can't be taken while its channel is paused either: then the loop must end.
            _refuse_paused(run.channel_id)
            continue
        left_behind = take(other.pk, abandoned_by=_dead_owner(other))
        if left_behind is None:
            raise AlreadyRunning(
                f"A {other.kind.replace('_', ' ')} is running on this channel (run {other.pk}). "
                f"Run {run.pk} is queued and starts when that is done.",
                run=other,
            )
        execute(left_behind, progress=progress)


def execute(
    run: Run,
    *,
    clock: Clock = timezone.now,
    progress: Progress | None = None,
    on_start: Callable[[RunHandle], None] = lambda _: None,
) -> None:
    """
    Execute a run that this thread has taken, and settle it.

    Nothing that an operation raises gets out: it is written down as the run's error. Only what ends the process does.
    """
    with of_run(run.pk):
        _execute(run, clock=clock, progress=progress, on_start=on_start)


def _execute(run: Run, *, clock: Clock, progress: Progress | None, on_start: Callable[[RunHandle], None]) -> None:
    own = runs.Lease(run.pk, run.owner, run.attempt)
    if run.attempt > 1:
        # A preview is made from the beginning, whatever an attempt before it had shown.
        forget_preview(run)
    handle = RunHandle(run, own, clock=clock, lease_time=lease_time(), on_progress=progress)
    on_start(handle)
    _logger.info("Run %s: %s of %s, attempt %s.", run.pk, run.kind, run.of, run.attempt)
    error: dict[str, str] = {}
    try:
        with handle.kept_alive():
            _carry_out(run, handle, clock)
    except RunLost:
        _logger.warning(_TAKEN_OVER, run.pk)
        return
    except TradepostError as failure:
        if isinstance(failure, StoreRefused) and run.channel_id is not None:
            channels.note_refusal(run.channel_id, str(failure), until=clock() + REFUSED_PAUSE)
        error = {"error": str(failure), "error_kind": type(failure).__name__}
    except Exception as failure:  # noqa: BLE001 a bug ends its run, and is written down
        if is_away(failure) and run.attempt < _ATTEMPTS_WITHOUT_DATABASE:
            _give_back_when_there(handle, failure)
            return
        error = _error_of(failure, run)
    except BaseException:
        _settle(handle, clock, RunState.CANCELLED, {"error": _INTERRUPTED})
        raise
    if not error and run.channel_id is not None and run.kind in _ASKING:
        channels.forget_refusal(run.channel_id)
    _settle(handle, clock, _state(handle, error), error)


def _carry_out(run: Run, handle: RunHandle, clock: Clock) -> None:
    if run.channel is None:
        assert run.source is not None
        if FILE in run.options and PLAN not in run.options:
            raise NotAllowed("It was cut off. Import the file again: what has come in stays, and the rest comes then.")
        if run.is_dry:
            preview_of_source(run, handle, clock=clock)
            return
        if UPLOAD in run.options:
            import_upload(run, handle, clock=clock)
            return
        wiring.sources.carry_out_of_source(
            run.source.name, handle, run.options, requested_by=run.requested_by, clock=clock
        )
        return
    refresh_channel(run.channel.pk, at=clock())
    with wiring.runs.ports_for(run.channel, handle, clock=clock) as ports:
        wiring.runs.carry_out(run.kind, ports, selection_of(run))


def selection_of(run: Run) -> Selection:
    """Which listings a run is about, and as what they are seen in a preview of something that nobody has queued."""
    change = Pending(run.options.get(AS_IF, ""))
    groups = frozenset(Group(name) for name in run.options.get(GROUPS, ())) or CONTENT_GROUPS
    return Selection.of(
        run.scope,
        as_if=change if run.is_dry else Pending.NONE,
        groups=groups,
        full_existence=bool(run.options.get(FULL_EXISTENCE)),
        is_forced=bool(run.options.get(IS_FORCED)),
        link_to={int(number): chosen for number, chosen in run.options.get(LINK_TO, {}).items()},
        sku_from=LinkingPriority(run.options.get(SKU_FROM, LinkingPriority.SKU)),
        placed=tuple(run.options.get(PLACED, (None, None))),
        tells_all=bool(run.options.get(TELLS_ALL)),
        undoes=run.options.get(UNDOES),
    )


def _error_of(failure: Exception, run: Run) -> dict[str, str]:
    """Say why a run failed: what is in the way of the hub itself, or else a bug, with its place in the log."""
    explained = explain(failure)
    if explained is not None:
        # What broke off is opened anew, so that the run can be settled if the database is back.
        connection.close_if_unusable_or_obsolete()
        return {"error": str(explained), "error_kind": type(explained).__name__}
    reference = secrets.token_hex(4)
    _logger.error("Run %s failed; reference %s.", run.pk, reference, exc_info=failure)
    return {
        "error": f"Something went wrong that should not have; the log has the details under {reference}.",
        "error_kind": type(failure).__name__,
        "reference": reference,
    }


def hand_back(handle: RunHandle, *, clock: Clock = timezone.now) -> None:
    """
    Queue an interrupted run again while its worker still waits for the store.

    That one writes nothing any more; but what it has sent may land, and whoever is next waits for that.
    """
    _settle(handle, clock, RunState.CANCELLED, {}, writes_from=clock() + runs.lost_answer_time(handle.id))


def _give_back_when_there(handle: RunHandle, failure: Exception) -> None:
    """
    Queue a run again as soon as the database is there; nothing of it is on its way to the store.

    If that takes longer than the lease, whoever is next takes it over. Raises the failure then. A process that was
    frozen finds both at once when it wakes: its connection broken off, and its run with another worker.
    """
    while not handle.is_interrupted:
        connection.close()
        try:
            is_ours = runs.give_back(handle.lease, writes_from=handle.writes_from)
        except DatabaseError:
            if not handle.is_held:
                break
            time.sleep(_LOOK_SECONDS)
            continue
        if is_ours:
            _logger.warning("Run %s is queued again: the database was away.", handle.id)
        else:
            _logger.warning(_TAKEN_OVER, handle.id)
        return
    raise failure


def _state(handle: RunHandle, error: Mapping[str, str]) -> RunState:
    if error:
        return RunState.FAILED
    if handle.was_stopped:
        return RunState.CANCELLED
    return RunState.STOPPED if handle.needs_answer else handle.counts.state


def _settle(
    handle: RunHandle,
    clock: Clock,
    state: RunState,
    error: Mapping[str, str],
    *,
    writes_from: datetime | None = None,
) -> None:
    if state is RunState.CANCELLED and handle.is_interrupted and not runs.is_cancel_requested(handle.lease):
        if runs.give_back(handle.lease, writes_from=writes_from):
            _logger.info("Run %s is queued again: its process ends.", handle.id)
            return
        error = {"error": "It was interrupted; the same has been queued anew."}
    is_ours = runs.finish(handle.lease, state, at=clock(), **handle.final_progress(), **error)
    if not is_ours:
        _logger.warning("Run %s was taken over before it was settled.", handle.id)
        return
    if state in _ANSWERS:
        runs.drop_answered(Run.objects.get(id=handle.id))
    _logger.info("Run %s: %s. %s", handle.id, state, error.get("error", ""))


def _dead_owner(run: Run) -> str:
    return run.owner if run.owner and is_dead(run.owner) else ""


def _show(run: Run, progress: Progress | None) -> None:
    if progress is not None:
        progress(run.done, run.total, run.label)
