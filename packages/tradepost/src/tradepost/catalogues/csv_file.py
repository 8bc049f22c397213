"""
CSV files as they really are: encoding, delimiter, header, and rows with the lines on which they begin.

Nothing that stands in a file does more than to refuse the row, or the file before its first row; no cell and no line
is longer than memory can bear.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from tradepost.catalogues.text_file import NO_TEXT, LineTooLong, TextFile, TextLines, opened, refuse_other_files
from tradepost.domain.errors import FileRefused, quoted
from tradepost.domain.files.safe_cells import plain_text
from tradepost.operations.ports import CountColumns, Level, RowReport

_MAX_CELL_CHARACTERS = 5_000_000


@dataclass(frozen=True, slots=True)
class CsvRow:
    """The cells of a row by column, stripped, without the empty ones."""

    line: int
    cells: dict[str, str]


def csv_header(path: TextFile) -> list[str]:
    """Return the names of the columns. Raises FileRefused when the file is no CSV that can be read."""
    refuse_other_files(path)
    with opened(path) as file:
        return _header(TextLines(file, path), path)[0]


def csv_sample(path: TextFile, *, rows: int) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns, and the cells of the first rows that can be read. Raises FileRefused."""
    with opened(path) as file:
        lines = TextLines(file, path)
        header, delimiter = _header(lines, path)
        found: list[list[str]] = []
        reader = csv.reader(lines, delimiter=delimiter, strict=False)
        while len(found) < rows:
            try:
                cells = [cell.strip() for cell in next(reader)]
            except (StopIteration, csv.Error, LineTooLong):
                break
            if any(cells):
                found.append([*cells, *[""] * (len(header) - len(cells))][: len(header)])
    return header, found


def csv_cells(path: TextFile) -> Iterator[tuple[int, list[str]]]:
    """Read the rows that can be read as they stand there, each with its line; the header is the first of them."""
    with opened(path) as file:
        lines = TextLines(file, path)
        header, delimiter = _header(lines, path)
        yield 1, header
        reader = csv.reader(lines, delimiter=delimiter, strict=False)
        while True:
            line = lines.count + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, LineTooLong):
                continue
            yield line, cells


def check_csv(path: TextFile, *, needed: Collection[str], layout: str) -> None:
    """Raises FileRefused when the file is no CSV that can be read, or lacks a column that the layout needs."""
    header = csv_header(path)
    missing = [name for name in needed if name not in header]
    if missing:
        spelled = {name.casefold(): name for name in header}
        alike = (f"{spelled[name.casefold()]} has to be {name}" for name in missing if name.casefold() in spelled)
        hint = ", ".join(alike)
        raise FileRefused(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. "
            f"{f'Case counts: {hint}. ' if hint else ''}It must be a {layout}, with its header row."
        )


def check_count_columns(path: TextFile, counted: CountColumns, *, layout: str) -> None:
    """Raises FileRefused where the file lacks a column by which its numbers are to count."""
    if counted.counted_at:
        check_csv(path, needed=[counted.counted_at], layout=f"{layout} that says when each number was counted")
    if counted.orders_through:
        check_csv(path, needed=[counted.orders_through], layout=f"{layout} that says up to which order was counted")


def csv_rows(path: TextFile, *, columns: Collection[str]) -> Iterator[CsvRow | RowReport]:
    """
    Read the cells of these columns, row by row; a row that can't be used is a report instead.

    Raises FileRefused, also in the middle, where the encoding is wrong.
    """
    with opened(path) as file:
        lines = TextLines(file, path)
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
            except (csv.Error, LineTooLong) as error:
                yield RowReport(line, Level.REFUSED, f"The row can't be read as CSV: {error}.")
                continue
            if lines.is_over:
                # The row asked for one more line than there was: it ended within quotation marks.
                yield RowReport(line, Level.REFUSED, _never_closed(lines.count - line))
                return
            width = len(values)
            # Most cells are empty.
            cells = {
                name: plain_text(cell) if cell[0] == "'" else cell
                for name, place in places
                if place < width and values[place] and (cell := values[place].strip())
            }
            why_not = _why_not(values, cells, header, repeated)
            if why_not:
                yield RowReport(line, Level.REFUSED, why_not)
            elif cells or any(value.strip() for value in values):
                yield CsvRow(line, cells)


def _never_closed(swallowed: int) -> str:
    """Say what a quotation mark has done that nothing closes; `swallowed`: how many lines behind its own it took."""
    taken = (
        f", so that {swallowed:,} {'line' if swallowed == 1 else 'lines'} below it were not read" if swallowed else ""
    )
    return f"A quotation mark that opens in this row is never closed{taken}. Close it, and import the file again."


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
    if NO_TEXT.search("".join(cells.values())) is not None:
        name, found = next((name, found) for name, cell in cells.items() if (found := NO_TEXT.search(cell)))
        return f"The column {name} has a character that is no text (U+{ord(found[0]):04X}); remove it."
    return ""


def _header(lines: TextLines, path: TextFile) -> tuple[list[str], str]:
    """Read the header row; returns its names and the delimiter. Raises FileRefused."""
    csv.field_size_limit(_MAX_CELL_CHARACTERS)
    try:
        first = next(lines)
        delimiter = max(",;\t", key=first.count)
        return [name.strip() for name in next(csv.reader(_after(first, lines), delimiter=delimiter))], delimiter
    except (csv.Error, LineTooLong, StopIteration) as error:
        raise FileRefused(f"{path} has no header row that can be read: {error}.") from error


def _after(first: str, rest: TextLines) -> Iterator[str]:
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
