"""
Rows put aside by key, in a temporary SQLite file: those of one product may lie apart, and memory does not grow with
the catalogue.

The file has no name: SQLite takes it away while it is open, so whoever is killed leaves nothing behind.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec

StagedRows = list[tuple[int, dict[str, Any]]]
"""Rows with the lines on which they begin."""

_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(StagedRows).decode

# Few, as a row may be of megabytes.
_AT_ONCE = 100


class RowStaging:
    """Rows by key, and names that only one row may have."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        # The key of the row before, with the line where it began, and the rows since then: mostly those of a product
        # stand together, and are put aside as one.
        self._last = ("", 0)
        self._together: StagedRows = []
        self._waiting: list[tuple[int, int, bytes]] = []
        self._waiting_rows = 0
        database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            # By where its key began: so rows that stand together are written in order, and read without sorting.
            "CREATE TABLE rows (begin INTEGER, line INTEGER, cells BLOB, PRIMARY KEY (begin, line)) WITHOUT ROWID;"
            "CREATE TABLE keys (key TEXT PRIMARY KEY, begin INTEGER UNIQUE) WITHOUT ROWID;"
            "CREATE TABLE names (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;"
        )

    def add(self, key: str, line: int, cells: dict[str, Any]) -> None:
        if key != self._last[0]:
            self._end_together()
            self._last = (key, self._begin(key, line))
        self._together.append((line, cells))
        self._waiting_rows += 1
        if self._waiting_rows == _AT_ONCE:
            self._write()

    def groups(self) -> Iterator[tuple[str, StagedRows]]:
        """Return each key with its rows by line, in the order in which the keys began."""
        self._write()
        rows = self._database.execute(
            "SELECT key, cells FROM rows CROSS JOIN keys ON keys.begin = rows.begin ORDER BY rows.begin, line"
        )
        for key, found in groupby(rows, key=itemgetter(0)):
            yield key, [row for _key, rows in found for row in _decode(rows)]

    def claim(self, name: str, line: int) -> int | None:
        """Take a name for a line; returns the line that has it already, or None."""
        if self._database.execute("INSERT OR IGNORE INTO names VALUES (?, ?)", (name, line)).rowcount:
            return None
        (holder,) = self._database.execute("SELECT line FROM names WHERE name = ?", (name,)).fetchone()
        return int(holder)

    def _end_together(self) -> None:
        if self._together:
            self._waiting.append((self._last[1], self._together[0][0], _encode(self._together)))
            self._together = []

    def _write(self) -> None:
        self._end_together()
        self._database.executemany("INSERT INTO rows VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()
        self._waiting_rows = 0

    def _begin(self, key: str, line: int) -> int:
        if self._database.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (key, line)).rowcount:
            return line
        (begin,) = self._database.execute("SELECT begin FROM keys WHERE key = ?", (key,)).fetchone()
        return int(begin)


@contextmanager
def row_staging() -> Iterator[RowStaging]:
    """Open a place for rows that is gone afterwards."""
    # A blank name is such a file, in TMPDIR: https://www.sqlite.org/inmemorydb.html#temp_db
    with closing(sqlite3.connect("")) as database:
        yield RowStaging(database)
