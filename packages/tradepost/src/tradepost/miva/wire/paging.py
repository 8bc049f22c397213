"""
Walking through all rows of a list query by ascending id. Offsets would skip and repeat rows, as the rows under them
come and go; ids don't.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from tradepost.domain.errors import UnexpectedAnswer
from tradepost.miva.rows.product_records import Page
from tradepost.miva.wire.calls import Call
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.filters import Condition, Filter, all_of


class HasId(Protocol):
    @property
    def id(self) -> int | None:
        """None for a row whose id can't be read."""


Row = TypeVar("Row", bound=HasId)

_LARGEST_NUMBER = 2**63 - 1
# How many rows may be added while a store is walked through, beside as many as there were.
_GROWTH = 100_000


class Query(Protocol[Row]):
    """A list function of `functions` whose filters, count and sort are still open."""

    def __call__(self, *, filters: Sequence[Filter], count: int, sort: str) -> Call[Page[Row]]: ...


class PagesById(Generic[Row]):
    """
    Iterate over pages (lists of rows), each id once, ascending.

    Stops when the store says that nothing is left, never at a page that merely came short. `satisfies` is the
    decisive condition of `filters`: a store that ignored the filter must not pass for one without matches.
    Raises UnexpectedAnswer for rows that were not asked for, that come twice, or that are missing, and for pages that
    do not end. Whoever stops early does not wait for the page that is on its way.
    """

    def __init__(
        self,
        client: MivaClient,
        query: Query[Row],
        *,
        page_size: int,
        filters: Sequence[Filter] = (),
        satisfies: Callable[[Row], bool] = lambda _: True,
        after: int = 0,
    ) -> None:
        self._client = client
        self._query = query
        self._page_size = page_size
        self._filters = list(filters)
        self._satisfies = satisfies
        self._after = after

    def __iter__(self) -> Iterator[list[Row]]:
        # While one page is being worked on, the next is on its way.
        ahead = ThreadPoolExecutor(1, thread_name_prefix="pages")
        try:
            coming: Future[Page[Row]] | None = ahead.submit(self._load, self._after)
            after = self._after
            left: int | None = None
            while coming is not None:
                page = coming.result()
                before, after = after, self._checked(page.data, after=after)
                is_last = page.total_count <= len(page.data)
                if not page.data and not is_last:
                    raise UnexpectedAnswer(f"The store counts {page.total_count} more rows, and returns none of them.")
                if not is_last and after == before:
                    raise UnexpectedAnswer(
                        f"The store returns {len(page.data)} rows without an id: there is no way on."
                    )
                left = page.total_count * 2 + _GROWTH if left is None else left
                left -= len(page.data)
                if left < 0:
                    raise UnexpectedAnswer(
                        "The store returns far more rows than it counted at first: its pages do not end."
                    )
                coming = None if is_last else ahead.submit(self._load, after)
                if page.data:
                    yield page.data
        finally:
            ahead.shutdown(wait=False, cancel_futures=True)

    def _load(self, after: int) -> Page[Row]:
        # What is no number for JSON any more is one for the store's database, or not.
        beyond = after if after <= _LARGEST_NUMBER else str(after)
        filters = [*all_of(Condition("id", "GT", beyond)), *self._filters]
        return self._client.call(self._query(filters=filters, count=self._page_size, sort="id"))

    def _checked(self, rows: Sequence[Row], *, after: int) -> int:
        """Return the last id. The order is checked row by row: a store that ignores the filter starts again at 1."""
        if len(rows) > self._page_size:
            raise UnexpectedAnswer(f"The store returns {len(rows)} rows where {self._page_size} were asked for.")
        for row in rows:
            if row.id is None:
                continue
            if row.id <= after:
                raise UnexpectedAnswer(
                    f"The store returns row {row.id} again after row {after}: it ignores the filter."
                )
            if not self._satisfies(row):
                raise UnexpectedAnswer(
                    f"The store returns row {row.id}, which was not asked for: it ignores the filter."
                )
            after = row.id
        return after
