"""
One SQLite database behind one lock: the domain has one, and each store has one of its own.

Every module of `state` that owns tables has a constant SCHEMA with its DDL (CREATE ... IF NOT EXISTS);
`domain.py` and `store.py` collect them. Money, weights and other decimals are INTEGER columns (see numbers.py).
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from miva_sandbox.state.changes import Changed, Changes

_SEQUENCES = "CREATE TABLE IF NOT EXISTS sequences (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID"


def as_records(rows: Sequence[sqlite3.Row]) -> list[dict[str, Any]]:
    """
    Return rows of one query as dicts.

    A row looks a name up by comparing it with each of its names; over a page of thousands that is the larger half.
    """
    names = rows[0].keys() if rows else []
    return [dict(zip(names, row, strict=True)) for row in rows]


class Database:
    """
    A connection that threads share; whoever holds `lock` (re-entrant) has it alone.

    Each statement outside `savepoint` commits by itself, as a Miva store's do.
    """

    def __init__(self, path: Path | None, schema: Sequence[str]) -> None:
        """Open or create the database at `path`; None keeps it in memory."""
        self.path = path
        self.lock = threading.RLock()
        self._depth = 0
        self._connection = sqlite3.connect(
            str(path) if path else ":memory:", check_same_thread=False, isolation_level=None
        )
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute("PRAGMA cache_size = -65536")
        for statement in (_SEQUENCES, *schema):
            self._connection.executescript(statement)
        self._changes = Changes(self._connection)

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Cursor:
        with self.lock:
            return self._connection.execute(sql, parameters)

    def execute_many(self, sql: str, rows: Iterable[Sequence[Any] | dict[str, Any]]) -> None:
        with self.lock:
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[sqlite3.Row]:
        with self.lock:
            return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> sqlite3.Row | None:
        with self.lock:
            found: sqlite3.Row | None = self._connection.execute(sql, parameters).fetchone()
            return found

    def value(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Any:
        """Return the first column of the first row, or None."""
        found = self.row(sql, parameters)
        return found[0] if found is not None else None

    def glance(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """
        Return what `value` would, or None if somebody else has the database at this moment.

        For a look at another store's from inside one's own: two stores that waited for each other would wait forever.
        """
        if not self.lock.acquire(blocking=False):
            return None
        try:
            return self.value(sql, parameters)
        finally:
            self.lock.release()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Keep all statements of the block, or none if it raises; may be nested."""
        with self.lock:
            name = f"level_{self._depth}"
            # IMMEDIATE at the outside: the writer is decided before the first read.
            self._connection.execute("BEGIN IMMEDIATE" if self._depth == 0 else f"SAVEPOINT {name}")
            self._depth += 1
            mark = self._changes.mark()
            try:
                yield
            except BaseException:
                self._changes.forget_since(mark)
                self._depth -= 1
                if self._depth == 0:
                    self._connection.execute("ROLLBACK")
                else:
                    self._connection.execute(f"ROLLBACK TO {name}")
                    self._connection.execute(f"RELEASE {name}")
                raise
            self._depth -= 1
            self._connection.execute("COMMIT" if self._depth == 0 else f"RELEASE {name}")

    @contextmanager
    def recording(self) -> Iterator[Mapping[str, Changed]]:
        """Collect what the block changes by this thread, table by table; complete when the block is left."""
        with self.lock:
            self._changes.watch()
        with self._changes.record() as changed:
            yield changed

    def next_id(self, name: str, *, at_least: int = 1) -> int:
        """Draw the next number of a sequence; ids are never used twice, also after a delete or a failed insert."""
        found = self.value(
            "INSERT INTO sequences (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = max(value + 1, excluded.value) RETURNING value",
            (name, at_least),
        )
        return int(found)

    def copy_to(self, target: "Database") -> None:
        """Replace the whole content of `target` by this one's."""
        with self.lock, target.lock:
            self._connection.backup(target._connection)  # noqa: SLF001 - of the same class

    def close(self) -> None:
        with self.lock:
            self._connection.close()
