"""What became of listings as CSV: a row for each listing and what was asked of it."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tradepost.domain.files.safe_cells import safe_cell
from tradepost.exports.whole_file import whole_file
from tradepost.operations.ports import ResultRow, WriteResults


@contextmanager
def results_csv(path: Path) -> Iterator[WriteResults]:
    """Write a file in UTF-8 with a row of headings. Raises FileRefused where it can't be written."""
    with whole_file(path) as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(ResultRow._fields)

        def write(rows: Iterable[ResultRow]) -> None:
            writer.writerows(map(safe_cell, row) for row in rows)

        yield write
