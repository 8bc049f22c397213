"""The whole comparison: all orders of the store that may be wanted, and whether the ledger has each of them."""

from collections.abc import Collection, Iterator

from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.orders.order_news import OrderCriteria, OrderNews
from tradepost.domain.plan import Plan
from tradepost.operations.form import Batch, Evidence, Verdict, drive
from tradepost.operations.ports import KnownSighting, Ports, SightedOrder
from tradepost.operations.stock.sightings import (
    Sight,
    Sighted,
    SightedOrders,
    SightingFacts,
    order_news,
    orders_of,
    sighted_of,
)


class OrderComparison(Sight):
    """
    Read all orders in the wanted states, placed or changed since the ledger began, and make news of those that it
    does not have. What a look by number and time has missed, and what a change of the settings lets in, comes so.

    `found`: what was sighted just now, and is in the database unless this is a preview. The place of the sightings
    stays: what is new is found by them as before.
    """

    label = "orders compared"

    def __init__(
        self, criteria: OrderCriteria, *, statuses: Collection[StoreStatus], found: Collection[int] = ()
    ) -> None:
        super().__init__(name="comparison")
        self._just_found = found
        self._criteria = criteria
        self._statuses = statuses

    def prepare(self, ports: Ports) -> None:
        self._read_at = ports.clock()
        self._is_first = False

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Sighted]]:
        for page in ports.store.sight_orders_in(statuses=self._statuses, since=self._criteria.since):
            rows = sighted_of(page)
            yield Batch([row for row in rows if not isinstance(row, SightedOrder) or row.id not in self._just_found])

    def judge(
        self,
        batch: Batch[Sighted],
        facts: SightingFacts | None,
        seen: None,
        plan: Plan[SightedOrders],
        evidence: Evidence,
    ) -> Verdict:
        verdict = super().judge(batch, facts, seen, plan, evidence)
        known = facts.known if facts is not None else {}
        verdict.order_news = [
            order.id for order in orders_of(batch) if order.id in known and not known[order.id].is_imported
        ]
        return verdict

    def finish(self, ports: Ports) -> None:
        ports.orders.set_compared(self._criteria)
        if self._criteria.statuses <= set(self._statuses):
            # Of all that can't be asked for by number, those that are still there came by.
            ports.orders.unpark_numberless(before=self._read_at)
        self.found = {}

    def news_of(self, order: SightedOrder, known: KnownSighting | None) -> OrderNews | None:
        if known is None or not known.is_imported:
            return order_news(order, known)
        return super().news_of(order, known)


def compare_again(ports: Ports) -> None:
    """Compare all orders by what they were compared by before; nothing, as long as nobody has got any."""
    criteria = ports.orders.compared()
    if criteria is not None:
        drive(ports, OrderComparison(criteria, statuses=criteria.statuses))
