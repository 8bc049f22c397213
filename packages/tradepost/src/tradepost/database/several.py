"""
Several queries asked at once: the parts of a list, one for each channel as its indexes are, or the tabs above it.

Each question costs a database a millisecond, whatever it is about, and a page has many.
"""

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Any, TypeVar

from django.db.models import Model, QuerySet, Value

from tradepost.database import sql

Found = TypeVar("Found", bound=Model)
WrittenQuery = tuple[str, Sequence[Any]]

# As long as somebody clicks from page to page. What is told of such a number is only that there are more.
_BELIEVED_SECONDS = 30
_ONE = "SELECT * FROM ({query}) AS one"
_COUNT = "(SELECT COUNT(*) FROM ({rows} LIMIT {most}) AS found) AS c{place}"
_COUNTS = "SELECT {counts}"
_SORTED = "SELECT pk FROM ({rows}) AS found ORDER BY {order} LIMIT {most}"
_COUNTED = """
    WITH few AS MATERIALIZED ({rows} LIMIT {up_to})
    SELECT pk, (SELECT COUNT(*) FROM few) AS number FROM few {where} ORDER BY {order} LIMIT {most}
    """


class CountStatement:
    """
    Groups of queries written out to be counted, each as far as to a bound, as often as somebody asks.

    Of many queries, to write them out takes as long as to answer them. And to count as far as to the bound takes
    longest: what has reached it is believed to be beyond it for a while.
    """

    def __init__(
        self, groups: Sequence[Sequence[QuerySet[Any]]], *, up_to: int, clock: Callable[[], float] = monotonic
    ) -> None:
        """What two queries of a group have counts twice."""
        self._up_to = up_to
        self._clock = clock
        written = [_together(_without_columns(query)[:up_to] for query in group) for group in groups]
        self._counted = {place: rows for place, rows in enumerate(written) if rows is not None}
        self._groups = len(groups)
        self._believed_until: dict[int, float] = {}

    def numbers(self) -> list[int]:
        """Count the rows of each group."""
        now = self._clock()
        counts = [self._up_to if self._believed_until.get(place, now) > now else 0 for place in range(self._groups)]
        asked = {place: rows for place, rows in self._counted.items() if not counts[place]}
        if asked:
            texts = (_COUNT.format(rows=text, most=self._up_to, place=place) for place, (text, _) in asked.items())
            values = [value for _, values in asked.values() for value in values]
            (row,) = sql.fetch_rows(_COUNTS.format(counts=", ".join(texts)), *values)
            for place, number in zip(asked, row.values(), strict=True):
                counts[place] = number
                if number == self._up_to:
                    self._believed_until[place] = now + _BELIEVED_SECONDS
        return counts


def counts_of(groups: Sequence[Sequence[QuerySet[Any]]], *, up_to: int) -> list[int]:
    """Count the rows of each group of queries, as far as to `up_to`."""
    return CountStatement(groups, up_to=up_to).numbers()


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
