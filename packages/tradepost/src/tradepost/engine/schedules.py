"""Starting what is due by schedule, and saying when that will be."""

import logging
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from tradepost import wiring
from tradepost.database.channels import schedules
from tradepost.database.models import Channel, Run, RunKind, Trigger
from tradepost.database.runs import runs
from tradepost.domain.channels.schedule import ScheduledOperation, is_late, next_time, spoken_time
from tradepost.domain.errors import NotAllowed
from tradepost.engine import home
from tradepost.engine.rhythm import Rhythm
from tradepost.engine.runs import announce, request_run
from tradepost.engine.undo import forget_old_values
from tradepost.engine.uploads import forget_old_uploads
from tradepost.operations.ports import Clock
from tradepost.operations.selection import FULL_EXISTENCE

_MINUTE_SECONDS = 60
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """What a schedule starts: a kind of run with its options, and the command by which a person does the same."""

    kind: RunKind
    command: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def act(self) -> str:
        """What a person has to be allowed to, to start it."""
        return self.command.partition(" --")[0]


WORK: Mapping[ScheduledOperation, Work] = {
    ScheduledOperation.GET_ORDERS: Work(RunKind.GET_ORDERS, "orders get"),
    ScheduledOperation.SYNC_ORDERS: Work(RunKind.SYNC_ORDERS, "orders sync"),
    ScheduledOperation.SYNC: Work(RunKind.SYNC, "listings sync"),
    ScheduledOperation.RECONCILE: Work(RunKind.SYNC, "listings sync --full", {FULL_EXISTENCE: True}),
    ScheduledOperation.RECONCILE_ORDERS: Work(RunKind.RECONCILE_ORDERS, "orders reconcile"),
    ScheduledOperation.DELIVER_ORDERS: Work(RunKind.DELIVER_ORDERS, "orders deliver"),
    ScheduledOperation.FETCH_SHIPMENTS: Work(RunKind.FETCH_SHIPMENTS, "shipments fetch"),
    ScheduledOperation.LINK: Work(RunKind.LINK, "listings link"),
    ScheduledOperation.PUBLISH: Work(RunKind.PUBLISH, "listings publish"),
}


class Ticker(Rhythm):
    """
    Starts what is due, at once and then at the beginning of every minute, until it is stopped.

    What was missed meanwhile is started once. Several on one database start nothing twice.
    """

    def __init__(self, *, clock: Clock = timezone.now) -> None:
        super().__init__("The ticker of schedules", name="ticker", logger=_logger, clock=clock)

    def beat(self) -> None:
        home.settle()
        start_due(clock=self._clock)
        forget_old_values(clock=self._clock)
        forget_old_uploads(clock=self._clock)

    def pause_seconds(self) -> float:
        return _MINUTE_SECONDS - self._clock().timestamp() % _MINUTE_SECONDS


def start_due(*, clock: Clock = timezone.now) -> list[Run]:
    """
    Queue a run for each schedule that is due; return them.

    However often its time has passed, a schedule starts one run, which joins one that is queued for the same. While
    the same is being executed, and while the store lets the channel in no more, it waits for its next time.
    """
    now = clock()
    started = [run for schedule in schedules.due(at=now) if (run := _start(schedule, now=now)) is not None]
    started += [run for source in schedules.due_sources(at=now) if (run := _start_import(source, now=now)) is not None]
    if started:
        announce(*started)
    return started


def _start(schedule: schedules.DueSchedule, *, now: datetime) -> Run | None:
    try:
        next_at = next_time(schedule.schedule, after=now, time_zone=schedule.time_zone, beat=schedule.due_at)
    except NotAllowed as refusal:
        # A zone that this machine does not know (any more) keeps its channel's schedules from starting, and no other's.
        _logger.error("%s of channel %s is not started: %s", schedule.operation, schedule.channel_id, refusal)  # noqa: TRY400 it is explained
        return None
    work = WORK[schedule.operation]
    # Together, so that who is killed in between has neither claimed nor queued.
    with transaction.atomic():
        if not schedules.claim(schedule, next_at=next_at):
            return None
        if schedule.is_refused:
            _logger.info("The store of channel %s refuses it; %s waits.", schedule.channel_id, work.kind)
            return None
        if runs.is_at_work(schedule.channel_id, work.kind, options=work.options):
            _logger.info("%s of channel %s is at work; its schedule waits.", work.kind, schedule.channel_id)
            return None
        return runs.request_run(schedule.channel_id, work.kind, trigger=Trigger.SCHEDULE, at=now, options=work.options)


