"""How often each row of the table of a listing's status was taken, for tests that let things happen at random."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from tradepost.domain.listings import listing
from tradepost.domain.listings.listing import TRANSITIONS, Event, Status, Transition


@contextmanager
def counted_transitions() -> Iterator[Counter[str]]:
    """Count by the names of the rows, whoever settles or requests; a row that was never taken counts 0."""
    counts = Counter({row.name: 0 for row in TRANSITIONS})
    found = listing.transition

    def counting(status: Status, event: Event) -> Transition:
        row = found(status, event)
        counts[row.name] += 1
        return row

    listing.transition = counting
    try:
        yield counts
    finally:
        listing.transition = found


def chances(number: int) -> Iterator[Random]:
    """
    Yield so many sources of chance, the same ones each time: what is counted is no matter of luck.

    Hypothesis can't do that, not even derandomized: what it draws depends on the modules that are loaded.
    """
    return map(Random, range(number))


def table_of(counts: Counter[str]) -> str:
    """Write the counts a line each, the rarest first, as a long run prints them."""
    return "\n".join(f"{number:>8} {name}" for name, number in sorted(counts.items(), key=lambda pair: pair[::-1]))
