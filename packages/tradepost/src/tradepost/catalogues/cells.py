"""What a cell of a table says: numbers and times as people and spreadsheets write them, in digits of our own script."""

import re
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from tradepost.domain.catalogue.catalogue import DECIMAL_PLACES

# The exponent is what spreadsheets write; a longer one is a trap for whoever computes with it.
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_MAX_NUMBER_CHARACTERS = 60
_MAX_TIME_CHARACTERS = 40
_UNIT = Decimal(1).scaleb(-DECIMAL_PLACES)


# A million rows share a few prices and quantities.
_remembered = lru_cache(maxsize=4096)


@_remembered
def number(text: str, *, below: Decimal) -> Decimal | None:
    """Return a number from 0 to below the limit, with the places that the hub keeps; None where it is none."""
    value = _plain_number(text)
    if value is None or not 0 <= value < below:
        return None
    exponent = value.as_tuple().exponent
    is_short = isinstance(exponent, int) and exponent >= -DECIMAL_PLACES
    return value if is_short else value.quantize(_UNIT, rounding=ROUND_HALF_UP)


@_remembered
def whole_number(text: str, *, limit: int) -> int | None:
    """Return a whole number from -limit to limit; None where it is none."""
    value = _plain_number(text)
    if value is None or abs(value) > limit or value != value.to_integral_value():
        return None
    return int(value)


def moment(text: str) -> datetime | None:
    """Return a time that is written as ISO 8601 has it; one without a zone is UTC. None where it is none."""
    if len(text) > _MAX_TIME_CHARACTERS:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _plain_number(text: str) -> Decimal | None:
    if len(text) > _MAX_NUMBER_CHARACTERS or _NUMBER.fullmatch(text) is None:
        return None
    return Decimal(text)
