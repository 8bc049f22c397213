"""Stock: absolute, hidden as 0, and never raised over what was sold meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.catalogue import Kind
from tradepost.domain.listing import Attention, Event, settle
from tradepost.domain.plan import Change, Outcome, Plan, Proof, Result, Side, SubjectId, Unit
from tradepost.domain.stages import Stage
from tradepost.domain.store import StoreProduct, StoreStock
from tradepost.operations.form import Batch, Evidence, Step, Verdict
from tradepost.operations.outcomes import Answers, answers_of
from tradepost.operations.ports import ListingRow, Ports, Proven, StockWrite
from tradepost.operations.same_products import read_products
from tradepost.operations.sync.listings import (
    Products,
    Values,
    gone,
    judge_row,
    learn_answers,
    look_again,
    product_subject,
)

_SETTLES: Mapping[Stage, Event] = {Stage.HIDE: Event.HIDDEN, Stage.UNHIDE: Event.UNHIDDEN}


@dataclass(frozen=True, slots=True)
class StockPlan:
    """
    What is planned of one stock; `quantity` None where nothing can be sent.

    `stops_sale`: see `ports.StockWrite`. `is_there`: the store has it already.
    """

    change: Change
    quantity: int | None
    stops_sale: bool = False
    is_there: bool = False
    refusal: str = ""


def plan_hide(row: ListingRow, product: StoreProduct | None) -> StockPlan:
    """Hide: shown as out of stock, whatever the store's own defaults are."""
    count = _count(product)
    before = count if count is not None else row.expected_quantity
    change = changes.product_hidden(row.code, before=before, listing_id=row.id)
    return StockPlan(change, 0, stops_sale=True, is_there=_is_kept(product, 0))


def plan_unhide(row: ListingRow, product: StoreProduct | None) -> StockPlan:
    change = changes.product_unhidden(row.code, after=row.wanted_quantity, listing_id=row.id)
    if row.wanted_quantity is None:
        refusal = f"The quantity of {row.sku} is unknown, so it can't be put back on sale. Set one and sync again."
        return StockPlan(change, None, refusal=refusal)
    is_there = _is_kept(product, row.wanted_quantity)
    return StockPlan(change, row.wanted_quantity, stops_sale=True, is_there=is_there)


def plan_quantity(
    row: ListingRow, product: StoreProduct | None, *, first: StoreProduct | None = None
) -> StockPlan | None:
    """
    Send the wanted stock, less what was sold on the store and no order explains yet; None if it is unknown.

    `first`: the product before anything was sent, where that is no longer `product`.
    """
    wanted, expected, count = row.wanted_quantity, row.expected_quantity, _count(product)
    if wanted is None:
        return None
    found = count if first is None else _count(first)
    unexplained = max(0, expected - found) if expected is not None and found is not None else 0
    quantity = max(0, wanted - unexplained) if expected is not None and wanted > expected else wanted
    reason = "the catalogue's quantity changed" if expected is not None else "the first quantity"
    if unexplained:
        reason += f"; {unexplained} sold on the store that no order explains yet"
    before = count if count is not None else expected
    change = changes.quantity_changed(row.code, before=before, after=quantity, reason=reason, listing_id=row.id)
    # A first quantity also settles what happens at zero, so the count alone does not say that it is there.
    is_there = _is_kept(product, quantity) if expected is None else count == quantity
    return StockPlan(change, quantity, stops_sale=expected is None, is_there=is_there)


Writes = Mapping[SubjectId, StockWrite]


