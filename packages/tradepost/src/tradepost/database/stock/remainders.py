"""What may be sold twice between two channels, read for a person."""

from datetime import datetime, timedelta

from django.db.models import Sum

from tradepost.database.models import Channel, Listing, Run, RunKind, ScheduleRecord, SightedPieces
from tradepost.domain.channels.schedule import Schedule, ScheduledOperation, next_time
from tradepost.domain.stock.stock_remainder import SOLD_IN, OtherChannel, Remainder

_RUNS = 10


def remainder_of(channel: Channel, *, now: datetime) -> Remainder:
    """Reckon with what other channels sold in the last days of variants that are on this one, too."""
    ours = Listing.objects.filter(channel=channel, link="linked", variant__isnull=False)
    others = Channel.objects.filter(archived_at__isnull=True).exclude(pk=channel.pk).order_by("id")
    selling = [
        other
        for other in others
        if Listing.objects.filter(channel=other, link="linked", variant_id__in=ours.values("variant_id")).exists()
    ]
    if not selling:
        return Remainder()
    shared = Listing.objects.filter(channel__in=selling, link="linked", variant__isnull=False)
    offered = ours.filter(health="listed", available__gt=0, variant_id__in=shared.values("variant_id"))
    return Remainder(
        [_other(other, channel, now=now) for other in selling],
        _sync_takes(channel),
        offered.aggregate(pieces=Sum("available"))["pieces"] or 0,
    )


def _other(other: Channel, channel: Channel, *, now: datetime) -> OtherChannel:
    ours = Listing.objects.filter(channel=channel, link="linked", variant__isnull=False)
    pieces = SightedPieces.objects.filter(
        sighting__channel=other, sighting__sighted_at__gt=now - SOLD_IN, variant_id__in=ours.values("variant_id")
    )
    record = ScheduleRecord.objects.filter(channel=other, operation=ScheduledOperation.GET_ORDERS.value).first()
    return OtherChannel(
        other.name,
        pieces.aggregate(pieces=Sum("taken"))["pieces"] or 0,
        None if record is None or record.paused_at is not None else _interval(record.schedule, other, now=now),
    )


def _interval(schedule: Schedule, channel: Channel, *, now: datetime) -> timedelta | None:
    """How long it is between two times of a schedule, the next ones."""
    first = next_time(schedule, after=now, time_zone=channel.time_zone)
    second = None if first is None else next_time(schedule, after=first, time_zone=channel.time_zone)
    return None if first is None or second is None else second - first


def _sync_takes(channel: Channel) -> timedelta:
    """How long the last syncs took, on average; nothing where there was none."""
    runs = Run.objects.filter(
        channel=channel, kind=RunKind.SYNC.value, is_dry=False, started_at__isnull=False, finished_at__isnull=False
    ).order_by("-id")[:_RUNS]
    times = [end - start for start, end in runs.values_list("started_at", "finished_at") if start and end]
    return sum(times, timedelta()) / len(times) if times else timedelta()
