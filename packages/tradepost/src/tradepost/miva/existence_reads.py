"""
Counting the products of a store, and reading the least of them, for the existence pass: ids, codes and the store's
own times.
"""

from collections.abc import Collection, Iterator, Sequence
from functools import partial
from typing import TypeVar

from msgspec import Struct

from tradepost.domain.errors import TradepostError, UnexpectedAnswer
from tradepost.miva.rows.product_records import Page
from tradepost.miva.wire import functions
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.filters import Condition, Filter, all_of, is_one_of
from tradepost.miva.wire.pace import split
from tradepost.miva.wire.paging import PagesById
from tradepost.miva.wire.side_by_side import SideBySide
from tradepost.operations.ports import ExistingProduct, IdRange, LatestProducts, RangeCount

T = TypeVar("T")

# A product's row is about a kilobyte on the wire, whatever is made of it: some 5 MB a request.
_RANGES_PER_REQUEST = 5
_IDS_PER_REQUEST = 200


class _Product(Struct, frozen=True, gc=False):
    """A store that does not say when a product changed leaves 0, which no store means."""

    id: int
    code: str
    dt_created: int = 0
    dt_updated: int = 0


_products = partial(functions.product_list_load_query, row=_Product)


class ExistenceReads:
    """The part of a store that the existence pass reads. All of it is safe to repeat, and is repeated inside."""

    def __init__(self, client: MivaClient, side_by_side: SideBySide) -> None:
        self._client = client
        self._side_by_side = side_by_side

    def iterate_existing(
        self, *, after: int, changed_from: int | None, page_size: int
    ) -> Iterator[list[ExistingProduct]]:
        """See the port."""
        pages = PagesById(
            self._client,
            _products,
            page_size=page_size,
            filters=_changed_from(changed_from),
            satisfies=lambda row: changed_from is None or row.dt_updated >= changed_from,
            after=after,
        )
        for page in pages:
            yield [_existing(row) for row in page]

    def existing_between(self, ranges: Sequence[IdRange], *, limit: int) -> list[list[ExistingProduct]]:
        """See the port."""

        def load(chunk: Sequence[IdRange]) -> list[list[ExistingProduct]]:
            # One more than can be: a store that ignores the filter gives itself away.
            answers = self._client.multi_call(
                [_products(filters=_within(ids), count=limit + 1, sort="id") for ids in chunk]
            )
            return [_whole(ids, page, limit=limit) for ids, page in zip(chunk, _values(answers), strict=True)]

        chunks = list(split(ranges, size=_RANGES_PER_REQUEST))
        return [rows for part in self._side_by_side.map(load, chunks) for rows in part]

    def existing_by_id(self, ids: Collection[int]) -> list[ExistingProduct]:
        """See the port."""

        def load(chunk: Sequence[int]) -> list[ExistingProduct]:
            # One more than can be, here too.
            filters = all_of(is_one_of("id", chunk))
            page = self._client.call(_products(filters=filters, count=len(chunk) + 1))
            asked = set(chunk)
            if stray := next((row for row in page.data if row.id not in asked), None):
                raise UnexpectedAnswer(
                    f"The store returns product {stray.id}, which was not asked for: it ignores the filter."
                )
            return [_existing(row) for row in page.data]

        chunks = list(split(sorted(set(ids)), size=_IDS_PER_REQUEST))
        return [row for part in self._side_by_side.map(load, chunks) for row in part]

    def count_existing(self, ranges: Sequence[IdRange]) -> list[RangeCount]:
        """See the port."""
        calls = [_products(filters=_within(ids), count=1, sort="-id") for ids in ranges]
        if len(calls) == 1:
            return [_count(self._client.call(calls[0]))]
        answers = self._client.multi_call(calls)
        return [_count(page) for page in _values(answers)]

    def latest_changed(self, *, changed_from: int | None, limit: int) -> LatestProducts:
        """See the port."""
        page = self._client.call(_products(filters=_changed_from(changed_from), count=limit, sort="-dt_updated"))
        return LatestProducts([_existing(row) for row in page.data], page.total_count)


def _existing(row: _Product) -> ExistingProduct:
    return ExistingProduct(row.id, row.code, row.dt_created, row.dt_updated)


def _count(page: Page[_Product]) -> RangeCount:
    return RangeCount(page.total_count, page.data[0].id if page.data else None)


def _changed_from(time: int | None) -> list[Filter]:
    return [] if time is None else all_of(Condition("dt_updated", "GE", time))


def _within(ids: IdRange) -> list[Filter]:
    above = [Condition("id", "GT", ids.after)] if ids.after else []
    return all_of(*above, Condition("id", "LE", ids.up_to))


def _whole(ids: IdRange, page: Page[_Product], *, limit: int) -> list[ExistingProduct]:
    """Raise UnexpectedAnswer unless the page is all that there is of the range: a part is never taken for the whole."""
    after = ids.after
    for row in page.data:
        if not after < row.id <= ids.up_to:
            raise UnexpectedAnswer(
                f"The store returns product {row.id} where those from {after + 1} to {ids.up_to} were asked for: "
                "it ignores the filter or the order."
            )
        after = row.id
    if len(page.data) > limit or page.total_count != len(page.data):
        raise UnexpectedAnswer(
            f"The store counts {page.total_count} products from {ids.after + 1} to {ids.up_to}, and returns "
            f"{len(page.data)} of them, where there can be {limit} at most."
        )
    return [_existing(row) for row in page.data]


def _values(answers: Sequence[T | TradepostError]) -> list[T]:
    values: list[T] = []
    for answer in answers:
        if isinstance(answer, TradepostError):
            raise answer
        values.append(answer)
    return values
