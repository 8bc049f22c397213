"""
Delist: remove products from the store for good.

A parent goes before its variants, so that no shopper meets half a family; the last variant takes its parent along,
unless its page still sells what is not linked. Options that nothing uses any more are taken off their page. Deleting
what is gone already counts as done, so a delist that was killed is simply run again.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import PermissionMissing
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Event, Health, Link, Pending, settle
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.plan import Action, Change, Plan, Side, Unit
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Batch, Evidence, Step, Verdict
from tradepost.operations.listing_values import Products, Values, product_subject
from tradepost.operations.outcomes import Answers, answers_of, provision
from tradepost.operations.ports import ChannelSettings, ListingRow, Listings, Ports, Proven, WriteAnswer, WriteOutcome
from tradepost.operations.same_products import read_products
from tradepost.operations.selection import Selection

# Why a parent goes that nobody has named.
LAST_GOES = "its last variant goes"


@dataclass(frozen=True, slots=True)
class Going:
    """The rows that are to go, parents first; `went`: the code keys of parents that have gone already."""

    rows: tuple[ListingRow, ...]
    went: frozenset[str] = frozenset()

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(code_key(row.code) for row in self.rows)


class Delist(Values[Going, Mapping[str, int]]):
    """The stage delist; `detail` of its plans are the products' ids by code."""

    attentions = frozenset({Attention.DELIST_FAILED})

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        super().__init__(Stage.DELIST, channel, selection)
        # What is deleted is gone, so less of it is at stake at a time.
        self.rows_at_once = channel.batch_size

    def going_along(self, ports: Ports, rows: Sequence[ListingRow]) -> Sequence[tuple[ListingRow, str]]:
        parents = self.selection.as_asked(ports.listings.by_ids({row.parent_id for row in rows if row.parent_id}))
        found = [(parent, "the family's page") for parent in parents if is_due(self.stage, parent)]
        if self.channel.delist_parent_with_last_variant:
            going = {row.id: row for row in (*rows, *(parent for parent, _ in found))}
            found += [(parent, LAST_GOES) for parent in left_alone(ports.listings, going, self.selection)]
        return found

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        # What is deleted is deleted for good: is it still the product that was linked?
        read_products(ports, batch.rows)
        wanted = self.channel.rules.layout
        codes = {row.parent_code for row in batch.rows if (row.layout or wanted) is Layout.NATIVE} - {""}
        parents = ports.store.products_by_code(codes) if codes else {}
        return Products(parents=parents, offered=parents)

    def observe_again(
        self, ports: Ports, batch: Batch[ListingRow], seen: Products, sent: Plan[Mapping[str, int]]
    ) -> Products:
        planned = list(sent.changes(Side.STORE))
        deleted = [sent.detail[change.subject.key] for change in planned if change.action is Action.DELIST]
        pages = [change.subject.key for change in planned if change.action is not Action.DELIST]
        if deleted:
            # What is gone must not be taken from an older reading.
            kept = {number: product for number, product in (seen.by_id or {}).items() if number not in deleted}
            by_id = {**kept, **ports.store.products_by_id(deleted)}
            seen = replace(seen, by_id=by_id, looked_for=(seen.looked_for or frozenset()) | frozenset(deleted))
        if pages:
            seen = replace(seen, offered={**seen.offered, **ports.store.products_by_code(pages)})
        return seen

    def facts(self, ports: Ports, batch: Batch[ListingRow], seen: Products) -> Going:
        # Read anew: a parent among them may have gone with the batch before.
        fresh = self.selection.as_asked(ports.listings.by_ids([row.id for row in batch.rows]))
        rows = {row.id: row for row in fresh if is_due(self.stage, row)}
        if self.channel.delist_parent_with_last_variant:
            emptied = left_alone(ports.listings, rows, self.selection)
            selling = _selling_others(ports.listings, emptied, seen)
            rows |= {parent.id: parent for parent in emptied if parent.id not in selling}
        # A batch is looked at ahead, when a parent that went with the batch before may still have been there.
        parents = ports.listings.by_ids({row.parent_id for row in rows.values() if row.parent_id is not None})
        went = frozenset(code_key(row.code) for row in parents if row.status.health is Health.DELISTED)
        return Going(tuple(sorted(rows.values(), key=lambda row: row.kind is not Kind.PARENT)), went)

    def plan(self, batch: Batch[ListingRow], facts: Going | None, seen: Products) -> Plan[Mapping[str, int]]:
        assert facts is not None
        units = [
            Unit(row.code, (_delisted(row),)) for row in facts.rows if seen.of(row) is not None or seen.by_id is None
        ]
        for key, parent in seen.parents.items():
            went = {code_key(row.code) for row in facts.rows if seen.is_gone(row) and code_key(row.parent_code) == key}
            unused = _offered_still(unused_options(parent, went), seen.offered.get(key)) if went else ()
            if unused and key not in facts.keys | facts.went:
                change = changes.options_taken_off(parent.code, parent.name, options=unused)
                units.append(Unit(parent.code, (change,)))
        return Plan({row.code: row.external_id or 0 for row in facts.rows}, tuple(units))

    def steps(self) -> Sequence[Step[Products, Mapping[str, int]]]:
        return (
            Step(takes=lambda change, _ids: change.action is Action.DELIST, send=_delete, reads=True),
            Step(takes=lambda change, _ids: change.touches("unused_options"), send=_take_off),
        )

    def judge(
        self,
        batch: Batch[ListingRow],
        facts: Going | None,
        seen: Products,
        plan: Plan[Mapping[str, int]],
        evidence: Evidence,
    ) -> Verdict:
        verdict = Verdict()
        for row in facts.rows if facts is not None else ():
            if seen.is_gone(row):
                verdict.proven.append(Proven.of(row, evidence.began, settle(row.status, Event.DELISTED)))
            elif (result := evidence.results.get(product_subject(row))) is not None:
                # What has become due since the plan was made has no result, and is the next run's.
                verdict.flag(row.id, Attention.DELIST_FAILED, result.message)
        return verdict


