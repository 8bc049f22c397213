"""Queue changes: what a person asks for (publish, overwrite, hide, unhide, delist, pause) and a later run applies."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import (
    APPLIED_BY,
    HIDDEN,
    Event,
    Link,
    Pending,
    Status,
    is_parked,
    request,
    settle,
)
from tradepost.domain.plan import Action, Change, Outcome, Result
from tradepost.operations.ports import ListingRow, Listings

_ACTIONS = {
    Pending.PUBLISH: Action.UPDATE,
    Pending.OVERWRITE: Action.UPDATE,
    Pending.HIDE: Action.HIDE,
    Pending.UNHIDE: Action.UNHIDE,
    Pending.DELIST: Action.DELIST,
    Pending.NONE: Action.UPDATE,
}


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """What would be asked for: a new status per listing, and a result for each row that was meant."""

    statuses: dict[int, Status]
    results: tuple[Result, ...]
    applied_by: str = ""


PlanRows: TypeAlias = Callable[[Sequence[ListingRow]], QueuePlan]


def plan_queue(rows: Sequence[ListingRow], change: Pending, *, groups: Collection[Group] = CONTENT_GROUPS) -> QueuePlan:
    """Decide for each row whether the change may be queued; rows that may not are skipped with the reason."""
    statuses: dict[int, Status] = {}
    results: list[Result] = []
    for row in rows:
        locked = _why_locked(row, change, groups)
        if locked:
            results.append(Result(_change(row, row.status.pending, change), Outcome.SKIPPED, message=locked))
            continue
        if change in _OF_OPEN_PAGES and row.is_retired and row.status.settled == HIDDEN:
            results.append(Result(_change(row, row.status.pending, change), Outcome.SKIPPED, message=_RETIRED))
            continue
        try:
            status = request(row.status, change)
        except NotAllowed as refusal:
            results.append(Result(_change(row, row.status.pending, change), Outcome.SKIPPED, message=str(refusal)))
            continue
        if status == row.status and not is_parked(row.refusals):
            results.append(Result(_change(row, row.status.pending, change), Outcome.UNCHANGED))
            continue
        statuses[row.id] = status
        # What is parked is asked for anew, and so tried anew.
        is_again = status == row.status
        change_made = _tried_again(row) if is_again else _change(row, row.status.pending, status.pending)
        results.append(Result(change_made, Outcome.APPLIED))
    return QueuePlan(statuses, tuple(results), APPLIED_BY.get(change, ""))


def _why_locked(row: ListingRow, change: Pending, groups: Collection[Group]) -> str:
    if change is Pending.OVERWRITE and row.locks.groups.issuperset(groups):
        return "what would be overwritten is locked; 'tradepost listings unlock' frees it"
    is_of_status = change not in {Pending.NONE, Pending.OVERWRITE}
    return f"its status is locked; {_UNLOCKS}" if is_of_status and Group.STATUS in row.locks.groups else ""


_OF_OPEN_PAGES = frozenset({Pending.UNHIDE, Pending.OVERWRITE})
_RETIRED = (
    "a publish closed its page, because nothing is sold there any more, and opens it again when its product has options"
)
_UNLOCKS = "'tradepost listings unlock --group status' frees it"


def plan_pause(rows: Sequence[ListingRow], *, is_paused: bool) -> QueuePlan:
    """Freeze or free listings; what is queued stays queued."""
    event = Event.PAUSED if is_paused else Event.UNPAUSED
    statuses = {row.id: settle(row.status, event) for row in rows if row.status.is_paused != is_paused}
    return _settled(
        rows,
        statuses,
        lambda row: changes.listing_paused(row.code, before=row.status.is_paused, after=is_paused, listing_id=row.id),
    )


def plan_unlink(rows: Sequence[ListingRow]) -> QueuePlan:
    """Let go of the store's products; nothing is written to the store. Rows that are not linked are unchanged."""
    statuses = {row.id: settle(row.status, Event.UNLINKED) for row in rows if row.status.link is not Link.UNLINKED}
    return _settled(
        rows,
        statuses,
        lambda row: changes.listing_unlinked(
            row.code, before=row.status.link.value, after=Link.UNLINKED.value, listing_id=row.id
        ),
    )


def plan_retry(rows: Sequence[ListingRow]) -> QueuePlan:
    """Try what is parked anew: whoever asks for what is queued forgets how often it was refused."""
    statuses = {row.id: row.status for row in rows if is_parked(row.refusals)}
    return _settled(rows, statuses, _tried_again)


