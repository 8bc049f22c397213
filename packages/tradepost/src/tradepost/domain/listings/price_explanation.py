"""Why a listing's price is what it is: the steps that made it, in the words of those who made them."""

from dataclasses import dataclass
from decimal import Decimal

from tradepost.domain.listings.listing import Link, Status
from tradepost.domain.listings.prices import WantedPrice
from tradepost.domain.listings.rules import is_price_due, price_held_message


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPrice:
    """`wanted`: as it is made now. `proven`: what the store has. `yielded`: a wanted one that gave way to that."""

    sku: str
    status: Status
    wanted: WantedPrice
    proven: Decimal | None = None
    yielded: Decimal | None = None


def explain_price(price: ExplainedPrice) -> list[str]:
    """Return the sentences, one a line."""
    wanted = price.wanted
    found = [f"Its price: {wanted.sentence}." if wanted.steps else f"It is to cost {wanted.price}."]
    if wanted.why_held:
        found.append(wanted.why_held if wanted.is_left_alone else price_held_message(wanted.why_held))
    if price.status.link is Link.LINKED:
        found.append(_on_store(price))
    return found


def explain_page_price(status: Status, *, wanted: Decimal, proven: Decimal | None) -> list[str]:
    """Return the sentences for a family's page, which costs what its variants do."""
    shown = f"Its page shows {wanted}, the lowest of its variants' prices."
    page = ExplainedPrice(sku="", status=status, wanted=WantedPrice(wanted), proven=proven)
    return [shown, _on_store(page)] if status.link is Link.LINKED else [shown]


def _on_store(price: ExplainedPrice) -> str:
    wanted, proven = price.wanted, price.proven
    if proven is None:
        return "What the store has is not known."
    if proven == wanted.price:
        return "The store has that price."
    if price.yielded == wanted.price:
        return f"The store has {proven}, which somebody set there, and which was accepted."
    is_due = is_price_due(
        price.status, wanted=wanted.price, proven=proven, is_held=bool(wanted.why_held), yielded=price.yielded
    )
    return f"The store has {proven}.{' A sync sends ours.' if is_due else ''}"
