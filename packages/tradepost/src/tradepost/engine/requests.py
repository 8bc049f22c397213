"""Requests: what a person or a token asks for. It is done at once, and kept in the history with their name."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction

from tradepost import wiring
from tradepost.database.models import Trigger
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import Pending
from tradepost.domain.plan import Change, Outcome, Result
from tradepost.operations.changes import listing_paused
from tradepost.operations.ports import ListingRow
from tradepost.operations.queue_changes import pause, plan_queue, queue, unlink, with_variants


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


def preview_change(channel_id: int, ids: Collection[int], change: Pending) -> RequestOutcome:
    """Plan what a request would do, and do nothing."""
    listings = wiring.listings_of(channel_id)
    plan = plan_queue(with_variants(listings, listings.by_ids(ids)), change)
    return _planned(plan.results, plan.applied_by)


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
        return _kept(channel_id, plan.results, plan.applied_by, requested_by=requested_by, trigger=trigger)


def preview_pause(channel_id: int, ids: Collection[int], *, is_paused: bool) -> RequestOutcome:
    """Plan which listings would be frozen or freed, and do nothing."""
    listings = wiring.listings_of(channel_id)
    return _planned(_paused(with_variants(listings, listings.by_ids(ids)), is_paused=is_paused))


def request_pause(
    channel_id: int,
    ids: Collection[int],
    *,
    is_paused: bool,
    requested_by: str,
    trigger: Trigger = Trigger.PERSON,
) -> RequestOutcome:
    """Freeze listings, and variants of parents among them, or free them; what is queued stays queued."""
    with transaction.atomic():
        listings = wiring.listings_of(channel_id)
        rows = with_variants(listings, listings.by_ids(ids))
        results = _paused(rows, is_paused=is_paused)
        pause(listings, [row for row in rows if row.status.is_paused != is_paused], is_paused=is_paused)
        return _kept(channel_id, results, "", requested_by=requested_by, trigger=trigger)


def request_unlink(
    channel_id: int, ids: Collection[int], *, requested_by: str, trigger: Trigger = Trigger.PERSON
) -> RequestOutcome:
    """Let go of the store's products; nothing is written to the store."""
    with transaction.atomic():
        listings = wiring.listings_of(channel_id)
        results = unlink(listings, listings.by_ids(ids))
        return _kept(channel_id, results, "", requested_by=requested_by, trigger=trigger)


def _paused(rows: Sequence[ListingRow], *, is_paused: bool) -> list[Result]:
    return [
        Result(
            listing_paused(row, is_paused=is_paused),
            Outcome.UNCHANGED if row.status.is_paused == is_paused else Outcome.APPLIED,
        )
        for row in rows
    ]


def _kept(
    channel_id: int, results: Sequence[Result], applied_by: str, *, requested_by: str, trigger: Trigger
) -> RequestOutcome:
    wiring.history(requested_by=requested_by, trigger=trigger).keep(results, channel_id=channel_id)
    return replace(_planned(results, applied_by), results=tuple(results))


def _planned(results: Sequence[Result], applied_by: str = "") -> RequestOutcome:
    changes = tuple(result.change for result in results if result.outcome is Outcome.APPLIED)
    return RequestOutcome(
        queued=len(changes),
        unchanged=sum(result.outcome is Outcome.UNCHANGED for result in results),
        changes=changes,
        refused=Counter(result.message for result in results if result.outcome is Outcome.SKIPPED),
        codes=tuple(change.subject.key for change in changes),
        listing_ids=tuple(result.change.listing_id for result in results if result.change.listing_id is not None),
        applied_by=applied_by,
    )
