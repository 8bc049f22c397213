"""
Sync: bring price, quantity and status of linked listings to the store, and notice what is gone from it.

The order is the safe one: what must not be sold goes first (delist, hide, decreases), then prices, and only then what
becomes available (increases, unhide). Stock is absolute and would erase sales it does not know of, so orders are
fetched before anything is raised.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tradepost.domain.catalogue import Kind
from tradepost.domain.errors import PermissionMissing
from tradepost.domain.listing import Attention, Event, settle
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.domain.store import StoreProduct
from tradepost.operations import delist, existence, get_orders
from tradepost.operations.ports import (
    ListingRow,
    Ports,
    Proven,
    Stage,
    StockWrite,
    UnitAnswer,
    WriteAnswer,
    WriteOutcome,
)

_BEFORE_ORDERS = (Stage.DELIST, Stage.HIDE, Stage.DECREASE)
_VALUES_PER_PRODUCT = 10
_AFTER_ORDERS = (Stage.INCREASE, Stage.UNHIDE)


def execute(ports: Ports, *, only: Collection[int] | None = None) -> None:
    """
    Apply what is due for sync; `only` limits it to these listings and leaves the existence pass out.

    Idempotent: with nothing due it reads the store's ids and writes nothing. A price that can't be sent because the
    token may not provision does not stop quantities; its explanation is raised at the end.
    """
    if only is None:
        existence.check(ports)
    for stage in _BEFORE_ORDERS:
        _stage(ports, stage, only)
    refusal: PermissionMissing | None = None
    try:
        _stage(ports, Stage.PRICE, only)
    except PermissionMissing as missing:
        refusal = missing
    if ports.listings.count_due(_AFTER_ORDERS, only=only):
        get_orders.fetch(ports)
        # What was sold meanwhile may have turned an increase into a decrease.
        for stage in (Stage.DECREASE, *_AFTER_ORDERS):
            _stage(ports, stage, only)
    if refusal is not None:
        raise refusal


def _stage(ports: Ports, stage: Stage, only: Collection[int] | None) -> None:
    apply = _APPLY[stage]
    # Rows that were done are not due any more; rows that failed are, so the place is kept.
    after = 0
    while not ports.run.is_cancelled():
        rows = ports.listings.due(stage, after=after, limit=_rows_at_once(stage, ports), only=only)
        if not rows:
            return
        apply(ports, rows)
        after = rows[-1].id
        ports.run.progress(len(rows), None, f"{stage.value}: rows done")


def _rows_at_once(stage: Stage, ports: Ports) -> int:
    # A value is small beside a family with its images, and is sent again where it was not recorded; what is deleted
    # is gone, so less of it is at stake at a time.
    return ports.channel.batch_size * (1 if stage is Stage.DELIST else _VALUES_PER_PRODUCT)


# --- stock --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _StockPlan:
    """One stock to write. `event` settles the listing when it is proven."""

    row: ListingRow
    change: Change
    quantity: int
    stops_sale: bool
    event: Event | None


def plan_hide(row: ListingRow, there: StoreProduct | None) -> _StockPlan:
    """Hide: shown as out of stock, whatever the store's own defaults are."""
    count = _count(there)
    before = count if count is not None else row.expected_quantity
    change = _stock_change(row, Action.HIDE, before, 0, "queued to hide")
    return _StockPlan(row, change, 0, stops_sale=True, event=Event.HIDDEN)


def plan_unhide(row: ListingRow) -> _StockPlan | Result:
    if row.wanted_quantity is None:
        change = _stock_change(row, Action.UNHIDE, 0, None, "queued to unhide")
        message = f"The quantity of {row.sku} is unknown, so it can't be put back on sale. Set one and sync again."
        return Result(change, Outcome.FAILED, message=message)
    change = _stock_change(row, Action.UNHIDE, 0, row.wanted_quantity, "queued to unhide")
    return _StockPlan(row, change, row.wanted_quantity, stops_sale=True, event=Event.UNHIDDEN)


def plan_quantity(row: ListingRow, there: StoreProduct | None) -> _StockPlan | Result | None:
    """Send the wanted stock, less what was sold on the store and no order explains yet; None if it is unknown."""
    wanted = row.wanted_quantity
    if wanted is None:
        return None
    expected = row.expected_quantity
    count = _count(there)
    unexplained = max(0, expected - count) if expected is not None and count is not None else 0
    quantity = max(0, wanted - unexplained) if expected is not None and wanted > expected else wanted
    before = count if count is not None else expected
    reason = "the catalogue's quantity changed" if expected is not None else "the first quantity"
    if unexplained:
        reason += f"; {unexplained} sold on the store that no order explains yet"
    change = _stock_change(row, Action.UPDATE, before, quantity, reason)
    if expected is not None and count == quantity:
        return Result(change, Outcome.UNCHANGED, Proof.READ)
    return _StockPlan(row, change, quantity, stops_sale=expected is None, event=None)


