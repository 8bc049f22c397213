"""Files that name listings, and may say what is asked of each: the columns SKU and Action."""

from collections.abc import Collection, Iterator
from pathlib import Path

from tradepost.catalogues.csv_file import CsvRow, check_csv, csv_rows
from tradepost.domain.errors import FileRefused, quoted
from tradepost.domain.listing import Event
from tradepost.operations.ports import AskedRow, Level, RowReport

# As people write them. Other columns are passed over: it may be a file that came from here.
_SKU, _ACTION = ("SKU", "sku", "Sku"), ("Action", "action", "ACTION")


class RequestCsv:
    """Implements `ports.RequestReader`; `asked` is what a row may ask for."""

    def __init__(self, asked: Collection[Event]) -> None:
        self._asked = {event.value: event for event in asked}

    def rows(self, path: Path, *, asks: bool) -> Iterator[AskedRow | RowReport]:
        """See the port."""
        layout = "CSV file of listings" + (" and what is asked of each" if asks else "")
        _check(path, _SKU, layout)
        if asks:
            _check(path, _ACTION, layout)
        for row in csv_rows(path, columns=(*_SKU, *_ACTION)):
            yield row if isinstance(row, RowReport) else self._row(row, asks=asks)

    def _row(self, row: CsvRow, *, asks: bool) -> AskedRow | RowReport:
        name, action = _cell(row, _SKU), _cell(row, _ACTION).lower()
        if not name:
            return RowReport(row.line, Level.REFUSED, "The row has no SKU.")
        if not action and asks:
            return RowReport(row.line, Level.REFUSED, f"The row of {name} does not say what is asked of it.")
        if action and action not in self._asked:
            known = ", ".join(self._asked)
            return RowReport(
                row.line, Level.REFUSED, f"{quoted(action)} is nothing that can be asked of {name}; {known} can."
            )
        return AskedRow(row.line, name, self._asked.get(action))


def _check(path: Path, names: Collection[str], layout: str) -> None:
    """Raises FileRefused, by the first of the names, where a file has no column of any of them."""
    refusals: list[FileRefused] = []
    for name in names:
        try:
            check_csv(path, needed=[name], layout=layout)
        except FileRefused as refusal:
            refusals.append(refusal)
        else:
            return
    raise refusals[0]


def _cell(row: CsvRow, names: Collection[str]) -> str:
    return next((row.cells[name] for name in names if name in row.cells), "")
