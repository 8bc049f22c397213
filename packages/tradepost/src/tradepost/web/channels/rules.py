"""What the pages of a channel's rules have in common: how a rule is shown, and how its amounts are typed."""

from dataclasses import dataclass
from decimal import Decimal

from tradepost.domain.listings.listing_rules import typed_amount


@dataclass(frozen=True, slots=True)
class ShownRule:
    """A rule in the table of them; `has_earlier` and `has_later`: others that it can be put before, or behind."""

    name: str
    conditions: str
    deeds: str
    has_earlier: bool = False
    has_later: bool = False


def written(value: Decimal | int | None) -> str:
    """As it was typed; what is no part of a rule is blank."""
    return "" if value is None else str(value)


def amount_of(text: str) -> Decimal | None:
    """Raises NotAllowed."""
    return typed_amount(text) if text else None
