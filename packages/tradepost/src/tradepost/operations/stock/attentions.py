"""What of stock needs a person: noted where it holds, and forgotten where it holds no more. Nothing is read outside."""

from collections.abc import Iterator

from tradepost.domain.listings.attention import Attention
from tradepost.domain.plan import Plan
from tradepost.domain.stock.stock_attention import WatchedStock, attentions
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.ports import Ports

_BATCH = 500


class StockAttentions(Operation[WatchedStock, None, None, None]):
    """Look at every listing that is oversold or whose number stands still, and at those that were."""

    name = "stock attentions"
    label = "stocks that need a person"
    is_observation = True
    looks_ahead = False
    needs_known_store = False
    attentions = frozenset({Attention.OVERSOLD, Attention.COUNT_STANDS_STILL})

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[WatchedStock]]:
        # From the beginning, wherever an attempt before had got to: what it found may have changed.
        after = 0
        while stocks := ports.accounts.watched(after=after, limit=_BATCH):
            after = stocks[-1].listing_id
            yield Batch(stocks)

    def observe(self, ports: Ports, batch: Batch[WatchedStock]) -> None:
        """The hub's own figures are all there is."""

    def plan(self, batch: Batch[WatchedStock], facts: None, seen: None) -> Plan[None]:
        return Plan(None, ())

    def judge(
        self, batch: Batch[WatchedStock], facts: None, seen: None, plan: Plan[None], evidence: Evidence
    ) -> Verdict:
        verdict = Verdict(decided=[stock.listing_id for stock in batch.rows])
        for stock in batch.rows:
            for kind, message in attentions(stock).items():
                verdict.flag(stock.listing_id, kind, message)
        return verdict
