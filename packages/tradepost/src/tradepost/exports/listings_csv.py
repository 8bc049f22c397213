"""Listings as CSV: a row for each, with what can be customised of it, and no cell that is a formula."""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from tradepost.domain.safe_cells import safe_cell
from tradepost.exports.whole_file import whole_file


def write_listings(path: Path | None, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> int:
    """
    Write a file in UTF-8 with a row of headings, or without a path on standard output; returns how many rows there are.
    """
    with _opened(path) as file:
        writer = csv.DictWriter(file, columns, lineterminator="\r\n", restval="")
        writer.writeheader()
        written = 0
        for row in rows:
            writer.writerow({name: safe_cell(cell) for name, cell in row.items()})
            written += 1
    return written


@contextmanager
def _opened(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    with whole_file(path) as file:
        yield file
