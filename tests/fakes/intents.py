"""The port `Intents` in memory."""

from collections.abc import Collection

from tradepost.domain.codes import code_key


class MemoryIntents:
    """`ever` are the code keys that were open at any time."""

    def __init__(self) -> None:
        self.keys: set[str] = set()
        self.ever: set[str] = set()

    def open(self, codes: Collection[str]) -> None:
        self.keys |= {code_key(code) for code in codes}
        self.ever |= self.keys

    def open_among(self, codes: Collection[str]) -> set[str]:
        return self.keys & {code_key(code) for code in codes}

    def close(self, codes: Collection[str]) -> None:
        self.keys -= {code_key(code) for code in codes}
