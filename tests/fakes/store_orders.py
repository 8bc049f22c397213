"""The orders of a store in memory, with their notes and shipments."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

from tradepost.domain.orders.order import StoreOrder, StoreOrderLine, StoreShipment, StoreStatus, UnreadableOrder
from tradepost.domain.stock.stock import OrderSighting, SoldLine, UnreadableSighting
from tradepost.operations.ports import OrdersById, ShipmentSend, SightingPage

_CENT = Decimal("0.01")
_CLOSED = frozenset({StoreStatus.SHIPPED, StoreStatus.CANCELLED, StoreStatus.RETURNED})
SHIPPED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class StoreOrders:
    """
    Orders by number; `changed` says when one last changed, where that was after it was placed. `unreadable`: orders
    whose records can't be understood, with the reason.

    `queue`: where a workflow puts orders that were acknowledged, blank for none; `queued` are in it. `told`: the orders
    of which workflows were told, as often as they were.

    Every write returns the refusal, or nothing.
    """

    def __init__(self) -> None:
        self.orders: dict[int, StoreOrder] = {}
        self.changed: dict[int, datetime] = {}
        self.unreadable: dict[int, str] = {}
        self._next_id = 1000
        self.queue = ""
        self.queued: set[int] = set()
        self.told: list[int] = []

    def place(self, *orders: StoreOrder) -> None:
        self.orders |= {order.id: order for order in orders}

    def by_id(self, ids: Collection[int]) -> OrdersById:
        there = [number for number in ids if number in self.orders]
        return OrdersById(
            {number: self.orders[number] for number in there if number not in self.unreadable},
            unreadable={number: self._unreadable(number) for number in there if number in self.unreadable},
        )

    def sight(self, is_asked: Callable[[OrderSighting], bool], *, page_size: int) -> Iterator[SightingPage]:
        found = [order for number in sorted(self.orders) if is_asked(order := self._sighting(number))]
        for start in range(0, len(found), page_size):
            page = found[start : start + page_size]
            yield SightingPage(
                tuple(order for order in page if order.id not in self.unreadable),
                tuple(
                    UnreadableSighting(str(order.id), self.unreadable[order.id])
                    for order in page
                    if order.id in self.unreadable
                ),
            )

    def newest(self) -> list[OrderSighting]:
        found = [self._sighting(number) for number in self.orders if number not in self.unreadable]
        keys = (lambda order: order.id, lambda order: order.updated)
        return [max(found, key=key) for key in keys] if found else []

    def _sighting(self, number: int) -> OrderSighting:
        order = self.orders[number]
        lines = tuple(
            SoldLine(line.code, line.sku, line.quantity, line.status, is_product=line.is_product)
            for line in order.lines
        )
        updated = int(self.changed.get(number, order.placed_at).timestamp())
        return OrderSighting(
            number,
            order.status,
            updated,
            lines,
            placed=int(order.placed_at.timestamp()),
            fingerprint=hashlib.blake2b(repr((order, updated)).encode(), digest_size=8).hexdigest(),
        )

    def _unreadable(self, number: int) -> UnreadableOrder:
        return UnreadableOrder(str(number), self.unreadable[number])

    def add_note(self, number: int, text: str) -> str:
        if number not in self.orders:
            return f"There is no order {number}."
        order = self.orders[number]
        self.orders[number] = replace(order, notes=(*order.notes, text))
        return ""

    def set_field(self, number: int, field: str, text: str) -> str:
        """A field that the store does not have is passed over in silence."""
        if number not in self.orders:
            return f"There is no order {number}."
        order = self.orders[number]
        if field in order.custom_fields:
            self.orders[number] = replace(order, custom_fields={**order.custom_fields, field: text})
        return ""

    def acknowledge(self, number: int) -> str:
        """The workflow that moves an order into a queue runs each time."""
        if number not in self.orders:
            return f"There is no order {number}."
        self.told.append(number)
        if self.queue:
            self.queued.add(number)
        return ""

    def make_shipment(self, send: ShipmentSend) -> str:
        """Under our code, which is noticed when it comes again; part of a line is split off it."""
        shipment = send.shipment
        order = self.orders.get(shipment.order_number)
        if order is None:
            return f"There is no order {shipment.order_number}."
        if any(there.code == shipment.code for there in order.shipments):
            return ""
        lines = {line.line_id: line for line in order.lines}
        for part in shipment.lines:
            line = lines.get(part.line_id)
            if line is None or line.status in _CLOSED or line.quantity < part.quantity:
                return f"Line {part.line_id} can't be shipped."
        number = self._new_id()
        for part in shipment.lines:
            for line in self._split(lines[part.line_id], part.quantity):
                lines[line.line_id] = line
        taken = [part.line_id for part in shipment.lines]
        made = StoreShipment(
            number,
            shipment.code,
            is_shipped=False,
            tracking_number=shipment.tracking_number,
            carrier=send.carrier,
            cost=_cents(shipment.cost),
        )
        self._put(order, lines, made, taken)
        return ""

    def take_lines(self, send: ShipmentSend) -> str:
        """Whole lines, out of any other shipment, under a code of the store's own."""
        shipment = send.shipment
        order = self.orders.get(shipment.order_number)
        if order is None or not shipment.lines:
            return f"There is nothing to ship in order {shipment.order_number}."
        lines = {line.line_id: line for line in order.lines}
        taken = [part.line_id for part in shipment.lines if part.line_id in lines]
        number = self._new_id()
        code = f"{order.id}-{number}"
        made = StoreShipment(number, code, is_shipped=False, tracking_number="", carrier="", cost=Decimal())
        self._put(order, lines, made, taken)
        return ""

    def ship(self, number: int, send: ShipmentSend) -> str:
        """A shipment that is not there is passed over in silence."""
        found = [(order, there) for order in self.orders.values() for there in order.shipments if there.id == number]
        for order, there in found:
            self._ship(order, there, send)
        return ""

    def _ship(self, order: StoreOrder, there: StoreShipment, send: ShipmentSend) -> None:
        sent = replace(
            there,
            is_shipped=True,
            tracking_number=send.shipment.tracking_number,
            carrier=send.carrier,
            cost=_cents(send.shipment.cost),
            shipped_at=SHIPPED_AT,
        )
        lines = tuple(
            replace(line, status=StoreStatus.SHIPPED) if line.shipment_id == there.id else line for line in order.lines
        )
        shipments = tuple(sent if other is there else other for other in order.shipments)
        self.orders[order.id] = replace(order, lines=lines, shipments=shipments, status=_status_of(lines))

    def _put(
        self, order: StoreOrder, lines: dict[int, StoreOrderLine], made: StoreShipment, taken: Sequence[int]
    ) -> None:
        for line_id in taken:
            lines[line_id] = replace(lines[line_id], status=StoreStatus.PROCESSING, shipment_id=made.id)
        others = [
            replace(other, line_ids=tuple(line_id for line_id in other.line_ids if line_id not in taken))
            for other in order.shipments
        ]
        shipments = (*(other for other in others if other.line_ids), replace(made, line_ids=tuple(taken)))
        all_lines = tuple(lines.values())
        self.orders[order.id] = replace(order, lines=all_lines, shipments=shipments, status=_status_of(all_lines))

    def _split(self, line: StoreOrderLine, quantity: int) -> list[StoreOrderLine]:
        """What stays behind gets a line of its own."""
        if quantity == line.quantity:
            return [line]
        each = line.total / line.quantity
        rest = line.quantity - quantity
        return [
            replace(line, quantity=quantity, total=each * quantity),
            replace(line, line_id=self._new_id(), quantity=rest, total=each * rest),
        ]

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id


def _status_of(lines: Sequence[StoreOrderLine]) -> StoreStatus:
    """A store computes an order's state from its lines'."""
    states = {line.status for line in lines if line.status is not StoreStatus.CANCELLED}
    if len(states) == 1:
        return states.pop()
    if StoreStatus.SHIPPED in states:
        return StoreStatus.PARTIALLY_SHIPPED
    return StoreStatus.PROCESSING if StoreStatus.PROCESSING in states else StoreStatus.PENDING


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)
