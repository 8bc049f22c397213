"""Values that are sent in documents, as price and activity are."""

from abc import abstractmethod

from tradepost.domain.plan import Change, Plan, Result, Unit
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Batch
from tradepost.operations.listing_values import Products, Values, gone, look_again
from tradepost.operations.ports import ListingRow, Ports


class Documented(Values[None, None]):
    """
    A stage that asks the store only afterwards: that proves the value, and shows what is gone.

    What it sends erases nothing. That the product is still the one that was linked is found out before any stage.
    """

    @abstractmethod
    def change_of(self, row: ListingRow, product: StoreProduct | None) -> Change:
        """Say what is to be sent; `product` is None before it was read."""

    @abstractmethod
    def holds(self, row: ListingRow, product: StoreProduct) -> bool:
        """Whether the store has the value."""

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        return Products()

    def observe_again(self, ports: Ports, batch: Batch[ListingRow], seen: Products, sent: Plan[None]) -> Products:
        return look_again(ports, batch, seen, sent)

    def plan(self, batch: Batch[ListingRow], facts: None, seen: Products) -> Plan[None]:
        units: list[Unit] = []
        settled: list[Result] = []
        for row in batch.rows:
            product = seen.of(row)
            change = self.change_of(row, product)
            if seen.is_gone(row):
                broken, left = gone(row, change)
                units.append(Unit(row.code, (broken,)))
                settled.append(left)
            elif product is None or not self.holds(row, product):
                units.append(Unit(row.code, (change,)))
        return Plan(None, tuple(units), tuple(settled))
