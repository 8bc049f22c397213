"""How many rows there are, counted as far as people are told."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from tradepost.database.several import CountStatement
from tradepost.domain.counts import COUNT_UP_TO


def count(rows: QuerySet[Any]) -> int:
    """Count rows, up to one more than are counted exactly."""
    return rows.order_by().values("pk")[: COUNT_UP_TO + 1].count()


def counts(groups: Sequence[Sequence[QuerySet[Any]]]) -> list[int]:
    """Count the rows of each group of queries as `count` does, all in one statement."""
    return count_statement(groups).numbers()


def count_statement(groups: Sequence[Sequence[QuerySet[Any]]]) -> CountStatement:
    """Write out how the rows of each group are counted, for what is counted on every page; to be kept."""
    return CountStatement(groups, up_to=COUNT_UP_TO + 1)