def _apply_hide(ports: Ports, rows: Sequence[ListingRow]) -> None:
    _apply_stock(ports, rows, plan_hide)


def _apply_unhide(ports: Ports, rows: Sequence[ListingRow]) -> None:
    _apply_stock(ports, rows, lambda row, _there: plan_unhide(row))


def _apply_quantity(ports: Ports, rows: Sequence[ListingRow]) -> None:
    _apply_stock(ports, rows, plan_quantity)


def _count(there: StoreProduct | None) -> int | None:
    """The store's count, None where it can't be read or nothing is counted."""
    stock = there.stock if there is not None else None
    return stock.count if stock is not None and stock.is_tracked else None


_Planner = Callable[[ListingRow, StoreProduct | None], _StockPlan | Result | None]


def _apply_stock(ports: Ports, rows: Sequence[ListingRow], planner: _Planner) -> None:
    record = _Record(ports, ports.clock())
    # A parent has no stock of its own: it is hidden when its variants are.
    record.settle_parents([row for row in rows if row.kind is Kind.PARENT])
    countable = [row for row in rows if row.kind is not Kind.PARENT]
    can_read = bool(countable) and ports.store.reads_stock()
    # Without the right to see stock there is nothing to read before it is written.
    there = record.present(countable) if can_read else [(row, None) for row in countable]
    plans: list[_StockPlan] = []
    for row, product in there:
        plan = planner(row, product)
        if isinstance(plan, Result) and plan.outcome is Outcome.UNCHANGED:
            record.prove(plan, Proven(row.id, record.at, quantity=plan.change.after("quantity")))
        elif isinstance(plan, Result):
            record.fail(row, plan)
        elif plan is not None:
            plans.append(plan)
    ports.run.plan([Unit(plan.row.code, (plan.change,)) for plan in plans])
    if ports.run.is_dry:
        return
    writes = [StockWrite(plan.row.external_id or 0, plan.quantity, plan.stops_sale) for plan in plans]
    answers = ports.store.set_stock(writes) if writes else []
    now = ports.store.products_by_id([plan.row.external_id or 0 for plan in plans]) if can_read and plans else {}
    # An absolute stock erases what was sold before it arrived; so the moment that counts is after the answer.
    at = ports.clock()
    for plan, answer in zip(plans, answers, strict=True):
        result = _stock_result(plan, answer, now.get(plan.row.external_id or 0), can_read=can_read)
        if result.outcome is not Outcome.APPLIED:
            record.fail(plan.row, result)
            continue
        after = now.get(plan.row.external_id or 0)
        count = after.stock.count if after is not None and after.stock is not None else plan.quantity
        status = settle(plan.row.status, plan.event) if plan.event is not None else None
        record.prove(result, Proven(plan.row.id, at, status=status, quantity=count))
    record.commit()


def _stock_result(plan: _StockPlan, answer: WriteAnswer, there: StoreProduct | None, *, can_read: bool) -> Result:
    if can_read:
        stock = there.stock if there is not None else None
        if stock is not None and stock.is_tracked and _was_taken(plan, answer, stock.count):
            return Result(plan.change, Outcome.APPLIED, Proof.READ)
    elif answer.outcome is WriteOutcome.DONE:
        return Result(plan.change, Outcome.APPLIED, Proof.ANSWERED)
    outcome = Outcome.UNKNOWN if answer.outcome is WriteOutcome.LOST else Outcome.REJECTED
    return Result(plan.change, outcome, message=answer.message or "The store said yes, but its stock did not change.")


def _was_taken(plan: _StockPlan, answer: WriteAnswer, count: int) -> bool:
    if count == plan.quantity:
        return True
    # Lower than what was sent, and not what was there before, is a sale in between.
    before = plan.change.fields[0].before
    return answer.outcome is WriteOutcome.DONE and count < plan.quantity and count != before


def _stock_change(row: ListingRow, action: Action, before: int | None, after: int | None, reason: str) -> Change:
    return Change(
        Subject(SubjectKind.PRODUCT, row.code),
        Side.STORE,
        action,
        (FieldChange("quantity", before, after),),
        reason,
        row.id,
    )


