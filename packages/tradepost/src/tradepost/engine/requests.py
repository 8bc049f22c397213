"""Requests: what a person or a token asks for. It is done at once, and kept in the history with their name."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from django.db import transaction
from django.utils import timezone

from tradepost import wiring
from tradepost.database.models import Channel, Run, Trigger
from tradepost.domain.catalogue import Kind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import Pending
from tradepost.domain.locks import Locks
from tradepost.domain.plan import Change, Outcome, Result, RunState
from tradepost.domain.stages import Stage, is_due
from tradepost.operations.drift.answers import accept, planned_acceptance
from tradepost.operations.locks import (
    LockPlan,
    let_prices_through,
    lock,
    plan_lock,
    plan_price_through,
    plan_unlock,
    unlock,
)
from tradepost.operations.ports import ListingRow, Listings
from tradepost.operations.queue_changes import (
    QueuePlan,
    plan_pause,
    plan_queue,
    plan_removal,
    plan_unlink,
    queue,
    with_variants,
)
from tradepost.operations.selection import Selection
from tradepost.operations.sync.delist import left_alone

PlanRows: TypeAlias = Callable[[Sequence[ListingRow]], QueuePlan]


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """
    What became of a request, or what would: how many listings it changes, and how many not.

    `changes`: those that were made, or are only planned. `refused`: reason -> number of listings. `codes`: of those
    that it changes. `listing_ids`: all rows it meant, the variants of parents, too. `applied_by`: the run that applies
    what was queued. `results`: what became of each change; empty for a preview, where nothing became of any.
    """

    queued: int = 0
    unchanged: int = 0
    changes: tuple[Change, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    listing_ids: tuple[int, ...] = ()
    applied_by: str = ""
    results: tuple[Result, ...] = ()


def preview_change(
    channel_id: int, ids: Collection[int], change: Pending, *, groups: Collection[Group] = CONTENT_GROUPS
) -> RequestOutcome:
    """Plan what a request would do, and do nothing."""
    return _preview(channel_id, ids, partial(plan_queue, change=change, groups=groups))


@dataclass(frozen=True, slots=True)
class GoingProduct:
    """A product that leaves the store; `is_asked`: for itself, and not because its last variant goes."""

    code: str
    name: str
    is_asked: bool


def products_that_go(channel_id: int, ids: Collection[int], change: Pending) -> list[GoingProduct]:
    """Name every product that a request would remove from the store, parents first; none but a delist does."""
    if change is not Pending.DELIST:
        return []
    listings = wiring.listings_of(channel_id)
    selection = Selection.of([row.id for row in with_variants(listings, listings.by_ids(ids))], as_if=change)
    asked = {row.id: row for row in selection.as_asked(listings.by_ids(selection.only or ()))}
    going = {number: row for number, row in asked.items() if is_due(Stage.DELIST, row)}
    parents: list[ListingRow] = []
    if Channel.objects.get(id=channel_id).delist_parent_with_last_variant:
        parents = left_alone(listings, going, selection)
    titles = listings.titles({row.product_id for row in [*going.values(), *parents]})
    in_order = sorted(
        [*going.values(), *parents], key=lambda row: (row.product_id, row.kind is not Kind.PARENT, row.id)
    )
    return [GoingProduct(row.code, titles.get(row.product_id, ""), row.id in going) for row in in_order]


def request_change(
    channel_id: int,
    ids: Collection[int],
    change: Pending,
    *,
    requested_by: str,
    groups: Collection[Group] = CONTENT_GROUPS,
    trigger: Trigger = Trigger.PERSON,
) -> RequestOutcome:
    """
    Queue a change for these listings and the variants of parents among them; Pending.NONE clears what is queued.

    Idempotent: what is queued already is counted as unchanged.
    """
    with transaction.atomic():
        listings = wiring.listings_of(channel_id)
        plan = queue(listings, listings.by_ids(ids), change, groups=groups)
        return _kept(channel_id, plan, requested_by=requested_by, trigger=trigger)


def preview_pause(channel_id: int, ids: Collection[int], *, is_paused: bool) -> RequestOutcome:
    """Plan which listings would be frozen or freed, and do nothing."""
    return _preview(channel_id, ids, partial(plan_pause, is_paused=is_paused))


def request_pause(
    channel_id: int,
    ids: Collection[int],
    *,
    is_paused: bool,
    requested_by: str,
    trigger: Trigger = Trigger.PERSON,
) -> RequestOutcome:
    """Freeze listings, and variants of parents among them, or free them; what is queued stays queued."""
    plan = partial(plan_pause, is_paused=is_paused)
    return _done_at_once(channel_id, ids, plan, requested_by=requested_by, trigger=trigger)


def preview_unlink(channel_id: int, ids: Collection[int]) -> RequestOutcome:
    """Plan which of the store's products would be let go of, and do nothing."""
    return _preview(channel_id, ids, plan_unlink)


