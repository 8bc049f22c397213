"""The port `Intents` in memory."""

from collections.abc import Collection
from datetime import UTC, datetime

from tradepost.domain.listings.codes import code_key
from tradepost.operations.ports import Clock, OpenIntent

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class MemoryIntents:
    """`keys` are the code keys that are open, `ever` those that were at any time."""

    def __init__(self, clock: Clock = lambda: _NOON) -> None:
        self.keys: set[str] = set()
        self.ever: set[str] = set()
        self._opened: dict[str, datetime] = {}
        self._clock = clock

    def open(self, codes: Collection[str]) -> None:
        self.keys |= {code_key(code) for code in codes}
        self.ever |= self.keys
        self._opened |= {code_key(code): self._clock() for code in codes}

    def open_among(self, codes: Collection[str]) -> set[str]:
        return self.keys & {code_key(code) for code in codes}

    def all_open(self, *, after: int, limit: int) -> list[OpenIntent]:
        keys = [key for key in self._opened if key in self.keys]
        found = [OpenIntent(number, key, self._opened[key]) for number, key in enumerate(keys, 1)]
        return [intent for intent in found if intent.id > after][:limit]

    def close(self, codes: Collection[str]) -> None:
        self.keys -= {code_key(code) for code in codes}
