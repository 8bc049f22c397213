"""
The one form of every operation: gather, plan, apply, verify, record.

An operation is a value with a few parts, and `drive` is the only code that carries one out. It observes, plans, and
in a preview stops there; holds back what of a saved plan was not approved; applies the steps; observes again and plans
again. What the second plan still wants is what was not done: it is sent once more where that can help, and else is what
the judge gets. So the proof of a plan is the same pure function as the plan.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Generic, TypeVar

from tradepost.domain.brake import NAMED, Braking, Example, Harm, held_back, may_be_too_much
from tradepost.domain.errors import PermissionMissing, StoreDoubted
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import NO_ATTENTION, Attention, ended_by
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.drift import Drift
from tradepost.domain.listings.listing import Link
from tradepost.domain.orders.order import ParkedOrder, StoreOrder
from tradepost.domain.plan import Change, Outcome, Plan, Proof, Result, Side, SubjectId
from tradepost.operations.approvals import HeldBack, Rulings
from tradepost.operations.outcomes import Answers, left_of, result_of
from tradepost.operations.ports import (
    AccountEntry,
    ActiveRun,
    Compared,
    FileId,
    Needs,
    Ports,
    Proven,
    ProvenShipment,
    Reading,
    SetupItem,
    SightedOrder,
    StoreStanding,
    Taken,
    UnsentShipment,
    WriteOutcome,
)

Row = TypeVar("Row")
Facts = TypeVar("Facts")
Seen = TypeVar("Seen")
Detail = TypeVar("Detail")


_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Batch(Generic[Row]):
    """
    Rows that are planned together. `key`: the last one's, from which a later attempt of the run goes on.

    `looked_at`: our clock before the outside was looked at, as the driver notes it. What has landed there since may not
    have been seen, so it says whether a request whose answer was lost can still land, and no later clock does.
    """

    rows: Sequence[Row]
    key: int | None = None
    looked_at: datetime = _NEVER


@dataclass(slots=True)
class Verdict:
    """
    All that is to be recorded of a batch. `results` are beside those of the changes that were sent.

    `drifts`: what is kept in mind of groups of fields, None for nothing. `stated`: pieces that become part of what is
    stated. Both by listing. `delivered`: the consumers that a batch was brought to.
    `seen_files`: those that a later look may take, with their sizes in bytes. `taken`: products of the store that are
    taken into the catalogue, and `settled_adoptions` the listings of those that are as they are there.

    `changed_orders`: those that somebody else has changed, so that what did not fit them may fit by now. `stamped`:
    custom fields of orders that acknowledging them has set, by our id. `answered_orders`: by the store's numbers, those
    of which it has said whether it took what it was told.

    `refused`: listings of which the store has refused what is queued.

    `flags`: by listing, each kind of attention that it needs, with the reason. `undecided`: kinds that the operation
    judges, and of which nothing can be said of a listing this time. `decided`: listings of which all that it judges was
    found out, although nothing of theirs was proven on the store.
    """

    results: list[Result] = field(default_factory=list)
    proven: list[Proven] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    flags: dict[int, dict[Attention, str]] = field(default_factory=dict)
    undecided: dict[int, frozenset[Attention]] = field(default_factory=dict)
    decided: list[int] = field(default_factory=list)
    closed_intents: list[str] = field(default_factory=list)
    set_up: list[SetupItem] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    imported: list[StoreOrder] = field(default_factory=list)
    followed: list[StoreOrder] = field(default_factory=list)
    changed_orders: list[int] = field(default_factory=list)
    gone_orders: list[int] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    stamped: dict[int, dict[str, str]] = field(default_factory=dict)
    answered_orders: list[int] = field(default_factory=list)
    synced_shipments: list[ProvenShipment] = field(default_factory=list)
    unsent_shipments: list[UnsentShipment] = field(default_factory=list)
    sighted: list[SightedOrder] = field(default_factory=list)
    is_first_sighting: bool = False
    sightings_read_at: datetime | None = None
    order_news: list[int] = field(default_factory=list)
    judged_orders: dict[int, str] = field(default_factory=dict)
    parked: list[ParkedOrder] = field(default_factory=list)
    unparked: list[int] = field(default_factory=list)
    accounts: list[AccountEntry] = field(default_factory=list)
    settled_writes: list[int] = field(default_factory=list)
    lost_accounts: list[int] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    compared: list[Compared] = field(default_factory=list)
    drifts: dict[int, dict[Group, Drift | None]] = field(default_factory=dict)
    stated: dict[int, int] = field(default_factory=dict)
    delivered: list[str] = field(default_factory=list)
    seen_files: dict[FileId, int] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    settled_adoptions: list[int] = field(default_factory=list)

    def flag(self, listing_id: int, kind: Attention, message: str) -> None:
        """Say that a listing needs a person; what was said first of a kind stays."""
        self.flags.setdefault(listing_id, {}).setdefault(kind, message)


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What a judge goes by: the result of every change that was sent, and what the last plan still wants of it.

    `began`: our clock before the first word of the store.
    """

    results: Mapping[SubjectId, Result]
    left: Mapping[SubjectId, frozenset[str]]
    answers: Answers
    began: datetime


