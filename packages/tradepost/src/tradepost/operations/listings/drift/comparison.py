"""
The comparison: what the store has of listings is held against what was proven there. Nothing is written to the store.

Compared are listings whose products the store says were changed, and a part of the others in turn, since a store does
not tell of every change; or, by force, those that a person chose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout, has_own_page, has_parent, kind_in
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.content import WantedProduct, WantedUnit
from tradepost.domain.listings.drift import (
    Drift,
    DriftFinding,
    DriftPolicy,
    asks,
    content_drift,
    judge_drift,
    news_reason,
    question,
    remembered,
)
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.plan import Change, FieldChange, Plan, Unit
from tradepost.domain.store import ProductsById, StoreProduct
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.listings.publish.cleaning import cleaned
from tradepost.operations.listings.publish.wanted_pages import build_wanted, fitted_to_page
from tradepost.operations.ports import ChannelSettings, Compared, FamilyRows, ListingRow, Ports
from tradepost.operations.same_products import read_products, refuse_others
from tradepost.operations.selection import EVERYTHING, Selection

AT_ONCE = 1000
"""How many listings a sync compares in turn; the next one goes on."""

_BATCH = 200
# What a sync sends, by force whatever was accepted; content is overwritten.
FORCED = frozenset({Group.PRICE, Group.STATUS})

WantedUnits = Mapping[Layout, WantedUnit]
"""What the store should have of one product, by the layout of the listings that are there; mostly there is one."""


@dataclass(frozen=True, slots=True)
class ComparisonFacts:
    """The rows as they are now, with their families by product, and what is kept in mind of them."""

    rows: Mapping[int, ListingRow]
    families: Mapping[int, FamilyRows]
    known: Mapping[int, Mapping[Group, Drift]]


class Comparison(Operation[ListingRow, ComparisonFacts, ProductsById, Mapping[int, Compared]]):
    """
    `selection` with `is_forced`: those that were chosen, and ours is right in all that a sync sends.

    `touched`: listings that a pass has just found changed, and that are marked unless this is a preview.
    """

    name = "compare"
    label = "listings compared"
    is_observation = True
    attentions = frozenset({Attention.DRIFT})

    def __init__(
        self, channel: ChannelSettings, selection: Selection = EVERYTHING, *, touched: Sequence[int] = ()
    ) -> None:
        self._channel = channel
        self._touched = touched
        self._selection = selection
        self._policies = dict(channel.drift_policies)
        self._forced = FORCED if selection.is_forced else frozenset()
        self._policies |= dict.fromkeys(self._forced, DriftPolicy.OURS)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        if self._selection.is_forced:
            rows = ports.listings.by_ids(self._selection.only or ())
            yield from _in_batches([row for row in rows if row.status.link is Link.LINKED])
            return
        shown = frozenset(self._touched)
        for start in range(0, len(self._touched), _BATCH):
            yield Batch(ports.listings.by_ids(self._touched[start : start + _BATCH]))
        place = 0
        while rows := ports.drifts.touched(after=place, limit=_BATCH):
            place = rows[-1].id
            if rest := [row for row in rows if row.id not in shown]:
                yield Batch(rest)
        yield from _in_batches(ports.drifts.due(now=ports.clock(), limit=AT_ONCE))

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> ProductsById:
        # Of what was only linked no content is proven, so there is none to compare.
        whole = [row for row in batch.rows if row.proven_fingerprints]
        lean = [row for row in batch.rows if not row.proven_fingerprints]
        found = ports.store.contents_by_id([row.external_id or 0 for row in whole]) if whole else {}
        refuse_others(whole, found)
        return {**found, **read_products(ports, lean)}

    def facts(self, ports: Ports, batch: Batch[ListingRow], seen: ProductsById) -> ComparisonFacts:
        rows = ports.listings.by_ids([row.id for row in batch.rows])
        products = sorted({row.product_id for row in rows if row.proven_fingerprints})
        families = (cleaned(ports, family) for family in ports.listings.families(products))
        return ComparisonFacts(
            {row.id: row for row in rows},
            dict(zip(products, families, strict=True)),
            ports.drifts.known([row.id for row in rows]),
        )

    def plan(
        self, batch: Batch[ListingRow], facts: ComparisonFacts | None, seen: ProductsById
    ) -> Plan[Mapping[int, Compared]]:
        assert facts is not None
        wanted = {product_id: wanted_of(family, self._channel.rules) for product_id, family in facts.families.items()}
        compared: dict[int, Compared] = {}
        units: list[Unit] = []
        for row in facts.rows.values():
            product = seen.get(row.external_id or 0)
            # What is gone is found by the existence pass.
            if product is None or row.status.link is not Link.LINKED:
                continue
            finding = self._compare(row, product, facts, wanted)
            compared[row.id] = Compared(row, product.updated, finding)
            if finding.news:
                units.append(Unit(row.code, (_news(row, finding),)))
        return Plan(compared, tuple(units))

    def judge(
        self,
        batch: Batch[ListingRow],
        facts: ComparisonFacts | None,
        seen: ProductsById,
        plan: Plan[Mapping[int, Compared]],
        evidence: Evidence,
    ) -> Verdict:
        assert facts is not None
        verdict = Verdict(compared=list(plan.detail.values()))
        for each in plan.detail.values():
            drifts = remembered(facts.known.get(each.row.id, {}), each.finding.drifts)
            if asks(drifts):
                verdict.flag(each.row.id, Attention.DRIFT, question(each.row.sku, drifts))
        return verdict

    def _compare(
        self, row: ListingRow, product: StoreProduct, facts: ComparisonFacts, wanted: Mapping[int, WantedUnits]
    ) -> DriftFinding:
        known = facts.known.get(row.id, {})
        layout = row.layout or self._channel.rules.layout
        return judge_drift(
            row,
            product,
            has_page=has_own_page(row.kind, layout),
            is_child=row.kind is Kind.VARIANT and layout is Layout.NATIVE,
            content=_content(row, product, wanted.get(row.product_id, {}), layout),
            known={group: drift for group, drift in known.items() if group not in self._forced - row.locks.left_alone},
            policies={**self._policies, **dict.fromkeys(row.locks.left_alone, DriftPolicy.STORE)},
        )


def wanted_of(family: FamilyRows, rules: ContentRules) -> WantedUnits:
    """What the store should have of a family's listings that are there; nothing where none is what it was any more."""
    known = {variant.sku for variant in family.product.variants}
    takes_part: dict[Layout, set[int]] = {}
    for row in family.listings:
        layout = row.layout or rules.layout
        is_family = has_parent(layout, is_family=family.product.is_family)
        kinds = {Kind.PARENT, Kind.VARIANT} if is_family else {Kind.SIMPLE}
        is_there = row.status.link is Link.LINKED and (row.kind is Kind.PARENT or row.sku in known)
        if is_there and kind_in(layout, row.kind) in kinds:
            takes_part.setdefault(layout, set()).add(row.id)
    return {
        layout: build_wanted(family, rules=replace(rules, layout=layout), takes_part=ids, files={})
        for layout, ids in takes_part.items()
    }


