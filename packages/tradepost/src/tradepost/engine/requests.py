"""Requests: what a person or a token asks for. It is done at once, and kept in the history with their name."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeAlias

from django.db import transaction
from django.utils import timezone

from tradepost import wiring
from tradepost.database import turns
from tradepost.database.models import Channel, Run, Trigger
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.changes import given_up
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Event, Pending, asked_by
from tradepost.domain.listings.locks import Locks
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.plan import Change, Outcome, Result, RunState
from tradepost.operations.listings.drift.answers import accept, planned_acceptance
from tradepost.operations.listings.locks import (
    let_prices_through,
    lock,
    plan_lock,
    plan_price_through,
    plan_unlock,
    unlock,
)
from tradepost.operations.listings.queue_changes import (
    QueuePlan,
    ask,
    plan_asked,
    plan_removal,
    plan_retry,
    try_again,
    with_variants,
)
from tradepost.operations.listings.sync.delist import left_alone
from tradepost.operations.ports import FileAction, ListingRow, Listings, OpenRequest
from tradepost.operations.selection import Selection

# So many changes are told of one by one; the history has all of them.
TOLD = 1000
_BATCH = 1000

Tell: TypeAlias = Callable[[str, Sequence[Result]], None]
"""Hears of each result of what was asked, whatever their number."""

TellResults: TypeAlias = Callable[[Sequence[Result]], None]
"""As `Tell`, where one thing is asked."""


@dataclass(frozen=True, slots=True)
class RequestOutcome:
    """
    What became of a request, or what would: how many listings it changes, and how many not.

    `changes`: the first of those that were made, or are only planned, and `actions` how many there are of each action.
    `refused`: reason -> number of listings, with the first of them in `refusals`. `listing_ids`: all rows it meant, the
    variants of parents, too, and `changed_ids` those that it changes. `given_up`: what some of these waited for, and
    their number. `applied_by`: the run that applies what was queued. `results`: what became of the first rows; empty
    for a preview, where nothing became of any.
    """

    queued: int = 0
    unchanged: int = 0
    changes: tuple[Change, ...] = ()
    actions: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    refusals: tuple[Result, ...] = ()
    listing_ids: tuple[int, ...] = ()
    changed_ids: tuple[int, ...] = ()
    given_up: Mapping[Pending, int] = field(default_factory=dict)
    applied_by: str = ""
    results: tuple[Result, ...] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """Those of `changes`."""
        return tuple(change.subject.key for change in self.changes)


@dataclass(slots=True)
class RequestSum:
    """An outcome that grows batch by batch, and tells of the first rows only."""

    changed: list[Change] = field(default_factory=list)
    actions: Counter[str] = field(default_factory=Counter)
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    refusals: list[Result] = field(default_factory=list)
    listing_ids: list[int] = field(default_factory=list)
    changed_ids: list[int] = field(default_factory=list)
    given_up: Counter[Pending] = field(default_factory=Counter)
    results: list[Result] = field(default_factory=list)
    applied_by: str = ""

    def add(self, plan: QueuePlan) -> None:
        self.applied_by = plan.applied_by
        for result in plan.results:
            change = result.change
            if change.listing_id is not None:
                self.listing_ids.append(change.listing_id)
            if result.outcome is Outcome.APPLIED:
                self.actions[change.action.value] += 1
                self.given_up[given_up(change)] += 1
                if change.listing_id is not None:
                    self.changed_ids.append(change.listing_id)
                if len(self.changed) < TOLD:
                    self.changed.append(change)
            elif result.outcome is Outcome.SKIPPED:
                self.refused[result.message] += 1
                if len(self.refusals) < TOLD:
                    self.refusals.append(result)
            elif result.outcome is Outcome.UNCHANGED:
                self.unchanged += 1
        self.results += plan.results[: TOLD - len(self.results)]

    def outcome(self, *, is_preview: bool = False) -> RequestOutcome:
        return RequestOutcome(
            queued=self.actions.total(),
            unchanged=self.unchanged,
            changes=tuple(self.changed),
            actions=self.actions,
            refused=self.refused,
            refusals=tuple(self.refusals),
            listing_ids=tuple(self.listing_ids),
            changed_ids=tuple(self.changed_ids),
            given_up={waited: number for waited, number in self.given_up.items() if waited is not Pending.NONE},
            applied_by=self.applied_by,
            results=() if is_preview else tuple(self.results),
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One thing that is asked for, of these listings and the variants of parents among them; of a lock its `groups`.
    """

    event: Event | FileAction
    ids: Collection[int]
    groups: frozenset[Group] = frozenset()


