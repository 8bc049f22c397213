"""
Decimals as INTEGER columns: prices, costs and weights in units of 1e-8 (`NUMERIC(16,8)`), order totals and other
(p,2) or (p,3) money in the units that the names say. SQLite has no decimals, and floats would lose cents.
"""

from decimal import ROUND_HALF_UP, Decimal

UNITS = 8  # decimals of NUMERIC(16,8)


def to_units(value: Decimal, *, decimals: int = UNITS) -> int:
    """Scale to whole units; what is beyond the last decimal is rounded half up."""
    return int(value.scaleb(decimals).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def from_units(units: int, *, decimals: int = UNITS) -> Decimal:
    return Decimal(units).scaleb(-decimals)


def plain(value: Decimal) -> str:
    """Write without exponent and trailing zeros: 19.9, 7, 0.4."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
