"""Numbers of rows as addresses and forms name them."""

from collections.abc import Iterable

from django.http import Http404

MOST_DIGITS = 18  # what a database's integer holds for sure


def row_number(text: str) -> int | None:
    """Read a number of a row; None for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def row_numbers(texts: Iterable[str]) -> list[int]:
    """Read the numbers among these."""
    return [number for text in texts if (number := row_number(text)) is not None]


def needed_row_number(text: str) -> int:
    """Read the number that a page is asked for by. Raises Http404."""
    number = row_number(text)
    if number is None:
        raise Http404
    return number
