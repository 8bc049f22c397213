"""Whether the products of a sync of some listings are still what was linked: nothing else looks at them before."""

from collections.abc import Iterator

from tradepost.domain.plan import Plan
from tradepost.domain.store import vouches
from tradepost.operations.existence.differences import refuse_other
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.ports import LinkedListing, Ports
from tradepost.operations.selection import Selection

_AT_ONCE = 200


class NamedProducts(Operation[LinkedListing, None, None, None]):
    """
    Read id and time of creation of what was named; a sync of everything has its existence pass instead.

    The highest ids are read first, and no more once one is found that is what it was: ids are given again from some id
    on, so what is below it is what it was, too, or gone. All that was named counts, and not only what is due: a sale
    that comes to light later in the run makes more due. Raises StoreDoubted where a product is another one, before
    anything is written.
    """

    name = "named products"
    label = "named listings looked at"
    is_observation = True
    looks_ahead = False

    def __init__(self, selection: Selection) -> None:
        self._named = selection.only or frozenset()
        self._is_known_store = False

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[LinkedListing]]:
        # From the beginning in every attempt: meanwhile it may have become another store.
        rows = sorted(ports.listings.linked_of(self._named), key=lambda row: row.external_id, reverse=True)
        for start in range(0, len(rows), _AT_ONCE):
            if self._is_known_store:
                return
            yield Batch(rows[start : start + _AT_ONCE])

    def observe(self, ports: Ports, batch: Batch[LinkedListing]) -> None:
        found = {product.id: product for product in ports.store.existing_by_id([row.external_id for row in batch.rows])}
        for row in batch.rows:
            product = found.get(row.external_id)
            if product is None:
                continue
            refuse_other(row.code, row.created, product)
            self._is_known_store = self._is_known_store or vouches(row.created, product.created)

    def plan(self, batch: Batch[LinkedListing], facts: None, seen: None) -> Plan[None]:
        return Plan(None, ())

    def judge(
        self, batch: Batch[LinkedListing], facts: None, seen: None, plan: Plan[None], evidence: Evidence
    ) -> Verdict:
        return Verdict()
