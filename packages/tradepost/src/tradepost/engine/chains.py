"""What a run leaves to others: sales that were sighted on one channel change what is available on all of them."""

from django.utils import timezone

from tradepost.database.listings.due import due_ids
from tradepost.database.models import Channel, Run, RunKind, Trigger
from tradepost.database.runs import runs
from tradepost.domain.stages import Stage
from tradepost.engine.runs import doorbell
from tradepost.operations.ports import Clock

_AT_ONCE = 5000
"""More than that is left to the scheduled sync."""


def chain_from(run: Run, *, clock: Clock = timezone.now) -> list[Run]:
    """Queue what follows from a run that the server has executed; return it."""
    if not Run.objects.filter(pk=run.pk, kind=RunKind.GET_ORDERS, is_dry=False).exists():
        return []
    chained = [
        runs.request_run(channel_id, RunKind.SYNC, trigger=Trigger.CHAIN, at=clock(), scope=ids)
        for channel_id in Channel.objects.filter(archived_at__isnull=True, is_paused=False).values_list("id", flat=True)
        if (ids := _moves_due(channel_id))
    ]
    if chained:
        doorbell.set()
    return chained


def _moves_due(channel_id: int) -> list[int]:
    """The listings whose stock is to be moved, the decreases first."""
    ids: list[int] = []
    for stage in (Stage.DECREASE, Stage.INCREASE):
        ids += due_ids(stage, channel_id=channel_id, after=0, limit=_AT_ONCE - len(ids))
    return ids
