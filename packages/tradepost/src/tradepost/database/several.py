"""
Several queries asked at once: the parts of a list, one for each channel as its indexes are, or the tabs above it.

Each question costs a database a millisecond, whatever it is about, and a page has many.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet, Value

from tradepost.database import sql

Found = TypeVar("Found", bound=Model)
WrittenQuery = tuple[str, Sequence[Any]]

_ONE = "SELECT * FROM ({query}) AS one"
_COUNT = "(SELECT COUNT(*) FROM ({rows} LIMIT {most}) AS found) AS c{place}"
_COUNTS = "SELECT {counts}"
_SORTED = "SELECT pk FROM ({rows}) AS found ORDER BY {order} LIMIT {most}"
_COUNTED = """
    WITH few AS MATERIALIZED ({rows} LIMIT {up_to})
    SELECT pk, (SELECT COUNT(*) FROM few) AS number FROM few {where} ORDER BY {order} LIMIT {most}
    """


@dataclass(frozen=True, slots=True)
class CountStatement:
    """
    Groups of queries written out to be counted, each as far as to a bound, as often as somebody asks.

    Of many queries, to write them out takes as long as to answer them. `groups`: how many there are, of which those at
    `places` can have rows.
    """

    groups: int
    places: Sequence[int]
    text: str
    values: Sequence[Any]

    @classmethod
    def of(cls, groups: Sequence[Sequence[QuerySet[Any]]], *, up_to: int) -> "CountStatement":
        """What two queries of a group have counts twice."""
        texts: dict[int, str] = {}
        values: list[Any] = []
        for place, group in enumerate(groups):
            rows = _together(_without_columns(query)[:up_to] for query in group)
            if rows is not None:
                texts[place] = _COUNT.format(rows=rows[0], most=up_to, place=place)
                values += rows[1]
        return cls(len(groups), list(texts), _COUNTS.format(counts=", ".join(texts.values())), values)

    def numbers(self) -> list[int]:
        """Count the rows of each group."""
        counts = [0] * self.groups
        if self.places:
            (row,) = sql.fetch_rows(self.text, *self.values)
            for place, number in zip(self.places, row.values(), strict=True):
                counts[place] = number
        return counts


def counts_of(groups: Sequence[Sequence[QuerySet[Any]]], *, up_to: int) -> list[int]:
    """Count the rows of each group of queries, as far as to `up_to`."""
    return CountStatement.of(groups, up_to=up_to).numbers()


def first_keys(queries: Sequence[QuerySet[Any]], *, order: Sequence[str], most: int) -> list[int]:
    """Return the ids of the first rows of all these. Of each no more are read, by an index that has them in order."""
    if len(queries) == 1:
        return list(queries[0].order_by(*order).values_list("pk", flat=True)[:most])
    rows = _together(query.order_by(*order).values(*_columns(order))[:most] for query in queries)
    return [] if rows is None else _sorted(rows, order, most=most)


def counted_keys(
    queries: Sequence[QuerySet[Any]], *, up_to: int, is_descending: bool, beyond: int | None, most: int
) -> tuple[int, list[int]]:
    """
    Count all these rows, as far as to `up_to`, and return their first ids, those beyond one where that is given.

    Where there are as many as are counted, the ids are not those of the first rows of all.
    """
    # A database that knew which end is wanted would begin there with all rows, and meet few of these.
    rows = _together(query.order_by().values("pk")[:up_to] for query in queries)
    if rows is None:
        return 0, []
    text, params = rows
    where, order = "", "pk DESC" if is_descending else "pk"
    if beyond is not None:
        where, params = f"WHERE pk {'<' if is_descending else '>'} %s", [*params, beyond]
    found = sql.fetch_rows(_COUNTED.format(rows=text, up_to=up_to, where=where, order=order, most=most), *params)
    if not found:
        (number,) = counts_of([queries], up_to=up_to)
        return number, []
    return found[0]["number"], [row["pk"] for row in found]


def few_keys(queries: Sequence[QuerySet[Any]], *, up_to: int, order: Sequence[str], most: int) -> list[int]:
    """Return the ids of the first of all these rows, which are no more than `up_to`, and are sorted by any columns."""
    rows = _together(query.order_by().values(*_columns(order))[:up_to] for query in queries)
    return [] if rows is None else _sorted(rows, order, most=most)


def few_rows(rows: "QuerySet[Found]", queries: Sequence[QuerySet[Any]], *, up_to: int) -> "QuerySet[Found]":
    """Narrow rows to those of all these, which are no more than `up_to`."""
    few = _together(query.order_by().values("pk")[:up_to] for query in queries)
    return rows.none() if few is None else rows.filter(pk__in=sql.among_found(few[0], few[1]))


def _sorted(rows: WrittenQuery, order: Sequence[str], *, most: int) -> list[int]:
    text, params = rows
    columns = ", ".join(f"{sql.name_of(name.removeprefix('-'))}{' DESC' * name.startswith('-')}" for name in order)
    return sql.fetch_numbers(_SORTED.format(rows=text, order=columns, most=most), *params)


def _columns(order: Sequence[str]) -> list[str]:
    return [name.removeprefix("-") for name in order]


def _together(queries: Iterable[QuerySet[Any]]) -> WrittenQuery | None:
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