def request_unlink(
    channel_id: int, ids: Collection[int], *, requested_by: str, trigger: Trigger = Trigger.PERSON
) -> RequestOutcome:
    """Let go of the store's products; nothing is written to the store."""
    return _done_at_once(channel_id, ids, plan_unlink, requested_by=requested_by, trigger=trigger)


def preview_acceptance(channel_id: int, ids: Collection[int]) -> RequestOutcome:
    """Plan what of the store's own values would be kept, and do nothing."""
    plan = planned_acceptance(wiring.listings_of(channel_id), wiring.drifts_of(channel_id), ids)
    return _planned(QueuePlan({}, plan.results))


def request_acceptance(
    channel_id: int, ids: Collection[int], *, requested_by: str, trigger: Trigger = Trigger.PERSON
) -> RequestOutcome:
    """Keep what the store has of what somebody changed there."""
    with transaction.atomic():
        plan = accept(
            wiring.listings_of(channel_id),
            wiring.drifts_of(channel_id),
            wiring.accounts_of(channel_id),
            ids,
            at=timezone.now(),
        )
        return _kept(channel_id, QueuePlan({}, plan.results), requested_by=requested_by, trigger=trigger)


def preview_lock(channel_id: int, ids: Collection[int], *, wanted: Locks) -> RequestOutcome:
    """Plan what of listings would be left alone, and do nothing."""
    return _preview(channel_id, ids, lambda rows: QueuePlan({}, plan_lock(rows, wanted).results))


def request_lock(
    channel_id: int, ids: Collection[int], *, wanted: Locks, requested_by: str, trigger: Trigger = Trigger.PERSON
) -> RequestOutcome:
    """Leave something of listings, and of variants of parents among them, alone until it is unlocked."""
    work = partial(lock, wanted=wanted)
    return _worked(channel_id, ids, work, requested_by=requested_by, trigger=trigger)


def preview_unlock(channel_id: int, ids: Collection[int], *, groups: Collection[Group]) -> RequestOutcome:
    """Plan what of listings would be left alone no more, and do nothing."""
    return _preview(channel_id, ids, lambda rows: QueuePlan({}, plan_unlock(rows, groups).results))


def request_unlock(
    channel_id: int,
    ids: Collection[int],
    *,
    groups: Collection[Group],
    requested_by: str,
    trigger: Trigger = Trigger.PERSON,
) -> RequestOutcome:
    """Leave something of listings, and of variants of parents among them, alone no more."""
    work = partial(unlock, groups=groups)
    return _worked(channel_id, ids, work, requested_by=requested_by, trigger=trigger)


def preview_prices_through(channel_id: int, ids: Collection[int]) -> RequestOutcome:
    """Plan which prices would be let through that a rule holds back for their change, and do nothing."""
    return _preview(channel_id, ids, lambda rows: QueuePlan({}, plan_price_through(rows).results))


