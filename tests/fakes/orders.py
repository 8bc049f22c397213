"""The port `Orders` in memory: the ledger of one channel, and its shipments."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tradepost.domain.orders.order import OrderState, ParkedOrder, Shipment, StoreOrder, StoreStatus
from tradepost.domain.orders.order_changes import LedgerOrder
from tradepost.domain.orders.order_news import OrderCriteria, OrderNews
from tradepost.domain.orders.order_proof import HubOrder, OrderProof
from tradepost.domain.orders.order_rules import OrderRule
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.domain.orders.shipping import ShippableOrder
from tradepost.operations.ports import (
    KnownShipment,
    NewShipment,
    OrderRow,
    ProvenShipment,
    ShipmentCorrection,
    ShipmentEdit,
    TriedOrder,
    UnsentShipment,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MemoryOrders:
    """
    The ledger, `kept` by the store's number, our id being its place in it; `imports` are the numbers as they were
    added. `aside` are the parked ones, by number; `gone` those that were deleted. `synced`, `errors` and `begun` are by
    shipment. `may_write` is asked before each write. `news` are those of the sightings, and `sighted` says what was
    sighted of an order. Every order was imported at noon.
    """

    def __init__(
        self,
        *,
        may_write: Callable[[], bool] = lambda: True,
        news: dict[int, OrderNews] | None = None,
        sighted: Callable[[int], OrderNews] = lambda number: OrderNews(number, StoreStatus.OTHER, 0, 0, ""),
    ) -> None:
        self.kept: dict[int, StoreOrder] = {}
        self.imports: list[int] = []
        self.acknowledged: set[int] = set()
        self.opened: set[int] = set()
        self.telling: dict[int, datetime] = {}
        self.shipments: dict[int, Shipment] = {}
        self.synced: dict[int, int] = {}
        self.errors: dict[int, str] = {}
        self.begun: dict[int, datetime] = {}
        self.parked_shipments: set[int] = set()
        self.gone: set[int] = set()
        self.aside: dict[str, ParkedOrder] = {}
        self._aside_at: dict[str, datetime] = {}
        self.last_fetch: datetime | None = None
        self.proof: OrderProof | None = None
        self._compared: OrderCriteria | None = None
        self._news = news if news is not None else {}
        self._sighted = sighted
        self._may_write = may_write

    def ids(self) -> dict[int, int]:
        """Our id by the store's number."""
        return {number: place for place, number in enumerate(self.kept, start=1)}

    def add(self, orders: Sequence[StoreOrder], *, at: datetime) -> int:
        assert self._may_write()
        new = {order.id: order for order in orders if order.id not in self.kept}
        self.imports += [order.id for order in orders]
        self.kept |= new
        return len(new)

    def follow(self, orders: Sequence[StoreOrder], *, gone: Collection[int] = (), at: datetime) -> None:
        assert self._may_write()
        self.kept |= {order.id: order for order in orders if order.id in self.kept}
        self.gone |= {number for number in gone if number in self.kept}

    def ledger(self, numbers: Collection[int]) -> dict[int, LedgerOrder]:
        return {
            number: LedgerOrder(
                self.kept[number],
                matched=frozenset(line.line_id for line in self.kept[number].lines),
                is_gone=number in self.gone,
            )
            for number in numbers
            if number in self.kept
        }

    def news(self, *, after: int, limit: int) -> list[OrderNews]:
        found = [row for number, row in sorted(self._news.items()) if number > after]
        return [replace(row, is_imported=row.number in self.kept) for row in found[:limit]]

    def make_news(self, numbers: Collection[int]) -> None:
        assert self._may_write()
        self._news |= {number: self._sighted(number) for number in numbers}

    def judged(self, fingerprints: Mapping[int, str]) -> None:
        assert self._may_write()
        for number, fingerprint in fingerprints.items():
            if number in self._news and self._news[number].fingerprint == fingerprint:
                del self._news[number]
            self.aside.pop(str(number), None)

    def parked(self) -> dict[str, str]:
        return {number: order.fingerprint for number, order in self.aside.items()}

    def park(self, orders: Sequence[ParkedOrder], *, at: datetime) -> None:
        assert self._may_write()
        for order in orders:
            self.judged({order.external_id: order.fingerprint} if order.external_id is not None else {})
            self.aside[order.number] = order
            self._aside_at[order.number] = at

    def unpark(self, numbers: Collection[int]) -> None:
        assert self._may_write()
        for number in numbers:
            self.aside.pop(str(number), None)

    def try_again(self, numbers: Collection[str] | None) -> list[str]:
        found = [number for number in self.aside if numbers is None or number in numbers]
        self.aside |= {number: replace(self.aside[number], fingerprint="") for number in found}
        return found

    def compared(self) -> OrderCriteria | None:
        return self._compared

    def set_compared(self, criteria: OrderCriteria) -> None:
        assert self._may_write()
        self._compared = criteria

    def unpark_numberless(self, *, before: datetime) -> None:
        assert self._may_write()
        self.aside = {
            number: order
            for number, order in self.aside.items()
            if order.external_id is not None or self._aside_at[number] >= before
        }

    def drop_payloads(self, *, before: datetime) -> None:
        assert self._may_write()

    def set_last_fetch(self, at: datetime) -> None:
        assert self._may_write()
        self.last_fetch = at

    def hold(self, number: int, *, reason: str, by: str, at: datetime) -> None:
        raise NotImplementedError("What holds an order is `domain.orders.order_changes`.")

    def release(self, number: int, *, by: str, at: datetime) -> str:
        raise NotImplementedError("What holds an order is `domain.orders.order_changes`.")

    def forget_people(self, *, before: datetime, limit: int, at: datetime) -> list[int]:
        assert self._may_write()
        return []

    def in_hub(self, numbers: Collection[int]) -> dict[int, HubOrder]:
        ids = self.ids()
        return {
            number: HubOrder(order, NOON, ids[number] in self.acknowledged)
            for number, order in self.ledger(numbers).items()
        }

    def why_parked(self, numbers: Collection[str] | None) -> dict[str, str]:
        return {number: order.reason for number, order in self.aside.items() if numbers is None or number in numbers}

    def placed_or_shipped(self, *, since: datetime, until: datetime, after: int, limit: int) -> dict[int, bool]:
        numbers = sorted(n for n, order in self.kept.items() if n > after and since <= order.placed_at < until)
        return dict.fromkeys(numbers[:limit], True)

    def keep_proof(self, proof: OrderProof, *, at: datetime) -> None:
        assert self._may_write()
        self.proof = proof

    def unacknowledged(self, *, after: int, limit: int) -> list[OrderRow]:
        return [
            OrderRow(our_id, number, OrderState.OPEN, is_acknowledged=False, telling_since=self.telling.get(our_id))
            for number, our_id in self.ids().items()
            if our_id > after and our_id not in self.acknowledged and number not in self.gone
        ][:limit]

    def rematch(self, numbers: Collection[int] | None) -> list[int]:
        raise NotImplementedError("What lines sold is `domain.orders.order_lines`.")

    def begin_telling(self, numbers: Collection[int], *, at: datetime) -> None:
        assert self._may_write()
        self.telling |= {self.ids()[number]: at for number in numbers}

    def end_telling(self, numbers: Collection[int]) -> None:
        assert self._may_write()
        for number in numbers:
            self.telling.pop(self.ids()[number], None)

    def mark_acknowledged(
        self, ids: Collection[int], *, at: datetime, stamped: Mapping[int, Mapping[str, str]] = {}
    ) -> None:
        assert self._may_write()
        self.acknowledged |= set(ids)

    def note_opened(self, numbers: Collection[int], *, at: datetime) -> None:
        assert self._may_write()
        self.opened |= set(numbers)

    def apply_rules(self, *, at: datetime) -> list[int]:
        raise NotImplementedError("Rules are applied in the database; what they say is `domain.orders.order_rules`.")

    def try_rules(self, rules: Sequence[OrderRule], *, limit: int) -> list[TriedOrder]:
        raise NotImplementedError("Rules are tried in the database; what they say is `domain.orders.order_rules`.")

    def shippable(self, number: int) -> ShippableOrder:
        raise NotImplementedError("What may be shipped is `domain.orders.shipping`.")

    def add_shipment(self, new: NewShipment, *, at: datetime) -> Shipment:
        raise NotImplementedError("Put shipments into `shipments`; what may be shipped is `domain.orders.shipping`.")

    def known_shipment(self, order_number: int, *, reference: str, tracking_number: str) -> KnownShipment | None:
        raise NotImplementedError("What a file means is the database's to find.")

    def correct_shipment(self, code: str, correction: ShipmentCorrection, *, by: str, at: datetime) -> ShipmentEdit:
        raise NotImplementedError("Change what is in `shipments`.")

    def leave_out_shipment(
        self, code: str, state: ShipmentState, *, reason: str, by: str, at: datetime
    ) -> ShipmentEdit:
        raise NotImplementedError("Take it out of `shipments`.")

    def retry_shipments(self, codes: Collection[str] | None, *, by: str, at: datetime) -> list[ShipmentEdit]:
        raise NotImplementedError("Take it out of `parked_shipments`.")

    def shipments_due(self, *, after: int, limit: int, whole_orders: bool = False) -> list[Shipment]:
        due = [
            self._current(self.shipments[number])
            for number in sorted(self.shipments)
            if number not in self.synced and number not in self.parked_shipments
        ]
        page = [shipment for shipment in due if shipment.id > after][:limit]
        if whole_orders and page:
            numbers = {shipment.order_number for shipment in page}
            page += [each for each in due if each.id > page[-1].id and each.order_number in numbers]
        return page

    def _current(self, shipment: Shipment) -> Shipment:
        return replace(shipment, sending_since=self.begun.get(shipment.id, shipment.sending_since))

    def begin_sending(self, ids: Collection[int], *, at: datetime) -> None:
        assert self._may_write()
        self.begun |= dict.fromkeys(set(ids) & self.shipments.keys(), at)

    def sending(self, ids: Collection[int]) -> set[int]:
        return set(ids) & self.begun.keys()

    def wake_shipments(self, numbers: Collection[int]) -> None:
        assert self._may_write()
        self.parked_shipments -= {each.id for each in self.shipments.values() if each.order_number in numbers}

    def mark_synced(self, shipments: Sequence[ProvenShipment], *, at: datetime) -> None:
        assert self._may_write()
        for proven in shipments:
            self.synced[proven.id] = proven.external_id
            self.errors.pop(proven.id, None)
            self.begun.pop(proven.id, None)

    def flag_shipments(self, shipments: Sequence[UnsentShipment]) -> None:
        assert self._may_write()
        for unsent in shipments:
            self.errors[unsent.id] = unsent.message
            if unsent.is_parked:
                self.parked_shipments.add(unsent.id)
            if unsent.is_absent:
                self.begun.pop(unsent.id, None)
