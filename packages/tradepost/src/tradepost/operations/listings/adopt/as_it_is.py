"""
As it is: what a store has of the products that were just taken from it becomes what is proven and wanted there.

A price, or a page that is switched off, gives way to nothing that the hub would rather have, until the catalogue says
something else; content is proven as far as building it anew gives the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tradepost.domain.channels.layout import has_own_page
from tradepost.domain.fields import Group
from tradepost.domain.listings.drift import DriftFinding, DriftPolicy, as_they_are, judge_drift
from tradepost.domain.listings.listing import Link
from tradepost.domain.plan import Plan
from tradepost.domain.store import ProductsById, StoreProduct
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.listings.drift.comparison import own_part, wanted_of
from tradepost.operations.listings.publish.cleaning import cleaned
from tradepost.operations.ports import ChannelSettings, Compared, FamilyRows, ListingRow, Ports, Proven
from tradepost.operations.same_products import refuse_others

_BATCH = 200
_THE_STORES = dict.fromkeys(Group, DriftPolicy.STORE)


@dataclass(frozen=True, slots=True)
class AsItIsFacts:
    """The rows as they are now, and their families by product."""

    rows: Mapping[int, ListingRow]
    families: Mapping[int, FamilyRows]


class AsItIs(Operation[ListingRow, AsItIsFacts, ProductsById, Mapping[int, StoreProduct]]):
    """Its plan is empty: nothing changes but what the hub knows."""

    name = "as it is"
    label = "adopted products compared"
    is_repeat = True
    leaves_store_alone = True

    def __init__(self, channel: ChannelSettings) -> None:
        self._channel = channel

    def count(self, ports: Ports) -> int:
        return ports.adoptions.count_unsettled()

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        # From the beginning, wherever an attempt before had got to: what is settled is not among them.
        place = 0
        while rows := ports.adoptions.unsettled(after=place, limit=_BATCH):
            place = rows[-1].id
            yield Batch(rows)

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> ProductsById:
        found = ports.store.contents_by_id([row.external_id or 0 for row in batch.rows])
        refuse_others(batch.rows, found)
        return found

    def facts(self, ports: Ports, batch: Batch[ListingRow], seen: ProductsById) -> AsItIsFacts:
        rows = ports.listings.by_ids([row.id for row in batch.rows])
        products = sorted({row.product_id for row in rows})
        families = (cleaned(ports, family) for family in ports.listings.families(products))
        return AsItIsFacts({row.id: row for row in rows}, dict(zip(products, families, strict=True)))

    def plan(
        self, batch: Batch[ListingRow], facts: AsItIsFacts | None, seen: ProductsById
    ) -> Plan[Mapping[int, StoreProduct]]:
        assert facts is not None
        found = {
            row.id: seen.get(row.external_id or 0) for row in facts.rows.values() if row.status.link is Link.LINKED
        }
        return Plan({number: product for number, product in found.items() if product is not None})

    def judge(
        self,
        batch: Batch[ListingRow],
        facts: AsItIsFacts | None,
        seen: ProductsById,
        plan: Plan[Mapping[int, StoreProduct]],
        evidence: Evidence,
    ) -> Verdict:
        assert facts is not None
        # What is gone by now is found by the existence pass, and has nothing that could be settled.
        verdict = Verdict(settled_adoptions=[row.id for row in batch.rows])
        rules = self._channel.rules
        wanted = {product_id: wanted_of(family, rules) for product_id, family in facts.families.items()}
        for number, product in plan.detail.items():
            row = facts.rows[number]
            own = own_part(row, product, wanted[row.product_id], row.layout or rules.layout)
            prints = {} if own is None else as_they_are(own, product)
            verdict.proven.append(Proven(number, evidence.began, fingerprints=prints))
            verdict.compared.append(Compared(row, product.updated, self._finding(row, product)))
        return verdict

    def _finding(self, row: ListingRow, product: StoreProduct) -> DriftFinding:
        # As if the price that is wanted had given way already: so it does, instead of being due.
        yielding = replace(row, proven_price=product.price, yielded_price=row.wanted_price)
        has_page = has_own_page(row.kind, row.layout or self._channel.rules.layout)
        return judge_drift(yielding, product, has_page=has_page, content={}, known={}, policies=_THE_STORES)
