"""Both sides of a pass as streams: listings by ascending external id, and pages that stop when a person says so."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from tradepost.operations.existence.contradiction import PassCancelled
from tradepost.operations.ports import ActiveRun, LinkedListing, Listings

T = TypeVar("T")

_LISTINGS_AT_ONCE = 5000


def linked_between(listings: Listings, *, after: int = 0, up_to: int | None = None) -> Iterator[LinkedListing]:
    while page := listings.linked(after_external_id=after, up_to_external_id=up_to, limit=_LISTINGS_AT_ONCE):
        yield from page
        if len(page) < _LISTINGS_AT_ONCE:
            return
        after = page[-1].external_id


def until_cancelled(run: ActiveRun, pages: Iterable[T]) -> Iterator[T]:
    """Raises PassCancelled between pages; the end of the pages is always the store's."""
    for page in pages:
        if run.is_cancelled():
            raise PassCancelled
        yield page
