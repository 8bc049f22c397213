"""Sightings: which pieces the store's orders took from stock, in whatever status, and which they gave back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.orders.order import StoreStatus, parked
from tradepost.domain.orders.order_news import OrderNews
from tradepost.domain.plan import Change, Outcome, Plan, Result, Unit
from tradepost.domain.stock.stock import OVERLAP_SECONDS, OrderSighting, SightingPlace, UnreadableSighting, is_replaced
from tradepost.operations.form import Batch, Evidence, Operation, Verdict, drive
from tradepost.operations.ports import KnownSighting, ListingRow, Ports, SightedOrder, SightingPage, Store

_OPEN_AT_ONCE = 200

Known = Mapping[int, KnownSighting]
Sighted = SightedOrder | UnreadableSighting
SightedOrders = Sequence[SightedOrder]


@dataclass(frozen=True, slots=True)
class SightingFacts:
    """What is written down of the orders of a page, and by which looks orders are parked (`Orders.parked`)."""

    known: Known
    parked: Mapping[str, str]


class Sight(Operation[Sighted, SightingFacts, None, SightedOrders]):
    """
    Read every order that is new or changed, and those that are open by number: one that has vanished was deleted.

    When a channel is connected only open orders count; the rest was there before. The place moves when every page
    was read, so a pass that breaks off is made again.
    """

    label = "orders sighted"
    is_pass = True
    is_observation = True

    def __init__(self, *, name: str = "sightings", is_repeat: bool = False) -> None:
        self.name = name
        self.is_repeat = is_repeat
        # What a preview has found, and nobody writes down: by order number.
        self.found: dict[int, OrderNews] = {}

    def prepare(self, ports: Ports) -> None:
        self._read_at = ports.clock()
        self._place = ports.accounts.place()
        self._is_first = self._place.first_id is None
        if self._is_first:
            newest = ports.store.newest_orders()
            first_id = max((order.id for order in newest), default=0)
            self._place = replace(self._place, first_id=first_id).beyond(newest)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[Sighted]]:
        for page in read_orders(ports.store, self._place, is_first=self._is_first):
            self._place = self._place.beyond(_found(page))
            yield Batch(page)

    def observe(self, ports: Ports, batch: Batch[Sighted]) -> None:
        """The page is all there is to see."""

    def facts(self, ports: Ports, batch: Batch[Sighted], seen: None) -> SightingFacts:
        known = ports.accounts.known([order.id for order in orders_of(batch)])
        known = {order.id: known[order.id] for order in orders_of(batch) if is_same_order(order, known.get(order.id))}
        news = (self.news_of(order, known.get(order.id)) for order in orders_of(batch))
        self.found |= {each.number: each for each in news if each is not None}
        return SightingFacts(known, ports.orders.parked() if _unreadable(batch) else {})

    def plan(self, batch: Batch[Sighted], facts: SightingFacts | None, seen: None) -> Plan[SightedOrders]:
        assert facts is not None
        sighted = [order for order in orders_of(batch) if is_news(order, facts.known.get(order.id))]
        units = (Unit(str(order.id), _changes(order, facts.known.get(order.id))) for order in sighted)
        # Of one that is parked for the same, everything was said.
        settled = [
            Result(changes.order_parked(order.number), Outcome.FAILED, message=order.reason)
            for order in _unreadable(batch)
            if facts.parked.get(order.number) != order.fingerprint
        ]
        return Plan(tuple(sighted), tuple(unit for unit in units if unit.changes), tuple(settled))

    def judge(
        self,
        batch: Batch[Sighted],
        facts: SightingFacts | None,
        seen: None,
        plan: Plan[SightedOrders],
        evidence: Evidence,
    ) -> Verdict:
        return Verdict(
            sighted=list(plan.detail),
            is_first_sighting=self._is_first,
            sightings_read_at=self._read_at,
            parked=[
                parked(order.number, reason=order.reason, fingerprint=order.fingerprint, payload=order.payload)
                for order in _unreadable(batch)
            ],
            unparked=[order.id for order in orders_of(batch) if order.found is None],
        )

    def finish(self, ports: Ports) -> None:
        ports.accounts.set_place(self._place)
        self.found = {}

    def news_of(self, order: SightedOrder, known: KnownSighting | None) -> OrderNews | None:
        """Say what is news of an order for the ledger, if anything is."""
        return order_news(order, known) if is_news(order, known) and looks_different(order, known) else None


def sight_first(ports: Ports) -> None:
    """
    Sight what is open, if nobody has looked at this channel's orders yet.

    To be done before the first account is opened: what was sold before is in no account.
    """
    if ports.accounts.place().first_id is None:
        drive(ports, Sight())


def read_orders(store: Store, place: SightingPlace, *, is_first: bool = False) -> Iterator[list[Sighted]]:
    """Read what is new beyond a place, then the open orders by number that have not come by."""
    if is_first:
        yield from map(sighted_of, store.sight_open_orders())
        return
    come_by: set[int] = set()
    updated_from = max(0, place.highest_updated - OVERLAP_SECONDS)
    for page in store.sight_orders(above_id=place.highest_id, updated_from=updated_from):
        come_by |= {order.id for order in page.orders}
        yield sighted_of(page)
    rest = [number for number in place.open_ids if number not in come_by]
    for start in range(0, len(rest), _OPEN_AT_ONCE):
        asked = rest[start : start + _OPEN_AT_ONCE]
        page = store.sight_orders_by_id(asked)
        unreadable = {order.number for order in page.unreadable}
        found = {order.id for order in page.orders}
        gone = [SightedOrder(id_, None) for id_ in asked if id_ not in found and str(id_) not in unreadable]
        yield [*sighted_of(page), *gone]


def is_same_order(order: SightedOrder, known: KnownSighting | None) -> bool:
    """Whether an order is the one that is known by its number; where that is another one, it is as good as unknown."""
    if known is None:
        return False
    return order.found is None or not is_replaced(order.found, placed=known.placed, updated=known.updated)


def is_news(order: SightedOrder, known: KnownSighting | None) -> bool:
    """Whether a sighting says something that is not written down."""
    if known is None:
        return order.found is not None
    return looks_different(order, known) or bool(pieces_changed(order, known))


def looks_different(order: SightedOrder, known: KnownSighting | None) -> bool:
    """Whether anything of an order, and not only of its pieces, is other than it was."""
    if known is None:
        return True
    if order.found is None:
        return not known.is_gone
    return known.is_gone or order.found.fingerprint != known.fingerprint


def order_news(order: SightedOrder, known: KnownSighting | None) -> OrderNews:
    """What a sighting says of an order; of one that is gone, that it is."""
    is_imported = known is not None and known.is_imported
    if order.found is not None:
        found = order.found
        return OrderNews(
            order.id, found.status, found.placed, found.updated, found.fingerprint, is_imported=is_imported
        )
    updated, fingerprint = (known.updated, known.fingerprint) if known is not None else (0, "")
    return OrderNews(order.id, StoreStatus.OTHER, 0, updated, fingerprint, is_gone=True, is_imported=is_imported)


def pieces_changed(order: SightedOrder, known: KnownSighting | None) -> dict[str, int]:
    """Return by how much more of each product an order has taken than was known; less where negative."""
    before = known.taken if known is not None else {}
    if order.found is None:
        return {}
    now = {pieces.key: pieces.taken for pieces in order.found.pieces}
    return {key: difference for key in {**before, **now} if (difference := now.get(key, 0) - before.get(key, 0)) != 0}


def moving_keys(ports: Ports, place: SightingPlace, known: Known) -> frozenset[str]:
    """
    Name the products of which the orders say something new by now; a count that was read before says nothing of these.

    `known` as from `Accounts.known_near`.
    """
    moving: set[str] = set()
    for page in read_orders(ports.store, place):
        for order in page:
            if isinstance(order, SightedOrder) and (changed := pieces_changed(order, known.get(order.id))):
                moving |= changed.keys()
                for pieces in () if order.found is None else order.found.pieces:
                    moving |= pieces.sold.names if pieces.key in changed else set()
    return frozenset(moving)


def is_moving(row: ListingRow, moving: frozenset[str]) -> bool:
    return bool(moving & {row.sku.casefold(), row.code.casefold()})


def _changes(order: SightedOrder, known: KnownSighting | None) -> tuple[Change, ...]:
    if order.found is None:
        return (changes.order_gone(order.id),)
    before = known.taken if known is not None else {}
    changed = pieces_changed(order, known)
    if not changed:
        return ()
    pieces = {key: (before.get(key, 0), before.get(key, 0) + difference) for key, difference in changed.items()}
    return (changes.order_sighted(order.id, pieces=pieces),)


def orders_of(batch: Batch[Sighted]) -> list[SightedOrder]:
    return [order for order in batch.rows if isinstance(order, SightedOrder)]


def _unreadable(batch: Batch[Sighted]) -> list[UnreadableSighting]:
    return [order for order in batch.rows if isinstance(order, UnreadableSighting)]


def _found(page: Iterable[Sighted]) -> list[OrderSighting]:
    return [order.found for order in page if isinstance(order, SightedOrder) and order.found is not None]


def sighted_of(page: SightingPage) -> list[Sighted]:
    return [*(SightedOrder(order.id, order) for order in page.orders), *page.unreadable]
