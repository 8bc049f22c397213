"""What an import, and an undo of one, needs from outside."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tradepost.operations.catalogue.import_journal import Journal, NoJournal
from tradepost.operations.ports import (
    Catalogue,
    CatalogueReader,
    Clock,
    DescriptionCleaner,
    History,
    ListingBuilder,
    SourceImages,
)


@dataclass(frozen=True, slots=True)
class ImportPorts:
    """
    What an import needs. `channels` are those that follow the catalogue, by name; none imports the catalogue alone.

    `channel_ids`: theirs by name, as each keeps the import in its history.
    `reads_files`: whether images may be files of this machine; only for a file that was named at the command line.
    `images_root`: the folder out of which no path of an image leads; None: the catalogue file's own.
    `without_images`: the names of those channels that have no image server. `stops_at_zero`: of those that sell nothing
    without stock, whatever the catalogue says.
    `descriptions`: says what will be left out of descriptions; None where no channel leaves anything out. `savepoint`:
    a part of the transaction that can be taken back. `journal`: where each change is told.
    """

    reader: CatalogueReader
    catalogue: Catalogue
    channels: Mapping[str, ListingBuilder]
    source_images: SourceImages
    channel_ids: Mapping[str, int]
    history: History
    transaction: Callable[[], AbstractContextManager[None]]
    savepoint: Callable[[], AbstractContextManager[None]]
    clock: Clock
    journal: Journal = field(default_factory=NoJournal)
    reads_files: bool = False
    images_root: Path | None = None
    descriptions: DescriptionCleaner | None = None
    without_images: Sequence[str] = ()
    stops_at_zero: Sequence[str] = ()