@dataclass(frozen=True, slots=True)
class Step(Generic[Seen, Detail]):
    """
    One kind of request to the outside, for the changes that it takes.

    `commit_first`: what has to be in the database before anything is sent. `learn`: what its answers tell of the
    outside (pure); the plan for the steps behind it is made anew from that. `reads`: look again before the next step.
    """

    takes: Callable[[Change, Detail], bool]
    send: Callable[[Ports, Plan[Detail]], Answers]
    commit_first: Callable[[Ports, Plan[Detail]], None] | None = None
    learn: Callable[[Seen, Plan[Detail], Answers], Seen] | None = None
    reads: bool = False


class Operation(ABC, Generic[Row, Facts, Seen, Detail]):
    """
    The parts of an operation.

    `name` is its cursor's, `label` what the progress counts. `attentions`: the kinds that it judges; what it does not
    flag of them ends for the listings whose plan was carried out. `attempts`: how often what is left is sent.
    `is_pass`: the batches come from the outside, page by page. `looks_ahead`: the next batch is observed while one is
    applied. `needs_known_store`: it is refused while nobody knows whether the store is still the one that was linked.
    `is_repeat`: it goes on with what another operation of the verb shows already, so a preview leaves it out.
    `is_observation`: it only notes what is so on the store, which nobody can refuse; of a saved plan it is no part.
    `leaves_store_alone`: it never writes to the store, so that a look-only channel carries it out.
    """

    name: str
    label: str
    attentions: frozenset[Attention] = NO_ATTENTION
    attempts: int = 1
    is_pass: bool = False
    looks_ahead: bool = True
    needs_known_store: bool = True
    is_repeat: bool = False
    is_observation: bool = False
    leaves_store_alone: bool = False

    def prepare(self, ports: Ports) -> None:
        """Read once what must be known whole before anything is decided."""

    def count(self, ports: Ports) -> int | None:
        """Say how many rows there are to work on, for the progress; None if nobody knows."""
        return None

    def at_stake(self, ports: Ports) -> Mapping[Harm, int]:
        """Count what the brake looks at among what is due; a pass over the store knows it when it is prepared."""
        return {}

    def examples(self, ports: Ports, harm: Harm, *, limit: int) -> Sequence[Example]:
        """Name those that were counted, up to so many, and what goes with them."""
        return ()

    def harm_of(self, row: Row) -> Harm | None:
        """Say, purely, for what the brake would hold a row back."""
        return None

    @abstractmethod
    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Row]]:
        """Yield what is due behind a key. Reads the database, or, for a pass over the store, the outside."""

    @abstractmethod
    def observe(self, ports: Ports, batch: Batch[Row]) -> Seen:
        """Look at the outside, without the database: it runs beside the batch that is being applied."""

    def observe_again(self, ports: Ports, batch: Batch[Row], seen: Seen, sent: Plan[Detail]) -> Seen:
        """Look at what was sent, or, before a plan is saved or carried out, at what is about to be."""
        return seen

    def facts(self, ports: Ports, batch: Batch[Row], seen: Seen) -> Facts | None:
        """Read the hub's side of the batch and of what was seen, when the batch before is recorded."""
        return None

    @abstractmethod
    def plan(self, batch: Batch[Row], facts: Facts | None, seen: Seen) -> Plan[Detail]:
        """Decide, purely."""

    def steps(self) -> Sequence[Step[Seen, Detail]]:
        """Name how a plan is applied, in order."""
        return ()

    def needs(self, plan: Plan[Detail]) -> Needs:
        """Say of the changes of a plan, where there is anything, which others of it they can't be made without."""
        return {}

    def unread(self, change: Change, seen: Seen) -> frozenset[str]:
        """Name the fields of a change that this token can't read back."""
        return frozenset()

    def implied(self, change: Change, seen: Seen) -> frozenset[str]:
        """Name those of them that were taken for sure, by what else can be read, although the answer was lost."""
        return frozenset()

    @abstractmethod
    def judge(
        self, batch: Batch[Row], facts: Facts | None, seen: Seen, plan: Plan[Detail], evidence: Evidence
    ) -> Verdict:
        """Say, purely, what is proven, flagged and closed; `plan` is the last one."""

    def finish(self, ports: Ports) -> None:
        """Write down, in a transaction, that everything was looked at."""


