"""Values that are typed about orders and shipments."""

from decimal import Decimal, InvalidOperation

from tradepost.domain.errors import NotAllowed


def amount(text: str) -> Decimal:
    """Read an amount of money. Raises NotAllowed."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0:
        message = f"'{text}' is no amount; write it as 7.50."
        raise NotAllowed(message)
    return found
