"""
How the channels stand: gathered here, and judged by `domain.channels.standing`, for pages and commands alike.

What is known without counting is asked for once, for all channels.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from tradepost.database.listings.due import has_values_due
from tradepost.database.models import Channel, Listing, Run, ScheduleRecord
from tradepost.database.several import counts_of
from tradepost.domain.brake import Braking
from tradepost.domain.channels.schedule import OPERATION_WORDS, ScheduledOperation, is_late
from tradepost.domain.channels.standing import ChannelFacts, ChannelStanding, FailedWork, standing_of
from tradepost.domain.counts import COUNT_UP_TO
from tradepost.domain.orders.order_proof import proof_of
from tradepost.engine.schedules import WORK
from tradepost.operations.ports import Clock

_WEEK = timedelta(days=7)
_SET_UP_ERRORS = frozenset(
    {"CredentialsRejected", "StoreRefused", "PermissionMissing", "AddressRefused", "Reconfigure"}
)


def facts_of(channels: Sequence[Channel], *, clock: Clock = timezone.now) -> dict[int, ChannelFacts]:
    """What each of these channels is judged by, by its id, without what has to be counted."""
    if not channels:
        return {}
    now = clock()
    failing = list(Run.failing(since=now - _WEEK))
    asking = Run.objects.filter(channel__in=channels, needs_answer=True).order_by("-pk")
    # Of each channel the first of its runs is left.
    braked = {run.channel_id: run for run in asking.only("channel_id", "brake")}
    schedules = list(ScheduleRecord.objects.filter(channel__in=channels, next_at__isnull=False).order_by("pk"))
    return {
        channel.pk: _facts_of(
            channel,
            failing=[run for run in failing if run.channel_id == channel.pk],
            braked=braked.get(channel.pk),
            schedules=[row for row in schedules if row.channel_id == channel.pk],
            now=now,
        )
        for channel in channels
    }


def _facts_of(
    channel: Channel,
    *,
    failing: Sequence[Run],
    braked: Run | None,
    schedules: Sequence[ScheduleRecord],
    now: datetime,
) -> ChannelFacts:
    braking = Braking.from_json(braked.brake) if braked is not None else None
    proof = proof_of(channel.orders_proof)
    return ChannelFacts(
        refusal=channel.refusal,
        restored_why=channel.restored_why,
        store_doubt=channel.store_doubt,
        failed=tuple(_failed(channel, run) for run in failing),
        is_being_set_up=bool(channel.setup_step),
        is_paused=channel.is_paused,
        is_look_only=channel.is_look_only,
        braked=(braked.pk, braking.sentence) if braked is not None and braking is not None else None,
        differences=proof.differences if proof is not None else 0,
        overdue=_overdue(schedules, now),
        paused=tuple(OPERATION_WORDS[ScheduledOperation(row.operation)] for row in schedules if row.paused_at),
    )


def _failed(channel: Channel, run: Run) -> FailedWork:
    is_by_set_up = run.error_kind in _SET_UP_ERRORS
    return FailedWork(
        run.pk, run.kind, run.error, is_by_set_up=is_by_set_up, is_mended=is_by_set_up and _is_mended(channel, run)
    )


def _is_mended(channel: Channel, run: Run) -> bool:
    """Whether what a run failed for was put right: the test looks at all that such a run can fail for."""
    if run.finished_at is None or channel.checked_at is None:
        return False
    return channel.checked_at > run.finished_at and all(found["is_good"] for found in channel.findings)


def _overdue(schedules: Sequence[ScheduleRecord], now: datetime) -> str:
    late = [
        (row.next_at, row.operation)
        for row in schedules
        if row.next_at is not None and row.paused_at is None and is_late(row.next_at, now=now)
    ]
    return WORK[ScheduledOperation(min(late)[1])].kind.value if late else ""


def judged(channel: Channel, facts: ChannelFacts) -> ChannelStanding:
    """Say how a channel stands, with what waits and what is live, each as far as lists count."""
    rows = (*Listing.waiting(channel.pk), Listing.live(channel.pk))
    to_sync, to_publish, live = counts_of([[each] for each in rows], up_to=COUNT_UP_TO + 1)
    waiting = replace(facts, to_sync=to_sync, to_publish=to_publish, live=live)
    return standing_of(replace(waiting, has_values_due=bool(live) and has_values_due(channel.pk)))


def unshared_words(channel_id: int) -> str:
    """Say, behind another sentence, what other channels don't learn while this one rests; blank where it has none."""
    others = Channel.objects.filter(archived_at__isnull=True).exclude(pk=channel_id)
    return " Until then, what its store sells stays on sale on other channels." if others.exists() else ""