# Answers after which the rest of the plan still holds.
_AS_PLANNED = frozenset({WriteOutcome.DONE, WriteOutcome.HOLDS})


@dataclass(slots=True)
class Tally:
    """How far a verb is, in rows, over all its operations that know how many they have."""

    run: ActiveRun
    total: int | None = None
    done: int = 0

    def add(self, number: int, label: str) -> None:
        self.done += number
        total = None if self.total is None else max(self.total, self.done)
        self.run.progress(self.done, total, label)


def drive_all(ports: Ports, operations: Iterable[Operation[Any, Any, Any, Any]]) -> PermissionMissing | None:
    """
    Carry out operations one after another; a right that is missing ends the one that needs it, and only that.

    Returns the first such refusal, for the caller to raise when all are done.
    """
    refusal: PermissionMissing | None = None
    planned = list(operations)
    counts = [operation.count(ports) for operation in planned]
    known = [count for count in counts if count is not None]
    tally = Tally(ports.run, sum(known) if known else None)
    # Once for all of them: what is too much together may be little in each; and where nothing is due, nothing is at
    # stake.
    braked = _brake(ports, [operation for operation, count in zip(planned, counts, strict=True) if count != 0])
    for operation in planned:
        try:
            drive(ports, operation, tally, braked=braked)
        except PermissionMissing as missing:
            refusal = refusal or missing
    return refusal


def drive(
    ports: Ports,
    operation: Operation[Row, Facts, Seen, Detail],
    tally: Tally | None = None,
    *,
    braked: frozenset[Harm] | None = None,
) -> None:
    """
    Carry out one operation from where this run, or the attempt before it, had got to.

    `braked`: what is held back, where that was asked for several operations together. Idempotent: with nothing due it
    writes nothing. Raises what the ports raise; what was recorded stays. Raises StoreDoubted, and writes it down, where
    the store may be another one.
    """
    tally = tally or Tally(ports.run, operation.count(ports))
    # The run of a look-only channel is a preview already; that it may have become one meanwhile is looked at here.
    is_preview = ports.run.is_dry or (ports.channel.is_look_only and not operation.leaves_store_alone)
    if is_preview and operation.is_repeat:
        return
    standing, doubt = ports.existence.standing()
    if standing is StoreStanding.DOUBTED and operation.needs_known_store:
        raise StoreDoubted(doubt)
    try:
        _drive(ports, operation, tally, braked, is_preview=is_preview)
    except StoreDoubted as reason:
        if not is_preview:
            with ports.run.transaction():
                ports.existence.set_standing(StoreStanding.DOUBTED, reason.reason)
        raise


def _drive(
    ports: Ports,
    operation: Operation[Row, Facts, Seen, Detail],
    tally: Tally,
    braked: frozenset[Harm] | None,
    *,
    is_preview: bool,
) -> None:
    operation.prepare(ports)
    if braked is None:
        braked = _brake(ports, [operation])
    # A preview shows what the brake would hold back, too.
    for batch, seen in _observed(ports, operation, frozenset() if is_preview else braked):
        if is_preview:
            _show(ports, operation, batch, seen)
        else:
            _Execution(ports, operation, batch, seen).carry_out()
            tally.add(len(batch.rows), operation.label)
    if not is_preview and not ports.run.is_cancelled():
        with ports.run.transaction():
            operation.finish(ports)


