"""Why a listing's price is what it is: the steps that made it, in the words of those who made them."""

from dataclasses import dataclass
from decimal import Decimal

from tradepost.domain.listing import Status
from tradepost.domain.prices import WantedPrice
from tradepost.domain.rules import is_price_due


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
    found = [f"Its price: {price.wanted.sentence}."] if price.wanted.steps else []
    if price.wanted.why_held:
        held = "" if price.wanted.is_left_alone else "It is held back. "
        found.append(f"{held}{price.wanted.why_held}")
    if price.proven is not None and price.proven != price.wanted.price:
        due = is_price_due(
            price.status,
            wanted=price.wanted.price,
            proven=price.proven,
            is_held=bool(price.wanted.why_held),
            yielded=price.yielded,
        )
        found.append(f"The store has {price.proven}.{' A sync sends ours.' if due else ''}")
    return found
