"""
Writing products into the catalogue, with the listings of every channel and each change told: what a file brings, and
what an undo brings back.

One batch is one transaction. Where a person has approved a plan, the batch is done, looked at and taken back until
nothing is left in it that was not approved: so what is held against the plan is what is really done.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeVar

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Product
from tradepost.domain.catalogue.identity import NO_IDENTITY, IdentityPlan
from tradepost.domain.catalogue.product_changes import (
    QUANTITY,
    STATEMENT,
    VARIANTS,
    as_planned,
    created_fields,
    differing,
    identity_fields,
    named,
)
from tradepost.domain.plan import Change, FieldChange
from tradepost.operations.approvals import Rulings
from tradepost.operations.catalogue.import_journal import plan_of
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.import_report import SavedProducts
from tradepost.operations.ports import (
    Approval,
    ImportCounts,
    ProductDifference,
    Saying,
    SkuValues,
    Statement,
    TakenValues,
    ValueDifference,
)
from tradepost.operations.previews import previewed

NO_STATEMENTS: Mapping[str, tuple[Statement, Statement]] = MappingProxyType({})
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class ProductToSave:
    """
    A product with what is settled of its identity before.

    `restated`: by SKU, the statement that is to hold again, and the one that it replaces.
    """

    product: Product
    identity: IdentityPlan = NO_IDENTITY
    restated: Mapping[str, tuple[Statement, Statement]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Written:
    """What was done, and which changes it was; `taken`: what became of values by SKU."""

    saved: SavedProducts = field(default_factory=SavedProducts)
    changes: Sequence[Change] = ()
    unchanged: int = 0
    taken: TakenValues = field(default_factory=lambda: TakenValues(ImportCounts()))


class CatalogueWriter:
    """`by`: why it is done, in words; `queue`: whether new listings are queued to be published."""

    def __init__(self, ports: ImportPorts, *, saying: Saying, queue: bool, by: str) -> None:
        self._ports = ports
        self._saying = replace(saying, run_id=ports.journal.run_id)
        self._queue = queue
        self._by = by

    def save(self, products: Sequence[ProductToSave]) -> SavedProducts:
        """Save those that may be; see `save_products`. Raises RowRefused when a SKU belongs to another product."""
        return self._write(products, self._save, lambda each: each.product.handle).saved

    def take(self, values: Sequence[SkuValues]) -> tuple[TakenValues, SavedProducts]:
        """Take prices and numbers of variants that the catalogue has, and nothing else of them."""
        written = self._write(values, self._take, lambda each: each.sku)
        return written.taken, written.saved

    def withdraw(self, handles: Sequence[str]) -> SavedProducts:
        """Take products out of the catalogue; their listings are orphaned."""
        return self._write(handles, self._withdraw, str).saved

    def _write(
        self, items: Sequence[Item], work: Callable[[Sequence[Item]], _Written], key_of: Callable[[Item], str]
    ) -> _Written:
        journal = self._ports.journal
        with self._ports.transaction():
            if journal.approval is not None:
                items = self._approved(items, work, key_of, journal.approval)
            written = work(items) if items else _Written()
            journal.tell(written.changes, unchanged=written.unchanged)
        return written

    def _approved(
        self,
        items: Sequence[Item],
        work: Callable[[Sequence[Item]], _Written],
        key_of: Callable[[Item], str],
        approval: Approval,
    ) -> Sequence[Item]:
        """Narrow items down to what was approved, and tell of the rest why it is not done."""
        while items:
            batch = items
            done = previewed(lambda: work(batch), self._ports.savepoint)  # noqa: B023 - called at once
            found = [as_planned(change) for change in done.changes]
            rulings = Rulings(approval, lambda _plan: {}, goes_on=False)
            rulings.look_at(plan_of(found))
            approval.settle(rulings.saved_ids)
            held = [result for change in found if (result := rulings.result(change)) is not None]
            if not held:
                break
            self._ports.journal.leave(held)
            keys = {result.change.subject.key for result in held}
            items = [item for item in items if key_of(item) not in keys]
        return items

    def _save(self, items: Sequence[ProductToSave]) -> _Written:
        self._ports.catalogue.settle({i.product.handle: i.identity for i in items if i.identity != NO_IDENTITY})
        saved = save_products(
            [item.product for item in items],
            self._ports,
            saying=self._saying,
            queue=self._queue,
            restated={sku: pair for item in items for sku, pair in item.restated.items()},
        )
        differences = {each.after.handle: each for each in saved.counts.differences}
        told = [
            change
            for item in items
            if (change := self._change(item, differences.get(item.product.handle), saved.restated)) is not None
        ]
        settled = sum(_settled_alone(item, differences.get(item.product.handle)) for item in items)
        moved = sum(len(move.skus) for item in items for move in item.identity.moves)
        counts = saved.counts.as_changed(created=moved, unchanged=settled)
        return _Written(replace(saved, counts=counts), told, len(items) - len(told))

    def _change(
        self, item: ProductToSave, difference: ProductDifference | None, restated: Collection[str]
    ) -> Change | None:
        again = {sku: (now, earlier) for sku, (earlier, now) in item.restated.items() if sku in restated}
        if difference is None and item.identity == NO_IDENTITY and not again:
            return None
        product, plan = item.product, item.identity
        found = list(identity_fields(plan, product.handle))
        is_new = difference is not None and difference.before is None
        if is_new:
            found += created_fields(product)
        elif difference is not None and difference.before is not None:
            moved = {sku for move in plan.moves for sku in move.skus}
            found += differing(difference.before, difference.after, moved=moved)
            found += _statement_fields(difference.statements)
        found += _statement_fields(again)
        if not found:
            return None
        return changes.product_brought(product.handle, product.title, fields=found, is_new=is_new, by=self._by)

    def _take(self, values: Sequence[SkuValues]) -> _Written:
        catalogue = self._ports.catalogue
        taken = catalogue.take_values(values, saying=self._saying)
        wanted = catalogue.refresh_wanted(taken.handles)
        told = [self._values_change(each) for each in taken.differences]
        return _Written(SavedProducts(taken.counts, wanted=wanted), told, taken.counts.unchanged, taken)

    def _values_change(self, each: ValueDifference) -> Change:
        found: list[FieldChange] = []
        if each.prices is not None:
            found.append(FieldChange(named("price", each.sku), *each.prices))
        if each.statements is not None:
            found += _statement_fields({each.sku: each.statements})
        return changes.values_brought(each.sku, fields=found, by=self._by)

    def _withdraw(self, handles: Sequence[str]) -> _Written:
        catalogue = self._ports.catalogue
        known = catalogue.by_handles(handles)
        withdrawn = catalogue.withdraw(handles)
        catalogue.refresh_wanted(handles)
        told = [
            changes.product_withdrawn(
                handle,
                fields=[FieldChange(VARIANTS, [variant.sku for variant in known[handle].variants], None)],
                by=self._by,
            )
            for handle in handles
            if handle in known and known[handle].variants
        ]
        return _Written(SavedProducts(ImportCounts(withdrawn=tuple(withdrawn))), told)


def _settled_alone(item: ProductToSave, difference: ProductDifference | None) -> int:
    """Count what of a product is called otherwise and is as it was in all else, so that saving it changed nothing."""
    return 0 if difference is not None else bool(item.identity.renamed) + len(item.identity.skus)


def _statement_fields(statements: Mapping[str, tuple[Statement, Statement]]) -> list[FieldChange]:
    found: list[FieldChange] = []
    for sku, (before, after) in statements.items():
        found.append(FieldChange(named(QUANTITY, sku), before.quantity, after.quantity))
        found.append(FieldChange(named(STATEMENT, sku), before, after))
    return found


def save_products(
    products: Sequence[Product],
    ports: ImportPorts,
    *,
    saying: Saying,
    queue: bool,
    restated: Mapping[str, tuple[Statement, Statement]] = NO_STATEMENTS,
) -> SavedProducts:
    """
    Keep products as somebody says that they are, and bring their listings on every channel in step; one transaction.

    `restated`: by SKU, earlier statements that are to hold again where nothing was sold since, and those that they
    replace. Idempotent. Raises RowRefused when a SKU belongs to another product.
    """
    if not products:
        return SavedProducts()
    handles = [product.handle for product in products]
    with ports.transaction():
        sale_changes = ports.catalogue.follow_sale(products)
        saved = ports.catalogue.save(products, saying=saying)
        # What is as it was shows what it showed, unless a channel has no listing of it yet.
        again = ports.catalogue.restate(restated) if restated else frozenset()
        touched = saved.touched | {each.handle for each in products if again and not again.isdisjoint(_skus(each))}
        rest = [handle for handle in handles if handle not in touched]
        lacking = {
            name: touched.union(channel.lacking(rest) if rest else ()) for name, channel in ports.channels.items()
        }
        built = {name: channel.build(lacking[name], queue=queue) for name, channel in ports.channels.items()}
        # A page keeps offering the old choices until then: all of them can be bought, or are sold out.
        structures = {name: channel.queue_structure(handles) for name, channel in ports.channels.items() if queue}
        # Last and once: what a listing should show depends on the whole family's, on every channel alike. What is new
        # was made with that.
        settled = _new_products(saved).intersection(*(made.settled for made in built.values()))
        wanted = ports.catalogue.refresh_wanted(touched.union(*lacking.values()) - settled)
    numbers = {name: made.number for name, made in built.items()}
    for made in built.values():
        wanted += made.changes.of_products(settled)
    return SavedProducts(saved, numbers, structures, wanted, sale_changes, frozenset(handles), again)


def _new_products(saved: ImportCounts) -> frozenset[str]:
    """The handles of products that the catalogue did not have: no channel shows anything else of them."""
    return frozenset(each.after.handle for each in saved.differences if each.before is None)


def _skus(product: Product) -> set[str]:
    return {variant.sku for variant in product.variants}
