"""The counting pass: only what is missing, changed or new since the notes is read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tradepost.operations.existence.change_window import (
    LATEST_AT_ONCE,
    has_late_changes,
    judge_latest,
    next_counter,
    stretched,
    was_restored,
)
from tradepost.operations.existence.contradiction import NotesContradicted, PassCancelled
from tradepost.operations.existence.differences import Differences
from tradepost.operations.existence.streams import linked_between, until_cancelled
from tradepost.operations.existence.stretches import StretchBuilder, corrected, ranges_of, short_stretches, stretch_of
from tradepost.operations.ports import (
    ChangeWindow,
    ExistingProduct,
    IdRange,
    Ports,
    RangeCount,
    StoreNotes,
    Stretch,
)

_STRETCHES_AT_ONCE = 20


def read_differences(ports: Ports, differences: Differences, notes: StoreNotes) -> StoreNotes:
    """
    Compare what has changed since the notes, and return the notes as they are now.

    Raises NotesContradicted where only a full pass can tell, Reconfigure, PassCancelled, and whatever a request raises.
    """
    if notes.window is None or not notes.stretches:
        raise NotesContradicted("there is nothing to count")
    # The changes come first: what changes during the pass is changed after them, and is found by the next.
    window = _read_changes(ports, differences, notes, notes.window)
    stretches = _read_short_stretches(ports, differences, notes.stretches)
    builder = StretchBuilder(stretches, created=notes.created)
    end = notes.stretches[-1].up_to

    def pages() -> Iterator[Sequence[ExistingProduct]]:
        for page in until_cancelled(ports.run, ports.store.iterate_existing(after=end)):
            builder.add(page)
            ports.run.progress(differences.read + len(page), None, "products on the store looked at")
            yield page

    differences.compare_all(pages(), linked_between(ports.listings, after=end))
    return replace(notes, stretches=tuple(builder.stretches), created=builder.created, window=window)


# --- what is missing ----------------------------------------------------------------------------------------------


def _read_short_stretches(ports: Ports, differences: Differences, stretches: Sequence[Stretch]) -> tuple[Stretch, ...]:
    def count(ranges: Sequence[IdRange]) -> Sequence[RangeCount]:
        if ports.run.is_cancelled():
            raise PassCancelled
        return ports.store.count_existing(ranges)

    short = short_stretches(stretches, count)
    indexes = sorted(short)
    read: dict[int, Stretch | None] = {}
    for start in range(0, len(indexes), _STRETCHES_AT_ONCE):
        if ports.run.is_cancelled():
            raise PassCancelled
        asked = indexes[start : start + _STRETCHES_AT_ONCE]
        ranges = ranges_of(stretches, asked)
        for index, ids, rows in zip(asked, ranges, ports.store.existing_between(ranges), strict=True):
            if len(rows) > short[index]:
                raise NotesContradicted(f"{len(rows)} products up to {ids.up_to}, where {short[index]} were counted")
            differences.compare_all([rows], linked_between(ports.listings, after=ids.after, up_to=ids.up_to))
            read[index] = stretch_of(rows)
        ports.run.progress(differences.read, None, "products on the store looked at")
    return corrected(stretches, read)


# --- what was changed ---------------------------------------------------------------------------------------------


def _read_changes(ports: Ports, differences: Differences, notes: StoreNotes, window: ChangeWindow) -> ChangeWindow:
    latest = ports.store.latest_changed(changed_from=window.start, limit=LATEST_AT_ONCE)
    judged = judge_latest(window, latest)
    if judged.has_receded:
        [rows] = ports.store.existing_between([IdRange(window.latest_id - 1, window.latest_id)])
        if was_restored(window, rows):
            raise NotesContradicted("its latest change is undone: it was restored from a backup")
    _compare(ports, differences, notes, latest.rows)
    if not latest.rows:
        return replace(window, products=0)
    newest = latest.rows[0]
    is_whole, counter = judged.is_whole, next_counter(window, newest, is_whole=judged.is_whole)
    if counter is not None and judged.newer is not None:
        counter.add(latest.rows)
    newer = judged.newer
    if newer is None:
        newer = 0
        for page in _changed_pages(ports, window.latest + 1):
            newer += len(page)
            _compare(ports, differences, notes, page)
            if counter is not None:
                counter.add(page)
    if not is_whole and has_late_changes(window, total=latest.total, newer=newer):
        counter = next_counter(window, newest, is_whole=True)
        for page in _changed_pages(ports, window.start):
            _compare(ports, differences, notes, page)
            if counter is not None:
                counter.add(page)
    if counter is None:
        return stretched(window, newest, total=latest.total)
    return counter.window or window


def _changed_pages(ports: Ports, changed_from: int) -> Iterator[Sequence[ExistingProduct]]:
    return until_cancelled(ports.run, ports.store.iterate_existing(changed_from=changed_from))


def _compare(ports: Ports, differences: Differences, notes: StoreNotes, rows: Sequence[ExistingProduct]) -> None:
    end = notes.stretches[-1].up_to
    stranger = next((row for row in rows if row.id <= end and row.created > notes.created), None)
    if stranger is not None:
        raise NotesContradicted(f"product {stranger.id} is younger than its neighbours: ids were given again")
    differences.compare_some(rows, ports.listings.linked_among([row.id for row in rows]))
