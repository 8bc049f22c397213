"""
Which products were changed since the last pass, by the store's own clock. Pure.

A change may become visible a while after its time, as a store commits late: so the last 15 minutes before the latest
change stay in the window. Where more than a few products changed in them (an import, a price list), they are not read
again in every pass, but counted: more of them than were read is what a late change looks like.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tradepost.operations.existence.contradiction import NotesContradicted
from tradepost.operations.ports import ChangeWindow, ExistingProduct, LatestProducts

OVERLAP_SECONDS = 15 * 60
LATEST_AT_ONCE = 100


class WindowCounter:
    """Counts the products that were changed from `start` to `latest` among those that are read."""

    def __init__(self, latest: ExistingProduct, *, not_before: int = 0) -> None:
        self._latest = latest
        self._start = max(latest.updated - OVERLAP_SECONDS, not_before)
        self._products = 0

    def add(self, rows: Iterable[ExistingProduct]) -> None:
        start, latest = self._start, self._latest.updated
        self._products += sum(1 for row in rows if start <= row.updated <= latest)

    @property
    def window(self) -> ChangeWindow | None:
        """None where the store does not say when its products changed."""
        if self._latest.updated <= 0:
            return None
        return ChangeWindow(self._start, self._latest.updated, self._latest.id, self._products)


@dataclass(frozen=True, slots=True)
class LatestChanges:
    """
    What the latest changes say.

    `newer`: changed since the window; None if more than came along. `is_whole`: all of the window came along.
    `has_receded`: the latest change is earlier than the window's: its product is gone, or the store was restored.
    """

    newer: int | None
    is_whole: bool
    has_receded: bool


def judge_latest(window: ChangeWindow, latest: LatestProducts) -> LatestChanges:
    """Raises NotesContradicted where the store did not understand what was asked (see `Store.latest_changed`)."""
    rows, total = latest
    if total < len(rows) or any(row.updated < window.start for row in rows):
        raise NotesContradicted("the store does not understand a condition on the time of the last change")
    if any(later.updated < earlier.updated for later, earlier in pairwise(rows)):
        raise NotesContradicted("the store does not sort by the time of the last change")
    if total and not rows:
        raise NotesContradicted("the store counts changed products, and returns none of them")
    newer = sum(1 for row in rows if row.updated > window.latest)
    is_whole = total == len(rows)
    return LatestChanges(
        newer=newer if is_whole or newer < len(rows) else None,
        is_whole=is_whole,
        has_receded=not rows or rows[0].updated < window.latest,
    )


def has_late_changes(window: ChangeWindow, *, total: int, newer: int) -> bool:
    """Whether more products lie in the window than were read: `total` lie in it or after it, `newer` after it."""
    return total - newer > window.products


def next_counter(window: ChangeWindow, latest: ExistingProduct, *, is_whole: bool) -> WindowCounter | None:
    """
    Return what counts the next window among the rows that are read, from the window's start on if `is_whole`, else
    only the newer ones. None if the window has to stay open, because its rows are not read.
    """
    if is_whole or latest.updated - OVERLAP_SECONDS > window.latest:
        return WindowCounter(latest, not_before=window.start)
    return None


def stretched(window: ChangeWindow, latest: ExistingProduct, *, total: int) -> ChangeWindow:
    """Keep the start of a window whose rows are not read again, up to the latest change."""
    return ChangeWindow(window.start, latest.updated, latest.id, total)


def was_restored(window: ChangeWindow, rows: Sequence[ExistingProduct]) -> bool:
    """Whether the product of the window's latest change, as it is read now, has forgotten it."""
    return any(row.id == window.latest_id and row.updated < window.latest for row in rows)
