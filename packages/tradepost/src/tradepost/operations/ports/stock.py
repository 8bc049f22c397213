"""The port of stock: what was sighted of a channel's orders, and the account of each listing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tradepost.domain.stock.stock import EntryKind, OrderSighting, SightingPlace
from tradepost.domain.stock.stock_attention import WatchedStock


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """
    What an account is from now on, or by how much it is moved.

    `amount`: the count that was set or looked at, or the pieces moved. `may_hide_sales`: somebody may have been buying
    when the count was taken or set, so sales that come to light soon count as erased (`domain.stock.stock.is_erased`).
    `missing`: what a look found right after it, as in `Reading`; None where nobody could look. `proven_at`: when that
    was begun.
    """

    listing_id: int
    kind: EntryKind
    amount: int
    may_hide_sales: bool = False
    missing: int | None = None
    proven_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """
    What a look found: by how much the store's count is below the account, above it where negative.

    `is_guess`: nobody could look, and so many may be missing.
    """

    listing_id: int
    missing: int
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class KnownSighting:
    """
    What is written down of an order: the store's own time of it, and the pieces taken by product.

    `fingerprint`: of the last look. `is_gone`: it had vanished by then. `is_imported`: the ledger has it. `placed`: by
    the store's clock, too.
    """

    updated: int
    taken: Mapping[str, int]
    fingerprint: str = ""
    is_gone: bool = False
    is_imported: bool = False
    placed: int = 0


@dataclass(frozen=True, slots=True)
class SightedOrder:
    """An order as it was sighted now; without `found`, it has gone from the store."""

    id: int
    found: OrderSighting | None


@dataclass(frozen=True, slots=True)
class Handover:
    """Store's order numbers: those that were `marked`, those that had been `before`, and those that nobody has seen."""

    marked: Sequence[int]
    before: Sequence[int]
    unknown: Sequence[int]


class Handovers(Protocol):
    """Which orders of a channel were handed over. A write belongs into a transaction."""

    def mark(self, order_numbers: Collection[int] | None, *, at: datetime) -> Handover:
        """Mark sighted orders that were not marked yet; None: all that are open. Idempotent."""
        ...


class Accounts(Protocol):
    """The stock of one channel. Every write is made inside `Run.transaction`."""

    def place(self) -> SightingPlace: ...

    def set_place(self, place: SightingPlace) -> None: ...

    def known(self, order_ids: Collection[int]) -> dict[int, KnownSighting]: ...

    def known_near(self, place: SightingPlace) -> dict[int, KnownSighting]:
        """What is written down of the orders that are read again from a place: open ones, and the newest."""
        ...

    def sight(
        self, orders: Sequence[SightedOrder], *, is_first: bool, at: datetime, read_at: datetime | None = None
    ) -> None:
        """
        Write down what orders took and gave back, and bring accounts and what is available in step.

        Idempotent: only what differs from the last sighting counts, and what was read before it (`read_at`: when the
        reading began; None: just now) nothing. What is new, looks different or is gone is news for the ledger
        (`Orders.news`). `is_first`: these orders were open when the channel was connected; what they took is reserved,
        but in no account.
        """
        ...

    def begin(self, writes: Mapping[int, int | None], *, at: datetime) -> None:
        """
        Note, before anything is sent, by how much stocks are about to be moved; None for one that is set.

        Raises RunLost where a write is open already.
        """
        ...

    def note_hidden(self, found: Mapping[int, int]) -> None:
        """
        Note, before they are hidden, how many pieces of listings are on sale, where nobody states how many there are.

        A hide that is made again finds nothing, and what the first one found stays.
        """
        ...

    def record(self, entries: Sequence[AccountEntry], *, settled: Collection[int], lost: Collection[int]) -> None:
        """Enter what was done; close the writes of `settled`, and forget the accounts of `lost`."""
        ...

    def state(self, pieces: Mapping[int, int], *, at: datetime) -> None:
        """Add to what is stated of these listings' variants: somebody counted so many more on the store, or fewer."""
        ...

    def watched(self, *, after: int, limit: int) -> list[WatchedStock]:
        """
        Page, by listing id, through the stocks that a person may have to look at by the rules of
        `domain.stock.stock_attention`, and those that one was asked to look at before.
        """
        ...

    def read(self, readings: Sequence[Reading], *, at: datetime) -> None:
        """Note what looks found."""
        ...
