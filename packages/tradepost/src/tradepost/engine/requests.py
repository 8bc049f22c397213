"""Requests: what a person or a token asks for. It is done at once, and kept in the history with their name."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Run, RunKind, Trigger
from tradepost.database.runs.history import add_results, counts_of
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import Pending
from tradepost.domain.plan import Outcome, Result, RunState
from tradepost.operations.queue_changes import pause, plan_queue, queue, unlink, with_variants


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """
    What became of a request: how many listings it changed, and how many not.

    `refused`: reason -> number of listings. `codes`: of those that it changed. `listing_ids`: all rows it meant, the
    variants of parents, too. `applied_by`: the run that applies what was queued.
    """

    queued: int = 0
    unchanged: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    listing_ids: tuple[int, ...] = ()
    applied_by: str = ""
    results: tuple[Result, ...] = ()


def preview_change(channel_id: int, ids: Collection[int], change: Pending) -> RequestOutcome:
    """Say what a request would do, and do nothing."""
    listings = DjangoListings(channel_id)
    plan = plan_queue(with_variants(listings, listings.by_ids(ids)), change)
    return _outcome_of(plan.results, plan.applied_by)


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
        listings = DjangoListings(channel_id)
        plan = queue(listings, listings.by_ids(ids), change, groups=groups)
        _keep(channel_id, plan.results, requested_by=requested_by, trigger=trigger)
    return _outcome_of(plan.results, plan.applied_by)


def request_pause(channel_id: int, ids: Collection[int], *, is_paused: bool) -> None:
    """Freeze listings, and variants of parents among them, or free them; what is queued stays queued."""
    with transaction.atomic():
        listings = DjangoListings(channel_id)
        pause(listings, with_variants(listings, listings.by_ids(ids)), is_paused=is_paused)


def request_unlink(
    channel_id: int, ids: Collection[int], *, requested_by: str, trigger: Trigger = Trigger.PERSON
) -> RequestOutcome:
    """Let go of the store's products; nothing is written to the store."""
    with transaction.atomic():
        listings = DjangoListings(channel_id)
        results = unlink(listings, listings.by_ids(ids))
        _keep(channel_id, results, requested_by=requested_by, trigger=trigger)
    return _outcome_of(results, "")


def _keep(channel_id: int, results: Sequence[Result], *, requested_by: str, trigger: Trigger) -> None:
    if not results:
        return
    now = timezone.now()
    run = Run.objects.create(
        channel_id=channel_id,
        kind=RunKind.REQUEST,
        lane=RunKind.REQUEST,
        trigger=trigger,
        requested_by=requested_by,
        state=RunState.COMPLETED,
        counts=counts_of(results).to_rows(),
        done=len(results),
        total=len(results),
        attempt=1,
        queued_at=now,
        started_at=now,
        finished_at=now,
    )
    add_results(results, run_id=run.pk, attempt=1)


def _outcome_of(results: Sequence[Result], applied_by: str) -> RequestOutcome:
    changed = [result.change for result in results if result.outcome is Outcome.APPLIED]
    return RequestOutcome(
        queued=len(changed),
        unchanged=sum(result.outcome is Outcome.UNCHANGED for result in results),
        refused=Counter(result.message for result in results if result.outcome is Outcome.SKIPPED),
        codes=tuple(change.subject.key for change in changed),
        listing_ids=tuple(result.change.listing_id for result in results if result.change.listing_id is not None),
        applied_by=applied_by,
        results=tuple(results),
    )
