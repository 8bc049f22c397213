"""
Sync orders: send shipments with tracking, carrier and cost to the store, and prove that they arrived.

A shipment carries a code of ours. What the store has under it is never made again, so a lost answer costs nothing;
tracking is written with all its fields each time, because the store blanks what is left out.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tradepost.domain.order import (
    USUAL_CARRIERS,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreOrder,
    StoreOrderLine,
    StoreShipment,
    StoreStatus,
)
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.operations.ports import Ports, ShipmentSend, WriteAnswer, WriteOutcome

_SHIPPED_OR_GONE = frozenset({StoreStatus.SHIPPED, StoreStatus.CANCELLED, StoreStatus.RETURNED, StoreStatus.RMA_ISSUED})


def execute(ports: Ports, *, only: Collection[int] | None = None) -> None:  # noqa: ARG001 - the shape of all operations
    """Send every shipment that is due. Idempotent: a second run with nothing new reads nothing and writes nothing."""
    after = 0
    while not ports.run.is_cancelled():
        due = ports.orders.shipments_due(after=after, limit=ports.channel.batch_size)
        if not due:
            return
        for batch in one_of_each_order(due):
            _Batch(ports, batch).sync()
        after = due[-1].id
        ports.run.progress(len(due), None, "shipments looked at")


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
    for there in order.shipments:
        if there.code == shipment.code:
            return there
    if path is ShipmentPath.PROVISION:
        return None
    lines = {line.line_id for line in shipment.lines}
    for there in order.shipments:
        is_free = not there.is_shipped or there.tracking_number == shipment.tracking_number
        if set(there.line_ids) == lines and is_free:
            return there
    return None


def has_arrived(send: ShipmentSend, there: StoreShipment) -> bool:
    """Whether the store has all of it: shipped, with the same number, carrier and cost."""
    return (
        there.is_shipped
        and there.tracking_number == send.shipment.tracking_number
        and there.carrier.casefold() == send.carrier.casefold()
        and there.cost == send.shipment.cost
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
        fitting = next((one for one in (line, *_same_article(line, order)) if _can_take(one, part, taken)), None)
        if fitting is None and line.status in _SHIPPED_OR_GONE:
            return f"'{line.name}' of order {order.id} is {line.status.value.replace('_', ' ')} on the store already."
        if fitting is None:
            return f"Order {order.id} has fewer than {part.quantity} pieces of '{line.name}' left to ship on the store."
        parcel = next((one for one in order.shipments if one.id == fitting.shipment_id), None)
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
    return [one for one in order.lines if (one.code, one.sku, one.options) == article and one is not line]


def _can_take(line: StoreOrderLine, part: ShipmentLine, taken: Collection[int]) -> bool:
    return line.status not in _SHIPPED_OR_GONE and line.quantity >= part.quantity and line.line_id not in taken


class _Batch:
    def __init__(self, ports: Ports, due: Sequence[Shipment]) -> None:
        self._ports = ports
        self._path = ports.channel.shipment_path
        self._sends = {
            shipment.id: ShipmentSend(shipment, carrier_on_store(shipment.carrier, ports.channel.carrier_map))
            for shipment in due
        }
        self._results: list[Result] = []
        self._errors: dict[int, str] = {}
        self._proven: dict[int, int] = {}

    def sync(self) -> None:
        orders = self._ports.store.orders_by_id({send.shipment.order_number for send in self._sends.values()})
        there = self._there(orders)
        for send in list(self._sends.values()):
            self._sort(send, there.get(send.shipment.id), orders.get(send.shipment.order_number))
        todo = {key: send for key, send in self._sends.items() if key not in self._errors and key not in self._proven}
        self._ports.run.plan([Unit(send.shipment.code, (_change(send),)) for send in todo.values()])
        if self._ports.run.is_dry:
            return
        words: dict[int, WriteAnswer] = {}
        missing = [send for key, send in todo.items() if key not in there]
        if missing:
            answers = self._ports.store.create_shipments(missing, path=self._path)
            words = {send.shipment.id: answer for send, answer in zip(missing, answers, strict=True)}
            orders |= self._ports.store.orders_by_id({send.shipment.order_number for send in missing})
            there = self._there(orders)
        ready = {there[key].id: send for key, send in todo.items() if key in there}
        if ready:
            sent = self._ports.store.send_shipments(ready)
            words |= {send.shipment.id: sent[external_id] for external_id, send in ready.items() if external_id in sent}
            orders |= self._ports.store.orders_by_id({send.shipment.order_number for send in ready.values()})
            there = self._there(orders)
        for key, send in todo.items():
            self._judge(send, there.get(key), words.get(key))
        self._record(orders)

    def _there(self, orders: Mapping[int, StoreOrder]) -> dict[int, StoreShipment]:
        found: dict[int, StoreShipment] = {}
        for key, send in self._sends.items():
            order = orders.get(send.shipment.order_number)
            there = find_on_store(send.shipment, order, path=self._path) if order is not None else None
            if there is not None:
                found[key] = there
        return found

    def _sort(self, send: ShipmentSend, there: StoreShipment | None, order: StoreOrder | None) -> None:
        if there is not None:
            if has_arrived(send, there):
                self._proven[send.shipment.id] = there.id
                self._results.append(Result(_change(send), Outcome.UNCHANGED, Proof.READ))
            return
        found = placed(send.shipment, order, path=self._path)
        if isinstance(found, str):
            self._fail(send, Outcome.FAILED, found)
        else:
            self._sends[found.id] = replace(send, shipment=found)

    def _judge(self, send: ShipmentSend, there: StoreShipment | None, answer: WriteAnswer | None) -> None:
        if there is not None and has_arrived(send, there):
            self._proven[send.shipment.id] = there.id
            self._results.append(Result(_change(send), Outcome.APPLIED, Proof.READ))
            return
        is_lost = answer is not None and answer.outcome is WriteOutcome.LOST
        message = answer.message if answer is not None else ""
        default = "The answer was lost." if is_lost else "The store said yes, but the shipment is not as it was sent."
        self._fail(send, Outcome.UNKNOWN if is_lost else Outcome.REJECTED, message or default)

    def _fail(self, send: ShipmentSend, outcome: Outcome, message: str) -> None:
        self._errors[send.shipment.id] = message
        self._results.append(Result(_change(send), outcome, message=message))

    def _record(self, orders: Mapping[int, StoreOrder]) -> None:
        at = self._ports.clock()
        with self._ports.run.transaction():
            self._ports.orders.mark_synced(self._proven, at=at)
            self._ports.orders.flag_shipments(self._errors)
            self._ports.orders.refresh(list(orders.values()))
            self._ports.run.report(self._results)


def carrier_on_store(carrier: str, carrier_map: Mapping[str, str]) -> str:
    """Translate the merchant's word for a carrier; one that is not in the map is sent as it is."""
    word = carrier.strip()
    return carrier_map.get(word.casefold()) or USUAL_CARRIERS.get(word.casefold()) or word


def _change(send: ShipmentSend) -> Change:
    shipment = send.shipment
    return Change(
        Subject(SubjectKind.SHIPMENT, shipment.code, f"order {shipment.order_number}"),
        Side.STORE,
        Action.SHIP,
        (
            FieldChange("tracking_number", None, shipment.tracking_number),
            FieldChange("carrier", None, send.carrier),
            FieldChange("cost", None, shipment.cost),
            FieldChange("pieces", None, sum(line.quantity for line in shipment.lines)),
        ),
        "a shipment was recorded",
    )
