"""What moves and sets have in common: a write is noted before it is sent, and counts are read the same way."""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tradepost.domain.errors import AnswerLost, TradepostError
from tradepost.domain.listings.attention import Attention
from tradepost.domain.plan import Change, Plan, Side, SubjectId
from tradepost.domain.store import StoreProduct
from tradepost.operations.outcomes import Answers, answers_of
from tradepost.operations.ports import Ports, StockWrite

Writes: TypeAlias = Mapping[SubjectId, StockWrite]

STOCK_ATTENTIONS = frozenset({Attention.STOCK_FAILED, Attention.BROKEN_LINK})
"""What moves and sets judge."""


def begin_moves(ports: Ports, plan: Plan[Writes]) -> None:
    """Note them in the database: whatever becomes of this process, they will be settled."""
    moves = {number: plan.detail[change.subject.id].change for number, change in _sent(plan)}
    ports.accounts.begin(moves, at=ports.clock())


def begin_sets(ports: Ports, plan: Plan[Writes]) -> None:
    """Note them, too. One that is sent as a change of what was just read is a set all the same: it is made again."""
    ports.accounts.begin({number: None for number, _change in _sent(plan)}, at=ports.clock())


def begin_hides(ports: Ports, plan: Plan[Writes]) -> None:
    """Note them, and how many pieces they take off sale."""
    begin_sets(ports, plan)
    found = {number: change.before("quantity") for number, change in _sent(plan)}
    ports.accounts.note_hidden({number: count for number, count in found.items() if count is not None})


def _sent(plan: Plan[Writes]) -> Iterator[tuple[int, Change]]:
    return ((change.listing_id, change) for change in plan.changes(Side.STORE) if change.listing_id is not None)


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
    """
    The store's count, None where it can't be read or nothing is counted.

    With what baskets hold, where the store tells it: that is what the books say, too.
    """
    if product is None or is_untracked(product):
        return None
    if product.with_baskets is not None:
        return product.with_baskets
    return None if product.stock is None else product.stock.count


def is_untracked(product: StoreProduct | None) -> bool:
    """Whether the store is known not to count it."""
    return product is not None and product.stock is not None and not product.stock.is_tracked


def does_at_zero(product: StoreProduct | None, *, sells: bool) -> bool:
    """Whether the store is known to do at zero what we want of it: to sell on, or to end the sale."""
    stock = product.stock if product is not None else None
    if stock is None or not stock.is_tracked or stock.hides_when_out:
        return False
    return stock.sells_without_stock if sells else stock.stops_sale_at_zero