def preview_asked(
    channel_id: int,
    asked: Sequence[Asked],
    *,
    groups: Collection[Group] = CONTENT_GROUPS,
    tell: Tell | None = None,
) -> list[RequestOutcome]:
    """Plan what requests would do, and do nothing; returns an outcome for each. `groups`: those of an overwrite."""
    listings = wiring.listings.listings_of(channel_id)
    outcomes: list[RequestOutcome] = []
    for each in asked:
        total = RequestSum()
        for rows in _batches(listings, each.ids):
            plan = _planned(rows, each, groups=groups)
            total.add(plan)
            if tell is not None:
                tell(each.event, plan.results)
        outcomes.append(total.outcome(is_preview=True))
    return outcomes


def request_asked(
    channel_id: int,
    asked: Sequence[Asked],
    *,
    requested_by: str,
    groups: Collection[Group] = CONTENT_GROUPS,
    refused: Sequence[Result] = (),
    trigger: Trigger = Trigger.PERSON,
    tell: Tell | None = None,
) -> list[RequestOutcome]:
    """
    Do what is asked for: queue changes, which later runs apply, or pause, free and unlink at once; an outcome for each.

    All of it is one request in the history, with what was `refused` before. `groups`: those of an overwrite.
    Idempotent: what is so already is counted as unchanged. See `_in_batches` for what a kill leaves.
    """
    listings = wiring.listings.listings_of(channel_id)
    kept = wiring.trail.history(requested_by=requested_by, trigger=trigger).open(channel_id)
    with transaction.atomic():
        kept.add(refused)
    return [_carried_out(listings, each, kept, groups=frozenset(groups), tell=tell) for each in asked]


def _carried_out(
    listings: Listings, asked: Asked, kept: OpenRequest, *, groups: frozenset[Group], tell: Tell | None
) -> RequestOutcome:
    total = RequestSum()

    def work(rows: Sequence[ListingRow]) -> None:
        plan = _done(listings, rows, asked, groups=groups)
        kept.add(plan.results)
        total.add(plan)
        if tell is not None:
            tell(asked.event, plan.results)

    _in_batches(listings, asked.ids, work)
    return total.outcome()


def _planned(rows: Sequence[ListingRow], asked: Asked, *, groups: Collection[Group]) -> QueuePlan:
    if isinstance(asked.event, Event):
        return plan_asked(rows, asked.event, groups=groups)
    if asked.event is FileAction.LOCK:
        return QueuePlan({}, plan_lock(rows, Locks(asked.groups)).results)
    return QueuePlan({}, plan_unlock(rows, asked.groups).results)


def _done(listings: Listings, rows: Sequence[ListingRow], asked: Asked, *, groups: frozenset[Group]) -> QueuePlan:
    if isinstance(asked.event, Event):
        return ask(listings, rows, asked.event, groups=groups)
    if asked.event is FileAction.LOCK:
        return QueuePlan({}, lock(listings, rows, Locks(asked.groups)).results)
    return QueuePlan({}, unlock(listings, rows, asked.groups).results)


def _batches(listings: Listings, ids: Collection[int]) -> Iterator[list[ListingRow]]:
    """Read listings, and the variants of parents among them, each once and never all of them at a time."""
    given: set[int] = set()
    for some in _in_parts(ids):
        if rows := _not_given(listings, some, given):
            yield rows


def _in_parts(ids: Collection[int]) -> Iterator[list[int]]:
    ordered = list(ids)
    for start in range(0, len(ordered), _BATCH):
        yield ordered[start : start + _BATCH]


def _not_given(listings: Listings, ids: Collection[int], given: set[int]) -> list[ListingRow]:
    rows = [row for row in with_variants(listings, listings.by_ids(ids)) if row.id not in given]
    given.update(row.id for row in rows)
    return rows


def _in_batches(listings: Listings, ids: Collection[int], work: Callable[[Sequence[ListingRow]], None]) -> None:
    """
    Read and work on listings batch by batch, each in a transaction of its own: whoever else writes waits for one batch
    and not for all of them, and a kill leaves what the history says of the batches before it.
    """
    given: set[int] = set()
    for some in _in_parts(ids):
        with turns.batch():
            listings.hold(some)
            if rows := _not_given(listings, some, given):
                work(rows)


def preview_change(
    channel_id: int, ids: Collection[int], change: Pending, *, groups: Collection[Group] = CONTENT_GROUPS
) -> RequestOutcome:
    """Plan what a request would do, and do nothing."""
    (outcome,) = preview_asked(channel_id, [Asked(asked_by(change), ids)], groups=groups)
    return outcome


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
    listings = wiring.listings.listings_of(channel_id)
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
    """Queue a change for these listings and the variants of parents among them; Pending.NONE clears what is queued."""
    asked = [Asked(asked_by(change), ids)]
    (outcome,) = request_asked(channel_id, asked, requested_by=requested_by, groups=groups, trigger=trigger)
    return outcome


