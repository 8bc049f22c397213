"""
CSV files as they really are: encoding, delimiter, header, and rows with the lines on which they begin.

Nothing that stands in a file does more than to refuse the row, or the file before its first row; no cell and no line
is longer than memory can bear.
"""

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TextIO

from tradepost.domain.errors import FileRefused, quoted
from tradepost.operations.ports import Level, RowReport

_MAX_CELL_CHARACTERS = 5_000_000
_MAX_LINE_CHARACTERS = 20_000_000
# Half of a character is let through, so that it costs its row and not the file.
_ENCODING, _ENCODING_ERRORS = "utf-8-sig", "surrogatepass"
# What is no text for a database: PostgreSQL takes no NUL, nothing takes half of a character.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class CsvContent:
    """A CSV file that is no file of this machine (yet)."""

    name: str
    content: bytes

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class CsvRow:
    """The cells of a row by column, stripped, without the empty ones."""

    line: int
    cells: dict[str, str]


def check_csv(path: Path | CsvContent, *, needed: Collection[str], layout: str) -> None:
    """Raises FileRefused when the file is no CSV that can be read, or lacks a column that the layout needs."""
    _refuse_other_files(path)
    with _opened(path) as file:
        header = _header(_Lines(file, path), path)[0]
    missing = [name for name in needed if name not in header]
    if missing:
        raise FileRefused(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. "
            f"It must be a {layout}, with its header row."
        )


def csv_rows(path: Path | CsvContent, *, columns: Collection[str]) -> Iterator[CsvRow | RowReport]:
    """
    Read the cells of these columns, row by row; a row that can't be used is a report instead.

    Raises FileRefused, also in the middle, where the encoding is wrong.
    """
    with _opened(path) as file:
        lines = _Lines(file, path)
        header, delimiter = _header(lines, path)
        places, repeated = _places(header, columns)
        for name in dict.fromkeys(header[place] for place in repeated):
            message = f"The column {name} is in the header twice; a row in which the two differ is refused."
            yield RowReport(1, Level.NOTE, message)
        reader = csv.reader(lines, delimiter=delimiter, strict=False)
        while True:
            line = lines.count + 1
            try:
                values = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield RowReport(line, Level.REFUSED, f"The row can't be read as CSV: {error}.")
                continue
            cells = {name: cell for name, place in places if place < len(values) and (cell := values[place].strip())}
            why_not = _why_not(values, cells, header, repeated)
            if why_not:
                yield RowReport(line, Level.REFUSED, why_not)
            elif cells or any(value.strip() for value in values):
                yield CsvRow(line, cells)


def _why_not(values: Sequence[str], cells: dict[str, str], header: Sequence[str], repeated: Collection[int]) -> str:
    """Return why a row can't be used; empty where it can."""
    if len(values) > len(header) and any(value.strip() for value in values[len(header) :]):
        return (
            f"The row has {len(values)} fields where the header has {len(header)}; "
            "look for a quotation mark that is missing or too many."
        )
    for place in repeated:
        other = values[place].strip() if place < len(values) else ""
        first = cells.setdefault(header[place], other)
        if other and other != first:
            return f"The column {header[place]} is there twice, with {quoted(first)} and {quoted(other)}; keep one."
    if _NO_TEXT.search("".join(cells.values())) is not None:
        name, found = next((name, found) for name, cell in cells.items() if (found := _NO_TEXT.search(cell)))
        return f"The column {name} has a character that is no text (U+{ord(found[0]):04X}); remove it."
    return ""


def _refuse_other_files(path: Path | CsvContent) -> None:
    with _opened_raw(path) as file:
        start = file.read(4096)
    if not start.strip():
        raise FileRefused(f"{path} is empty. Export it again, with the header row.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused(f"{path} is in UTF-16. Save it as 'CSV UTF-8' and import that.")
    if start.startswith(b"PK\x03\x04"):
        raise FileRefused(f"{path} is a spreadsheet or ZIP file, not a CSV. Save it as 'CSV UTF-8' and import that.")
    if _is_binary(start):
        raise FileRefused(f"{path} is not a text file. Export it as 'CSV UTF-8' and import that.")


def _is_binary(start: bytes) -> bool:
    """Tell a file of another sort from a CSV in which a stray NUL stands, which costs only its row."""
    if b"\0" not in start:
        return False
    try:
        codecs.getincrementaldecoder(_ENCODING)(_ENCODING_ERRORS).decode(start)
    except UnicodeDecodeError:
        return True
    return b"\0" in start.splitlines()[0]


def _opened(path: Path | CsvContent) -> TextIO:
    return io.TextIOWrapper(_opened_raw(path), encoding=_ENCODING, errors=_ENCODING_ERRORS, newline="")


def _opened_raw(path: Path | CsvContent) -> BinaryIO:
    if isinstance(path, CsvContent):
        return io.BytesIO(path.content)
    try:
        if path.is_dir():
            raise FileRefused(f"{path} is a folder. Name the CSV file inside it.")
        if path.exists() and not path.is_file():
            raise FileRefused(f"{path} is no regular file. Name a CSV file.")
        return path.open("rb")
    except FileNotFoundError:
        raise FileRefused(f"There is no file {path}. Check the path.") from None
    except OSError as error:
        raise FileRefused(f"{path} can't be read: {error.strerror}.") from error


class _Lines:
    """The lines of a file, counted; one that is too long costs itself and no more."""

    def __init__(self, file: TextIO, path: Path | CsvContent) -> None:
        self.count = 0
        self._file = file
        self._path = path

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._piece()
        if not line:
            raise StopIteration
        self.count += 1
        if not _is_whole(line):
            while not _is_whole(self._piece()):
                pass
            raise csv.Error(f"the line is longer than {_MAX_LINE_CHARACTERS:,} characters")
        return line

    def _piece(self) -> str:
        try:
            return self._file.readline(_MAX_LINE_CHARACTERS)
        except UnicodeDecodeError:
            raise FileRefused(
                f"{self._path} is not in UTF-8 (look behind line {self.count}). Save it as 'CSV UTF-8' and import that."
            ) from None
        except OSError as error:
            raise FileRefused(f"{self._path} can't be read: {error.strerror}.") from error


def _is_whole(piece: str) -> bool:
    return len(piece) < _MAX_LINE_CHARACTERS or piece.endswith(("\n", "\r"))


def _header(lines: _Lines, path: Path | CsvContent) -> tuple[list[str], str]:
    """Read the header row; returns its names and the delimiter. Raises FileRefused."""
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    try:
        first = next(lines)
        delimiter = max(",;\t", key=first.count)
        return [name.strip() for name in next(csv.reader(_after(first, lines), delimiter=delimiter))], delimiter
    except (csv.Error, StopIteration) as error:
        raise FileRefused(f"{path} has no header row that can be read: {error}.") from error


def _after(first: str, rest: _Lines) -> Iterator[str]:
    yield first
    yield from rest


def _places(header: Sequence[str], columns: Collection[str]) -> tuple[list[tuple[str, int]], list[int]]:
    """Return where each of the columns stands first, and the places of those that stand there again."""
    first: dict[str, int] = {}
    again: list[int] = []
    for place, name in enumerate(header):
        if name in columns and first.setdefault(name, place) != place:
            again.append(place)
    return list(first.items()), again
