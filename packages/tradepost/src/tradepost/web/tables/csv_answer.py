"""Rows as a file for a spreadsheet, written while they are read."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from tradepost.domain.files.safe_cells import safe_cell

# A spreadsheet takes a file for UTF-8 by this mark only.
_MARK = "\ufeff"


class _Echo:
    """What the writer of CSV takes for a file: it gives back each line."""

    def write(self, line: str) -> str:
        return line


def csv_answer(rows: Iterable[Sequence[Any]], *, name: str) -> StreamingHttpResponse:
    """Give rows, the first of them their header, as a file of this name; no cell of it is a formula."""
    answer = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield _MARK
    for row in rows:
        yield writer.writerow([safe_cell(cell) for cell in row])