def _brake(ports: Ports, operations: Sequence[Operation[Any, Any, Any, Any]]) -> frozenset[Harm]:
    """Look at what is due, before anything of it is done; return what is held back of this run by now."""
    if ports.run.approval is not None:
        # Somebody has looked at each change, and nothing else is done.
        return frozenset()
    at_stake: Counter[Harm] = Counter()
    for operation in operations:
        at_stake.update(operation.at_stake(ports))
    # What is held back already stays so in this run, even if orders have made it less meanwhile.
    asked = {harm: number for harm, number in at_stake.items() if number and harm not in ports.run.braked}
    if not asked:
        return ports.run.braked
    limits = ports.channel.brake_limits
    if may_be_too_much(asked, limits=limits):
        live = ports.listings.live_count()
        numbers = held_back(asked, live=live, limits=limits, released=ports.run.released)
        if numbers:
            examples = {
                harm: [each for operation in operations for each in operation.examples(ports, harm, limit=NAMED)]
                for harm in numbers
            }
            shown = {harm: found[:NAMED] for harm, found in examples.items()}
            with ports.run.transaction():
                ports.run.apply_brake(Braking(numbers, live, limits.allowed(live), shown))
    return ports.run.braked


def _unbraked(
    batches: Iterator[Batch[Row]], operation: Operation[Row, Facts, Seen, Detail], braked: frozenset[Harm]
) -> Iterator[Batch[Row]]:
    for batch in batches:
        rows = [row for row in batch.rows if operation.harm_of(row) not in braked] if braked else batch.rows
        if rows:
            yield replace(batch, rows=rows)


def _observed(
    ports: Ports, operation: Operation[Row, Facts, Seen, Detail], braked: frozenset[Harm]
) -> Iterator[tuple[Batch[Row], Seen]]:
    """Give each batch with what was seen of it; while one is applied, the next is observed, and never planned."""
    batches = _unbraked(operation.batches(ports, ports.run.cursor(operation.name)), operation, braked)
    if not operation.is_pass:
        # Most operations of a sync have nothing to do, and need no thread for that.
        first = next(batches, None)
        if first is None:
            return
        batches = chain([first], batches)

    def observe(batch: Batch[Row] | None, looked_at: datetime) -> tuple[Batch[Row], Seen] | None:
        if batch is None:
            return None
        batch = replace(batch, looked_at=looked_at)
        return batch, operation.observe(ports, batch)

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="observe") as pool:

        def begin() -> "Future[tuple[Batch[Row], Seen] | None]":
            # The database belongs to this thread, the outside may be looked at from another.
            looked_at = ports.clock()
            if operation.is_pass:
                return pool.submit(lambda: observe(next(batches, None), looked_at))
            return pool.submit(observe, next(batches, None), looked_at)

        ahead = begin()
        while (found := ahead.result()) is not None and not ports.run.is_cancelled():
            if operation.looks_ahead:
                ahead = begin()
                yield found
            else:
                yield found
                ahead = begin()


def _looked_at(ports: Ports, operation: Operation[Row, Facts, Seen, Detail], batch: Batch[Row], seen: Seen) -> Seen:
    """
    Look at all that would be written, where a person approves it: what is approved is what the store has by now.

    Else some operations go by what it was last known to have, and ask the store after they have written.
    """
    if not ports.run.is_saved and ports.run.approval is None:
        return seen
    plan = operation.plan(batch, operation.facts(ports, batch, seen), seen)
    return operation.observe_again(ports, batch, seen, plan) if any(plan.changes(Side.STORE)) else seen


