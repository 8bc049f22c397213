"""What of a stock needs a person: more is sold than there is, or nobody seems to count any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tradepost.domain.listings.attention import Attention
from tradepost.domain.stock.stock import Counting

NAMED = 10
"""How many orders are named."""

_SHARE = 3


@dataclass(frozen=True, slots=True)
class ReservingOrder:
    """An order whose pieces no statement knows of. `channel`: another one's name, blank for the listing's own."""

    number: int
    pieces: int
    channel: str = ""


@dataclass(frozen=True, slots=True)
class WatchedStock:
    """
    The figures of a listing's stock that a person may have to look at.

    `stated` at `stated_at`: the last statement. `shipped`: the reserved pieces that have left the house. `orders`: the
    newest that reserve pieces, and `reserved` those of all. `sells_without_stock`: it is to be sold below 0.
    """

    listing_id: int
    sku: str
    available: int | None
    stated: int | None = None
    stated_at: datetime | None = None
    reserved: int = 0
    shipped: int = 0
    counting: Counting = Counting.CHANGED
    orders: Sequence[ReservingOrder] = ()
    sells_without_stock: bool = False


def is_oversold(available: int | None, *, sells_without_stock: bool = False) -> bool:
    """Whether more is sold than there is, which is no harm where that is meant."""
    return available is not None and available < 0 and not sells_without_stock


def stands_still(*, stated: int | None, shipped: int, counting: Counting) -> bool:
    """
    Whether more than a third of a number has left the house and the number is still the same.

    Where only another number is a statement, a file that is counted anew and happens to have the same one says nothing;
    so does one that nobody counts.
    """
    return counting is Counting.CHANGED and stated is not None and stated > 0 and shipped * _SHARE > stated


def attentions(stock: WatchedStock) -> dict[Attention, str]:
    """Say what needs a person, each with a sentence."""
    found: dict[Attention, str] = {}
    if is_oversold(stock.available, sells_without_stock=stock.sells_without_stock):
        found[Attention.OVERSOLD] = _oversold(stock)
    if stands_still(stated=stock.stated, shipped=stock.shipped, counting=stock.counting):
        found[Attention.COUNT_STANDS_STILL] = _stands_still(stock)
    return found


def quantity_unknown_message(sku: str) -> str:
    """Say what a publish does with something of which nobody states how many there are."""
    return (
        f"Nobody states how many there are of {sku}, so it is published with 0 and can't be bought until a file or "
        f"'tradepost catalogue state-count {sku} NUMBER' does."
    )


def _oversold(stock: WatchedStock) -> str:
    assert stock.available is not None
    names = [
        f"{each.number} on '{each.channel}'" if each.channel else str(each.number) for each in stock.orders[:NAMED]
    ]
    more = len(stock.orders) > NAMED
    listed = ", ".join(names) + (" and older ones" if more else "")
    of_orders = f" Orders {listed} reserve {stock.reserved}." if names else ""
    return (
        f"{-stock.available} more of {stock.sku} are sold than there are ({stock.stated or 0} stated), so none is "
        f"offered.{of_orders} State a new count, cancel what can't be delivered, or hand over what has left the count."
    )


def _stands_still(stock: WatchedStock) -> str:
    since = f" since {stock.stated_at:%Y-%m-%d}" if stock.stated_at is not None else ""
    return (
        f"The number of {stock.sku} stands at {stock.stated}{since}, while {stock.shipped} pieces were shipped that it "
        "does not know of. If the file is counted anew each time, 'tradepost source set catalogue --counts file' says "
        "so (the setting counts); else somebody should count."
    )
