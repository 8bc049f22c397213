"""The channel's rules: from what the merchant has and asks to what the store should show, and what is due."""

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from tradepost.domain import listing
from tradepost.domain.listing import Health, Link, Pending, Status
from tradepost.domain.stock import move

CENT = Decimal("0.01")


class StockFigures(Protocol):
    """The figures of a listing's stock, see `domain.stock`; `open_since`: a write of it was not answered yet."""

    @property
    def available(self) -> int | None: ...
    @property
    def account(self) -> int | None: ...
    @property
    def open_since(self) -> datetime | None: ...


def wanted_price(price: Decimal) -> Decimal:
    """Round to what a store charges: two decimals, half up."""
    return price.quantize(CENT, rounding=ROUND_HALF_UP)


def parent_price(prices: Iterable[Decimal]) -> Decimal:
    """Return the price that lists show for a family before a choice is made: the lowest of its variants'."""
    return min(prices, default=Decimal())


def is_price_due(status: Status, *, wanted: Decimal, proven: Decimal | None, yielded: Decimal | None = None) -> bool:
    """`yielded`: the wanted price that gave way to the store's own, which holds until another one is wanted."""
    return listing.may_send_price(status) and wanted not in {proven, yielded}


def is_activation_due(status: Status, *, is_inactive: bool, keeps_inactive: bool) -> bool:
    """Whether to switch on again what somebody has switched off on the store."""
    is_on_sale = status.health is Health.LISTED and status.pending not in {Pending.HIDE, Pending.DELIST}
    return listing.may_send_price(status) and is_on_sale and is_inactive and not keeps_inactive


def is_decrease_due(status: Status, stock: StockFigures) -> bool:
    return _stock_move(status, stock) < 0


def is_increase_due(status: Status, stock: StockFigures) -> bool:
    return _stock_move(status, stock) > 0


def is_set_due(status: Status, stock: StockFigures) -> bool:
    """Whether a stock has to be set because nothing is known of the store's: the first one, or a lost account."""
    return (
        listing.may_send_quantity(status)
        and stock.available is not None
        and stock.account is None
        and stock.open_since is None
    )


def is_hide_due(status: Status, stock: StockFigures) -> bool:
    """Whether to hide it, or to hide it again: what we hid and was given pieces back would be on sale."""
    if stock.open_since is not None:
        return False
    was_given_back = listing.is_kept_hidden(status) and stock.account is not None and stock.account > 0
    return is_pending_due(status, Pending.HIDE) or was_given_back


def is_unhide_due(status: Status, stock: StockFigures) -> bool:
    return is_pending_due(status, Pending.UNHIDE) and stock.open_since is None


def is_settle_due(status: Status, stock: StockFigures) -> bool:
    """Whether a write of its stock was never answered."""
    return status.link is Link.LINKED and stock.open_since is not None


def _stock_move(status: Status, stock: StockFigures) -> int:
    is_known = stock.available is not None and stock.account is not None
    if not is_known or stock.open_since is not None or not listing.may_send_quantity(status):
        return 0
    assert stock.available is not None
    assert stock.account is not None
    return move(stock.available, stock.account)


def is_pending_due(status: Status, pending: Pending) -> bool:
    return listing.is_due_for_status(status) and status.pending is pending


def is_gone_check_due(status: Status) -> bool:
    """Whether the existence pass may break its link; paused ones are checked, too, since nothing is written."""
    return status.link is Link.LINKED and status.health in {Health.LISTED, Health.HIDDEN}
