"""
Sync orders: send shipments with tracking, carrier and cost to the store, and prove that they arrived.

A shipment carries a code of ours. What the store has under it is never made again, so a lost answer costs nothing;
tracking is written with all its fields each time, because the store blanks what is left out.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.order import (
    USUAL_CARRIERS,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreOrder,
    StoreOrderLine,
    StoreShipment,
    StoreStatus,
    UnreadableOrder,
    unstorable,
)
from tradepost.domain.plan import Change, Outcome, Plan, Proof, Result, Side, SubjectId, Unit
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict, drive
from tradepost.operations.get_orders.found import Orders, seen_of
from tradepost.operations.outcomes import Answers, answers_of
from tradepost.operations.ports import ChannelSettings, Ports, ShipmentSend

_SHIPPED_OR_GONE = frozenset({StoreStatus.SHIPPED, StoreStatus.CANCELLED, StoreStatus.RETURNED, StoreStatus.RMA_ISSUED})


def execute(ports: Ports) -> None:
    """Send every shipment that is due. Idempotent: a second run with nothing new reads nothing and writes nothing."""
    drive(ports, SendShipments(ports.channel))


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment on its way: on lines that can still be shipped, and the store's id once it is there."""

    send: ShipmentSend
    external_id: int | None


Parcels = Mapping[SubjectId, Parcel]


class SendShipments(Operation[Shipment, None, Orders, Parcels]):
    """
    Send what is due, no two shipments of one order together.

    `detail` of its plans are the shipments by subject, on the lines that they take.
    """

    name = "shipments"
    label = "shipments looked at"
    # The second shipment of an order can be seen in its place only when the first has split its lines.
    looks_ahead = False

    def __init__(self, channel: ChannelSettings) -> None:
        self._channel = channel
        self._path = channel.shipment_path

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Shipment]]:
        while due := ports.orders.shipments_due(after=after, limit=self._channel.batch_size):
            parts = one_of_each_order(due)
            for part in parts:
                # Until the last part is through, a later attempt has to see them all again.
                yield Batch(part, due[-1].id if part is parts[-1] else None)
            after = due[-1].id

    def observe(self, ports: Ports, batch: Batch[Shipment]) -> Orders:
        return seen_of(ports.store.orders_by_id({shipment.order_number for shipment in batch.rows}))

    def observe_again(self, ports: Ports, batch: Batch[Shipment], seen: Orders, sent: Plan[Parcels]) -> Orders:
        subjects = {change.subject.id for change in sent.changes(Side.STORE)}
        numbers = {sent.detail[subject].send.shipment.order_number for subject in subjects}
        return {**seen, **seen_of(ports.store.orders_by_id(numbers))}

    def plan(self, batch: Batch[Shipment], facts: None, seen: Orders) -> Plan[Parcels]:
        units: list[Unit] = []
        settled: list[Result] = []
        parcels: dict[SubjectId, Parcel] = {}
        for shipment in batch.rows:
            send = ShipmentSend(shipment, carrier_on_store(shipment.carrier, self._channel.carrier_map))
            change = _sent(send)
            order = seen.get(shipment.order_number)
            if isinstance(order, UnreadableOrder):
                settled.append(Result(change, Outcome.FAILED, message=order.reason))
                continue
            on_store = find_on_store(shipment, order, path=self._path) if order is not None else None
            if on_store is not None and has_arrived(send, on_store):
                settled.append(Result(change, Outcome.UNCHANGED, Proof.READ))
                continue
            on_lines = shipment if on_store is not None else placed(shipment, order, path=self._path)
            if isinstance(on_lines, str):
                settled.append(Result(change, Outcome.FAILED, message=on_lines))
                continue
            parcels[change.subject.id] = Parcel(replace(send, shipment=on_lines), on_store.id if on_store else None)
            units.append(Unit(shipment.code, (change,)))
        return Plan(parcels, tuple(units), tuple(settled))

    def steps(self) -> Sequence[Step[Orders, Parcels]]:
        return (
            Step(takes=lambda change, parcels: not _is_there(change, parcels), send=self._create, reads=True),
            Step(takes=_is_there, send=_send),
        )

    def judge(
        self,
        batch: Batch[Shipment],
        facts: None,
        seen: Orders,
        plan: Plan[Parcels],
        evidence: Evidence,
    ) -> Verdict:
        # An order of which a value became too big for the hub stays as it was known.
        readable = [order for order in seen.values() if isinstance(order, StoreOrder)]
        verdict = Verdict(followed=[order for order in readable if not unstorable(order)])
        decided = {result.change.subject.id: result for result in plan.settled}
        for shipment in batch.rows:
            send = ShipmentSend(shipment, carrier_on_store(shipment.carrier, self._channel.carrier_map))
            order = seen.get(shipment.order_number)
            on_store = find_on_store(shipment, order, path=self._path) if isinstance(order, StoreOrder) else None
            if on_store is not None and has_arrived(send, on_store):
                verdict.synced_shipments[shipment.id] = on_store.id
                continue
            subject = _sent(send).subject.id
            result = evidence.results.get(subject) or decided[subject]
            verdict.shipment_errors[shipment.id] = result.message
        return verdict

    def _create(self, ports: Ports, plan: Plan[Parcels]) -> Answers:
        """Make shipments, not yet marked as shipped."""
        new = list(plan.changes(Side.STORE))
        sends = [plan.detail[change.subject.id].send for change in new]
        return answers_of(new, ports.store.create_shipments(sends, path=self._path))


