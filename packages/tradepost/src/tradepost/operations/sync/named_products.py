"""Whether the products of a sync of some listings are still what was linked: nothing else looks at them before."""

from collections.abc import Iterator

from tradepost.domain.listing import Link
from tradepost.domain.plan import Plan
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.ports import ListingRow, Ports
from tradepost.operations.same_products import refuse_others
from tradepost.operations.selection import Selection

_BATCH = 1000


class NamedProducts(Operation[ListingRow, None, None, None]):
    """
    Read id and time of creation of what was named; a sync of everything has its existence pass instead.

    All that was named is read, and not only what is due: a sale that comes to light later in the run makes more due.
    Raises StoreDoubted where a product is another one, before anything is written.
    """

    name = "named products"
    label = "named listings looked at"

    def __init__(self, selection: Selection) -> None:
        self._named = selection.only or frozenset()

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        # From the beginning in every attempt: meanwhile it may have become another store.
        ids = sorted(self._named)
        for start in range(0, len(ids), _BATCH):
            rows = ports.listings.by_ids(ids[start : start + _BATCH])
            if linked := [row for row in rows if row.status.link is Link.LINKED]:
                yield Batch(linked)

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> None:
        found = ports.store.existing_by_id([row.external_id for row in batch.rows if row.external_id is not None])
        refuse_others(batch.rows, {product.id: product for product in found})

    def plan(self, batch: Batch[ListingRow], facts: None, seen: None) -> Plan[None]:
        return Plan(None, ())

    def judge(self, batch: Batch[ListingRow], facts: None, seen: None, plan: Plan[None], evidence: Evidence) -> Verdict:
        return Verdict()
