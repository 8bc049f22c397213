"""
Rows put aside by key, in a temporary SQLite file: those of one product may lie apart, and memory does not grow with
the catalogue.
"""

import json
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


class RowStaging:
    """Rows by key, and names that only one row may have."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE rows (key TEXT, line INTEGER, cells TEXT);"
            "CREATE TABLE keys (key TEXT PRIMARY KEY, first_line INTEGER) WITHOUT ROWID;"
            "CREATE TABLE names (name TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID;"
        )

    def add(self, key: str, line: int, cells: dict[str, str]) -> None:
        self._database.execute("INSERT INTO rows VALUES (?, ?, ?)", (key, line, json.dumps(cells)))
        self._database.execute("INSERT OR IGNORE INTO keys VALUES (?, ?)", (key, line))

    def groups(self) -> Iterator[tuple[str, list[tuple[int, dict[str, str]]]]]:
        """Return each key with its rows by line, in the order in which the keys began."""
        self._database.execute("CREATE INDEX rows_by_key ON rows (key, line)")
        for (key,) in self._database.execute("SELECT key FROM keys ORDER BY first_line"):
            found = self._database.execute("SELECT line, cells FROM rows WHERE key = ? ORDER BY line", (key,))
            yield key, [(line, json.loads(cells)) for line, cells in found]

    def claim(self, name: str, line: int) -> int | None:
        """Take a name for a line; returns the line that has it already, or None."""
        if self._database.execute("INSERT OR IGNORE INTO names VALUES (?, ?)", (name, line)).rowcount:
            return None
        (holder,) = self._database.execute("SELECT line FROM names WHERE name = ?", (name,)).fetchone()
        return int(holder)


@contextmanager
def row_staging() -> Iterator[RowStaging]:
    """Open a place for rows that is gone afterwards."""
    with (
        tempfile.TemporaryDirectory(prefix="tradepost-import-") as folder,
        closing(sqlite3.connect(Path(folder) / "rows.sqlite3")) as database,
    ):
        yield RowStaging(database)