def request_prices_through(
    channel_id: int, ids: Collection[int], *, requested_by: str, trigger: Trigger = Trigger.PERSON
) -> RequestOutcome:
    """Let prices through that a rule holds back for their change: they are meant."""
    return _worked(channel_id, ids, let_prices_through, requested_by=requested_by, trigger=trigger)


def preview_removal(channel_id: int, ids: Collection[int]) -> RequestOutcome:
    """Plan which listings the hub would forget, and do nothing."""
    return _preview(channel_id, ids, partial(_plan_removal, channel_id=channel_id, only_off_the_store=False))


def request_removal(
    channel_id: int,
    ids: Collection[int],
    *,
    requested_by: str,
    only_off_the_store: bool = False,
    trigger: Trigger = Trigger.PERSON,
) -> RequestOutcome:
    """
    Forget listings, and variants of parents among them; what is on the store stays there as it is.

    Raises NotAllowed while a run is at work on the channel.
    """
    with transaction.atomic():
        if Run.objects.filter(channel_id=channel_id, state=RunState.RUNNING.value).exists():
            raise NotAllowed("A run is at work on this channel; wait for its end, or cancel it, and remove then.")
        listings = wiring.listings_of(channel_id)
        rows = with_variants(listings, listings.by_ids(ids))
        plan = _plan_removal(rows, channel_id=channel_id, only_off_the_store=only_off_the_store)
        asked = _kept(channel_id, plan, requested_by=requested_by, trigger=trigger)
        listings.remove([change.listing_id for change in asked.changes if change.listing_id is not None])
        return asked


def _plan_removal(rows: Sequence[ListingRow], *, channel_id: int, only_off_the_store: bool) -> QueuePlan:
    open_codes = wiring.intents_of(channel_id).open_among([row.code for row in rows])
    return plan_removal(rows, open_codes=open_codes, only_off_the_store=only_off_the_store)


def _preview(channel_id: int, ids: Collection[int], plan: PlanRows) -> RequestOutcome:
    listings = wiring.listings_of(channel_id)
    return _planned(plan(with_variants(listings, listings.by_ids(ids))))


def _done_at_once(
    channel_id: int, ids: Collection[int], plan: PlanRows, *, requested_by: str, trigger: Trigger
) -> RequestOutcome:
    """Do what needs no run."""
    with transaction.atomic():
        listings = wiring.listings_of(channel_id)
        planned = plan(with_variants(listings, listings.by_ids(ids)))
        listings.set_status(planned.statuses)
        return _kept(channel_id, planned, requested_by=requested_by, trigger=trigger)


def _worked(
    channel_id: int,
    ids: Collection[int],
    work: Callable[[Listings, Sequence[ListingRow]], LockPlan],
    *,
    requested_by: str,
    trigger: Trigger,
) -> RequestOutcome:
    with transaction.atomic():
        listings = wiring.listings_of(channel_id)
        results = work(listings, with_variants(listings, listings.by_ids(ids))).results
        return _kept(channel_id, QueuePlan({}, results), requested_by=requested_by, trigger=trigger)


def _kept(channel_id: int, plan: QueuePlan, *, requested_by: str, trigger: Trigger) -> RequestOutcome:
    wiring.history(requested_by=requested_by, trigger=trigger).keep(plan.results, channel_id=channel_id)
    return replace(_planned(plan), results=plan.results)


def _planned(plan: QueuePlan) -> RequestOutcome:
    results = plan.results
    changes = tuple(result.change for result in results if result.outcome is Outcome.APPLIED)
    return RequestOutcome(
        queued=len(changes),
        unchanged=sum(result.outcome is Outcome.UNCHANGED for result in results),
        changes=changes,
        refused=Counter(result.message for result in results if result.outcome is Outcome.SKIPPED),
        codes=tuple(change.subject.key for change in changes),
        listing_ids=tuple(result.change.listing_id for result in results if result.change.listing_id is not None),
        applied_by=plan.applied_by,
    )
