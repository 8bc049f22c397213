"""
Several queries asked at once: the parts of a list, one for each channel as its indexes are, or the tabs above it.

Each question costs a database a millisecond, whatever it is about, and a page has many.
"""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet, Value

from tradepost.database import sql

Found = TypeVar("Found", bound=Model)
Statement = tuple[str, Sequence[Any]]

_ONE = "SELECT * FROM ({query}) AS one"
_COUNT = "(SELECT COUNT(*) FROM ({rows} LIMIT {most}) AS found) AS c{place}"
_COUNTS = "SELECT {counts}"
_FEW = "SELECT pk FROM ({rows} LIMIT {up_to}) AS found"
_SORTED = "SELECT pk FROM ({rows}) AS found {where} ORDER BY {order} LIMIT {most}"


def counts_of(groups: Sequence[Sequence[QuerySet[Any]]], *, up_to: int) -> list[int]:
    """Count the rows of each group of queries, as far as to `up_to`. What two queries of a group have counts twice."""
    counts, params = [0] * len(groups), list[Any]()
    texts: dict[int, str] = {}
    for place, group in enumerate(groups):
        rows = _together(_without_columns(query)[:up_to] for query in group)
        if rows is not None:
            texts[place] = _COUNT.format(rows=rows[0], most=up_to, place=place)
            params += rows[1]
    if texts:
        (row,) = sql.fetch_rows(_COUNTS.format(counts=", ".join(texts.values())), *params)
        for place, number in zip(texts, row.values(), strict=True):
            counts[place] = number
    return counts


def first_keys(queries: Sequence[QuerySet[Any]], *, order: Sequence[str], most: int) -> list[int]:
    """Return the ids of the first rows of all these. Of each no more are read, by an index that has them in order."""
    if len(queries) == 1:
        return list(queries[0].order_by(*order).values_list("pk", flat=True)[:most])
    columns = [name.removeprefix("-") for name in order]
    rows = _together(query.order_by(*order).values(*columns)[:most] for query in queries)
    return [] if rows is None else _sorted(rows, order, most=most)


def few_keys(
    queries: Sequence[QuerySet[Any]], *, up_to: int, beyond: int | None, is_descending: bool, most: int
) -> list[int]:
    """Return the first ids of all these rows, which are no more than `up_to`; those beyond one where that is given."""
    # A database that knew which end is wanted would begin there with all rows, and meet few of these.
    rows = _few(queries, up_to)
    if rows is None:
        return []
    where = "" if beyond is None else f"WHERE pk {'<' if is_descending else '>'} %s"
    text, params = rows
    return _sorted(
        (text, params if beyond is None else [*params, beyond]),
        ["-pk" if is_descending else "pk"],
        where=where,
        most=most,
    )


def few_rows(rows: "QuerySet[Found]", queries: Sequence[QuerySet[Any]], *, up_to: int) -> "QuerySet[Found]":
    """Narrow rows to those of all these, which are no more than `up_to`."""
    few = _few(queries, up_to)
    return rows.none() if few is None else rows.filter(pk__in=sql.among_found(*few))


def _few(queries: Sequence[QuerySet[Any]], up_to: int) -> Statement | None:
    rows = _together(query.order_by().values("pk")[:up_to] for query in queries)
    return None if rows is None else (_FEW.format(rows=rows[0], up_to=up_to), rows[1])


def _sorted(rows: Statement, order: Sequence[str], *, most: int, where: str = "") -> list[int]:
    text, params = rows
    columns = ", ".join(f"{sql.name_of(name.removeprefix('-'))}{' DESC' * name.startswith('-')}" for name in order)
    return sql.fetch_numbers(_SORTED.format(rows=text, where=where, order=columns, most=most), *params)


def _together(queries: Iterable[QuerySet[Any]]) -> Statement | None:
    """The rows of one query after the other, asked no longer than there are enough; None where there can't be any."""
    parts = [part for query in queries if (part := sql.written(query)) is not None]
    if not parts:
        return None
    return " UNION ALL ".join(_ONE.format(query=text) for text, _ in parts), [
        value for _, values in parts for value in values
    ]


def _without_columns(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Rows as they are counted: where each is another one anyhow, an index is enough that has what they fulfil."""
    unsorted = rows.order_by()
    return unsorted if rows.query.distinct else unsorted.annotate(one=Value(1)).values("one")
