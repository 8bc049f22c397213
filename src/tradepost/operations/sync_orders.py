"""
Sync orders: send shipments with tracking, carrier and cost to the store, and prove that they arrived.

A shipment carries a code of ours. What the store has under it is never made again, so a lost answer costs nothing;
tracking is written with all its fields each time, because the store blanks what is left out.
"""

from collections.abc import Collection, Mapping, Sequence

from tradepost.domain.order import Shipment, ShipmentPath, StoreOrder, StoreShipment, StoreStatus
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.operations.ports import Answer, Ports, ShipmentSend, WriteAnswer

_SHIPPED_OR_GONE = frozenset({StoreStatus.SHIPPED, StoreStatus.CANCELLED, StoreStatus.RETURNED, StoreStatus.RMA_ISSUED})


def execute(ports: Ports, *, only: Collection[int] | None = None) -> None:  # noqa: ARG001 - the shape of all operations
    """Send every shipment that is due. Idempotent: a second run with nothing new reads nothing and writes nothing."""
    after = 0
    while not ports.run.is_cancelled():
        due = ports.orders.shipments_due(after=after, limit=ports.channel.batch_size)
        if not due:
            return
        _Batch(ports, due).sync()
        after = due[-1].id
        ports.run.progress(len(due), None, "shipments looked at")


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


def why_not(shipment: Shipment, order: StoreOrder | None, *, path: ShipmentPath) -> str:
    """Say why a shipment can't be made on the store; empty when it can."""
    if order is None:
        return f"Order {shipment.order_id} is not on the store any more."
    lines = {line.line_id: line for line in order.lines}
    for part in shipment.lines:
        line = lines.get(part.line_id)
        if line is None:
            return f"Line {part.line_id} is not in order {order.id} on the store."
        if line.status in _SHIPPED_OR_GONE:
            return f"'{line.name}' of order {order.id} is {line.status.value.replace('_', ' ')} on the store already."
        if path is ShipmentPath.FUNCTION and part.quantity != line.quantity:
            return (
                f"{part.quantity} of {line.quantity} pieces of '{line.name}' can't be shipped on their own: this token "
                "ships whole lines. Ship the rest as well, or let the channel ship by provisioning."
            )
    return ""


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
        orders = self._ports.store.orders_by_id({send.shipment.order_id for send in self._sends.values()})
        there = self._there(orders)
        for send in list(self._sends.values()):
            self._sort(send, there.get(send.shipment.id), orders.get(send.shipment.order_id))
        todo = {key: send for key, send in self._sends.items() if key not in self._errors and key not in self._proven}
        self._ports.run.plan([Unit(send.shipment.code, (_change(send),)) for send in todo.values()])
        if self._ports.run.is_dry:
            return
        words: dict[int, WriteAnswer] = {}
        missing = [send for key, send in todo.items() if key not in there]
        if missing:
            answers = self._ports.store.create_shipments(missing, path=self._path)
            words = {send.shipment.id: answer for send, answer in zip(missing, answers, strict=True)}
            orders |= self._ports.store.orders_by_id({send.shipment.order_id for send in missing})
            there = self._there(orders)
        ready = {there[key].id: send for key, send in todo.items() if key in there}
        if ready:
            sent = self._ports.store.send_shipments(ready)
            words |= {send.shipment.id: sent[store_id] for store_id, send in ready.items() if store_id in sent}
            orders |= self._ports.store.orders_by_id({send.shipment.order_id for send in ready.values()})
            there = self._there(orders)
        for key, send in todo.items():
            self._judge(send, there.get(key), words.get(key))
        self._record(orders)

    def _there(self, orders: Mapping[int, StoreOrder]) -> dict[int, StoreShipment]:
        found: dict[int, StoreShipment] = {}
        for key, send in self._sends.items():
            order = orders.get(send.shipment.order_id)
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
        reason = why_not(send.shipment, order, path=self._path)
        if reason:
            self._fail(send, Outcome.FAILED, reason)

    def _judge(self, send: ShipmentSend, there: StoreShipment | None, answer: WriteAnswer | None) -> None:
        if there is not None and has_arrived(send, there):
            self._proven[send.shipment.id] = there.id
            self._results.append(Result(_change(send), Outcome.APPLIED, Proof.READ))
            return
        is_lost = answer is not None and answer.answer is Answer.LOST
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
    return carrier_map.get(carrier.strip().casefold(), carrier.strip())


def _change(send: ShipmentSend) -> Change:
    shipment = send.shipment
    return Change(
        Subject(SubjectKind.SHIPMENT, shipment.code, f"order {shipment.order_id}"),
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
