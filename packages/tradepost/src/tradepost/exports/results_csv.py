"""What became of listings as CSV: a row for each listing and what was asked of it."""

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tradepost.domain.errors import FileRefused
from tradepost.exports.safe_cells import safe_cell
from tradepost.operations.ports import ResultRow, WriteResults


@contextmanager
def results_csv(path: Path) -> Iterator[WriteResults]:
    """
    Write a file in UTF-8 with a row of headings; it is there when all of it was written, and not before.

    Raises FileRefused where it can't be written.
    """
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(ResultRow._fields)

            def write(rows: Iterable[ResultRow]) -> None:
                writer.writerows(map(safe_cell, row) for row in rows)

            yield write
        unfinished.replace(path)
    except OSError as error:
        raise FileRefused(f"{path} can't be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
