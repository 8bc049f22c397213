"""
The intake: the store is looked through once for how its products belong together, and then read family by family.

What was read of all of them lies in a table, so that a store of any size is adopted in little memory.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.plan import Outcome, Plan, Result, Unit
from tradepost.domain.store import ProductOutline, ProductsById
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.listings.adopt.family_intake import FamilyIntake, IntakeFacts, plan_intake
from tradepost.operations.ports import AdoptionTotals, ChannelSettings, OutlineFamily, OutlineRow, Ports, Taken

_ROOTS = 100
_PRODUCTS = 200


@dataclass(frozen=True, slots=True)
class IntakeRow:
    """A family or article. Where all of it `is_linked`, there is nothing to read of it. `is_first`: of all."""

    family: OutlineFamily
    is_linked: bool = False
    is_first: bool = False


class Intake(Operation[IntakeRow, IntakeFacts, ProductsById, Sequence[Taken]]):
    """`sku_from`: what of a store's product becomes its SKU in the catalogue; without a SKU it is the code."""

    name = "adopt"
    label = "products of the store adopted"
    leaves_store_alone = True

    def __init__(self, channel: ChannelSettings, *, sku_from: LinkingPriority = LinkingPriority.SKU) -> None:
        self._channel = channel
        self._sku_from = sku_from
        self._totals = AdoptionTotals({}, {})

    def prepare(self, ports: Ports) -> None:
        rules = self._channel.rules
        with ports.run.transaction():
            ports.adoptions.clear()
        read = 0
        for page in ports.store.iterate_outlines(custom_fields=(rules.type_field, rules.parent_field)):
            if ports.run.is_cancelled():
                return
            read += len(page)
            ports.run.progress(read, None, "products on the store looked at")
            with ports.run.transaction():
                ports.adoptions.add([self._outline(product) for product in page])
        with ports.run.transaction():
            ports.adoptions.place()
        self._totals = ports.adoptions.totals()

    def _outline(self, product: ProductOutline) -> OutlineRow:
        fields, rules = product.fields, self._channel.rules
        sku = product.sku.strip() if self._sku_from is LinkingPriority.SKU else ""
        return OutlineRow(
            product.id,
            product.code,
            sku or product.code,
            product.created,
            fields.get(rules.type_field, "").strip(),
            fields.get(rules.parent_field, "").strip(),
            product.parts,
            has_bundles=product.has_bundles,
        )

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[IntakeRow]]:
        # Whoever cancelled while it was read has read a part of the store, of which nothing can be said.
        is_first = True
        while not ports.run.is_cancelled() and (families := ports.adoptions.families(after=after, limit=_ROOTS)):
            linked = ports.listings.taken([row.id for family in families for row in family.all])
            batch: list[IntakeRow] = []
            size = 0
            for family in families:
                is_linked = all(row.id in linked for row in family.all)
                batch.append(IntakeRow(family, is_linked=is_linked, is_first=is_first))
                size += 0 if is_linked else len(family.all)
                is_first = False
                if size >= _PRODUCTS:
                    yield Batch(batch, family.root.id)
                    batch, size = [], 0
            after = families[-1].root.id
            if batch:
                yield Batch(batch, after)

    def observe(self, ports: Ports, batch: Batch[IntakeRow]) -> ProductsById:
        ids = [row.id for each in batch.rows if not each.is_linked for row in each.family.all]
        return ports.store.contents_by_id(ids) if ids else {}

    def facts(self, ports: Ports, batch: Batch[IntakeRow], seen: ProductsById) -> IntakeFacts:
        rows = [row for each in batch.rows for row in each.family.all]
        taken = ports.listings.taken([row.id for row in rows])
        by_id = {listing.id: listing for listing in ports.listings.by_ids(taken.values())}
        linked = {external_id: by_id[listing_id] for external_id, listing_id in taken.items()}
        skus = {row.sku for row in rows} | {listing.sku for listing in linked.values()}
        known = ports.adoptions.known(skus, {name for row in rows for name in (row.sku, row.code)})
        listings = ports.listings.by_skus({*skus, *known.owners.values()})
        return IntakeFacts(
            known,
            linked,
            by_sku={listing.sku: listing for listing in listings if listing.kind is not Kind.PARENT},
            by_code=ports.listings.by_codes([row.code for row in rows]),
            parents={listing.sku: listing for listing in listings if listing.kind is Kind.PARENT},
        )

    def plan(self, batch: Batch[IntakeRow], facts: IntakeFacts | None, seen: ProductsById) -> Plan[Sequence[Taken]]:
        handles: set[str] = set()
        intakes = {
            each.family.root.code: plan_intake(
                each.family, facts or IntakeFacts(), seen, rules=self._channel.rules, handles=handles
            )
            for each in batch.rows
        }
        return Plan(
            [taken for intake in intakes.values() for taken in intake.taken.values()],
            tuple(Unit(code, tuple(intake.changes)) for code, intake in intakes.items() if intake.changes),
            (*self._told(batch), *_left_out(intakes)),
        )

    def judge(
        self,
        batch: Batch[IntakeRow],
        facts: IntakeFacts | None,
        seen: ProductsById,
        plan: Plan[Sequence[Taken]],
        evidence: Evidence,
    ) -> Verdict:
        return Verdict(taken=list(plan.detail))

    def _told(self, batch: Batch[IntakeRow]) -> tuple[Result, ...]:
        """Say once what there is on the store."""
        if not any(each.is_first for each in batch.rows):
            return ()
        looked = changes.store_looked_through(self._channel.name)
        return (Result(looked, Outcome.SKIPPED, message=summary(self._totals, self._channel.rules.type_field)),)


def summary(totals: AdoptionTotals, type_field: str) -> str:
    """Say what a store has, and what of it does not say what it is."""
    of_kind = {kind: totals.of_kind.get(kind, 0) for kind in Kind}
    told = (
        f"The store has {totals.products} products: {of_kind[Kind.PARENT]} families with {of_kind[Kind.VARIANT]} "
        f"variants, and {of_kind[Kind.SIMPLE]} products of their own."
    )
    untyped = {kind: number for kind, number in totals.untyped.items() if number}
    if not untyped:
        return told
    suggested = ", ".join(f"{number} {kind.value}" for kind, number in untyped.items())
    return (
        f"{told} {sum(untyped.values())} have nothing in the custom field {type_field}; they look like this: "
        f"{suggested}. 'tradepost listings set-type' names those that are linked, and writes what they are once "
        "you agree."
    )


def _left_out(intakes: Mapping[str, FamilyIntake]) -> Iterator[Result]:
    for intake in intakes.values():
        yield from intake.left_out