# --- price --------------------------------------------------------------------------------------------------------


def _apply_price(ports: Ports, rows: Sequence[ListingRow]) -> None:
    at = ports.clock()
    record = _Record(ports, at)
    # A price erases nothing, so the store is only asked afterwards: that proves it, and shows what is gone.
    units = [Unit(row.code, (_price_change(row),)) for row in rows]
    ports.run.plan(units)
    if ports.run.is_dry:
        return
    answers = ports.store.provision(units)
    present = {row.id: product for row, product in record.present(rows)}
    for row, unit, answer in zip(rows, units, answers, strict=True):
        after = present.get(row.id)
        if after is None:
            continue
        change = unit.changes[0]
        if after.price == row.wanted_price:
            record.prove(
                Result(change, Outcome.APPLIED, Proof.READ), Proven(row.id, at, price=after.price, code=after.code)
            )
        else:
            record.fail(row, Result(change, _refused(answer), message=_words(answer)))
    record.commit()


def _price_change(row: ListingRow) -> Change:
    return Change(
        Subject(SubjectKind.PRODUCT, row.code),
        Side.STORE,
        Action.UPDATE,
        (FieldChange("price", row.proven_price, row.wanted_price),),
        "the lowest price of its variants changed" if row.kind is Kind.PARENT else "the price changed",
        row.id,
    )


def _refused(answer: UnitAnswer) -> Outcome:
    return Outcome.UNKNOWN if answer.outcome is WriteOutcome.LOST else Outcome.REJECTED


def _words(answer: UnitAnswer) -> str:
    words = " ".join([*answer.refusals.values(), *answer.complaints, answer.message]).strip()
    return words or "The store said yes, but the price did not change."


# --- record -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Record:
    """Collects what became of a batch, and writes it in one transaction."""

    ports: Ports
    at: datetime
    proven: list[Proven] = field(default_factory=list)
    flags: dict[int, tuple[Attention, str]] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)

    def present(self, rows: Sequence[ListingRow]) -> list[tuple[ListingRow, StoreProduct]]:
        """Read the rows' products; those that are gone become broken links and get no writes."""
        found: Mapping[int, StoreProduct] = (
            self.ports.store.products_by_id([row.external_id for row in rows if row.external_id is not None])
            if rows
            else {}
        )
        present: list[tuple[ListingRow, StoreProduct]] = []
        for row in rows:
            product = found.get(row.external_id or 0)
            if product is not None:
                present.append((row, product))
                continue
            change = existence.gone_change(code=row.code, listing_id=row.id)
            message = f"{row.code} is gone from the store."
            self.proven.append(Proven(row.id, self.at, status=settle(row.status, Event.GONE)))
            self.flags[row.id] = (Attention.BROKEN_LINK, message)
            self.results.append(Result(change, Outcome.APPLIED, Proof.READ, message))
        return present

    def settle_parents(self, rows: Sequence[ListingRow]) -> None:
        events = {"hide": Event.HIDDEN, "unhide": Event.UNHIDDEN}
        for row in rows:
            event = events.get(row.status.pending.value)
            if event is not None:
                action = Action.HIDE if event is Event.HIDDEN else Action.UNHIDE
                change = Change(
                    Subject(SubjectKind.LISTING, row.code), Side.HUB, action, (), "its variants were queued", row.id
                )
                self.prove(Result(change, Outcome.APPLIED), Proven(row.id, self.at, status=settle(row.status, event)))

    def prove(self, result: Result, proven: Proven) -> None:
        self.results.append(result)
        self.proven.append(proven)

    def fail(self, row: ListingRow, result: Result) -> None:
        self.results.append(result)
        self.flags[row.id] = (Attention.SYNC_FAILED, result.message)

    def commit(self) -> None:
        if not (self.results or self.proven):
            return
        fine = [proven.listing_id for proven in self.proven if proven.listing_id not in self.flags]
        with self.ports.run.transaction():
            self.ports.listings.record(self.proven)
            self.ports.listings.flag(self.flags, clear=fine)
            self.ports.run.report(self.results)


_APPLY: Mapping[Stage, Callable[[Ports, Sequence[ListingRow]], None]] = {
    Stage.DELIST: delist.apply,
    Stage.HIDE: _apply_hide,
    Stage.DECREASE: _apply_quantity,
    Stage.PRICE: _apply_price,
    Stage.INCREASE: _apply_quantity,
    Stage.UNHIDE: _apply_unhide,
}
