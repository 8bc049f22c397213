"""Tables of listings that come back: a CSV file with a column SKU and a column for each value that may have changed."""

from collections.abc import Iterator
from pathlib import Path

from tradepost.catalogues.csv_file import CsvRow, csv_header, csv_rows
from tradepost.domain.errors import FileRefused
from tradepost.domain.listings.customising import FIELD_COLUMN, TEXT_COLUMNS, VALUE_COLUMNS, is_customisable
from tradepost.operations.ports import LISTED_COLUMNS, Level, RowReport, TableRow

_SKU, _CHANNEL = "SKU", "Channel"


class ListingCsv:
    """Implements `ports.ListingTableReader`."""

    def rows(self, path: Path, *, channel_name: str) -> Iterator[TableRow | RowReport]:
        """See the port."""
        header = csv_header(path)
        if _SKU not in header or not any(map(is_customisable, header)):
            known = ", ".join([*TEXT_COLUMNS, *VALUE_COLUMNS])
            raise FileRefused(
                f"{path} must have a column {_SKU} and one of what is to be customised, with a header row: {known} "
                f"or '{FIELD_COLUMN}CODE' for a custom field."
            )
        for name in dict.fromkeys(header):
            if name and not is_customisable(name) and name not in LISTED_COLUMNS:
                message = f"The column {name} is none by which a listing can be customised, so it is passed over."
                yield RowReport(1, Level.NOTE, message)
        columns = {_SKU, _CHANNEL, *filter(is_customisable, header)}
        for row in csv_rows(path, columns=columns):
            yield row if isinstance(row, RowReport) else _row(row, channel_name)


def _row(row: CsvRow, channel_name: str) -> TableRow | RowReport:
    cells = dict(row.cells)
    name, channel = cells.pop(_SKU, ""), cells.pop(_CHANNEL, "")
    if not name:
        return RowReport(row.line, Level.REFUSED, "The row has no SKU.")
    if channel and channel != channel_name:
        return RowReport(row.line, Level.REFUSED, f"The row of {name} is of the channel '{channel}', not of this one.")
    return TableRow(row.line, name, cells)
