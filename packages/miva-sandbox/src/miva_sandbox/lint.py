"""
The lint log: whatever a real store would pass over in silence is written here, for a developer to read.

An entry says what kind of thing was ignored, where (function or tag) and which.
"""

import itertools
import threading
import time
from collections import deque
from dataclasses import dataclass

_CAPACITY = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """`number` counts all entries since the start, those that were cleared included."""

    number: int
    kind: str
    where: str
    detail: str
    at: float


class Lint:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_CAPACITY)
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def report(self, kind: str, where: str, detail: str) -> None:
        with self._lock:
            self._entries.append(Entry(next(self._numbers), kind, where, detail, time.time()))

    def entries(self) -> list[Entry]:
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
