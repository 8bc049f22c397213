"""
Files that name listings, and may say what is asked of each: the columns SKU and Action; of a link also External Code,
of a lock also Group.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from tradepost.catalogues.csv_file import CsvRow, check_csv, csv_rows
from tradepost.domain.errors import FileRefused, quoted
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Event
from tradepost.operations.ports import AskedRow, FileAction, Level, RowReport

# As people write them. Other columns are passed over: it may be a file that came from here.
_SKU, _ACTION = ("SKU", "sku", "Sku"), ("Action", "action", "ACTION")
_CODE, _GROUP = ("External Code", "external code", "external_code"), ("Group", "group", "GROUP")
_SEPARATORS = re.compile(r"[\s,;|]+")


class RequestCsv:
    """Implements `ports.RequestReader`; `asked` is what a row may ask for."""

    def __init__(self, asked: Collection[Event]) -> None:
        self._asked: Mapping[str, Event | FileAction] = {each.value: each for each in (*asked, *FileAction)}

    def rows(self, path: Path, *, asks: bool) -> Iterator[AskedRow | RowReport]:
        """See the port."""
        layout = "CSV file of listings" + (" and what is asked of each" if asks else "")
        _check(path, _SKU, layout)
        if asks:
            _check(path, _ACTION, layout)
        for row in csv_rows(path, columns=(*_SKU, *_ACTION, *_CODE, *_GROUP)):
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
        return _with_details(row, AskedRow(row.line, name, self._asked.get(action)))


def _with_details(row: CsvRow, asked: AskedRow) -> AskedRow | RowReport:
    if asked.event in {FileAction.LINK, FileAction.RELINK}:
        return replace(asked, external_code=_cell(row, _CODE))
    if asked.event not in {FileAction.LOCK, FileAction.UNLOCK}:
        return asked
    names = [name for name in _SEPARATORS.split(_cell(row, _GROUP).lower()) if name]
    unknown = next((name for name in names if name not in set(Group)), "")
    if unknown or (asked.event is FileAction.LOCK and not names):
        what = f"{quoted(unknown)} is nothing that can be locked" if unknown else "The row says nothing to lock"
        message = f"{what} of {asked.name}; in the column Group can stand {', '.join(Group)}."
        return RowReport(row.line, Level.REFUSED, message)
    return replace(asked, groups=frozenset(map(Group, names)) or frozenset(Group))


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
