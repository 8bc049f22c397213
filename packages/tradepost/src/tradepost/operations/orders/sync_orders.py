"""
Sync orders: send shipments with tracking, carrier and cost to the store, and prove that they arrived.

A shipment carries a code of ours. What the store has under it is never made again, so a lost answer costs nothing;
tracking is written with all its fields each time, because the store blanks what is left out. By the path that takes
whole lines, the store gives its own code: there a shipment is looked for by its lines, those that share one go as one,
and a request whose answer was lost is not repeated as long as it can still land.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tradepost.domain import changes
from tradepost.domain.orders.order import (
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreOrder,
    StoreOrderLine,
    StoreShipment,
    StoreStatus,
    Tracking,
    UnreadableOrder,
    unstorable,
)
from tradepost.domain.orders.order_changes import MISSING_SHIPMENT
from tradepost.domain.orders.shipment import CURE, carrier_on_store, is_same_tracking, joined, members
from tradepost.domain.plan import Change, Outcome, Plan, Proof, Result, Side, SubjectId, Unit
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict, drive
from tradepost.operations.orders.get_orders.found import FoundOrders, seen_of
from tradepost.operations.outcomes import Answers, answers_of
from tradepost.operations.ports import (
    ChannelSettings,
    Ports,
    ProvenShipment,
    ShipmentSend,
    UnsentShipment,
    WriteAnswer,
    WriteOutcome,
)
from tradepost.operations.stock.sightings import Sight

_SHIPPED_OR_GONE = frozenset({StoreStatus.SHIPPED, StoreStatus.CANCELLED, StoreStatus.RETURNED, StoreStatus.RMA_ISSUED})


def execute(ports: Ports) -> None:
    """
    Send every shipment that is due, and sight what has left the house by it.

    Idempotent: a second run with nothing new reads nothing and writes nothing.
    """
    sending = SendShipments(ports.channel)
    drive(ports, sending)
    if sending.has_proven:
        # A count that is stated before the next get knows of these pieces: they aren't on the shelf any more.
        drive(ports, Sight())


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment on its way: on lines that can still be shipped, and the store's id once it is there."""

    send: ShipmentSend
    external_id: int | None


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a shipment is not sent. `is_final`: as it is, and as its order is, the store will never take it."""

    reason: str
    is_final: bool = True

    @property
    def message(self) -> str:
        return f"{self.reason} {CURE}" if self.is_final else self.reason


@dataclass(frozen=True, slots=True)
class Packing:
    """What the plan knows of shipments, by subject."""

    parcels: dict[SubjectId, Parcel] = field(default_factory=dict)
    parked: set[SubjectId] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class SendingFacts:
    """When the store was looked at, and the shipments of which a request was begun whose end is not recorded."""

    looked_at: datetime
    sending: Collection[int]


class SendShipments(Operation[Shipment, SendingFacts, FoundOrders, Packing]):
    """
    Send what is due, no two shipments of one order together.

    `detail` of its plans are the shipments by subject, on the lines that they take.
    """

    name = "shipments"
    label = "shipments looked at"
    # The second shipment of an order can be seen in its place only when the first has split its lines.
    looks_ahead = False

    def __init__(self, channel: ChannelSettings) -> None:
        self.has_proven = False
        self._channel = channel
        self._path = channel.shipment_path
        self._takes_whole_lines = self._path is ShipmentPath.FUNCTION
        self._wait = timedelta(seconds=channel.lost_answer_seconds)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Shipment]]:
        given: set[int] = set()
        while due := ports.orders.shipments_due(
            after=after, limit=self._channel.batch_size, whole_orders=self._takes_whole_lines
        ):
            # Those beyond the limit are there for the others of their orders, and come again.
            after = due[: self._channel.batch_size][-1].id
            new = [shipment for shipment in due if shipment.id not in given]
            given |= {shipment.id for shipment in new if shipment.id > after}
            parts = one_of_each_order(joined(new) if self._takes_whole_lines else new)
            for part in parts:
                # Until the last part is through, a later attempt has to see them all again.
                yield Batch(part, after if part is parts[-1] else None)

    def observe(self, ports: Ports, batch: Batch[Shipment]) -> FoundOrders:
        return seen_of(ports.store.orders_by_id({shipment.order_number for shipment in batch.rows}))

    def observe_again(
        self, ports: Ports, batch: Batch[Shipment], seen: FoundOrders, sent: Plan[Packing]
    ) -> FoundOrders:
        subjects = {change.subject.id for change in sent.changes(Side.STORE)}
        numbers = {sent.detail.parcels[subject].send.shipment.order_number for subject in subjects}
        return {**seen, **seen_of(ports.store.orders_by_id(numbers))}

    def facts(self, ports: Ports, batch: Batch[Shipment], seen: FoundOrders) -> SendingFacts:
        return SendingFacts(batch.looked_at, ports.orders.sending([shipment.id for shipment in batch.rows]))

    def plan(self, batch: Batch[Shipment], facts: SendingFacts | None, seen: FoundOrders) -> Plan[Packing]:
        units: list[Unit] = []
        settled: list[Result] = []
        packing = Packing()
        for shipment in batch.rows:
            order = seen.get(shipment.order_number)
            on_store = self._on_store(shipment, order)
            send = self._send_of(shipment)
            change = _sent(send, on_store)
            if isinstance(order, UnreadableOrder):
                settled.append(Result(change, Outcome.FAILED, message=order.reason))
            elif on_store is not None and has_arrived(send, on_store):
                settled.append(Result(change, Outcome.UNCHANGED, Proof.READ))
            elif on_store is None and (until := self._lands_until(shipment, facts)) is not None:
                settled.append(Result(change, Outcome.SKIPPED, message=_still_landing(until)))
            else:
                on_lines = self._on_lines(shipment, order, on_store, facts)
                if isinstance(on_lines, Obstacle):
                    # What waits for the rest of its line is as it should be.
                    outcome = Outcome.FAILED if on_lines.is_final else Outcome.SKIPPED
                    settled.append(Result(change, outcome, message=on_lines.message))
                    if on_lines.is_final:
                        packing.parked.add(change.subject.id)
                else:
                    parcel = Parcel(replace(send, shipment=on_lines), on_store.id if on_store else None)
                    packing.parcels[change.subject.id] = parcel
                    units.append(Unit(shipment.code, (change,)))
        return Plan(packing, tuple(units), tuple(settled))

    def _on_store(self, shipment: Shipment, order: StoreOrder | UnreadableOrder | None) -> StoreShipment | None:
        return find_on_store(shipment, order, path=self._path) if isinstance(order, StoreOrder) else None

    def _send_of(self, shipment: Shipment) -> ShipmentSend:
        return ShipmentSend(shipment, carrier_on_store(shipment.carrier, self._channel.carrier_map))

    def _on_lines(
        self,
        shipment: Shipment,
        order: StoreOrder | None,
        on_store: StoreShipment | None,
        facts: SendingFacts | None,
    ) -> Shipment | Obstacle:
        """Put a shipment where it goes; what somebody has made of it on the store is written over by nobody."""
        if on_store is None:
            if shipment.proven is not None and order is not None:
                return Obstacle(MISSING_SHIPMENT)
            return placed(shipment, order, path=self._path)
        # As long as a request of ours is under way, what is found may come from it.
        is_sending = facts is not None and shipment.id in facts.sending
        if shipment.proven is None or is_sending or is_same_tracking(shipment.proven, on_store.tracking):
            return shipment
        return Obstacle(
            f"Somebody has changed the shipment on the store: it had {_words(shipment.proven)}, and has "
            f"{_words(on_store.tracking)}."
        )

    def _lands_until(self, shipment: Shipment, facts: SendingFacts | None) -> datetime | None:
        """Until when a request can land that would make it a second time, or tear its lines out of it; None: never."""
        if not self._takes_whole_lines or shipment.sending_since is None or facts is None:
            return None
        until = shipment.sending_since + self._wait
        return until if facts.looked_at < until else None

    def steps(self) -> Sequence[Step[FoundOrders, Packing]]:
        return (
            Step(
                takes=lambda change, packing: not _is_there(change, packing),
                send=self._create,
                commit_first=_begin,
                reads=True,
            ),
            Step(takes=_is_there, send=_send, commit_first=_begin),
        )

    def judge(
        self,
        batch: Batch[Shipment],
        facts: SendingFacts | None,
        seen: FoundOrders,
        plan: Plan[Packing],
        evidence: Evidence,
    ) -> Verdict:
        # An order of which a value became too big for the hub stays as it was known.
        readable = [order for order in seen.values() if isinstance(order, StoreOrder)]
        verdict = Verdict(followed=[order for order in readable if not unstorable(order)])
        decided = {result.change.subject.id: result for result in plan.settled}
        for shipment in batch.rows:
            order = seen.get(shipment.order_number)
            on_store = self._on_store(shipment, order)
            send = self._send_of(shipment)
            if on_store is not None and has_arrived(send, on_store):
                verdict.synced_shipments += _proven(shipment, on_store)
                self.has_proven = True
                continue
            subject = _sent(send, on_store).subject.id
            result = evidence.results.get(subject) or decided[subject]
            # A request that was refused has ended; one whose answer was lost has, once it can't land any more.
            has_ended = shipment.sending_since is None or batch.looked_at >= shipment.sending_since + self._wait
            is_absent = (
                on_store is None
                and not isinstance(order, UnreadableOrder)
                and result.outcome is not Outcome.UNKNOWN
                and has_ended
            )
            # What may still come to be on the store is looked at again.
            is_parked = subject in plan.detail.parked and has_ended
            verdict.unsent_shipments += [
                UnsentShipment(
                    each.id,
                    result.message,
                    each.tracking,
                    is_parked=is_parked,
                    is_absent=is_absent,
                    code=shipment.code,
                )
                for each in members(shipment)
            ]
        return verdict

    def _create(self, ports: Ports, plan: Plan[Packing]) -> Answers:
        """Make shipments, not yet marked as shipped."""
        begun, answers = _begun(ports, plan)
        sends = [plan.detail.parcels[change.subject.id].send for change in begun]
        return answers | answers_of(begun, ports.store.create_shipments(sends, path=self._path) if sends else [])


def _still_landing(until: datetime) -> str:
    return (
        f"The answer to an earlier request was lost, and it can still land; it is looked for after {until:%H:%M} UTC."
    )


def _is_there(change: Change, packing: Packing) -> bool:
    return packing.parcels[change.subject.id].external_id is not None


def _begin(ports: Ports, plan: Plan[Packing]) -> None:
    """From now on nobody takes them back: the store may have them."""
    ids = [each.id for _, parcel in _changes(plan) for each in members(parcel.send.shipment)]
    ports.orders.begin_sending(ids, at=ports.clock())


def _begun(ports: Ports, plan: Plan[Packing]) -> tuple[list[Change], Answers]:
    """Return the changes that may be sent, and answers for those whose shipment a person has withheld meanwhile."""
    wanted = {change: [each.id for each in members(parcel.send.shipment)] for change, parcel in _changes(plan)}
    sending = ports.orders.sending([shipment_id for ids in wanted.values() for shipment_id in ids])
    withheld = WriteAnswer(WriteOutcome.WITHHELD, "Somebody has taken it back or suppressed it meanwhile.")
    begun = [change for change, ids in wanted.items() if sending.issuperset(ids)]
    return begun, {change.subject.id: withheld for change in wanted if change not in begun}


def _changes(plan: Plan[Packing]) -> list[tuple[Change, Parcel]]:
    return [(change, plan.detail.parcels[change.subject.id]) for change in plan.changes(Side.STORE)]


def _send(ports: Ports, plan: Plan[Packing]) -> Answers:
    """Write tracking, carrier and cost, and mark as shipped."""
    begun, withheld = _begun(ports, plan)
    ready = {change.subject.id: plan.detail.parcels[change.subject.id] for change in begun}
    answers = ports.store.send_shipments({parcel.external_id or 0: parcel.send for parcel in ready.values()})
    return withheld | {subject: answers[parcel.external_id or 0] for subject, parcel in ready.items()}


def _sent(send: ShipmentSend, on_store: StoreShipment | None) -> Change:
    before = on_store.tracking if on_store is not None and on_store.is_shipped else None
    return changes.shipment_sent(send.shipment, carrier=send.carrier, before=before)


def _proven(shipment: Shipment, on_store: StoreShipment) -> list[ProvenShipment]:
    return [
        ProvenShipment(
            each.id,
            on_store.id,
            each.tracking,
            on_store.tracking,
            joined_to=None if place == 0 else shipment.id,
        )
        for place, each in enumerate(members(shipment))
    ]


def _words(tracking: Tracking) -> str:
    return f"'{tracking.carrier} {tracking.number}' for {tracking.cost:.2f}"


def one_of_each_order(shipments: Sequence[Shipment]) -> list[list[Shipment]]:
    """
    Part shipments so that no two of one order go together.

    The second can only be placed when the first has split its lines and is marked as shipped; until then it could
    take them away from it.
    """
    batches: list[list[Shipment]] = []
    seen: Counter[int] = Counter()
    for shipment in shipments:
        turn = seen[shipment.order_number]
        seen[shipment.order_number] += 1
        if turn == len(batches):
            batches.append([])
        batches[turn].append(shipment)
    return batches


def find_on_store(shipment: Shipment, order: StoreOrder, *, path: ShipmentPath) -> StoreShipment | None:
    """
    Find the store's side of a shipment: by its id or our code, or, where the store gives its own, by exactly the same
    lines.

    Without a code of ours, only one that is still being picked is taken over, or one with our tracking number.
    """
    for on_store in order.shipments:
        if on_store.code == shipment.code or on_store.id == shipment.external_id:
            return on_store
    if path is ShipmentPath.PROVISION or shipment.proven is not None:
        return None
    lines = {line.line_id for line in shipment.lines}
    for on_store in order.shipments:
        is_free = not on_store.is_shipped or on_store.tracking_number == shipment.tracking_number
        if set(on_store.line_ids) == lines and is_free:
            return on_store
    return None


def has_arrived(send: ShipmentSend, on_store: StoreShipment) -> bool:
    """Whether the store has all of it: shipped, with the same number, carrier and cost."""
    wanted = replace(send.shipment.tracking, carrier=send.carrier)
    return on_store.is_shipped and is_same_tracking(wanted, on_store.tracking)


def placed(shipment: Shipment, order: StoreOrder | None, *, path: ShipmentPath) -> Shipment | Obstacle:
    """
    Put a shipment on lines of the order that can still be shipped, or say why that can't be done.

    A line that was split since the shipment was recorded may have left its pieces on another line of the same article.
    """
    if order is None:
        return Obstacle(f"Order {shipment.order_number} is not on the store any more.")
    if order.status is StoreStatus.CANCELLED:
        return Obstacle(f"Order {order.id} is cancelled on the store.")
    lines = {line.line_id: line for line in order.lines}
    parts: list[ShipmentLine] = []
    for part in shipment.lines:
        line = lines.get(part.line_id)
        if line is None:
            return Obstacle(f"Line {part.line_id} is not in order {order.id} on the store.")
        taken = {other.line_id for other in parts}
        fitting = next((other for other in (line, *_same_article(line, order)) if _can_take(other, part, taken)), None)
        if fitting is None:
            return _no_line(line, part, order)
        obstacle = _obstacle(fitting, part, order, path)
        if obstacle is not None:
            return obstacle
        parts.append(ShipmentLine(fitting.line_id, part.quantity))
    return replace(shipment, lines=tuple(parts))


def _no_line(line: StoreOrderLine, part: ShipmentLine, order: StoreOrder) -> Obstacle:
    if line.status in _SHIPPED_OR_GONE:
        status = line.status.value.replace("_", " ")
        return Obstacle(f"'{line.name}' of order {order.id} is {status} on the store already.")
    return Obstacle(
        f"Order {order.id} has fewer than {part.quantity} pieces of '{line.name}' left to ship on the store."
    )


def _obstacle(line: StoreOrderLine, part: ShipmentLine, order: StoreOrder, path: ShipmentPath) -> Obstacle | None:
    parcel = next((found for found in order.shipments if found.id == line.shipment_id), None)
    if parcel is not None and parcel.tracking_number:
        # Making another shipment would take the line out of that one.
        return Obstacle(
            f"'{line.name}' of order {order.id} is in the store's shipment {parcel.code} already, with a number."
        )
    if path is ShipmentPath.FUNCTION and part.quantity != line.quantity:
        return Obstacle(
            f"{part.quantity} of {line.quantity} pieces of '{line.name}' can't be shipped on their own: this channel "
            "ships whole lines. It waits until shipments of the rest are recorded, and then all go as one; or let the "
            "channel ship by provisioning.",
            is_final=False,
        )
    return None


def _same_article(line: StoreOrderLine, order: StoreOrder) -> list[StoreOrderLine]:
    article = (line.code, line.sku, line.options)
    return [other for other in order.lines if (other.code, other.sku, other.options) == article and other is not line]


def _can_take(line: StoreOrderLine, part: ShipmentLine, taken: Collection[int]) -> bool:
    return line.status not in _SHIPPED_OR_GONE and line.quantity >= part.quantity and line.line_id not in taken
