"""
Get orders: bring new orders home, each once, and tell the store that they were taken over.

Orders are found by their state on the store; what the ledger does not have yet is imported. Acknowledging comes after
the import is committed, and an acknowledgement that fails is tried again by the next run.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
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
    unstorable,
)
from tradepost.domain.plan import Outcome, Plan, Proof, Result, Side, Unit
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict, drive
from tradepost.operations.outcomes import Answers, answers_of
from tradepost.operations.ports import ChannelSettings, OrderRow, OrdersById, Ports, ShipmentSend
from tradepost.operations.stock.attentions import StockAttentions
from tradepost.operations.stock.sightings import Sight

# Orders can complete after later-numbered ones, so every fetch looks back over the one before it.
_OVERLAP = timedelta(hours=48)
_ACKNOWLEDGE_BATCH = 50


def execute(ports: Ports) -> None:
    """
    Sight what orders took from stock, fetch new ones, then acknowledge what was imported.

    Idempotent: each order is imported once.
    """
    drive(ports, Sight())
    drive(ports, StockAttentions())
    drive(ports, Fetch(ports.channel))
    if ports.channel.acknowledge_mode is not AcknowledgeMode.NONE:
        drive(ports, Acknowledge(ports.channel))


# --- fetch ----------------------------------------------------------------------------------------------------------


Found = StoreOrder | UnreadableOrder


class Fetch(Operation[Found, frozenset[int], None, tuple[StoreOrder, ...]]):
    """
    Import orders that the ledger does not have; `detail` of its plans are the orders. One bad one never stops others.

    The place in time moves only when every page was read.
    """

    name = "fetch"
    label = "orders looked at"
    is_pass = True
    needs_known_store = False

    def __init__(self, channel: ChannelSettings) -> None:
        self._channel = channel

    def prepare(self, ports: Ports) -> None:
        self._started = ports.clock()
        last = ports.orders.last_fetch()
        self._since = last - _OVERLAP if last else self._started - timedelta(days=self._channel.look_back_days)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Found]]:
        pages = ports.store.iterate_orders(statuses=self._channel.order_statuses, since=self._since)
        return (Batch([*page.orders, *page.unreadable]) for page in pages)

    def observe(self, ports: Ports, batch: Batch[Found]) -> None:
        """The page is all there is to see."""

    def facts(self, ports: Ports, batch: Batch[Found], seen: None) -> frozenset[int]:
        return frozenset(ports.orders.known([order.id for order in _readable(batch) if not unstorable(order)]))

    def plan(
        self,
        batch: Batch[Found],
        facts: frozenset[int] | None,
        seen: None,
    ) -> Plan[tuple[StoreOrder, ...]]:
        new, left = found_minus_ledger(
            _readable(batch),
            known=facts or frozenset(),
            statuses=self._channel.order_statuses,
            only_paid=self._channel.only_paid_orders,
        )
        units = tuple(Unit(str(order.id), (changes.order_imported(order),)) for order in new)
        unreadable = [order for order in batch.rows if isinstance(order, UnreadableOrder)]
        left += [
            Result(changes.order_unreadable(order.number), Outcome.FAILED, message=order.reason) for order in unreadable
        ]
        return Plan(tuple(new), units, tuple(left))

    def judge(
        self,
        batch: Batch[Found],
        facts: frozenset[int] | None,
        seen: None,
        plan: Plan[tuple[StoreOrder, ...]],
        evidence: Evidence,
    ) -> Verdict:
        return Verdict(imported=list(plan.detail))

    def finish(self, ports: Ports) -> None:
        ports.orders.set_last_fetch(self._started)


def _readable(batch: Batch[Found]) -> list[StoreOrder]:
    return [order for order in batch.rows if isinstance(order, StoreOrder)]


def found_minus_ledger(
    orders: Sequence[StoreOrder], *, known: Collection[int], statuses: Collection[StoreStatus], only_paid: bool
) -> tuple[list[StoreOrder], list[Result]]:
    """Say which orders to import, and which are left for later with the reason."""
    new: list[StoreOrder] = []
    left: list[Result] = []
    for order in orders:
        # A store drops conditions that it does not understand; what came back is checked, not believed.
        if order.id in known or order.status not in statuses:
            continue
        unfit = unstorable(order)
        if unfit:
            message = f"Order {order.id} can't be imported: {unfit}"
            left.append(Result(changes.order_imported(order), Outcome.FAILED, message=message))
            continue
        if only_paid and not order.is_paid:
            message = f"Order {order.id} has no payment yet; it is imported once it has one."
            left.append(Result(changes.order_imported(order), Outcome.SKIPPED, message=message))
            continue
        new.append(order)
    return new, left


# --- acknowledge ----------------------------------------------------------------------------------------------------

Orders = dict[int, Found]


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


def seen_of(found: OrdersById) -> Orders:
    """Orders by number, those that can't be read with the reason: they are not gone."""
    return {**found, **found.unreadable}


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
