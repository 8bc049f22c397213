"""The channel's rules: from what the merchant has and asks to what the store should show, and what is due."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from tradepost.domain import listing
from tradepost.domain.listing import Health, Link, Pending, Status

CENT = Decimal("0.01")
MAX_STOCK = 2_147_483_647


def wanted_price(price: Decimal) -> Decimal:
    """Round to what a store charges: two decimals, half up."""
    return price.quantize(CENT, rounding=ROUND_HALF_UP)


def wanted_quantity(source: int | None, *, sold: int) -> int | None:
    """
    Return the stock to show: what the source has, less what was sold and the source does not know of yet.

    Never negative; unknown stays unknown.
    """
    if source is None:
        return None
    return min(max(0, source - sold), MAX_STOCK)


def parent_price(prices: Iterable[Decimal]) -> Decimal:
    """Return the price that lists show for a family before a choice is made: the lowest of its variants'."""
    return min(prices, default=Decimal())


def is_price_due(status: Status, *, wanted: Decimal, proven: Decimal | None) -> bool:
    return listing.may_send_price(status) and wanted != proven


def is_decrease_due(status: Status, *, wanted: int | None, expected: int | None) -> bool:
    """Whether a lower stock has to be sent; a first one counts as lower, since nothing is known of the store's."""
    if wanted is None or not listing.may_send_quantity(status):
        return False
    return expected is None or wanted < expected


def is_increase_due(status: Status, *, wanted: int | None, expected: int | None) -> bool:
    if wanted is None or expected is None or status.is_orphaned or not listing.may_send_quantity(status):
        return False
    return wanted > expected


def is_pending_due(status: Status, pending: Pending) -> bool:
    return listing.is_due_for_status(status) and status.pending is pending


def is_gone_check_due(status: Status) -> bool:
    """Whether the existence pass may break its link; paused ones are checked, too, since nothing is written."""
    return status.link is Link.LINKED and status.health in {Health.LISTED, Health.HIDDEN}
