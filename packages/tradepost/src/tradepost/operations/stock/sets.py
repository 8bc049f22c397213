"""Sets: a stock is written whole where nobody can be buying, or where nothing is known of the store's count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Event, Pending, settle
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.plan import Change, Outcome, Plan, Proof, Result, Side, SubjectId, Unit
from tradepost.domain.stock.stock import EntryKind, offered, shown_again
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Batch, Evidence, Step, Verdict
from tradepost.operations.listing_values import (
    Products,
    Values,
    gone,
    judge_row,
    learn_answers,
    look_again,
    product_subject,
)
from tradepost.operations.ports import AccountEntry, ListingRow, Ports, Proven, StockWrite
from tradepost.operations.same_products import read_products
from tradepost.operations.stock.writes import (
    STOCK_ATTENTIONS,
    Writes,
    begin_hides,
    begin_sets,
    counted,
    does_at_zero,
    send_writes,
)

_SETTLES: Mapping[Stage, Event] = {Stage.HIDE: Event.HIDDEN, Stage.UNHIDE: Event.UNHIDDEN}


@dataclass(frozen=True, slots=True)
class SetPlan:
    """
    What is planned of one stock; `write` None where nothing is sent.

    `count`: what the store has already and goes on having. `refusal`: why nothing can be done.
    """

    change: Change
    write: StockWrite | None = None
    count: int | None = None
    refusal: str = ""


def plan_hide(row: ListingRow, product: StoreProduct | None, *, is_answered: bool = False) -> SetPlan:
    """
    Hide: shown as out of stock, whatever the store's own defaults are.

    `is_answered`, here and below: the store took or refused this, so what it can't tell is not sent again.
    """
    count = counted(product)
    before = count if count is not None else row.account
    refusal = uncounted(product)
    is_again = row.status.pending is not Pending.HIDE
    change = changes.product_hidden(row.code, before=before, is_again=is_again, listing_id=row.id)
    if refusal:
        return SetPlan(change, refusal=f"{row.sku} can't be hidden. {refusal}")
    is_off_sale = count is not None and count <= 0
    if is_off_sale and is_right_at_zero(product, sells=False, is_answered=is_answered):
        return SetPlan(change, count=count)
    return SetPlan(change, _write(row, product, quantity=0, sells=False))


def plan_unhide(row: ListingRow, product: StoreProduct | None, *, is_answered: bool = False) -> SetPlan:
    quantity = shown_again(row.available, hidden_count=row.hidden_count, account=row.account)
    count = counted(product)
    change = changes.product_unhidden(row.code, before=count or 0, after=quantity, listing_id=row.id)
    if quantity is None:
        refusal = (
            f"The quantity of {row.sku} is unknown, and how many pieces were hidden could not be read, so it can't be "
            f"put back on sale. 'tradepost catalogue state-count {row.sku} NUMBER' states it; then sync again."
        )
        return SetPlan(change, refusal=refusal)
    sells = row.sells_without_stock
    if count == quantity and is_right_at_zero(product, sells=sells, is_answered=is_answered):
        return SetPlan(change, count=count)
    return SetPlan(change, _write(row, product, quantity=quantity, sells=sells))


def plan_set(row: ListingRow, product: StoreProduct | None, *, is_answered: bool = False) -> SetPlan | None:
    """
    Open the account: with what the store counts where that can be read, and else with what is set now.

    A count that was read is moved like any other afterwards, which erases no sale.
    """
    if row.available is None:
        return None
    count = counted(product)
    sells = row.sells_without_stock
    if count is None:
        quantity = offered(row.available)
        change = changes.quantity_set(row.code, before=None, after=quantity, listing_id=row.id)
        if refusal := uncounted(product):
            return SetPlan(change, refusal=f"The quantity of {row.sku} is of no use there. {refusal}")
        return SetPlan(change, StockWrite(row.external_id or 0, quantity=quantity, stops_sale=not sells))
    if is_right_at_zero(product, sells=sells, is_answered=is_answered):
        return SetPlan(changes.account_opened(row.code, count=count, listing_id=row.id), count=count)
    # The count stays; what happens at zero does not.
    change = changes.sale_at_zero(row.code, goes_on=sells, was_known=False, listing_id=row.id)
    return SetPlan(change, StockWrite(row.external_id or 0, change=0, stops_sale=not sells), count=count)


def uncounted(product: StoreProduct | None) -> str:
    """Say why a stock would be no limit, where that can be seen; blank where it is one, or where nothing tells."""
    if product is None or not product.counts_nothing:
        return ""
    return (
        "The store counts no stock at all, so it would be sold without end whatever is written. Switch Track Inventory "
        "on in the store's administration, at the inventory settings; it waits until then."
    )


def is_right_at_zero(product: StoreProduct | None, *, sells: bool, is_answered: bool) -> bool:
    """Whether the store does at zero what is wanted, as far as can be read, or as it has answered."""
    cannot_tell = product is not None and product.stock is None
    return does_at_zero(product, sells=sells) or (is_answered and cannot_tell)


def _write(row: ListingRow, product: StoreProduct | None, *, quantity: int, sells: bool) -> StockWrite:
    """
    Set a stock to what is wanted.

    Where the store tells what baskets hold, they keep it: a number that was written over them would sell their pieces
    to somebody else, or put them on sale when they come back. What is below zero by then is not raised to hide it.
    """
    number = row.external_id or 0
    if product is None or product.with_baskets is None or (count := counted(product)) is None:
        return StockWrite(number, quantity=quantity, stops_sale=not sells)
    pieces = min(quantity - count, 0) if not quantity else quantity - count
    return StockWrite(number, change=pieces, stops_sale=not sells)


class Sets(Values[None, Writes]):
    """The stages hide, set and unhide. What can be read is read before and after."""

    attentions = STOCK_ATTENTIONS

    def going_along(self, ports: Ports, rows: Sequence[ListingRow]) -> Sequence[tuple[ListingRow, str]]:
        if self.stage is not Stage.HIDE:
            return ()
        parents = self.selection.as_asked(ports.listings.by_ids({row.parent_id for row in rows if row.parent_id}))
        return [(parent, "the family's page") for parent in parents if is_due(self.stage, parent)]

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        rows = [row for row in batch.rows if row.kind is not Kind.PARENT and row.external_id is not None]
        return Products(read_products(ports, rows) if rows and ports.store.reads_stock() else None)

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
            if planned is None or (_is_unseen(row, seen) and product_subject(row) in seen.answered):
                continue
            if seen.is_gone(row):
                broken, left = gone(row, planned.change)
                units.append(Unit(row.code, (broken,)))
                settled.append(left)
            elif planned.refusal:
                settled.append(Result(planned.change, Outcome.FAILED, message=planned.refusal))
            elif planned.write is not None:
                units.append(Unit(row.code, (planned.change,)))
                writes[planned.change.subject.id] = planned.write
            elif planned.change.side is Side.HUB:
                units.append(Unit(row.code, (planned.change,)))
            else:
                settled.append(Result(planned.change, Outcome.UNCHANGED, Proof.READ))
        return Plan(writes, tuple(units), tuple(settled))

    def plan_row(self, row: ListingRow, seen: Products) -> SetPlan | None:
        is_answered = product_subject(row) in seen.answered
        match self.stage:
            case Stage.HIDE:
                return plan_hide(row, seen.of(row), is_answered=is_answered)
            case Stage.UNHIDE:
                return plan_unhide(row, seen.of(row), is_answered=is_answered)
        return plan_set(row, seen.of(row), is_answered=is_answered)

    def steps(self) -> Sequence[Step[Products, Writes]]:
        begin = begin_hides if self.stage is Stage.HIDE else begin_sets
        return (Step(takes=lambda _change, _writes: True, send=send_writes, commit_first=begin, learn=learn_answers),)

    def unread(self, change: Change, seen: Products) -> frozenset[str]:
        product = seen.of_change(change)
        cannot_tell = seen.by_id is None or (product is not None and product.stock is None)
        return frozenset(field.name for field in change.fields) if cannot_tell else frozenset()

    def judge(
        self, batch: Batch[ListingRow], facts: None, seen: Products, plan: Plan[Writes], evidence: Evidence
    ) -> Verdict:
        verdict = Verdict()
        event = _SETTLES.get(self.stage)
        for row in batch.rows:
            status = settle(row.status, event) if event is not None and row.status.pending is not Pending.NONE else None
            if row.kind is Kind.PARENT:
                verdict.proven.append(Proven.of(row, evidence.began, status))
                continue
            planned = self.plan_row(row, seen)
            if planned is None:
                continue
            if planned.refusal and not seen.is_gone(row):
                verdict.flag(row.id, Attention.STOCK_FAILED, planned.refusal)
                continue
            sells = row.sells_without_stock and self.stage is not Stage.HIDE
            proven = Proven.of(row, evidence.began, status, without_stock=sells)
            judge_row(row, seen, evidence, verdict, proven, failure=Attention.STOCK_FAILED)
            self._enter(row, planned, seen, evidence, verdict)
        return verdict

    def _enter(self, row: ListingRow, planned: SetPlan, seen: Products, evidence: Evidence, verdict: Verdict) -> None:
        """Enter in the account what the store has now, and close the write unless its answer was lost."""
        result = evidence.results.get(product_subject(row))
        if result is not None and result.outcome is Outcome.UNKNOWN:
            return
        if result is not None:
            verdict.settled_writes.append(row.id)
        if seen.is_gone(row) or (result is not None and result.outcome is not Outcome.APPLIED):
            return
        # Nobody was buying what we had hidden ourselves; everywhere else somebody may have been.
        may_hide_sales = not (self.stage is Stage.UNHIDE and row.account is not None)
        sent = None if result is None else result.change.after("quantity")
        if sent is not None:
            count = counted(seen.of(row))
            missing = None if count is None else sent - count
            verdict.accounts.append(
                AccountEntry(row.id, EntryKind.SET, sent, may_hide_sales=may_hide_sales, missing=missing)
            )
        elif planned.count is not None:
            verdict.accounts.append(AccountEntry(row.id, EntryKind.LOOK, planned.count, may_hide_sales=may_hide_sales))


def _is_unseen(row: ListingRow, seen: Products) -> bool:
    """Whether nothing can be read of a stock that was set, so that the answer is all there is."""
    if seen.by_id is None:
        return True
    product = seen.of(row)
    return product is not None and product.stock is None and counted(product) is None