def left_alone(listings: Listings, rows: Mapping[int, ListingRow], selection: Selection) -> list[ListingRow]:
    """The parents that lose their last variant when these rows, by id, go."""
    ids = {row.parent_id for row in rows.values() if row.parent_id is not None} - set(rows)
    parents = [
        parent
        for parent in selection.as_asked(listings.by_ids(sorted(ids)))
        if parent.status.link is Link.LINKED and not parent.status.is_paused and Group.STATUS not in parent.locks.groups
    ]
    staying = {
        child.parent_id
        for child in selection.as_asked(listings.variants_of([parent.id for parent in parents]))
        if child.status.link is Link.LINKED and child.status.pending is not Pending.DELIST
    }
    return [parent for parent in parents if parent.id not in staying]


def _selling_others(listings: Listings, parents: Sequence[ListingRow], seen: Products) -> set[int]:
    """Those whose page sells what is linked to no variant of theirs: somebody keeps that there, and not by us."""
    codes: dict[int | None, set[str]] = defaultdict(set)
    for row in listings.variants_of([parent.id for parent in parents]):
        if row.status.link is Link.LINKED:
            codes[row.parent_id].add(code_key(row.code))
    pages = ((parent.id, seen.parents.get(code_key(parent.code))) for parent in parents)
    return {
        number
        for number, page in pages
        for variant in (page.variants if page is not None else None) or ()
        if not codes[number].issuperset(map(code_key, variant.part_codes))
    }


def unused_options(parent: StoreProduct, gone: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The options that only the variants behind these codes (keys) had, as attribute and option code."""
    used: set[tuple[str, str]] = set()
    lost: set[tuple[str, str]] = set()
    for variant in parent.variants or ():
        is_gone = all(code_key(code) in gone for code in variant.part_codes)
        (lost if is_gone else used).update(variant.options)
    return tuple(sorted(lost - used))


def _offered_still(options: tuple[tuple[str, str], ...], parent: StoreProduct | None) -> tuple[tuple[str, str], ...]:
    offered = {
        (code_key(attribute.code), code_key(option.code))
        for attribute in (parent.attributes if parent is not None else ())
        for option in attribute.options
    }
    return tuple(pair for pair in options if (code_key(pair[0]), code_key(pair[1])) in offered)


def _delisted(row: ListingRow) -> Change:
    is_asked = row.status.pending is Pending.DELIST
    return changes.product_delisted(row.code, external_id=row.external_id, is_asked=is_asked, listing_id=row.id)


def _delete(ports: Ports, plan: Plan[Mapping[str, int]]) -> Answers:
    sent = list(plan.changes(Side.STORE))
    return answers_of(sent, ports.store.delete_products([plan.detail[change.subject.key] for change in sent]))


def _take_off(ports: Ports, plan: Plan[Mapping[str, int]]) -> Answers:
    try:
        return provision(ports, plan)
    except PermissionMissing as missing:
        # The products are gone all the same; what is left is a choice on a page that leads nowhere.
        withheld = WriteAnswer(WriteOutcome.WITHHELD, str(missing))
        return {change.subject.id: withheld for change in plan.changes(Side.STORE)}
