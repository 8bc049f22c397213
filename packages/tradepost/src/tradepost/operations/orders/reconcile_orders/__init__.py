"""
Reconcile orders: the proof that every order of the store is where it belongs, and every shipment on both sides.

Nothing is written to the store, and nothing is repaired: what differs is named with its remedy. The orders that were
placed in a span of time are read, in every state, and compared with the ledger; then those of the ledger that have not
come by, and those that were shipped in that time, are asked for by number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tradepost.domain import changes
from tradepost.domain.orders.order import LARGEST_ID, StoreStatus, UnreadableOrder
from tradepost.domain.orders.order_news import OrderNews
from tradepost.domain.orders.order_proof import USUAL_DAYS, HubOrder, OrderFinding, OrderProof
from tradepost.domain.plan import Change, Outcome, Plan, Result
from tradepost.domain.stock.stock import UnreadableSighting
from tradepost.operations.form import Batch, Evidence, Operation, Verdict, drive
from tradepost.operations.orders.get_orders import criteria_now
from tradepost.operations.orders.get_orders.found import FoundOrders, seen_of
from tradepost.operations.orders.reconcile_orders.findings import Measure, find
from tradepost.operations.ports import Ports, SightedOrder
from tradepost.operations.selection import EVERYTHING, Selection
from tradepost.operations.stock.sightings import order_news

_AT_ONCE = 300


@dataclass(frozen=True, slots=True)
class Placed:
    """An order by its number, with what the store shows of it in short; or why nothing can be read of it."""

    number: str
    id: int | None
    news: OrderNews | None = None
    reason: str = ""
    is_placed: bool = True


@dataclass(frozen=True, slots=True)
class HubFacts:
    """What the ledger has of a batch, and why orders are parked, by number."""

    ledger: Mapping[int, HubOrder]
    parked: Mapping[str, str]


def execute(ports: Ports, selection: Selection = EVERYTHING) -> None:
    """
    Compare orders, those of the last month unless the selection says when they were placed.

    The usual comparison is kept for whoever looks at the channel. Idempotent: it changes nothing.
    """
    now = ports.clock()
    since, until = selection.placed
    usual = since is None and until is None
    proof = OrderProof(
        int((now - timedelta(days=USUAL_DAYS)).timestamp()) if since is None else since,
        # The store's clock may be ahead.
        int((now + timedelta(days=1)).timestamp()) if until is None else until,
    )
    measure = Measure(ports.channel, criteria_now(ports, ports.orders.compared()), now)
    seen: set[str] = set()
    drive(ports, StoreSide(proof, measure, seen, tells_all=selection.tells_all))
    drive(ports, HubSide(proof, measure, seen, tells_all=selection.tells_all, keeps=usual))


class _Side(Operation[Placed, HubFacts, FoundOrders, Sequence[OrderFinding]]):
    """`seen`: the numbers of the orders that the store has shown. `tells_all`: also of what is as it should be."""

    label = "orders compared"
    needs_known_store = False
    is_observation = True

    def __init__(self, proof: OrderProof, measure: Measure, seen: set[str], *, tells_all: bool) -> None:
        self._proof = proof
        self._measure = measure
        self._seen = seen
        self._tells_all = tells_all

    def observe(self, ports: Ports, batch: Batch[Placed]) -> FoundOrders:
        return seen_of(ports.store.orders_by_id([row.id for row in batch.rows if row.id is not None]))

    def facts(self, ports: Ports, batch: Batch[Placed], seen: FoundOrders) -> HubFacts:
        numbers = [row.id for row in batch.rows if row.id is not None]
        return HubFacts(ports.orders.in_hub(numbers), ports.orders.why_parked([row.number for row in batch.rows]))

    def plan(self, batch: Batch[Placed], facts: HubFacts | None, seen: FoundOrders) -> Plan[Sequence[OrderFinding]]:
        assert facts is not None
        found = [self._find(row, facts, seen) for row in batch.rows]
        settled = [result for finding in found for result in _results(finding, tells_all=self._tells_all)]
        return Plan(found, (), tuple(settled))

    def judge(
        self,
        batch: Batch[Placed],
        facts: HubFacts | None,
        seen: FoundOrders,
        plan: Plan[Sequence[OrderFinding]],
        evidence: Evidence,
    ) -> Verdict:
        for finding in plan.detail:
            self._proof.add(finding)
        return Verdict()

    def _find(self, row: Placed, facts: HubFacts, seen: FoundOrders) -> OrderFinding:
        order = seen.get(row.id) if row.id is not None else None
        return find(
            row.number,
            news=row.news,
            order=UnreadableOrder(row.number, row.reason) if row.reason else order,
            hub=facts.ledger.get(row.id) if row.id is not None else None,
            parked_for=facts.parked.get(row.number),
            measure=self._measure,
            is_placed=row.is_placed,
        )


class StoreSide(_Side):
    """What the store says was placed, in every state."""

    name = "store side"
    is_pass = True

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Placed]]:
        # Somebody else's attempt has counted for itself: this one begins anew.
        for page in ports.store.sight_orders_in(statuses=frozenset(StoreStatus), since=self._proof.since):
            orders = [order for order in page.orders if self._proof.since <= order.placed < self._proof.until]
            self._seen.update(str(order.id) for order in orders)
            self._seen.update(order.number for order in page.unreadable)
            rows = [
                *(Placed(str(order.id), order.id, order_news(SightedOrder(order.id, order), None)) for order in orders),
                *map(_unreadable, page.unreadable),
            ]
            for start in range(0, len(rows), _AT_ONCE):
                yield Batch(rows[start : start + _AT_ONCE])


class HubSide(_Side):
    """
    What is parked or in the ledger by then and has not come by, and what was shipped for earlier orders.

    `keeps`: the proof, for whoever looks at the channel.
    """

    name = "hub side"
    looks_ahead = False

    def __init__(self, proof: OrderProof, measure: Measure, seen: set[str], *, tells_all: bool, keeps: bool) -> None:
        super().__init__(proof, measure, seen, tells_all=tells_all)
        self._keeps = keeps

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Placed]]:
        # When a parked order was placed can't always be read, so they are told whatever time is looked at.
        parked = [
            Placed(number, int(number) if _may_be_asked_for(number) else None)
            for number in ports.orders.why_parked(None)
            if number not in self._seen
        ]
        for start in range(0, len(parked), _AT_ONCE):
            yield Batch(parked[start : start + _AT_ONCE])
        since, until = (datetime.fromtimestamp(each, UTC) for each in (self._proof.since, self._proof.until))
        after = 0
        while numbers := ports.orders.placed_or_shipped(since=since, until=until, after=after, limit=_AT_ONCE):
            after = max(numbers)
            rows = [
                Placed(str(number), number, is_placed=is_placed)
                for number, is_placed in numbers.items()
                if str(number) not in self._seen
            ]
            if rows:
                yield Batch(rows)

    def finish(self, ports: Ports) -> None:
        if self._keeps:
            ports.orders.keep_proof(self._proof, at=self._measure.now)


def _may_be_asked_for(number: str) -> bool:
    return number.isascii() and number.isdecimal() and len(number) < len(str(LARGEST_ID))


def _unreadable(sighting: UnreadableSighting) -> Placed:
    return Placed(sighting.number, None, reason=sighting.reason)


def _results(finding: OrderFinding, *, tells_all: bool) -> Iterator[Result]:
    """One for each order and each shipment, with all that differs of it; without differences only if all are told."""
    if finding.differences or (tells_all and finding.is_placed):
        change = changes.order_located(
            finding.number, place=finding.place, why=finding.why, is_acknowledged=finding.is_acknowledged
        )
        yield _result(change, finding.differences)
    for shipment in finding.shipments:
        if shipment.differences or tells_all:
            change = changes.shipment_located(
                shipment.code,
                order_number=shipment.order_number,
                in_hub=shipment.in_hub,
                on_store=shipment.on_store,
            )
            yield _result(change, shipment.differences)


def _result(change: Change, differences: Sequence[str]) -> Result:
    return Result(change, Outcome.FAILED if differences else Outcome.UNCHANGED, message=" ".join(differences))