def _is_there(change: Change, parcels: Parcels) -> bool:
    return parcels[change.subject.id].external_id is not None


def _send(ports: Ports, plan: Plan[Parcels]) -> Answers:
    """Write tracking, carrier and cost, and mark as shipped."""
    ready = {change.subject.id: plan.detail[change.subject.id] for change in plan.changes(Side.STORE)}
    answers = ports.store.send_shipments({parcel.external_id or 0: parcel.send for parcel in ready.values()})
    return {subject: answers[parcel.external_id or 0] for subject, parcel in ready.items()}


def _sent(send: ShipmentSend) -> Change:
    shipment = send.shipment
    return changes.shipment_sent(
        shipment.code,
        order_number=shipment.order_number,
        tracking_number=shipment.tracking_number,
        carrier=send.carrier,
        cost=shipment.cost,
        pieces=sum(line.quantity for line in shipment.lines),
    )


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
    Find the store's side of a shipment: by our code, or, where the store gives its own, by exactly the same lines.

    Without a code of ours, only one that is still being picked is taken over, or one with our tracking number.
    """
    for on_store in order.shipments:
        if on_store.code == shipment.code:
            return on_store
    if path is ShipmentPath.PROVISION:
        return None
    lines = {line.line_id for line in shipment.lines}
    for on_store in order.shipments:
        is_free = not on_store.is_shipped or on_store.tracking_number == shipment.tracking_number
        if set(on_store.line_ids) == lines and is_free:
            return on_store
    return None


def has_arrived(send: ShipmentSend, on_store: StoreShipment) -> bool:
    """Whether the store has all of it: shipped, with the same number, carrier and cost."""
    return (
        on_store.is_shipped
        and on_store.tracking_number == send.shipment.tracking_number
        and on_store.carrier.casefold() == send.carrier.casefold()
        and on_store.cost == send.shipment.cost
    )


def placed(shipment: Shipment, order: StoreOrder | None, *, path: ShipmentPath) -> Shipment | str:
    """
    Put a shipment on lines of the order that can still be shipped; returns the reason where that can't be done.

    A line that was split since the shipment was recorded may have left its pieces on another line of the same article.
    """
    if order is None:
        return f"Order {shipment.order_number} is not on the store any more."
    lines = {line.line_id: line for line in order.lines}
    parts: list[ShipmentLine] = []
    for part in shipment.lines:
        line = lines.get(part.line_id)
        if line is None:
            return f"Line {part.line_id} is not in order {order.id} on the store."
        taken = {other.line_id for other in parts}
        fitting = next((other for other in (line, *_same_article(line, order)) if _can_take(other, part, taken)), None)
        if fitting is None and line.status in _SHIPPED_OR_GONE:
            return f"'{line.name}' of order {order.id} is {line.status.value.replace('_', ' ')} on the store already."
        if fitting is None:
            return f"Order {order.id} has fewer than {part.quantity} pieces of '{line.name}' left to ship on the store."
        parcel = next((found for found in order.shipments if found.id == fitting.shipment_id), None)
        if parcel is not None and parcel.tracking_number:
            # Making another shipment would take the line out of that one.
            return f"'{line.name}' of order {order.id} is in the store's shipment {parcel.code} already, with a number."
        if path is ShipmentPath.FUNCTION and part.quantity != fitting.quantity:
            return (
                f"{part.quantity} of {fitting.quantity} pieces of '{line.name}' can't be shipped on their own: this "
                "token ships whole lines. Ship the rest as well, or let the channel ship by provisioning."
            )
        parts.append(ShipmentLine(fitting.line_id, part.quantity))
    return replace(shipment, lines=tuple(parts))


def _same_article(line: StoreOrderLine, order: StoreOrder) -> list[StoreOrderLine]:
    article = (line.code, line.sku, line.options)
    return [other for other in order.lines if (other.code, other.sku, other.options) == article and other is not line]


def _can_take(line: StoreOrderLine, part: ShipmentLine, taken: Collection[int]) -> bool:
    return line.status not in _SHIPPED_OR_GONE and line.quantity >= part.quantity and line.line_id not in taken


def carrier_on_store(carrier: str, carrier_map: Mapping[str, str]) -> str:
    """Translate the merchant's word for a carrier; one that is not in the map is sent as it is."""
    word = carrier.strip()
    return carrier_map.get(word.casefold()) or USUAL_CARRIERS.get(word.casefold()) or word