def _show(ports: Ports, operation: Operation[Row, Facts, Seen, Detail], batch: Batch[Row], seen: Seen) -> None:
    """A preview ends here: what would be done, and what stands in the way."""
    seen = _looked_at(ports, operation, batch, seen)
    plan = operation.plan(batch, operation.facts(ports, batch, seen), seen)
    is_asked = ports.run.is_saved and not operation.is_observation
    ports.run.show(plan, needs=operation.needs(plan) if is_asked else None)
    in_the_way = [result for result in plan.settled if result.outcome is not Outcome.UNCHANGED]
    if in_the_way:
        with ports.run.transaction():
            ports.run.report(in_the_way)


class _Execution(Generic[Row, Facts, Seen, Detail]):
    """One batch on its way from plan to record."""

    def __init__(
        self, ports: Ports, operation: Operation[Row, Facts, Seen, Detail], batch: Batch[Row], seen: Seen
    ) -> None:
        self._ports = ports
        self._operation = operation
        self._batch = batch
        self._seen = seen
        self._sent: dict[SubjectId, Change] = {}
        self._answers: Answers = {}
        self._began = ports.clock()
        self._facts: Facts | None = None
        approved = None if operation.is_observation else ports.run.approval
        self._rulings = Rulings(approved, operation.needs, goes_on=operation.is_repeat)

    def carry_out(self) -> None:
        self._seen = _looked_at(self._ports, self._operation, self._batch, self._seen)
        plan = self._plan()
        if self._is_early() and self._sends(plan):
            if not self._ports.run.wait_to_write():
                # Nothing is recorded, so the next attempt finds the batch as it was.
                return
            self._look_anew()
            plan = self._plan()
        for attempt in range(self._operation.attempts):
            if attempt and not self._may_help(plan):
                break
            if not self._apply(plan):
                break
            plan = self._plan()
        self._record(plan)

    def _is_early(self) -> bool:
        """
        Whether the outside was looked at while a request of this run's last owner could still land.

        What is only read and noted needs not wait for that.
        """
        writes_from = self._ports.run.writes_from
        return writes_from is not None and self._batch.looked_at < writes_from

    def _sends(self, plan: Plan[Detail]) -> bool:
        return any(_part(plan, step).units for step in self._operation.steps())

    def _look_anew(self) -> None:
        self._batch = replace(self._batch, looked_at=self._ports.clock())
        seen = self._operation.observe(self._ports, self._batch)
        self._seen = _looked_at(self._ports, self._operation, self._batch, seen)

    def _plan(self) -> Plan[Detail]:
        self._facts = self._operation.facts(self._ports, self._batch, self._seen)
        plan = self._operation.plan(self._batch, self._facts, self._seen)
        self._rulings.look_at(plan)
        return plan

    def _apply(self, plan: Plan[Detail]) -> bool:
        """Send what the plan has for each step, look at it again, and say whether there was anything."""
        has_sent = is_stale = False
        unread: list[Plan[Detail]] = []
        for step in self._operation.steps():
            if is_stale:
                plan, is_stale = self._plan(), False
            part = self._let_through(_part(plan, step))
            if not part.units:
                continue
            if step.commit_first is not None:
                with self._ports.run.transaction():
                    step.commit_first(self._ports, part)
            answers = step.send(self._ports, part)
            has_sent = True
            for change in part.changes(Side.STORE):
                self._sent.setdefault(change.subject.id, change)
            self._answers |= answers
            unread.append(part)
            if step.learn is not None:
                self._seen = step.learn(self._seen, part, answers)
            if step.reads:
                self._look(unread)
                unread = []
            is_stale = step.reads or any(answer.outcome not in _AS_PLANNED for answer in answers.values())
        self._look(unread)
        return has_sent

    def _let_through(self, part: Plan[Detail]) -> Plan[Detail]:
        """Leave what may be sent; of the rest the judge hears that it was withheld."""
        for subject, (change, answer) in self._rulings.withheld(part).items():
            self._sent.setdefault(subject, change)
            self._answers[subject] = answer
        return part.only(lambda change: not self._rulings.reason(change))

    def _look(self, sent: Sequence[Plan[Detail]]) -> None:
        for part in sent:
            self._seen = self._operation.observe_again(self._ports, self._batch, self._seen, part)

    def _may_help(self, rest: Plan[Detail]) -> bool:
        """Whether to send what is left: what was lost, and what is not the same that was refused."""
        for change in rest.changes(Side.STORE):
            before = self._sent.get(change.subject.id)
            if before is None or self._answers[change.subject.id].outcome is WriteOutcome.LOST:
                return True
            if any(before.after(field.name) != field.after for field in change.fields):
                return True
        return False

    def _record(self, plan: Plan[Detail]) -> None:
        still_wanted = {change.subject.id: change for change in plan.changes(Side.STORE)}
        decided = {result.change.subject.id: result for result in plan.settled}
        results = {
            subject: decided[subject]
            if subject in decided and decided[subject].outcome is not Outcome.UNCHANGED
            else result_of(
                change,
                answer=self._answers.get(subject),
                still_wanted=still_wanted.get(subject),
                unread=self._operation.unread(change, self._seen),
                implied=self._operation.implied(change, self._seen),
            )
            for subject, change in self._sent.items()
        }
        left = {subject: left_of(change, still_wanted.get(subject)) for subject, change in self._sent.items()}
        evidence = Evidence(results, left, self._answers, self._began)
        verdict = self._operation.judge(self._batch, self._facts, self._seen, plan, evidence)
        verdict = without(verdict, self._rulings.held_back())
        hub = [
            self._rulings.result(change) or Result(change, Outcome.APPLIED, Proof.READ)
            for change in plan.changes(Side.HUB)
        ]
        settled = [result for result in plan.settled if result.change.subject.id not in self._sent]
        if self._operation.is_repeat:
            # Of what it was not to go on with, the operation tells that it repeats.
            results = {subject: each for subject, each in results.items() if not self._rulings.reason(each.change)}
        verdict.results = [*settled, *results.values(), *hub, *verdict.results]
        record(
            self._ports,
            verdict,
            judged=self._operation.attentions,
            cursor=(self._operation.name, self._batch.key),
            saved_ids=self._rulings.saved_ids,
        )


