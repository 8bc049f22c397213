"""What moves and sets have in common: a write is noted before it is sent, and counts are read the same way."""

from collections.abc import Mapping
from typing import TypeAlias

from tradepost.domain.attention import Attention
from tradepost.domain.errors import AnswerLost, TradepostError
from tradepost.domain.plan import Plan, Side, SubjectId
from tradepost.domain.store import StoreProduct, StoreStock
from tradepost.operations.outcomes import Answers, answers_of
from tradepost.operations.ports import Ports, StockWrite

Writes: TypeAlias = Mapping[SubjectId, StockWrite]

STOCK_ATTENTIONS = frozenset({Attention.STOCK_FAILED, Attention.BROKEN_LINK})
"""What moves and sets judge."""


def begin_writes(ports: Ports, plan: Plan[Writes]) -> None:
    """Note them in the database: whatever becomes of this process, they will be settled."""
    writes = {
        change.listing_id: plan.detail[change.subject.id].change
        for change in plan.changes(Side.STORE)
        if change.listing_id is not None
    }
    ports.accounts.begin(writes, at=ports.clock())


def send_writes(ports: Ports, plan: Plan[Writes]) -> Answers:
    """Send them. What certainly did not reach the store is closed again before the error goes on."""
    sent = list(plan.changes(Side.STORE))
    try:
        answers = ports.store.write_stock([plan.detail[change.subject.id] for change in sent])
    except AnswerLost:
        raise
    except TradepostError:
        with ports.run.transaction():
            settled = [change.listing_id for change in sent if change.listing_id is not None]
            ports.accounts.record([], settled=settled, lost=())
        raise
    return answers_of(sent, answers)


def counted(product: StoreProduct | None) -> int | None:
    """The store's count, None where it can't be read or nothing is counted."""
    stock = product.stock if product is not None else None
    return stock.count if stock is not None and stock.is_tracked else None


def is_kept(product: StoreProduct | None, quantity: int) -> bool:
    """Whether the store has this stock, and does at zero what we want of it."""
    stock = product.stock if product is not None else None
    return stock == StoreStock(is_tracked=True, count=quantity, stops_sale_at_zero=True, hides_when_out=False)
