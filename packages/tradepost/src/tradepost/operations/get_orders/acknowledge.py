"""
Acknowledge: tell the store that an order was taken over, after its import is committed.

What fails is tried again by the next run, and never blocks or undoes an import.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from tradepost.domain import changes
from tradepost.domain.order import (
    AcknowledgeMode,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreOrder,
    StoreStatus,
    UnreadableOrder,
    acknowledgement_note,
)
from tradepost.domain.plan import Outcome, Plan, Proof, Result, Side, Unit
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict
from tradepost.operations.get_orders.found import Orders, seen_of
from tradepost.operations.outcomes import Answers, answers_of
from tradepost.operations.ports import ChannelSettings, OrderRow, Ports, ShipmentSend

_ACKNOWLEDGE_BATCH = 50


class Acknowledge(Operation[OrderRow, None, Orders, Orders]):
    """
    Tell the store about imported orders that it was not told about, by the channel's way of doing so.

    The store is looked at first: a note or a shipment whose answer was lost is not made twice. `detail` of its plans
    are the orders as they are on the store, by number.
    """

    name = "acknowledge"
    label = "orders acknowledged"

    def __init__(self, channel: ChannelSettings) -> None:
        self._mode = channel.acknowledge_mode

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[OrderRow]]:
        while rows := ports.orders.unacknowledged(after=after, limit=_ACKNOWLEDGE_BATCH):
            after = rows[-1].id
            yield Batch(rows, after)

    def observe(self, ports: Ports, batch: Batch[OrderRow]) -> Orders:
        return seen_of(ports.store.orders_by_id([row.external_id for row in batch.rows]))

    def observe_again(self, ports: Ports, batch: Batch[OrderRow], seen: Orders, sent: Plan[Orders]) -> Orders:
        numbers = [int(change.subject.key) for change in sent.changes(Side.STORE)]
        return {**seen, **seen_of(ports.store.orders_by_id(numbers))}

    def plan(self, batch: Batch[OrderRow], facts: None, seen: Orders) -> Plan[Orders]:
        units: list[Unit] = []
        settled: list[Result] = []
        for row in batch.rows:
            change = changes.order_acknowledged(row.external_id, mode=self._mode)
            order = seen.get(row.external_id)
            if order is None:
                message = f"Order {row.external_id} is not on the store any more."
                settled.append(Result(change, Outcome.FAILED, message=message))
            elif isinstance(order, UnreadableOrder):
                settled.append(Result(change, Outcome.FAILED, message=order.reason))
            elif is_acknowledged(order, self._mode):
                settled.append(Result(change, Outcome.UNCHANGED, Proof.READ))
            else:
                units.append(Unit(change.subject.key, (change,)))
        return Plan(seen, tuple(units), tuple(settled))

    def steps(self) -> Sequence[Step[Orders, Orders]]:
        send = _start_picking if self._mode is AcknowledgeMode.PICKING else _add_notes
        return (Step(takes=lambda _change, _orders: True, send=send),)

    def judge(
        self,
        batch: Batch[OrderRow],
        facts: None,
        seen: Orders,
        plan: Plan[Orders],
        evidence: Evidence,
    ) -> Verdict:
        return Verdict(
            acknowledged=[
                row.id
                for row in batch.rows
                if isinstance(order := seen.get(row.external_id), StoreOrder) and is_acknowledged(order, self._mode)
            ]
        )


def is_acknowledged(order: StoreOrder, mode: AcknowledgeMode) -> bool:
    if mode is AcknowledgeMode.PICKING:
        return order.status is not StoreStatus.PENDING
    return acknowledgement_note(order_number=order.id) in {note.strip() for note in order.notes}


def _add_notes(ports: Ports, plan: Plan[Orders]) -> Answers:
    sent = {int(change.subject.key): change.subject.id for change in plan.changes(Side.STORE)}
    answers = ports.store.add_order_notes({number: acknowledgement_note(order_number=number) for number in sent})
    return {sent[number]: answer for number, answer in answers.items()}


def _start_picking(ports: Ports, plan: Plan[Orders]) -> Answers:
    sent = list(plan.changes(Side.STORE))
    at = ports.clock()
    orders = [plan.detail[int(change.subject.key)] for change in sent]
    shipments = [_picking(order, at) for order in orders if isinstance(order, StoreOrder)]
    return answers_of(sent, ports.store.create_shipments(shipments, path=ShipmentPath.FUNCTION))


def _picking(order: StoreOrder, at: datetime) -> ShipmentSend:
    """A shipment of all that is still to be shipped, without a carrier: the store shows it as being picked."""
    lines = tuple(
        ShipmentLine(line.line_id, line.quantity)
        for line in order.lines
        if line.status is StoreStatus.PENDING and not line.shipment_id
    )
    return ShipmentSend(Shipment(0, "", order.id, "", "", Decimal(), lines, at), carrier="")