def try_again(listings: Listings, rows: Sequence[ListingRow]) -> QueuePlan:
    """Try what is parked anew. Call it inside a transaction. Idempotent."""
    plan = plan_retry(rows)
    listings.set_status(plan.statuses)
    return plan


def plan_removal(
    rows: Sequence[ListingRow],
    *,
    open_codes: Collection[str],
    only_off_the_store: bool = False,
    needed: Collection[int] = (),
) -> QueuePlan:
    """
    Forget listings; nothing is written to the store. What is not finished there is left alone, with the reason.

    `open_codes`: code keys of products that a publish was about to create. `only_off_the_store`: leave alone what is
    still linked. `needed`: parents of which another variant stays.
    """
    reasons = {row.id: _why_not_removed(row, open_codes, only_off_the_store=only_off_the_store) for row in rows}
    # A variant names its parent, so a parent stays as long as one of its variants does.
    needed = {*needed, *(row.parent_id for row in rows if reasons[row.id] and row.parent_id is not None)}
    results: list[Result] = []
    for row in rows:
        change = changes.listing_removed(row.code, external_id=row.external_id, listing_id=row.id)
        reason = reasons[row.id] or ("a variant of it stays" if row.id in needed else "")
        results.append(Result(change, Outcome.SKIPPED if reason else Outcome.APPLIED, message=reason))
    return QueuePlan({}, tuple(results))


def _why_not_removed(row: ListingRow, open_codes: Collection[str], *, only_off_the_store: bool) -> str:
    if row.open_since is not None:
        return "the answer to a write of its stock is missing; a sync settles it"
    if code_key(row.code) in open_codes:
        return "a publish of it did not come to its end; publish it once more"
    if row.status.pending is not Pending.NONE:
        return f"'{row.status.pending.value}' is queued for it; 'tradepost listings clear' takes that back"
    if only_off_the_store and row.status.link is not Link.UNLINKED:
        return "it is still on the store"
    return ""


def _settled(
    rows: Sequence[ListingRow], statuses: dict[int, Status], change: Callable[[ListingRow], Change]
) -> QueuePlan:
    results = (Result(change(row), Outcome.APPLIED if row.id in statuses else Outcome.UNCHANGED) for row in rows)
    return QueuePlan(statuses, tuple(results))


# What a person may ask for of listings, whatever it is about: each by the plan that it has.
ASKED: Mapping[Event, PlanRows] = {
    **{Event(change.value): partial(plan_queue, change=change) for change in APPLIED_BY},
    Event.CLEARED: partial(plan_queue, change=Pending.NONE),
    Event.PAUSED: partial(plan_pause, is_paused=True),
    Event.UNPAUSED: partial(plan_pause, is_paused=False),
    Event.UNLINKED: plan_unlink,
}


def plan_asked(rows: Sequence[ListingRow], event: Event, *, groups: Collection[Group] = CONTENT_GROUPS) -> QueuePlan:
    """Plan what a person asks for of these rows; `groups`: those of an overwrite, which may be locked."""
    if event is Event.ASK_OVERWRITE:
        return plan_queue(rows, Pending.OVERWRITE, groups=groups)
    return ASKED[event](rows)


def ask(listings: Listings, rows: Sequence[ListingRow], event: Event, *, groups: Collection[Group]) -> QueuePlan:
    """
    Do what a person asks for of these rows; `groups`: those of an overwrite. Call it inside a transaction.

    Idempotent: what is so already is reported as unchanged.
    """
    plan = plan_asked(rows, event, groups=groups)
    listings.set_status(plan.statuses, groups=frozenset(groups) if event is Event.ASK_OVERWRITE else frozenset())
    return plan


def with_variants(listings: Listings, rows: Sequence[ListingRow]) -> list[ListingRow]:
    """Add the variants of every parent among the rows; a change on a parent means the whole family."""
    found = {row.id: row for row in rows}
    for child in listings.variants_of([row.id for row in rows if row.kind is Kind.PARENT]):
        found.setdefault(child.id, child)
    return list(found.values())


def _tried_again(row: ListingRow) -> Change:
    return changes.listing_tried_again(row.code, refusals=row.refusals, listing_id=row.id)


def _change(row: ListingRow, before: Pending, after: Pending) -> Change:
    return changes.change_queued(
        row.code, action=_ACTIONS[after], before=before.value, after=after.value, listing_id=row.id
    )
