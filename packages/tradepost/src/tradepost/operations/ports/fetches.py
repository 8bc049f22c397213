"""The ports of shipments that are fetched: where from, and what is remembered of the files there."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import BinaryIO, Protocol

from tradepost.domain.files.fetched_file import KnownFile
from tradepost.operations.ports.catalogue import RowReport
from tradepost.operations.ports.shipments import ShipmentReader


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """
    Where shipments are fetched from. `secret`: a password, or a token of a web address, blank for none.
    `fingerprint`: a server's key that a person has confirmed.
    """

    address: str
    fingerprint: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ShipmentSource:
    """A warehouse that says what it has shipped. `tag`: what its web address called the content that was taken last."""

    id: int
    name: str
    at: SourceAddress
    tag: str = ""


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file has. `is_whole`: False where its size moved while it was read. `tag`: what a web address calls it."""

    content: bytes = field(repr=False)
    is_whole: bool = True
    tag: str = ""


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """
    A file that was copied. `is_whole`: False where its size moved meanwhile. `tag`: what a web address calls it.
    `is_complete`: whether the place itself says that this was all of it; where it does not, only a last line that has
    its end does. `written_at`: when it was written last, where the place says so.
    """

    size_bytes: int
    is_whole: bool = True
    is_complete: bool = False
    tag: str = ""
    written_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileId:
    """A file of a source: one of another content is another one."""

    source_id: int
    name: str
    checksum: str


@dataclass(frozen=True, slots=True)
class TakenFile:
    """What came of a file. `problem`: why nothing of it could be used. `reports`: rows that were refused or noted."""

    id: FileId
    size_bytes: int
    recorded: int = 0
    known: int = 0
    refused: int = 0
    problem: str = ""
    reports: Sequence[RowReport] = ()
    tag: str = ""


class FilePlace(Protocol):
    """
    A place where others put files. All raise StorageRefused, StoreUnavailable, CredentialsRejected, AddressRefused,
    NotAllowed.
    """

    @property
    def puts_away(self) -> bool:
        """Whether files are moved when they are taken; what a web address has stays there."""
        ...

    def names(self) -> list[str]:
        """Name the files that are there, by name; folders are none."""
        ...

    def copy(self, name: str, into: BinaryIO, *, limit_bytes: int, tag: str = "") -> CopiedFile | None:
        """
        Copy a file up to a limit, from where `into` is empty; None where it is gone, or is the one that has this tag.
        """
        ...

    def put_away(self, name: str, *, size_bytes: int, folder: str, new_name: str) -> bool:
        """
        Move a file to a folder beside it, made if need be; False where it has another size by now. Safe to repeat.
        """
        ...


def read_file(place: FilePlace, name: str, *, limit_bytes: int, tag: str = "") -> FileContent | None:
    """Read a file into memory; see `FilePlace.copy`."""
    content = BytesIO()
    copied = place.copy(name, content, limit_bytes=limit_bytes, tag=tag)
    return None if copied is None else FileContent(content.getvalue(), copied.is_whole, copied.tag)


class ShipmentSources(Protocol):
    """
    Where shipments of one channel are fetched from, and what is remembered of the files there. Writes belong into a
    transaction.
    """

    def set_source(self, name: str, at: SourceAddress) -> None: ...

    def remove_source(self, name: str) -> bool:
        """Fetch from there no more; what was recorded stays. False where there is none of that name."""
        ...

    def sources(self) -> list[ShipmentSource]:
        """Return where to look, by id, with secrets. Raises Reconfigure when the key to the secrets does not fit."""
        ...

    def known(self, file: FileId) -> KnownFile | None: ...

    def note_seen(self, file: FileId, *, size_bytes: int, at: datetime) -> None:
        """Remember a file that is taken if the next look finds it as it is, instead of what it was before."""
        ...

    def note_taken(self, taken: TakenFile, *, run_id: int, at: datetime) -> None:
        """Remember what came of a file; one that is all right settles what was refused under its name before."""
        ...

    def note_put_away(self, file: FileId, *, at: datetime) -> None:
        """From here on the same file is taken again where somebody puts it back."""
        ...

    def settle(self, ids: Sequence[int] | None) -> list[int]:
        """Note that what was refused of these files is dealt with, None: of all; returns which that was news of."""
        ...


@dataclass(frozen=True, slots=True)
class Fetches:
    """
    What fetching shipments needs. `open`: opens a place, of which nothing is asked yet; raises NotAllowed,
    AddressRefused.
    """

    sources: ShipmentSources
    reader: ShipmentReader
    open: Callable[[SourceAddress], AbstractContextManager[FilePlace]]
