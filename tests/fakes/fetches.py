"""Fetching shipments in memory: places with files, and what is remembered of these."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tradepost.catalogues.shipments_csv import ShipmentCsv
from tradepost.domain.errors import TradepostError
from tradepost.domain.files.fetched_file import KnownFile
from tradepost.operations.ports import (
    CopiedFile,
    Fetches,
    FileContent,
    FileId,
    ShipmentSource,
    SourceAddress,
    TakenFile,
)


@dataclass
class MemoryPlace:
    """`files` by name; `away`: what was put away, by folder and name; `failure`: what keeps it from being read."""

    files: dict[str, FileContent] = field(default_factory=dict)
    away: dict[str, bytes] = field(default_factory=dict)
    failure: TradepostError | None = None
    puts_away: bool = True

    def names(self) -> list[str]:
        if self.failure is not None:
            raise self.failure
        return sorted(self.files)

    def copy(self, name, into, *, limit_bytes, tag="") -> CopiedFile | None:
        found = self.files.get(name)
        if found is None:
            return None
        into.write(found.content)
        return CopiedFile(len(found.content), found.is_whole, tag=found.tag)

    def put_away(self, name: str, *, size_bytes: int, folder: str, new_name: str) -> bool:
        if len(self.files[name].content) != size_bytes:
            return False
        self.away[f"{folder}/{new_name}"] = self.files.pop(name).content
        return True


class MemorySources:
    """Implements `ports.ShipmentSources`; its places are those of these addresses."""

    def __init__(self, *, may_write: Callable[[], bool] = lambda: True) -> None:
        self.places: dict[str, MemoryPlace] = {}
        self.remembered: dict[FileId, KnownFile] = {}
        self.taken: list[TakenFile] = []
        self._may_write = may_write

    def sources(self) -> list[ShipmentSource]:
        rows = enumerate(self.places, start=1)
        return [ShipmentSource(place, name, SourceAddress(f"/{name}")) for place, name in rows]

    def known(self, file: FileId) -> KnownFile | None:
        return self.remembered.get(file)

    def note_seen(self, file: FileId, **_) -> None:
        assert self._may_write()
        self.remembered.setdefault(file, KnownFile(is_taken=False))

    def note_taken(self, taken: TakenFile, **_) -> None:
        assert self._may_write()
        self.taken.append(taken)
        self.remembered[taken.id] = KnownFile(is_taken=True, is_refused=bool(taken.problem))

    def note_put_away(self, file: FileId, **_) -> None:
        assert self._may_write()
        is_refused = self.remembered[file].is_refused
        self.remembered[file] = KnownFile(is_taken=True, is_refused=is_refused, is_put_away=True)


def memory_fetches(sources: MemorySources | None = None) -> Fetches:
    kept = sources or MemorySources()

    @contextmanager
    def open_(at: SourceAddress) -> Iterator[MemoryPlace]:
        yield kept.places[at.address.lstrip("/")]

    return Fetches(kept, ShipmentCsv(), open_)
