"""Listings as CSV: a row for each, with what can be customised of it, and no cell that is a formula."""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TextIO

from tradepost.domain.files.safe_cells import safe_cell
from tradepost.exports.whole_file import whole_file


def write_listings(path: Path | None, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> int:
    """
    Write a file in UTF-8 with a row of headings, or without a path on standard output; returns how many rows there are.
    """
    written = -1
    with _opened(path) as file:
        for written, line in enumerate(listing_lines(columns, rows)):  # noqa: B007 it is the last one's number
            file.write(line)
    return written


def listing_lines(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Make the lines of such a file one by one, its headings first."""
    buffer = StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\r\n", restval="")
    writer.writeheader()
    yield _taken(buffer)
    for row in rows:
        writer.writerow({name: safe_cell(cell) for name, cell in row.items()})
        yield _taken(buffer)


def _taken(buffer: StringIO) -> str:
    line = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return line


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with whole_file(path) as file:
        yield file
