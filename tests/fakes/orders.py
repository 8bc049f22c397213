"""The port `Orders` in memory: the ledger of one channel, and its shipments."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from tradepost.domain.order import OrderState, Shipment, StoreOrder
from tradepost.operations.ports import NewShipment, OrderRow


class MemoryOrders:
    """
    The ledger by the store's number, our id being its place in it; `imports` are the numbers as they were added.

    `synced` and `errors` are by shipment. `may_write` is asked before each write.
    """

    def __init__(self, *, may_write: Callable[[], bool] = lambda: True) -> None:
        self.ledger: dict[int, StoreOrder] = {}
        self.imports: list[int] = []
        self.acknowledged: set[int] = set()
        self.shipments: dict[int, Shipment] = {}
        self.synced: dict[int, int] = {}
        self.errors: dict[int, str] = {}
        self._last_fetch: datetime | None = None
        self._may_write = may_write

    def ids(self) -> dict[int, int]:
        """Our id by the store's number."""
        return {number: place for place, number in enumerate(self.ledger, start=1)}

    def known(self, external_ids: Collection[int]) -> set[int]:
        return {number for number in external_ids if number in self.ledger}

    def add(self, orders: Sequence[StoreOrder], *, at: datetime) -> int:
        assert self._may_write()
        new = {order.id: order for order in orders if order.id not in self.ledger}
        self.imports += [order.id for order in orders]
        self.ledger |= new
        return len(new)

    def refresh(self, orders: Sequence[StoreOrder]) -> None:
        assert self._may_write()
        self.ledger |= {order.id: order for order in orders if order.id in self.ledger}

    def last_fetch(self) -> datetime | None:
        return self._last_fetch

    def set_last_fetch(self, at: datetime) -> None:
        assert self._may_write()
        self._last_fetch = at

    def unacknowledged(self, *, after: int, limit: int) -> list[OrderRow]:
        return [
            OrderRow(our_id, number, OrderState.OPEN, is_acknowledged=False)
            for number, our_id in self.ids().items()
            if our_id > after and our_id not in self.acknowledged
        ][:limit]

    def mark_acknowledged(self, ids: Collection[int], *, at: datetime) -> None:
        assert self._may_write()
        self.acknowledged |= set(ids)

    def add_shipment(self, new: NewShipment, *, at: datetime) -> Shipment:
        raise NotImplementedError("Put shipments into `shipments`; what may be shipped is `domain.shipping`.")

    def shipments_due(self, *, after: int, limit: int) -> list[Shipment]:
        due = sorted(number for number in self.shipments if number > after and number not in self.synced)
        return [self.shipments[number] for number in due[:limit]]

    def mark_synced(self, shipments: Mapping[int, int], *, at: datetime) -> None:
        assert self._may_write()
        self.synced |= shipments
        for number in shipments:
            self.errors.pop(number, None)

    def flag_shipments(self, errors: Mapping[int, str]) -> None:
        assert self._may_write()
        self.errors |= errors
