"""Numbers on pages: exact as far as they can be had at once, and "more than" beyond."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from tradepost.database.several import counts_of

COUNT_UP_TO = 10_000


def count(rows: QuerySet[Any]) -> int:
    """Count rows, up to one more than are counted exactly: no page walks over a million."""
    return rows.order_by().values("pk")[: COUNT_UP_TO + 1].count()


def counts(groups: Sequence[Sequence[QuerySet[Any]]]) -> list[int]:
    """Count the rows of each group of queries as `count` does, all in one statement."""
    return counts_of(groups, up_to=COUNT_UP_TO + 1)


def count_words(number: int) -> str:
    """Write what `count` returned."""
    return f"{number:,}" if number <= COUNT_UP_TO else f"{COUNT_UP_TO:,}+"
