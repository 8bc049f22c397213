"""The port `Accounts` in memory: the stock of one channel's listings by the rules that the database follows."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from fakes.listings import MemoryListings
from tradepost.domain.errors import RunLost
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Pending
from tradepost.domain.orders.order_news import OrderNews
from tradepost.domain.stock.stock import EntryKind, OrderSighting, SightingPlace, is_erased
from tradepost.domain.stock.stock_attention import WatchedStock, is_oversold
from tradepost.operations.ports import AccountEntry, KnownSighting, ListingRow, Reading, SightedOrder
from tradepost.operations.stock.sightings import order_news


class MemoryAccounts:
    """
    `entries` as they were made: listing, kind, amount. `basis`: since when sales may be hidden. `news`: for the ledger.
    """

    def __init__(
        self,
        listings: MemoryListings,
        *,
        may_write: Callable[[], bool] = lambda: True,
        is_imported: Callable[[int], bool] = lambda _: False,
    ) -> None:
        self.entries: list[tuple[int, EntryKind, int]] = []
        self.missing: dict[int, int] = {}
        self.sightings: dict[int, OrderSighting] = {}
        self.news: dict[int, OrderNews] = {}
        self._listings = listings
        self._place = SightingPlace()
        self._may_write = may_write
        self._is_imported = is_imported

    def place(self) -> SightingPlace:
        open_ids = tuple(number for number, order in sorted(self.sightings.items()) if order.is_open)
        return replace(self._place, open_ids=open_ids)

    def set_place(self, place: SightingPlace) -> None:
        assert self._may_write()
        self._place = place

    def known(self, order_ids: Collection[int]) -> dict[int, KnownSighting]:
        return {
            number: KnownSighting(
                order.updated,
                {pieces.key: pieces.taken for pieces in order.pieces},
                order.fingerprint,
                is_imported=self._is_imported(number),
            )
            for number, order in self.sightings.items()
            if number in order_ids
        }

    def known_near(self, place: SightingPlace) -> dict[int, KnownSighting]:
        return self.known(self.sightings)

    def sight(
        self, orders: Sequence[SightedOrder], *, is_first: bool, at: datetime, read_at: datetime | None = None
    ) -> None:
        assert self._may_write()
        for order in orders:
            known = self.sightings.get(order.id)
            before = {pieces.key: pieces for pieces in known.pieces} if known is not None else {}
            if order.found is None or known is None or order.found.fingerprint != known.fingerprint:
                self.news[order.id] = order_news(order, self.known([order.id]).get(order.id))
            if order.found is None:
                self.sightings.pop(order.id, None)
                for key, pieces in before.items():
                    self._take(key, -pieces.on_delete, at)
                continue
            now = {pieces.key: pieces.taken for pieces in order.found.pieces}
            self.sightings[order.id] = order.found
            for key in {**before, **now}:
                change = now.get(key, 0) - (before[key].taken if key in before else 0)
                self._take(key, change, at, is_counted=not is_first)

    def begin(self, writes: Mapping[int, int | None], *, at: datetime) -> None:
        assert self._may_write()
        for number, move in writes.items():
            row = self._listings.all[number]
            if row.open_since is not None:
                raise RunLost("Another run is writing the stock of the same listings.")
            keeps = move is not None or row.status.pending is Pending.HIDE
            keeps = keeps or (row.status.health is Health.HIDDEN and row.status.pending is not Pending.UNHIDE)
            self._listings.all[number] = replace(
                row, open_since=at, open_move=move, account=row.account if keeps else None
            )

    def note_hidden(self, found: Mapping[int, int]) -> None:
        assert self._may_write()
        for number, pieces in found.items():
            row = self._listings.all[number]
            is_first = row.available is None and row.status.health is not Health.HIDDEN
            if is_first and (row.hidden_count is None or pieces > 0):
                self._listings.all[number] = replace(row, hidden_count=pieces)

    def record(self, entries: Sequence[AccountEntry], *, settled: Collection[int], lost: Collection[int]) -> None:
        assert self._may_write()
        for number in settled:
            self._listings.all[number] = replace(self._listings.all[number], open_since=None, open_move=None)
        for number in lost:
            self._listings.all[number] = replace(self._listings.all[number], account=None)
        for entry in entries:
            row = self._listings.all[entry.listing_id]
            account = (row.account or 0) + entry.amount if entry.kind is EntryKind.MOVE else entry.amount
            self._listings.all[row.id] = replace(row, account=account, hidden_count=_hidden_count(row, entry))
            self.entries.append((row.id, entry.kind, entry.amount))
            if entry.missing is not None:
                self.missing[row.id] = entry.missing

    def state(self, pieces: Mapping[int, int], *, at: datetime) -> None:
        assert self._may_write()
        for number, more in pieces.items():
            row = self._listings.all[number]
            if row.available is not None:
                self._listings.all[number] = replace(row, available=row.available + more)

    def watched(self, *, after: int, limit: int) -> list[WatchedStock]:
        kinds = {Attention.OVERSOLD, Attention.COUNT_STANDS_STILL}
        return [
            WatchedStock(row.id, row.sku, row.available, sells_without_stock=row.sells_without_stock)
            for row in sorted(self._listings.all.values(), key=lambda row: row.id)
            if row.id > after and (_is_oversold(row) or kinds & self._listings.flags.get(row.id, {}).keys())
        ][:limit]

    def read(self, readings: Sequence[Reading], *, at: datetime) -> None:
        assert self._may_write()
        self.missing |= {reading.listing_id: reading.missing for reading in readings}

    def _take(self, key: str, pieces: int, at: datetime, *, is_counted: bool = True) -> None:
        found = [row for row in self._listings.all.values() if key in {row.sku.casefold(), code_key(row.code)}]
        for row in found:
            available = None if row.available is None else row.available - pieces
            erased = pieces > 0 and is_erased(sighted_at=at, basis_at=row.basis_at)
            account = row.account
            if account is not None and is_counted and not erased:
                account -= pieces
            self._listings.all[row.id] = replace(row, available=available, account=account)


def _hidden_count(row: ListingRow, entry: AccountEntry) -> int | None:
    if row.available is not None:
        return None
    if entry.kind is EntryKind.LOOK and row.status.pending is Pending.HIDE and row.hidden_count is None:
        return entry.amount
    is_again = row.status.health is Health.HIDDEN and row.status.pending is not Pending.UNHIDE
    if entry.kind is EntryKind.SET and is_again and row.hidden_count is not None:
        return row.hidden_count + max(row.account or 0, 0)
    return row.hidden_count


def _is_oversold(row: ListingRow) -> bool:
    return is_oversold(row.available, sells_without_stock=row.sells_without_stock)
