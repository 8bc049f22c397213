"""
Acknowledge: tell the store that an order was taken over, after its import is committed.

What fails is tried again by the next run, and never blocks or undoes an import.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tradepost.domain import changes
from tradepost.domain.errors import PermissionMissing
from tradepost.domain.orders.acknowledgement import lines_to_pick
from tradepost.domain.orders.order import (
    AcknowledgeMode,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreOrder,
    UnreadableOrder,
    acknowledgement_note,
)
from tradepost.domain.plan import Change, Outcome, Plan, Proof, Result, Side, Unit
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict
from tradepost.operations.orders.get_orders.found import FoundOrders, seen_of
from tradepost.operations.outcomes import Answers, answers_of
from tradepost.operations.ports import ChannelSettings, OrderRow, Ports, ShipmentSend, WriteOutcome

_ACKNOWLEDGE_BATCH = 50


@dataclass(frozen=True, slots=True)
class SeenOrders:
    """
    The orders as they are on the store. `queued`: those in the queue for orders that were acknowledged; `answered`:
    those of which the store has said in this run that its workflows were told.
    """

    orders: FoundOrders
    queued: frozenset[int] = frozenset()
    answered: frozenset[int] = frozenset()


class Acknowledge(Operation[OrderRow, None, SeenOrders, FoundOrders]):
    """
    Tell the store about imported orders that it was not told about, by the channel's way of doing so.

    The store is looked at first: what was done and whose answer was lost is not done twice. While a request without an
    answer may still land there, no second one is sent. `detail` of its plans are the orders as they are on the store,
    by number.
    """

    name = "acknowledge"
    label = "orders acknowledged"

    def __init__(self, channel: ChannelSettings) -> None:
        self._way = channel.acknowledgement
        self._lands_within = timedelta(seconds=channel.lost_answer_seconds)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[OrderRow]]:
        while rows := ports.orders.unacknowledged(after=after, limit=_ACKNOWLEDGE_BATCH):
            after = rows[-1].id
            yield Batch(rows, after)

    def observe(self, ports: Ports, batch: Batch[OrderRow]) -> SeenOrders:
        return self._look(ports, [row.external_id for row in batch.rows])

    def observe_again(
        self, ports: Ports, batch: Batch[OrderRow], seen: SeenOrders, sent: Plan[FoundOrders]
    ) -> SeenOrders:
        found = self._look(ports, [int(change.subject.key) for change in sent.changes(Side.STORE)])
        return SeenOrders({**seen.orders, **found.orders}, seen.queued | found.queued, seen.answered)

    def _look(self, ports: Ports, numbers: Sequence[int]) -> SeenOrders:
        queued: frozenset[int] = frozenset()
        if self._way.mode is AcknowledgeMode.QUEUE and self._way.queue:
            queued = ports.store.queued_orders(numbers, queue=self._way.queue)
        return SeenOrders(seen_of(ports.store.orders_by_id(numbers)), queued)

    def plan(self, batch: Batch[OrderRow], facts: None, seen: SeenOrders) -> Plan[FoundOrders]:
        units: list[Unit] = []
        settled: list[Result] = []
        for row in batch.rows:
            change = changes.order_acknowledged(row.external_id, self._way)
            order = seen.orders.get(row.external_id)
            obstacle = self._obstacle(row, order)
            if obstacle:
                settled.append(Result(change, Outcome.FAILED, message=obstacle))
            elif self._is_told(row, seen):
                settled.append(Result(change, Outcome.UNCHANGED, Proof.READ))
            elif waits := self._waits(row, batch.looked_at):
                settled.append(Result(change, Outcome.SKIPPED, message=waits))
            else:
                units.append(Unit(change.subject.key, (change,)))
        return Plan(seen.orders, tuple(units), tuple(settled))

    def _waits(self, row: OrderRow, looked_at: datetime) -> str:
        """Say why the store is not told again yet; blank where it may be."""
        if row.telling_since is None or looked_at >= row.telling_since + self._lands_within:
            return ""
        again = row.telling_since + self._lands_within
        return (
            f"The store was told of order {row.external_id} at {row.telling_since:%H:%M:%S} UTC and did not answer. "
            f"That may still arrive, so it is not told again before {again:%H:%M:%S} UTC."
        )

    def _obstacle(self, row: OrderRow, order: StoreOrder | UnreadableOrder | None) -> str:
        if order is None:
            return f"Order {row.external_id} is not on the store any more."
        return order.reason if isinstance(order, UnreadableOrder) else self._way.obstacle(order)

    def _is_told(self, row: OrderRow, seen: SeenOrders) -> bool:
        order, number = seen.orders.get(row.external_id), row.external_id
        if number in seen.answered:
            return True
        return isinstance(order, StoreOrder) and self._way.is_seen(order, is_queued=number in seen.queued)

    def steps(self) -> Sequence[Step[SeenOrders, FoundOrders]]:
        return (
            Step(
                takes=lambda _change, _orders: True,
                send=self._send,
                # What sets a value may arrive twice.
                commit_first=None if self._way.mode is AcknowledgeMode.FIELD else _begin,
                # Whether anything is moved is up to the store's workflows, so that its answer has to do.
                learn=_note_answered if self._way.mode is AcknowledgeMode.QUEUE else None,
            ),
        )

    def unread(self, change: Change, seen: SeenOrders) -> frozenset[str]:
        number = int(change.subject.key)
        return frozenset({"queue"}) if number in seen.answered - seen.queued else frozenset()

    def judge(
        self,
        batch: Batch[OrderRow],
        facts: None,
        seen: SeenOrders,
        plan: Plan[FoundOrders],
        evidence: Evidence,
    ) -> Verdict:
        told = [row for row in batch.rows if self._is_told(row, seen)]
        orders = {row.id: seen.orders.get(row.external_id) for row in told}
        return Verdict(
            answered_orders=[
                int(result.change.subject.key)
                for subject, result in evidence.results.items()
                if evidence.answers[subject].outcome is not WriteOutcome.LOST
            ],
            acknowledged=[row.id for row in told],
            stamped={
                our_id: stamp
                for our_id, order in orders.items()
                if isinstance(order, StoreOrder) and (stamp := self._way.stamp(order))
            },
        )

    def _send(self, ports: Ports, plan: Plan[FoundOrders]) -> Answers:
        try:
            return self._tell(ports, plan)
        except PermissionMissing:
            # Nothing was done, so nothing is in the air.
            with ports.run.transaction():
                ports.orders.end_telling([int(change.subject.key) for change in plan.changes(Side.STORE)])
            raise

    def _tell(self, ports: Ports, plan: Plan[FoundOrders]) -> Answers:
        sent = {int(change.subject.key): change.subject.id for change in plan.changes(Side.STORE)}
        match self._way.mode:
            case AcknowledgeMode.PICKING:
                return _start_picking(ports, plan)
            case AcknowledgeMode.QUEUE:
                answers = ports.store.acknowledge_orders(list(sent))
            case AcknowledgeMode.FIELD:
                answers = ports.store.set_order_field(dict.fromkeys(sent, self._way.value), field=self._way.field)
            case AcknowledgeMode.NOTE | AcknowledgeMode.NONE:
                notes = {number: acknowledgement_note(order_number=number) for number in sent}
                answers = ports.store.add_order_notes(notes)
        return {sent[number]: answer for number, answer in answers.items()}


def _begin(ports: Ports, plan: Plan[FoundOrders]) -> None:
    ports.orders.begin_telling([int(change.subject.key) for change in plan.changes(Side.STORE)], at=ports.clock())


def _note_answered(seen: SeenOrders, plan: Plan[FoundOrders], answers: Answers) -> SeenOrders:
    told = {
        int(change.subject.key)
        for change in plan.changes(Side.STORE)
        if answers[change.subject.id].outcome is WriteOutcome.DONE
    }
    return replace(seen, answered=seen.answered | told)


def _start_picking(ports: Ports, plan: Plan[FoundOrders]) -> Answers:
    sent = list(plan.changes(Side.STORE))
    at = ports.clock()
    orders = [plan.detail[int(change.subject.key)] for change in sent]
    shipments = [_picking(order, at) for order in orders if isinstance(order, StoreOrder)]
    return answers_of(sent, ports.store.create_shipments(shipments, path=ShipmentPath.FUNCTION))


def _picking(order: StoreOrder, at: datetime) -> ShipmentSend:
    """A shipment of all that is still to be shipped, without a carrier: the store shows it as being picked."""
    lines = tuple(ShipmentLine(line.line_id, line.quantity) for line in lines_to_pick(order))
    return ShipmentSend(Shipment(0, "", order.id, "", "", Decimal(), lines, at), carrier="")
