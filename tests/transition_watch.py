"""Which rows of the status table were taken: asked of the table, and then found in the database."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tradepost.database.listings import listings as listings_module
from tradepost.database.models import Listing
from tradepost.domain.listings import listing as table
from tradepost.domain.listings.listing import TRANSITIONS, Event, Link, Pending, Status
from tradepost.domain.plan import Outcome, Result, SubjectKind

_COLUMNS = ("id", "health", "link", "pending", "is_paused", "is_orphaned")
_BAD = frozenset({Outcome.FAILED, Outcome.REJECTED, Outcome.UNKNOWN})
# What leaves a status as it was can't be found in the database: these are told from what a run reports.
_REPORTED = frozenset({Event.SYNCED, Event.NOT_SYNCED, Event.NOT_PUBLISHED, Event.NOT_LINKED})
_CATALOGUE = [row for row in TRANSITIONS if row.event in {Event.ORPHANED, Event.RETURNED}]


def statuses() -> dict[int, Status]:
    """Every listing's status, as the database has it."""
    return {
        number: Status(table.Health(health), Link(link), Pending(pending), is_paused=paused, is_orphaned=orphaned)
        for number, health, link, pending, paused, orphaned in Listing.objects.values_list(*_COLUMNS)
    }


class TransitionWatch:
    """Counts the rows of the table that are taken, by name, into a counter; call `count` after each act."""

    def __init__(self, taken: Counter) -> None:
        self._taken = taken
        self._asked: list[table.Transition] = []
        self._moved: list[tuple[str, int, Status]] = []

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Listen at the table, and at the two ways by which a status gets into the database."""
        ask, cls = table.transition, listings_module.DjangoListings
        record, set_status = cls.record, cls.set_status

        def asked(status, event):
            row = ask(status, event)
            self._asked.append(row)
            return row

        def written(write):
            def call(listings, *args, **options):
                before = statuses()
                answer = write(listings, *args, **options)
                self._note(before, statuses())
                return answer

            return call

        table.transition, cls.record, cls.set_status = asked, written(record), written(set_status)
        try:
            yield
        finally:
            table.transition, cls.record, cls.set_status = ask, record, set_status

    def _note(self, before: dict[int, Status], after: dict[int, Status]) -> None:
        for number, old in before.items():
            new = after.get(number)
            if new is None or new == old:
                continue
            self._moved += [(name, number, new) for name in self._way(old, new)]

    def _way(self, old: Status, new: Status) -> list[str]:
        """Find the row that leads from one status to another, or the two: a page is overwritten and opened at once."""
        asked = list(dict.fromkeys(reversed(self._asked)))
        firsts = [row for row in asked if row.fits(old)]
        for row in firsts:
            if row.of(old) == new:
                return [row.name]
        for first in firsts:
            between = first.of(old)
            for second in asked:
                if second.fits(between) and second.of(between) == new:
                    return [first.name, second.name]
        return []

    def count(self, *, was_killed: bool = False) -> None:
        """Enter what was taken; what was written in a transaction that a kill undid was not."""
        now = statuses() if was_killed else {}
        for name, number, new in self._moved:
            if not was_killed or now.get(number) == new:
                self._taken[f"transition: {name}"] += 1
        self._asked, self._moved = [], []

    def count_catalogue(self, before: dict[int, Status]) -> None:
        """Enter what an import did to listings, which it writes by itself."""
        after = statuses()
        for number, old in before.items():
            new = after.get(number, old)
            if new.is_orphaned != old.is_orphaned:
                event = Event.ORPHANED if new.is_orphaned else Event.RETURNED
                rows = [row for row in _CATALOGUE if row.event is event and row.fits(old)]
                # An import may queue the new structure besides.
                assert len(rows) == 1, f"no row of the table takes {old} to {new}"
                self._taken[f"transition: {rows[0].name}"] += 1

    def count_reported(self, verb: str, results: list[Result], before: dict[int, Status]) -> None:
        """Enter what became of prices, stock and documents where the status stays as it is."""
        for result in results:
            status = before.get(result.change.listing_id or 0)
            is_listing = result.change.subject.kind is SubjectKind.LISTING
            if status is None or (verb == "sync" and is_listing):
                continue
            is_value = result.change.touches("price") or result.change.touches("quantity")
            if verb == "sync" and is_value and result.outcome is Outcome.APPLIED:
                self._reported(Event.SYNCED, status)
            elif verb == "sync" and result.outcome in _BAD:
                self._reported(Event.NOT_SYNCED, status)
            elif verb == "publish" and result.outcome in _BAD:
                self._reported(Event.NOT_PUBLISHED, status)
            elif verb == "link" and result.outcome is Outcome.SKIPPED:
                self._reported(Event.NOT_LINKED, status)

    def _reported(self, event: Event, status: Status) -> None:
        assert event in _REPORTED
        row = next((row for row in TRANSITIONS if row.event is event and row.fits(status)), None)
        if row is not None:
            self._taken[f"transition: {row.name}"] += 1
