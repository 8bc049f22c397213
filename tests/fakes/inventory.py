"""The port `StoreInventory` in memory."""

from collections.abc import Collection, Iterable, Mapping

from tradepost.operations.ports import SetupItem, SetupKind


class MemoryInventory:
    def __init__(self) -> None:
        self.set_up: set[tuple[SetupKind, str]] = set()
        self.files: dict[str, int] = {}

    def known_setup(self) -> set[tuple[SetupKind, str]]:
        return set(self.set_up)

    def add_setup(self, items: Iterable[SetupItem]) -> None:
        self.set_up |= {(item.kind, item.code) for item in items}

    def known_files(self, paths: Collection[str]) -> dict[str, int]:
        return {path: self.files[path] for path in paths if path in self.files}

    def add_files(self, sizes: Mapping[str, int]) -> None:
        self.files |= sizes
