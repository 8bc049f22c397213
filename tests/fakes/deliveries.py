"""The port `Deliveries` in memory: what waits for consumers, and what was brought to them."""

from collections.abc import Callable, Collection
from datetime import datetime

from tradepost.domain.errors import TradepostError
from tradepost.operations.ports import DueDelivery


class MemoryDeliveries:
    """`waiting`: records by consumer; `failures`: what keeps them from being brought. `made`, `brought`, `noted`."""

    def __init__(self, *, may_write: Callable[[], bool] = lambda: True) -> None:
        self.waiting: dict[str, int] = {}
        self.failures: dict[str, TradepostError] = {}
        self.made: list[str] = []
        self.brought: list[str] = []
        self.noted: list[str] = []
        self._may_write = may_write

    def due(self) -> list[DueDelivery]:
        rows = enumerate(self.waiting.items(), start=1)
        return [DueDelivery(place, name, records, f"/{name}") for place, (name, records) in rows]

    def make_batches(self, consumers: Collection[str]) -> None:
        assert self._may_write()
        self.made += consumers

    def deliver(self, consumer: str) -> None:
        assert consumer in self.made
        if consumer in self.failures:
            raise self.failures[consumer]
        self.brought.append(consumer)

    def delivered(self, consumers: Collection[str], *, at: datetime) -> None:
        assert self._may_write()
        self.noted += consumers