def _part(plan: Plan[Detail], step: Step[Seen, Detail]) -> Plan[Detail]:
    return plan.only(lambda change: step.takes(change, plan.detail))


def without(verdict: Verdict, held: HeldBack) -> Verdict:
    """Return a verdict that says nothing of what was held back."""
    if held == HeldBack():
        return verdict

    def by_listing(values: Mapping[int, Any]) -> dict[int, Any]:
        return {number: value for number, value in values.items() if number not in held.listings}

    return replace(
        verdict,
        proven=[each for each in verdict.proven if each.listing_id not in held.listings],
        flags=by_listing(verdict.flags),
        undecided=by_listing(verdict.undecided),
        decided=[number for number in verdict.decided if number not in held.listings],
        closed_intents=[code for code in verdict.closed_intents if code_key(code) not in held.codes],
        imported=[order for order in verdict.imported if order.id not in held.orders],
        followed=[order for order in verdict.followed if order.id not in held.orders],
        changed_orders=[number for number in verdict.changed_orders if number not in held.orders],
        gone_orders=[number for number in verdict.gone_orders if number not in held.orders],
        answered_orders=[number for number in verdict.answered_orders if number not in held.orders],
        order_news=[number for number in verdict.order_news if number not in held.orders],
        judged_orders={number: value for number, value in verdict.judged_orders.items() if number not in held.orders},
        unsent_shipments=[each for each in verdict.unsent_shipments if each.code not in held.shipments],
        accounts=[entry for entry in verdict.accounts if entry.listing_id not in held.listings],
        settled_writes=[number for number in verdict.settled_writes if number not in held.listings],
        lost_accounts=[number for number in verdict.lost_accounts if number not in held.listings],
        readings=[each for each in verdict.readings if each.listing_id not in held.listings],
        drifts=by_listing(verdict.drifts),
        stated=by_listing(verdict.stated),
    )


def ended_attentions(verdict: Verdict, judged: frozenset[Attention]) -> dict[int, frozenset[Attention]]:
    """Say for each listing which kinds of attention it needs no more, where there are any."""
    # A link that breaks ends nothing but itself: what was meant for the product was not done.
    carried_out = {
        each.listing_id for each in verdict.proven if each.status is None or each.status.link is not Link.BROKEN
    }
    carried_out |= {each.row.id for each in verdict.compared} | set(verdict.decided)
    ended: dict[int, frozenset[Attention]] = {}
    for listing_id in carried_out | verdict.flags.keys():
        decided = judged - verdict.undecided.get(listing_id, NO_ATTENTION)
        flagged = verdict.flags.get(listing_id, {})
        if kinds := ended_by(decided, flagged, is_carried_out=listing_id in carried_out):
            ended[listing_id] = kinds
    return ended


