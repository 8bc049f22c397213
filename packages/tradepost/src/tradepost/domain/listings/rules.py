"""The channel's rules: from what the merchant has and asks to what the store should show, and what is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings import listing
from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.stock.stock import move


class StockFigures(Protocol):
    """The figures of a listing's stock, see `domain.stock.stock`; `open_since`: a write of it was not answered yet."""

    @property
    def kind(self) -> Kind: ...
    @property
    def available(self) -> int | None: ...
    @property
    def account(self) -> int | None: ...
    @property
    def open_since(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class PriceLimits:
    """Which prices a channel sends: none below or above these, where they are set, and 0 only where that is meant."""

    lowest: Decimal | None = None
    highest: Decimal | None = None
    allows_zero: bool = False

    def why_held(self, price: Decimal, *, is_priced: bool = True) -> str:
        """Say why a price is held back; blank where it may be sent."""
        if not is_priced:
            return "The catalogue has no price for it that can be read."
        if not price:
            return "" if self.allows_zero else "The catalogue has it for 0.00, and the channel gives nothing away."
        if self.lowest is not None and price < self.lowest:
            return f"Its price of {price} is below the channel's lowest, {self.lowest}."
        if self.highest is not None and price > self.highest:
            return f"Its price of {price} is above the channel's highest, {self.highest}."
        return ""


def price_held_message(why: str) -> str:
    """Say of what is on the store, or to be published, what it means that its price is held back."""
    return f"{why} Until that changes it is not published, and what is on the store keeps its price."


class ShownPrice(NamedTuple):
    """What a shopper pays for a variant, and whether it is among those that can be chosen."""

    price: Decimal
    is_listed: bool


def shown_price(
    status: Status, *, wanted: Decimal, proven: Decimal | None, is_held: bool, is_native: bool
) -> ShownPrice | None:
    """Say how a variant counts for its parent's price; None where it has none that may be shown, or is gone."""
    price = proven if is_held else wanted
    if price is None or status.is_orphaned:
        return None
    # A flat parent has no page, so nobody has to be told when its variants come and go.
    is_listed = status.settled == listing.LISTED and not status.is_paused
    return ShownPrice(price, is_listed or not is_native)


def parent_price(variants: Iterable[ShownPrice]) -> Decimal | None:
    """
    Return the price that lists show for a family before a choice is made: the lowest of its listed variants'.

    With none listed it is the lowest of all; None where there is none.
    """
    shown = list(variants)
    listed = [each.price for each in shown if each.is_listed]
    return min(listed or [each.price for each in shown], default=None)


def is_price_due(
    status: Status, *, wanted: Decimal, proven: Decimal | None, is_held: bool, yielded: Decimal | None = None
) -> bool:
    """
    What is held back is not sent: the store keeps the price that it has.

    `yielded`: the wanted price that gave way to the store's own, which holds until another one is wanted.
    """
    return listing.may_send_price(status) and not is_held and wanted not in {proven, yielded}


def holds_back_price(status: Status) -> bool:
    """Whether it matters to somebody that a price is held back: it is on the store, or is to be published."""
    return status.link is not Link.UNLINKED or status.pending is Pending.PUBLISH


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


def is_at_zero_due(status: Status, stock: StockFigures, *, wanted: bool, proven: bool) -> bool:
    """
    Whether the store has to be told anew if it goes on selling at zero. What is set or hidden is told at once, so this
    is about what is on sale and in the books.
    """
    return (
        listing.may_send_quantity(status)
        and stock.account is not None
        and stock.open_since is None
        and wanted is not proven
    )


def is_hide_due(status: Status, stock: StockFigures) -> bool:
    """
    Whether to hide it, or to hide it again: what we hid and was given pieces back would be on sale, and so may be that
    of which nothing is known.
    """
    if stock.open_since is not None:
        return False
    may_be_on_sale = stock.kind is not Kind.PARENT and (stock.account is None or stock.account > 0)
    return is_pending_due(status, Pending.HIDE) or (listing.is_kept_hidden(status) and may_be_on_sale)


def is_unhide_due(status: Status, stock: StockFigures) -> bool:
    return is_pending_due(status, Pending.UNHIDE) and stock.open_since is None


def is_settle_due(status: Status, stock: StockFigures) -> bool:
    """Whether a write of its stock was never answered."""
    return status.link is Link.LINKED and stock.open_since is not None


def _stock_move(status: Status, stock: StockFigures) -> int:
    if stock.available is None or stock.account is None or stock.open_since is not None:
        return 0
    pieces = move(stock.available, stock.account)
    may_be_sent = listing.may_lower_quantity(status) if pieces < 0 else listing.may_send_quantity(status)
    return pieces if may_be_sent else 0


def is_pending_due(status: Status, pending: Pending) -> bool:
    return listing.is_due_for_status(status) and status.pending is pending


def is_gone_check_due(status: Status) -> bool:
    """Whether the existence pass may break its link; paused ones are checked, too, since nothing is written."""
    return status.link is Link.LINKED and status.health in {Health.LISTED, Health.HIDDEN}
