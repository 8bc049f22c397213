"""The ledger of orders, brought in step with what is news of the store's: imported, followed, or left where it is."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from tradepost.domain import changes
from tradepost.domain.orders.order import (
    OrderState,
    ParkedOrder,
    PaymentState,
    StoreOrder,
    UnreadableOrder,
    parked,
    unstorable,
)
from tradepost.domain.orders.order_changes import DELETED, LedgerOrder, changes_since
from tradepost.domain.orders.order_news import OrderCriteria, OrderNews, needs_details
from tradepost.domain.plan import Outcome, Plan, Result, Unit
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.orders.get_orders.found import FoundOrders, seen_of
from tradepost.operations.ports import ChannelSettings, Ports

_AT_ONCE = 300
# The rest of a large backlog is for the next gets, so that none of them takes long.
_FORGOTTEN_AT_ONCE = 500


@dataclass(slots=True)
class LedgerPlan:
    """
    What a plan does to the ledger. `judged`: fingerprints by order number, of what is no news any more; and what is
    `parked` is none either. `changed`: those of the followed orders in which somebody has changed something.
    """

    imported: list[StoreOrder] = field(default_factory=list)
    followed: list[StoreOrder] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    judged: dict[int, str] = field(default_factory=dict)
    parked: list[ParkedOrder] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """The orders of a batch that the ledger has, and by which looks orders are parked (`Orders.parked`)."""

    known: Mapping[int, LedgerOrder]
    parked: Mapping[str, str]


class KeepLedger(Operation[OrderNews, LedgerFacts, FoundOrders, LedgerPlan]):
    """
    Judge what is news: import what is wanted, follow what was imported. One bad order never stops others.

    What is not wanted by its state and time alone is left without being loaded. What was judged is no news any more,
    in the same transaction; so a run that was cut off goes on with the rest. `found`: news that nobody has written
    down, because the run is a preview.
    """

    name = "ledger"
    label = "orders looked at"
    needs_known_store = False

    def __init__(self, channel: ChannelSettings, criteria: OrderCriteria, found: Mapping[int, OrderNews]) -> None:
        self._channel = channel
        self._criteria = criteria
        self._found = [found[number] for number in sorted(found)]

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[OrderNews]]:
        while rows := self._next(ports, after):
            after = rows[-1].number
            yield Batch(rows)

    def _next(self, ports: Ports, after: int) -> list[OrderNews]:
        """The next news by number; of an order that was found just now, what was found."""
        rows = {row.number: row for row in ports.orders.news(after=after, limit=_AT_ONCE)}
        start = bisect_right(self._found, after, key=lambda row: row.number)
        rows |= {row.number: row for row in self._found[start : start + _AT_ONCE]}
        return [rows[number] for number in sorted(rows)[:_AT_ONCE]]

    def observe(self, ports: Ports, batch: Batch[OrderNews]) -> FoundOrders:
        wanted = [row.number for row in batch.rows if needs_details(row, self._criteria)]
        return seen_of(ports.store.orders_by_id(wanted)) if wanted else {}

    def facts(self, ports: Ports, batch: Batch[OrderNews], seen: FoundOrders) -> LedgerFacts:
        # The ledger's order of a number that a preview found new is another one, which nobody has set aside yet.
        new = {row.number for row in self._found if not row.is_imported}
        numbers = [row.number for row in batch.rows if row.number not in new]
        return LedgerFacts(ports.orders.ledger(numbers), ports.orders.parked())

    def plan(self, batch: Batch[OrderNews], facts: LedgerFacts | None, seen: FoundOrders) -> Plan[LedgerPlan]:
        assert facts is not None
        detail = LedgerPlan()
        units: list[Unit] = []
        settled: list[Result] = []
        for row in batch.rows:
            order = seen.get(row.number)
            known = facts.known.get(row.number)
            if order is None:
                detail.judged[row.number] = row.fingerprint
                # One that was asked for and has not come is gone as well.
                is_gone = row.is_gone or needs_details(row, self._criteria)
                if known is not None and is_gone and known.state is not OrderState.CLOSED and not known.is_gone:
                    detail.gone.append(row.number)
                    cancelled = changes.order_cancelled(row.number, before=known.state, reason=DELETED)
                    units.append(Unit(str(row.number), (cancelled,)))
                continue
            reason = order.reason if isinstance(order, UnreadableOrder) else unfit(order)
            if isinstance(order, UnreadableOrder) or reason:
                aside = parked(str(row.number), reason=reason, fingerprint=row.fingerprint, payload=order.payload)
                detail.parked.append(aside)
                # Of one that is parked for the same, everything was said.
                if facts.parked.get(aside.number) != aside.fingerprint:
                    settled.append(Result(changes.order_parked(aside.number), Outcome.FAILED, message=reason))
                continue
            detail.judged[row.number] = row.fingerprint
            if known is not None:
                fields = changes_since(known, known.kept(order))
                # Items that were unknown may be listings by now.
                if fields or known.is_gone or known.has_unknown_items:
                    detail.followed.append(order)
                if fields or known.is_gone:
                    detail.changed.append(order.id)
                    units.append(Unit(str(order.id), (changes.order_changed(order.id, fields),)))
            elif self._criteria.wants(order):
                detail.imported.append(order)
                units.append(Unit(str(order.id), (changes.order_imported(order),)))
            elif order.status in self._criteria.statuses:
                settled.append(self._left(order))
        return Plan(detail, tuple(units), tuple(settled))

    def judge(
        self,
        batch: Batch[OrderNews],
        facts: LedgerFacts | None,
        seen: FoundOrders,
        plan: Plan[LedgerPlan],
        evidence: Evidence,
    ) -> Verdict:
        detail = plan.detail
        return Verdict(
            imported=detail.imported,
            followed=detail.followed,
            changed_orders=detail.changed,
            gone_orders=detail.gone,
            judged_orders=detail.judged,
            parked=detail.parked,
        )

    def finish(self, ports: Ports) -> None:
        now = ports.clock()
        ports.orders.set_last_fetch(now)
        ports.orders.drop_payloads(before=now - timedelta(days=self._channel.payload_days))
        before = now - timedelta(days=self._channel.personal_days)
        forgotten = ports.orders.forget_people(before=before, limit=_FORGOTTEN_AT_ONCE, at=now)
        ports.run.report([Result(changes.order_anonymised(str(number)), Outcome.APPLIED) for number in forgotten])

    def _left(self, order: StoreOrder) -> Result:
        if order.payment_state is PaymentState.PENDING:
            message = f"Order {order.id} has no payment yet; it is imported once it has one."
        else:
            states = ", ".join(sorted(state.replace("_", " ") for state in self._criteria.payment_states))
            state = order.payment_state.replace("_", " ")
            message = f"Order {order.id} is {state}; it is imported once its payment is {states}."
        return Result(changes.order_imported(order), Outcome.SKIPPED, message=message)


def unfit(order: StoreOrder) -> str:
    """Say why an order can't be held; empty where it can."""
    reason = unstorable(order)
    return f"Order {order.id} can't be imported: {reason}" if reason else ""
