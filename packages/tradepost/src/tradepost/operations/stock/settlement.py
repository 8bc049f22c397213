"""Settlement: what became of a write of stock whose answer was lost."""

from datetime import datetime, timedelta

from tradepost.domain import changes
from tradepost.domain.attention import Attention
from tradepost.domain.listing import Health, Pending
from tradepost.domain.plan import Outcome, Plan, Result, Unit
from tradepost.domain.stock import EntryKind, Landing, is_settleable, landing
from tradepost.operations.form import Batch, Evidence, Verdict
from tradepost.operations.ports import AccountEntry, ListingRow, Ports, Proven
from tradepost.operations.same_products import read_products
from tradepost.operations.stock.writes import counted
from tradepost.operations.sync.listings import Products, Values


class Settlement(Values[datetime, None]):
    """
    The stage settle. As long as a request can still land, nothing is said, and nothing else is written for its listing.

    Then a look says whether a move landed; where that is unclear the account is lost, and a later stage opens it anew.
    A set is simply due again, or its account is lost where it is not wanted any more. `facts`: the hub's own present
    time.
    """

    attentions = frozenset({Attention.STOCK_FAILED})
    looks_ahead = False

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        rows = [row for row in batch.rows if row.open_move is not None and row.external_id is not None]
        return Products(read_products(ports, rows) if rows and ports.store.reads_stock() else None)

    def facts(self, ports: Ports, batch: Batch[ListingRow], seen: Products) -> datetime:
        return ports.clock()

    def plan(self, batch: Batch[ListingRow], facts: datetime | None, seen: Products) -> Plan[None]:
        units: list[Unit] = []
        settled: list[Result] = []
        for row in batch.rows:
            landed = self._landing(row, facts, seen)
            if landed is None:
                settled.append(self._waits(row))
                continue
            after = _account(row, landed)
            change = changes.stock_write_settled(
                row.code, before=row.account, after=after, reason=_REASONS[landed], listing_id=row.id
            )
            units.append(Unit(row.code, (change,)))
        return Plan(None, tuple(units), tuple(settled))

    def judge(
        self, batch: Batch[ListingRow], facts: datetime | None, seen: Products, plan: Plan[None], evidence: Evidence
    ) -> Verdict:
        verdict = Verdict()
        for row in batch.rows:
            landed = self._landing(row, facts, seen)
            if landed is None:
                continue
            verdict.settled_writes.append(row.id)
            verdict.proven.append(Proven(row.id, evidence.began))
            if landed is Landing.LANDED:
                verdict.accounts.append(AccountEntry(row.id, EntryKind.MOVE, row.open_move or 0))
            elif landed is Landing.UNCLEAR:
                verdict.lost_accounts.append(row.id)
        return verdict

    def _landing(self, row: ListingRow, now: datetime | None, seen: Products) -> Landing | None:
        """What became of a row's write; None as long as it may still land."""
        assert now is not None
        assert row.open_since is not None
        if not is_settleable(open_since=row.open_since, now=now, wait=self._wait):
            return None
        if row.open_move is None:
            # A set is due again; but a hide that nobody wants any more may have taken everything off sale.
            return Landing.NEVER if _is_to_be_hidden(row) else Landing.UNCLEAR
        return landing(count=counted(seen.of(row)), account=row.account, change=row.open_move)

    def _waits(self, row: ListingRow) -> Result:
        assert row.open_since is not None
        until = row.open_since + self._wait
        message = (
            f"The store did not answer the last write of {row.code}'s stock, which may still arrive until "
            f"{until:%H:%M:%S} UTC. Nothing else is written for it until a sync after that has looked."
        )
        change = changes.stock_write_settled(
            row.code, before=row.account, after=row.account, reason="its answer was lost", listing_id=row.id
        )
        return Result(change, Outcome.SKIPPED, message=message)

    @property
    def _wait(self) -> timedelta:
        return timedelta(seconds=self.channel.lost_answer_seconds)


_REASONS = {
    Landing.LANDED: "the store's count says that the move arrived, although its answer was lost",
    Landing.NEVER: "the store's count says that the write never arrived",
    Landing.UNCLEAR: "what became of a write whose answer was lost can't be told from the store's count",
}


def _is_to_be_hidden(row: ListingRow) -> bool:
    return row.status.pending is Pending.HIDE or row.status.health is Health.HIDDEN


def _account(row: ListingRow, landed: Landing) -> int | None:
    match landed:
        case Landing.LANDED:
            return (row.account or 0) + (row.open_move or 0)
        case Landing.NEVER:
            return row.account
    return None