def _start_import(source: schedules.DueSource, *, now: datetime) -> Run | None:
    try:
        next_at = next_time(source.schedule, after=now, time_zone=source.time_zone, beat=source.due_at)
    except NotAllowed as refusal:
        _logger.error("The import of source %s is not started: %s", source.id, refusal)  # noqa: TRY400 it is explained
        return None
    with transaction.atomic():
        if not schedules.claim_source(source, next_at=next_at):
            return None
        if runs.is_at_work(None, RunKind.IMPORT, source_id=source.id):
            _logger.info("The import of source %s is at work; its schedule waits.", source.id)
            return None
        return runs.request_run(None, RunKind.IMPORT, source_id=source.id, trigger=Trigger.SCHEDULE, at=now)


def start_now(channel_id: int, operation: ScheduledOperation, *, requested_by: str) -> Run:
    """Start at once what a schedule would start; it may join what is queued. Raises NotAllowed."""
    work = WORK[operation]
    return request_run(channel_id, work.kind, options=work.options or None, requested_by=requested_by)


@dataclass(frozen=True, slots=True)
class NextRun:
    """
    When a schedule starts a kind of run: `at`, which may be over; None where nothing will start it, and `why_not`.

    `cure`: what changes that, for a shell; blank where the run only has to be asked for. All without a full stop.
    """

    at: datetime | None = None
    why_not: str = ""
    cure: str = ""


def next_run(channel: Channel, kind: RunKind | str, *, clock: Clock = timezone.now) -> NextRun:
    """Say when a run of this kind is started, or why it is not: nothing is scheduled, or it is paused or refused."""
    now, kind = clock(), RunKind(kind)
    verb, name = kind.replace("_", " "), shlex.quote(channel.name)
    if channel.is_paused:
        why_not = "nothing is executed while the channel is paused"
        return NextRun(None, why_not, f"'tradepost channel resume {name}' changes that")
    if channel.is_look_only:
        why_not = "nothing is written while the channel is look-only"
        return NextRun(None, why_not, f"'tradepost channel go-live {name}' changes that")
    if channel.refused_until is not None and channel.refused_until > now:
        why_not = "the store refuses the channel, so nothing is started until that is mended"
        return NextRun(None, why_not, f"'tradepost channel show {name}' says why")
    rows = [row for row in wiring.channels.schedules().of(channel.pk) if WORK[row.operation].kind is kind]
    times = [row.next_at for row in rows if row.next_at is not None and row.paused_at is None]
    if not times:
        is_paused = any(row.paused_at is not None for row in rows)
        return NextRun(None, f"the schedule of {verb} is paused" if is_paused else f"{verb} is not scheduled")
    return NextRun(min(times))


def when_applied(channel: Channel, kind: RunKind | str, *, clock: Clock = timezone.now) -> str:
    """
    Say when a schedule starts a run of this kind, and the command that does it at once; without a full stop.

    Where nothing will start it, that is said: no schedule, a channel that is paused, a server that is not running.
    """
    now = clock()
    found = next_run(channel, kind, clock=lambda: now)
    if found.cure:
        return f"{found.why_not} ({found.cure})"
    command = command_of(channel, kind)
    if found.at is None:
        return f"{found.why_not}, so type {command}"
    verb = RunKind(kind).replace("_", " ")
    when = spoken_time(found.at, now=now, time_zone=channel.time_zone)
    if is_late(found.at, now=now):
        return f"the scheduled {verb} is overdue, it was to run {when}: start 'tradepost serve', or type {command}"
    return f"{verb} runs next {when} ({command} at once)"


def command_of(channel: Channel, kind: RunKind | str) -> str:
    """Return the command by which a person has a channel do this at once, in quotes."""
    command = next(work.command for work in WORK.values() if work.kind is RunKind(kind) and not work.options)
    return f"'tradepost {command}{_option_of(channel)}'"


def _option_of(channel: Channel) -> str:
    is_only = not Channel.objects.filter(archived_at__isnull=True).exclude(pk=channel.pk).exists()
    return "" if is_only else f" --channel {shlex.quote(channel.name)}"
