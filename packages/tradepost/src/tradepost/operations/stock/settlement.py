"""Settlement: what became of a write of stock whose answer was lost."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tradepost.domain import changes
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Health, Pending
from tradepost.domain.plan import Outcome, Plan, Result, Unit
from tradepost.domain.stock.stock import PAYMENT_LIFE, EntryKind, Landing, StockMode, is_settleable, landing
from tradepost.operations.form import Batch, Evidence, Verdict
from tradepost.operations.listing_values import Products, Values
from tradepost.operations.ports import AccountEntry, KnownSighting, ListingRow, Ports, Proven, Reading
from tradepost.operations.same_products import read_products
from tradepost.operations.stock.sightings import is_moving, moving_keys
from tradepost.operations.stock.writes import counted


@dataclass(frozen=True, slots=True)
class SettlementSeen(Products):
    """`moving`: products of which the orders said something new after their counts were read."""

    moving: frozenset[str] = frozenset()


class Settlement(Values[None, None]):
    """
    The stage settle. As long as a request can still land, nothing is said, and nothing else is written for its listing.

    Then a look says whether a move landed. Where baskets may hold pieces that are out of the count, the account is
    kept that sells nothing twice; where somebody has changed the count, it is lost, and a later stage opens it anew.
    A set is simply due again, or its account is lost where it is not wanted any more.
    """

    attentions = frozenset({Attention.STOCK_FAILED})
    looks_ahead = False
    is_observation = True

    def prepare(self, ports: Ports) -> None:
        self._place = ports.accounts.place()
        self._known: Mapping[int, KnownSighting] = ports.accounts.known_near(self._place)

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        rows = [row for row in batch.rows if row.open_move is not None and row.external_id is not None]
        if not rows or not ports.store.reads_stock():
            return Products()
        return SettlementSeen(read_products(ports, rows), moving=moving_keys(ports, self._place, self._known))

    def plan(self, batch: Batch[ListingRow], facts: None, seen: Products) -> Plan[None]:
        units: list[Unit] = []
        settled: list[Result] = []
        for row in batch.rows:
            landed = self._landing(row, batch.looked_at, seen)
            if landed is None:
                settled.append(self._waits(row, batch.looked_at))
                continue
            change = changes.stock_write_settled(
                row.code,
                before=row.account,
                after=_account(row, landed),
                reason=_reason(row, landed),
                listing_id=row.id,
            )
            units.append(Unit(row.code, (change,)))
        return Plan(None, tuple(units), tuple(settled))

    def judge(
        self, batch: Batch[ListingRow], facts: None, seen: Products, plan: Plan[None], evidence: Evidence
    ) -> Verdict:
        verdict = Verdict()
        for row in batch.rows:
            landed = self._landing(row, batch.looked_at, seen)
            if landed is None:
                verdict.readings += self._payments(row, batch.looked_at, seen)
                continue
            verdict.settled_writes.append(row.id)
            verdict.proven.append(Proven(row.id, evidence.began))
            if landed is Landing.LANDED:
                verdict.accounts.append(AccountEntry(row.id, EntryKind.MOVE, row.open_move or 0))
            elif landed is Landing.UNCLEAR:
                verdict.lost_accounts.append(row.id)
            verdict.readings += _readings(row, landed, seen)
        return verdict

    def _landing(self, row: ListingRow, now: datetime, seen: Products) -> Landing | None:
        """What became of a row's write; None as long as it may still land, or nobody can say."""
        if not self._is_over(row, now):
            return None
        if row.open_move is None:
            # A set is due again; but a hide that nobody wants any more may have taken everything off sale.
            return Landing.NEVER if _is_to_be_hidden(row) else Landing.UNCLEAR
        if not row.open_move:
            # It moved nothing, and what it said of the sale at zero is said again.
            return Landing.NEVER
        if isinstance(seen, SettlementSeen) and is_moving(row, seen.moving):
            return None
        product = seen.of(row)
        count = counted(product)
        takes_no_baskets = self.channel.stock_mode is StockMode.CHECKOUT
        if count is not None and takes_no_baskets and self._may_be_paying(row, count, now):
            return None
        return landing(
            count=count,
            account=row.account,
            change=row.open_move,
            is_whole=takes_no_baskets or (product is not None and product.with_baskets is not None),
        )

    def _is_over(self, row: ListingRow, now: datetime) -> bool:
        assert row.open_since is not None
        return is_settleable(open_since=row.open_since, now=now, wait=self._wait)

    def _may_be_paying(self, row: ListingRow, count: int, now: datetime) -> bool:
        """Whether it looks as if the lower count were true, but pieces of the higher one may be in a payment."""
        pieces = abs(row.open_move or 0)
        if row.account is None or count != min(row.account, row.account + (row.open_move or 0)):
            return False
        has_lasted = row.missing_since is not None and row.missing_since <= now - PAYMENT_LIFE
        return not (has_lasted and row.missing >= pieces)

    def _payments(self, row: ListingRow, now: datetime, seen: Products) -> list[Reading]:
        """Note since when they may be paid for, so that a later look can tell."""
        count = counted(seen.of(row))
        if count is None or not self._is_over(row, now) or not self._may_be_paying(row, count, now):
            return []
        return [Reading(row.id, abs(row.open_move or 0))]

    def _waits(self, row: ListingRow, now: datetime) -> Result:
        assert row.open_since is not None
        until = row.open_since + self._wait
        why = (
            "which can't be told while pieces of it are being sold. Nothing else is written for it until a later sync "
            "has looked."
            if self._is_over(row, now)
            else f"which may still arrive until {until:%H:%M:%S} UTC. Nothing else is written for it until a sync "
            "after that has looked."
        )
        message = f"The store did not answer the last write of {row.code}'s stock, {why}"
        change = changes.stock_write_settled(
            row.code, before=row.account, after=row.account, reason="its answer was lost", listing_id=row.id
        )
        return Result(change, Outcome.SKIPPED, message=message)

    @property
    def _wait(self) -> timedelta:
        return timedelta(seconds=self.channel.lost_answer_seconds)


def _readings(row: ListingRow, landed: Landing, seen: Products) -> list[Reading]:
    """Note what is missing by the account that was kept; where nobody could look, as much as may be."""
    account = _account(row, landed)
    if not row.open_move or account is None:
        return []
    count = counted(seen.of(row))
    if count is None:
        return [Reading(row.id, abs(row.open_move), is_guess=True)]
    return [Reading(row.id, account - count)]


_REASONS = {
    Landing.LANDED: "its answer was lost, and it counts as arrived, by the store's count or to sell nothing twice",
    Landing.NEVER: "its answer was lost, and it counts as never arrived, by the store's count or to sell nothing twice",
    Landing.UNCLEAR: "what became of a write whose answer was lost can't be told from the store's count",
}


def _reason(row: ListingRow, landed: Landing) -> str:
    moves_nothing = row.open_move == 0
    return "the answer about what happens at 0 was lost, so it is said again" if moves_nothing else _REASONS[landed]


def _is_to_be_hidden(row: ListingRow) -> bool:
    return row.status.pending is Pending.HIDE or row.status.health is Health.HIDDEN


def _account(row: ListingRow, landed: Landing) -> int | None:
    match landed:
        case Landing.LANDED:
            return (row.account or 0) + (row.open_move or 0)
        case Landing.NEVER:
            return row.account
    return None
