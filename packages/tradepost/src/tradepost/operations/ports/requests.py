"""The ports of files of requests: what is to be done, row by row, and what became of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Event
from tradepost.operations.ports.catalogue import RowReport


class FileAction(StrEnum):
    """What a file may ask of a listing besides what its status knows."""

    LINK = "link"
    RELINK = "re-link"
    LOCK = "lock"
    UNLOCK = "unlock"


@dataclass(frozen=True, slots=True)
class AskedRow:
    """
    A row of a file: a listing by its SKU, handle or code, and what is asked of it; None where the row is silent.

    `external_code`: the id or code of the product that it is linked to. `groups`: what is locked, or unlocked.
    """

    line: int
    name: str
    event: Event | FileAction | None
    external_code: str = ""
    groups: frozenset[Group] = frozenset()


class RequestReader(Protocol):
    """Reads files that name listings, and may say what is asked of each."""

    def rows(self, path: Path, *, asks: bool) -> Iterator[AskedRow | RowReport]:
        """Read a file; with `asks` each row must say what is asked. A row of no use is a report. Raises FileRefused."""
        ...


class ResultRow(NamedTuple):
    """
    What became of a listing. `line`: of the file that named it. `run`: the run that did it, blank for a request.
    """

    line: int | str
    sku: str
    code: str
    action: str
    outcome: str
    message: str
    run: int | str = ""


WriteResults: TypeAlias = Callable[[Iterable[ResultRow]], None]


# What a table of listings says besides what can be customised.
LISTED_COLUMNS = (
    "Channel",
    "SKU",
    "Master SKU",
    "Parent SKU",
    "Product Type",
    "Status",
    "Link Status",
    "Pending",
    "Paused",
    "External ID",
    "External Code",
    "Last Synced At",
    "Attention",
    "Last Error",
)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table of listings: one by its SKU, handle or code, and the cells that are not blank, by column."""

    line: int
    name: str
    cells: Mapping[str, str]


class ListingTableReader(Protocol):
    """Reads tables of listings that come back, to customise these."""

    def rows(self, path: Path, *, channel_name: str) -> Iterator[TableRow | RowReport]:
        """Read a file; a row of no use, or of another channel, is a report. Raises FileRefused, in the middle, too."""
        ...