def record(
    ports: Ports,
    verdict: Verdict,
    *,
    judged: frozenset[Attention],
    cursor: tuple[str, int | None],
    saved_ids: Collection[int] = (),
) -> None:
    """
    Write down what became of a batch, in one transaction; what changes on the hub's side is done here.

    `saved_ids`: the changes of a saved plan that were dealt with.
    """
    ended = ended_attentions(verdict, judged)
    name, key = cursor
    at = ports.clock()
    with ports.run.transaction():
        if verdict.taken:
            ports.adoptions.take(verdict.taken, at=at)
        if verdict.proven:
            ports.listings.record(verdict.proven)
        if verdict.refused:
            ports.listings.count_refusals(verdict.refused)
        if verdict.flags or ended:
            ports.listings.flag(verdict.flags, ended=ended)
        _record_drift(ports, verdict, at)
        if verdict.settled_adoptions:
            ports.adoptions.settle(verdict.settled_adoptions)
        if verdict.closed_intents:
            ports.intents.close(verdict.closed_intents)
        if verdict.set_up:
            ports.inventory.add_setup(verdict.set_up)
        if verdict.files:
            ports.inventory.add_files(verdict.files)
        _record_orders(ports, verdict, at)
        _record_stock(ports, verdict, at)
        if verdict.order_news:
            ports.orders.make_news(verdict.order_news)
        ports.run.report(verdict.results)
        if saved_ids and ports.run.approval is not None:
            ports.run.approval.settle(saved_ids)
        if key is not None:
            ports.run.advance(name, key)


def _record_orders(ports: Ports, verdict: Verdict, at: datetime) -> None:
    if verdict.imported:
        ports.orders.add(verdict.imported, at=at)
    # Before the orders are followed: what was sent just now is nobody else's change of them.
    if verdict.synced_shipments:
        ports.orders.mark_synced(verdict.synced_shipments, at=at)
    if verdict.followed or verdict.gone_orders:
        ports.orders.follow(verdict.followed, gone=verdict.gone_orders, at=at)
    if verdict.judged_orders:
        ports.orders.judged(verdict.judged_orders)
    if verdict.parked:
        ports.orders.park(verdict.parked, at=at)
    if verdict.unparked:
        ports.orders.unpark(verdict.unparked)
    if verdict.acknowledged:
        ports.orders.mark_acknowledged(verdict.acknowledged, at=at, stamped=verdict.stamped)
    if verdict.answered_orders:
        ports.orders.end_telling(verdict.answered_orders)
    if verdict.changed_orders:
        ports.orders.wake_shipments(verdict.changed_orders)
    if verdict.unsent_shipments:
        ports.orders.flag_shipments(verdict.unsent_shipments)
    if verdict.delivered:
        ports.deliveries.delivered(verdict.delivered, at=at)
    for file, size_bytes in verdict.seen_files.items():
        ports.fetches.sources.note_seen(file, size_bytes=size_bytes, at=at)


def _record_drift(ports: Ports, verdict: Verdict, at: datetime) -> None:
    if verdict.compared:
        ports.drifts.record(verdict.compared, at=at)
    if verdict.drifts:
        ports.drifts.remember(verdict.drifts, at=at)


def _record_stock(ports: Ports, verdict: Verdict, at: datetime) -> None:
    if verdict.sighted:
        ports.accounts.sight(
            verdict.sighted, is_first=verdict.is_first_sighting, at=at, read_at=verdict.sightings_read_at
        )
    if verdict.accounts or verdict.settled_writes or verdict.lost_accounts:
        ports.accounts.record(verdict.accounts, settled=verdict.settled_writes, lost=verdict.lost_accounts)
    if verdict.stated:
        ports.accounts.state(verdict.stated, at=at)
    if verdict.readings:
        ports.accounts.read(verdict.readings, at=at)