class Stock(Values[None, Writes]):
    """The stages hide, decrease, increase and unhide."""

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        rows = [row for row in batch.rows if row.kind is not Kind.PARENT and row.external_id is not None]
        # Without the right to see stock there is nothing to read before it is written.
        found = read_products(ports, rows) if rows and ports.store.reads_stock() else None
        return Products(found, first=found or {})

    def observe_again(self, ports: Ports, batch: Batch[ListingRow], seen: Products, sent: Plan[Writes]) -> Products:
        return seen if seen.by_id is None else look_again(ports, batch, seen, sent)

    def plan(self, batch: Batch[ListingRow], facts: None, seen: Products) -> Plan[Writes]:
        units: list[Unit] = []
        settled: list[Result] = []
        writes: dict[SubjectId, StockWrite] = {}
        for row in batch.rows:
            if row.kind is Kind.PARENT:
                happens = changes.family_hidden if self.stage is Stage.HIDE else changes.family_unhidden
                units.append(Unit(row.code, (happens(row.code, listing_id=row.id),)))
                continue
            planned = self.plan_row(row, seen)
            if planned is None or (seen.by_id is None and product_subject(row) in seen.answered):
                continue
            if seen.is_gone(row):
                broken, left = gone(row, planned.change)
                units.append(Unit(row.code, (broken,)))
                settled.append(left)
            elif planned.quantity is None:
                settled.append(Result(planned.change, Outcome.FAILED, message=planned.refusal))
            elif planned.is_there:
                settled.append(Result(planned.change, Outcome.UNCHANGED, Proof.READ))
            else:
                units.append(Unit(row.code, (planned.change,)))
                write = StockWrite(row.external_id or 0, planned.quantity, planned.stops_sale)
                writes[planned.change.subject.id] = write
        return Plan(writes, tuple(units), tuple(settled))

    def plan_row(self, row: ListingRow, seen: Products) -> StockPlan | None:
        product = seen.of(row)
        match self.stage:
            case Stage.HIDE:
                return plan_hide(row, product)
            case Stage.UNHIDE:
                return plan_unhide(row, product)
        return plan_quantity(row, product, first=seen.first.get(row.external_id or 0))

    def steps(self) -> Sequence[Step[Products, Writes]]:
        return (Step(takes=_is_stock, send=_send, learn=learn_answers),)

    def unread(self, change: Change, seen: Products) -> frozenset[str]:
        return frozenset() if seen.by_id is not None else frozenset(field.name for field in change.fields)

    def judge(
        self,
        batch: Batch[ListingRow],
        facts: None,
        seen: Products,
        plan: Plan[Writes],
        evidence: Evidence,
    ) -> Verdict:
        verdict = Verdict()
        for row in batch.rows:
            event = _SETTLES.get(self.stage)
            status = settle(row.status, event) if event is not None else None
            if row.kind is Kind.PARENT:
                verdict.proven.append(Proven(row.id, evidence.began, status=status))
                continue
            planned = self.plan_row(row, seen)
            if planned is None:
                continue
            if planned.quantity is None and not seen.is_gone(row):
                verdict.flags[row.id] = (Attention.SYNC_FAILED, planned.refusal)
                continue
            result = evidence.results.get(product_subject(row))
            sent = planned.quantity if result is None else result.change.after("quantity")
            count = _count(seen.of(row))
            # An absolute stock erases what was sold before it arrived; so the moment that counts is after the answer.
            at = evidence.ended if result is not None else evidence.began
            judge_row(
                row,
                seen,
                evidence,
                verdict,
                Proven(row.id, at, status=status, quantity=sent if count is None else count),
            )
        return verdict


def _send(ports: Ports, plan: Plan[Writes]) -> Answers:
    sent = list(plan.changes(Side.STORE))
    return answers_of(sent, ports.store.set_stock([plan.detail[change.subject.id] for change in sent]))


def _is_stock(change: Change, _writes: Writes) -> bool:
    return change.touches("quantity")


def _count(product: StoreProduct | None) -> int | None:
    """The store's count, None where it can't be read or nothing is counted."""
    stock = product.stock if product is not None else None
    return stock.count if stock is not None and stock.is_tracked else None


def _is_kept(product: StoreProduct | None, quantity: int) -> bool:
    """Whether the store has this stock, and does at zero what we want of it."""
    stock = product.stock if product is not None else None
    return stock == StoreStock(is_tracked=True, count=quantity, stops_sale_at_zero=True, hides_when_out=False)
