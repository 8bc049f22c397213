"""
What is synced without waiting for a schedule: what orders took on one channel is taken off all of them, and what the
catalogue has less of, or none at all, is sold nowhere any longer than need be.
"""

from collections.abc import Sequence

from django.utils import timezone

from tradepost.database.listings.due import due_ids
from tradepost.database.models import Channel, Run, RunKind, Trigger
from tradepost.database.runs import runs
from tradepost.domain.listings.stages import Stage
from tradepost.engine.runs import announce
from tradepost.operations.ports import Clock

_AT_ONCE = 5000
"""More than that is left to the scheduled sync."""


def chain_from(run: Run, *, clock: Clock = timezone.now) -> list[Run]:
    """Queue what follows from a run that the server has executed; return it."""
    done = Run.objects.filter(pk=run.pk, is_dry=False).only("kind", "source_id").first()
    if done is not None and done.kind == RunKind.GET_ORDERS:
        return _chain((Stage.DECREASE, Stage.INCREASE), clock=clock)
    # Of a source: an import, or the undo of one.
    return chain_decreases(clock=clock) if done is not None and done.source_id is not None else []


def chain_decreases(*, requested_by: str = "", clock: Clock = timezone.now) -> list[Run]:
    """
    Queue a sync of what has to be lowered, on every channel, after the catalogue has changed; return the runs.

    A server that is running takes them at once.
    """
    return _chain((Stage.DECREASE,), requested_by=requested_by, clock=clock)


def _chain(stages: Sequence[Stage], *, requested_by: str = "", clock: Clock) -> list[Run]:
    chained = [
        runs.request_run(
            channel_id, RunKind.SYNC, trigger=Trigger.CHAIN, at=clock(), scope=ids, requested_by=requested_by
        )
        for channel_id in Channel.objects.filter(archived_at__isnull=True, is_paused=False).values_list("id", flat=True)
        if (ids := _due(channel_id, stages))
    ]
    if chained:
        announce(*chained)
    return chained


def _due(channel_id: int, stages: Sequence[Stage]) -> list[int]:
    """The listings whose stock is to be moved, in the order of these stages."""
    ids: list[int] = []
    for stage in stages:
        ids += due_ids(stage, channel_id=channel_id, after=0, limit=_AT_ONCE - len(ids))
    return ids
