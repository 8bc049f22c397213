"""Schedules: rows that are edited at run time, and claimed by whoever starts what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tradepost.database import sql
from tradepost.database.models import ScheduleRecord, Source
from tradepost.domain.channels.schedule import OFF, Schedule, ScheduledOperation
from tradepost.operations.ports import ScheduleRow

_MINUTE = timedelta(minutes=1)


class DjangoSchedules:
    """Implements `ports.Schedules`."""

    def of(self, channel_id: int) -> Sequence[ScheduleRow]:
        records = {record.operation: record for record in ScheduleRecord.objects.filter(channel_id=channel_id)}
        return [
            _row(records[operation]) if operation in records else ScheduleRow(operation, OFF, None)
            for operation in ScheduledOperation
        ]

    def keep(self, channel_id: int, rows: Sequence[ScheduleRow]) -> None:
        for row in rows:
            every = row.schedule.every
            columns = {
                "every_minutes": every // _MINUTE if every else 0,
                "cron": row.schedule.cron,
                "next_at": row.next_at,
                # Whoever pauses one while its times are changed is not overruled: only what is off has no pause.
                **({"paused_at": None} if row.schedule.is_off else {}),
            }
            ScheduleRecord.objects.update_or_create(
                channel_id=channel_id, operation=row.operation.value, defaults=columns
            )

    def pause(self, channel_id: int, operation: ScheduledOperation, *, at: datetime) -> bool:
        working = ScheduleRecord.objects.filter(paused_at__isnull=True, next_at__isnull=False)
        return working.filter(channel_id=channel_id, operation=operation.value).update(paused_at=at) == 1

    def resume(self, channel_id: int, operation: ScheduledOperation, *, next_at: datetime | None) -> bool:
        paused = ScheduleRecord.objects.filter(paused_at__isnull=False, channel_id=channel_id)
        return paused.filter(operation=operation.value).update(paused_at=None, next_at=next_at) == 1


def _row(record: ScheduleRecord) -> ScheduleRow:
    return ScheduleRow(ScheduledOperation(record.operation), record.schedule, record.next_at, record.paused_at)


@dataclass(frozen=True, slots=True)
class DueSchedule:
    """
    A schedule whose time has come, as it was read; `time_zone` is its channel's.

    `is_refused`: the store lets the channel in no more, and was asked not long ago.
    """

    id: int
    channel_id: int
    operation: ScheduledOperation
    schedule: Schedule
    due_at: datetime
    time_zone: str
    is_refused: bool = False


def due(*, at: datetime) -> list[DueSchedule]:
    """Read what is due on channels that execute runs, what has waited longest first."""
    records = ScheduleRecord.objects.filter(
        next_at__lte=at, paused_at__isnull=True, channel__is_paused=False, channel__archived_at__isnull=True
    ).select_related("channel")
    return [
        DueSchedule(
            id=record.pk,
            channel_id=record.channel_id,
            operation=ScheduledOperation(record.operation),
            schedule=record.schedule,
            due_at=record.next_at,
            time_zone=record.channel.time_zone,
            is_refused=record.channel.refused_until is not None and record.channel.refused_until > at,
        )
        for record in records.order_by("next_at", "id")
        if record.next_at is not None
    ]


def claim(schedule: DueSchedule, *, next_at: datetime | None) -> bool:
    """
    Move a schedule on to its next time, which gives the right to start it; False if it is not as it was read.

    Then another process was first, a person has changed or paused it, or its channel executes no runs any more.
    """
    every = schedule.schedule.every
    claimed = sql.fetch_numbers(
        """
        UPDATE tradepost_schedulerecord SET next_at = %s
        WHERE id = %s AND next_at = %s AND every_minutes = %s AND cron = %s AND paused_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM tradepost_channel AS channel
            WHERE channel.id = tradepost_schedulerecord.channel_id
                AND (channel.is_paused OR channel.archived_at IS NOT NULL)
        )
        RETURNING id
        """,
        next_at,
        schedule.id,
        schedule.due_at,
        every // _MINUTE if every else 0,
        schedule.schedule.cron,
    )
    return bool(claimed)


@dataclass(frozen=True, slots=True)
class DueSource:
    """A source of the catalogue whose time has come, as it was read."""

    id: int
    schedule: Schedule
    due_at: datetime
    time_zone: str


def due_sources(*, at: datetime) -> list[DueSource]:
    """Read which sources are due to be fetched, what has waited longest first."""
    rows = Source.objects.filter(next_at__lte=at).order_by("next_at", "id")
    return [DueSource(row.pk, row.schedule, row.next_at, row.time_zone) for row in rows if row.next_at is not None]


def claim_source(source: DueSource, *, next_at: datetime | None) -> bool:
    """Move a source on to its next time, as `claim` does."""
    every = source.schedule.every
    claimed = Source.objects.filter(
        pk=source.id,
        next_at=source.due_at,
        every_minutes=every // _MINUTE if every else 0,
        cron=source.schedule.cron,
    ).update(next_at=next_at)
    return bool(claimed)
