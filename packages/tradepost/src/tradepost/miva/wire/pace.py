"""How many writes go into one request: as many as the store works off in the time that is aimed for."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


class Pace:
    """
    A batch size that follows the store. Grows at most twofold at a time; threads may share it.

    `largest` bounds it however fast the store is; a request's answer should never be far away.
    """

    def __init__(self, *, start: int = 20, largest: int = 100, seconds: float = 10.0) -> None:
        self._size = float(start)
        self._largest = largest
        self._seconds = seconds

    @property
    def size(self) -> int:
        return max(1, int(self._size))

    def took(self, seconds: float, *, calls: int) -> None:
        """Learn from a request of `calls` calls."""
        if calls < self.size and seconds < self._seconds:
            return  # a small remainder says nothing
        fitting = calls * self._seconds / max(seconds, 0.001)
        self._size = min(max(1.0, fitting), self._size * 2, float(self._largest))


def split(items: Sequence[T], *, size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