def own_part(row: ListingRow, product: StoreProduct, wanted: WantedUnits, layout: Layout) -> WantedProduct | None:
    """
    What is wanted of a listing of its family, in the codes of its page; None where it is no part of it any more.
    `layout`: in which the store has it.
    """
    unit = wanted.get(layout)
    if unit is None:
        return None
    if row.kind is Kind.PARENT:
        unit = fitted_to_page(unit, seen={code_key(row.code): product}, adds_only=False)
    kind = kind_in(layout, row.kind)
    return next((each for each in unit.products if each.listing_id == row.id and each.kind is kind), None)


def _content(
    row: ListingRow, product: StoreProduct, wanted: WantedUnits, layout: Layout
) -> dict[Group, tuple[FieldChange, ...]]:
    own = own_part(row, product, wanted, layout) if row.proven_fingerprints else None
    if own is None:
        return {}
    return content_drift(own, product, proven=row.proven_fingerprints, awaits_images=row.awaits_images)


def _news(row: ListingRow, finding: DriftFinding) -> Change:
    fields = [each for drift, _ in finding.news.values() for each in drift.fields]
    return changes.drift_found(row.code, fields=fields, reason=news_reason(finding.news), listing_id=row.id)


def _in_batches(rows: Sequence[ListingRow]) -> Iterator[Batch[ListingRow]]:
    for start in range(0, len(rows), _BATCH):
        yield Batch(rows[start : start + _BATCH])
