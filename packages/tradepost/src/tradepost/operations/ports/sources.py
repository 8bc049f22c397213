"""The ports of sources of the catalogue: where their files come from, and what is remembered of these."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tradepost.domain.channels.schedule import OFF, Schedule
from tradepost.domain.files.fetched_file import KnownFile
from tradepost.domain.plan import Result
from tradepost.operations.ports.catalogue import RowReport, SourceSettings
from tradepost.operations.ports.fetches import FileId, FilePlace, SourceAddress


@dataclass(frozen=True, slots=True)
class CatalogueSource:
    """
    A source as a person has set it up. `at`: None where its files are only imported by hand. `is_local`: the host of
    its address may be inside the network. `tag`: what a web address called what was taken last. `expected`: how often
    something new has to come; None: whenever. `last_at`: when a file was taken last, or the source was made.
    """

    id: int
    settings: SourceSettings
    at: SourceAddress | None = None
    is_local: bool = False
    schedule: Schedule = OFF
    time_zone: str = "UTC"
    next_at: datetime | None = None
    tag: str = ""
    expected: timedelta | None = None
    last_at: datetime | None = None

    @property
    def name(self) -> str:
        return self.settings.name


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What came of a file. `problem`: why nothing of it could be used. `reports`: what was said of it, by cause."""

    id: FileId
    size_bytes: int
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    absent: int = 0
    refused: int = 0
    problem: str = ""
    reports: Sequence[RowReport] = ()
    tag: str = ""


class CatalogueSources(Protocol):
    """Where the catalogue comes from, and what is remembered of the files there. Writes belong into a transaction."""

    def names(self) -> list[str]: ...

    def read(self, name: str, *, with_secret: bool = False) -> CatalogueSource | None:
        """Raises Reconfigure when the key to the secrets does not fit."""
        ...

    def keep(self, source: CatalogueSource, *, keeps_secret: bool) -> CatalogueSource:
        """
        Create or change a source by its name; `keeps_secret`: the one that it has stays. With another address it
        forgets what was taken last.
        """
        ...

    def remove(self, name: str) -> bool:
        """Forget a source; what it brought stays, and is nobody's then. False where there is none of that name."""
        ...

    def known(self, file: FileId) -> KnownFile | None: ...

    def note_seen(self, file: FileId, *, size_bytes: int, at: datetime) -> None:
        """Remember a file that is taken if the next look finds it as it is, instead of what it was before."""
        ...

    def note_taken(self, imported: ImportedFile, *, run_id: int, at: datetime) -> None: ...

    def note_put_away(self, file: FileId, *, at: datetime) -> None:
        """From here on the same file is taken again where somebody puts it back."""
        ...

    def note_problem(self, source_id: int, problem: str, *, at: datetime) -> None:
        """Say what keeps a source from coming in, since when it does; blank: nothing any more."""
        ...


class SourceHistory(Protocol):
    """What a person said of a source, kept with their name and the time."""

    def keep(self, results: Sequence[Result], *, source_id: int) -> None:
        """Keep these results as one request; nothing where there are none. Call it in the transaction that did them."""
        ...


OpenPlace = Callable[[CatalogueSource], AbstractContextManager[FilePlace]]
"""Opens where a source's files are; nothing is asked yet. Raises NotAllowed, AddressRefused."""