class _Results(Protocol):
    """What is planned or done about a batch, with a result for each row."""

    @property
    def results(self) -> tuple[Result, ...]: ...


@dataclass(frozen=True, slots=True)
class ListingDeed:
    """
    What is done at once about listings, and variants of parents among them: how it is planned of a batch of them, and
    what does it.
    """

    plan: Callable[[Sequence[ListingRow]], _Results]
    carry_out: Callable[[Listings, Sequence[ListingRow]], _Results]

    def preview(self, channel_id: int, ids: Collection[int], *, tell: TellResults | None = None) -> RequestOutcome:
        """Plan what would be done, and do nothing. `tell`: is told what would become of each batch."""
        total = RequestSum()
        for rows in _batches(wiring.listings.listings_of(channel_id), ids):
            results = self.plan(rows).results
            total.add(QueuePlan({}, results))
            if tell is not None:
                tell(results)
        return total.outcome(is_preview=True)

    def request(
        self,
        channel_id: int,
        ids: Collection[int],
        *,
        requested_by: str,
        trigger: Trigger = Trigger.PERSON,
        tell: TellResults | None = None,
    ) -> RequestOutcome:
        """Do it batch by batch, as one request. `tell`: is told what became of each batch."""
        total = RequestSum()
        listings = wiring.listings.listings_of(channel_id)
        kept = wiring.trail.history(requested_by=requested_by, trigger=trigger).open(channel_id)

        def work(rows: Sequence[ListingRow]) -> None:
            results = self.carry_out(listings, rows).results
            kept.add(results)
            total.add(QueuePlan({}, results))
            if tell is not None:
                tell(results)

        _in_batches(listings, ids, work)
        return total.outcome()


RETRYING = ListingDeed(plan_retry, try_again)
"""Trying again what is parked, with the next publish."""
LETTING_PRICES_THROUGH = ListingDeed(plan_price_through, let_prices_through)
"""Prices that a rule holds back for their change: they are meant."""


def accepting(channel_id: int) -> ListingDeed:
    """Keeping what the store has of what somebody changed there."""
    drifts, accounts = wiring.listings.drifts_of(channel_id), wiring.listings.accounts_of(channel_id)

    def carry_out(listings: Listings, rows: Sequence[ListingRow]) -> _Results:
        # Whoever is asked first may take their time.
        return accept(listings, rows, drifts=drifts, accounts=accounts, at=timezone.now())

    return ListingDeed(partial(planned_acceptance, drifts), carry_out)


def locking(wanted: Locks) -> ListingDeed:
    """Leaving something alone until it is unlocked."""
    return ListingDeed(partial(plan_lock, wanted=wanted), partial(lock, wanted=wanted))


def unlocking(groups: Collection[Group]) -> ListingDeed:
    """Leaving something alone no more."""
    return ListingDeed(partial(plan_unlock, groups=groups), partial(unlock, groups=groups))


def preview_removal(channel_id: int, ids: Collection[int]) -> RequestOutcome:
    """Plan which listings the hub would forget, and do nothing."""
    return _Removal(channel_id).deed.preview(channel_id, ids)


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
    removal = _Removal(channel_id, only_off_the_store=only_off_the_store)
    with transaction.atomic():
        if Run.objects.filter(channel_id=channel_id, state=RunState.RUNNING.value).exists():
            raise NotAllowed("A run is at work on this channel; wait for its end, or cancel it, and remove then.")
        listings = wiring.listings.listings_of(channel_id)
        # All at once, as all of it is one transaction: see `Listings.hold`.
        listings.hold(ids)
        asked = removal.deed.request(channel_id, ids, requested_by=requested_by, trigger=trigger)
        listings.remove(asked.changed_ids)
        return asked


class _Removal:
    """The plan of a removal, batch by batch: a variant that stays keeps its parent, which may be in a later one."""

    def __init__(self, channel_id: int, *, only_off_the_store: bool = False) -> None:
        self._intents = wiring.listings.intents_of(channel_id)
        self._only_off_the_store = only_off_the_store
        self._needed: set[int] = set()

    @property
    def deed(self) -> ListingDeed:
        return ListingDeed(self._plan, lambda _listings, rows: self._plan(rows))

    def _plan(self, rows: Sequence[ListingRow]) -> QueuePlan:
        open_codes = self._intents.open_among([row.code for row in rows])
        plan = plan_removal(
            rows, open_codes=open_codes, only_off_the_store=self._only_off_the_store, needed=self._needed
        )
        stay = {result.change.listing_id for result in plan.results if result.outcome is not Outcome.APPLIED}
        self._needed.update(row.parent_id for row in rows if row.id in stay and row.parent_id is not None)
        return plan
