"""What stands in the way of a listing's being bought, in sentences: all of it, and not only what was asked about."""

from dataclasses import dataclass

from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.stock.stock import offered


@dataclass(frozen=True, slots=True)
class SaleFacts:
    """
    What is known of a listing's sale.

    `is_page_open`: whether the page that sells it is active on the store; None where nobody looked. `parent`: the
    status of the listing whose page sells it; None where that is its own. `sells_without_stock`: the store goes on
    selling it at 0.
    """

    status: Status
    available: int | None
    is_price_held: bool = False
    is_page_open: bool | None = None
    parent: Status | None = None
    sells_without_stock: bool = False


def obstacles(facts: SaleFacts) -> list[str]:
    """Say why nobody can buy it; nothing where somebody can."""
    status = facts.status
    if status.link is Link.UNLINKED:
        held = ["Its price is held back, so it is not published."] if facts.is_price_held else []
        return ["It is not on the store.", *held]
    if status.link is Link.BROKEN:
        return ["Its product is gone from the store."]
    found: list[str] = []
    if status.health is Health.HIDDEN:
        found.append("It is hidden.")
    if status.pending in _GOES:
        found.append(_GOES[status.pending])
    if status.is_orphaned:
        found.append("The catalogue does not have it any more, or a rule does not list it.")
    if facts.available is None and status.health is Health.HIDDEN:
        found.append("Nobody has stated how many there are.")
    if facts.available is not None and not offered(facts.available) and not facts.sells_without_stock:
        found.append("None are left: 0 are available.")
    if facts.is_page_open is False:
        found.append("Its page is inactive on the store, where somebody has switched it off.")
    if facts.parent is not None and (missing := _of_parent(facts.parent)):
        found.append(missing)
    if found and status.is_paused:
        found.append("It is paused, so no run changes that.")
    return found


_GOES = {
    Pending.HIDE: "It is queued to be hidden.",
    Pending.DELIST: "It is queued to be delisted.",
}


def _of_parent(parent: Status) -> str:
    if parent.link is Link.UNLINKED:
        return "Its parent is not on the store, so no page offers it."
    if parent.link is Link.BROKEN:
        return "Its parent's page is gone from the store."
    return "Its parent's page is hidden or closed." if parent.health is Health.HIDDEN else ""
