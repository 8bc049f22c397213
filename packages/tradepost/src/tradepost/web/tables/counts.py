"""Numbers on pages: exact as far as they can be had at once, and "more than" beyond."""

from typing import Any

from django.db.models import QuerySet

COUNT_UP_TO = 10_000


def count(rows: QuerySet[Any]) -> int:
    """Count rows, up to one more than are counted exactly: no page walks over a million."""
    return rows.order_by().values("pk")[: COUNT_UP_TO + 1].count()


def count_words(number: int) -> str:
    """Write what `count` returned."""
    return f"{number:,}" if number <= COUNT_UP_TO else f"{COUNT_UP_TO:,}+"
