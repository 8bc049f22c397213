"""
What a thread changes in a database, row by row: triggers of the connection report to whoever records.

An update that leaves a row as it was is no change.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

# More ids than these say nothing to a reader.
_MOST_IDS = 20
# What the database keeps for itself.
_OWN_TABLES = frozenset({"sequences"})


@dataclass(slots=True)
class Changed:
    """What became of the rows of one table; `ids` has the first ones, joined by / where a key has several columns."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    ids: list[int | str] = field(default_factory=list)


class _Recorded(threading.local):
    rows: list[tuple[str, str, int | str]] | None = None


class Changes:
    """Reports only what the recording thread itself does, so that others may write in between."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._is_watching = False
        self._recorded = _Recorded()

    def watch(self) -> None:
        """
        Put triggers on every table of the database; they are the connection's own, and not in the file. Idempotent.

        Not from the start, because they cost time, and most databases are closed before anybody wants to know.
        """
        if self._is_watching:
            return
        self._is_watching = True
        self._connection.create_function("changed", 3, self._note)
        tables = self._connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'").fetchall()
        triggers = [self._triggers(row[0]) for row in tables if row[0] not in _OWN_TABLES]
        self._connection.executescript("".join(triggers))

    @contextmanager
    def record(self) -> Iterator[dict[str, Changed]]:
        """Collect what this thread changes in the block, table by table; complete when the block is left."""
        rows: list[tuple[str, str, int | str]] = []
        self._recorded.rows = rows
        found: dict[str, Changed] = {}
        try:
            yield found
        finally:
            self._recorded.rows = None
            for table, action, key in rows:
                changed = found.setdefault(table, Changed())
                setattr(changed, action, getattr(changed, action) + 1)
                if len(changed.ids) < _MOST_IDS and key not in changed.ids:
                    changed.ids.append(key)

    def mark(self) -> int:
        """Return a place in what this thread records, for `forget_since`."""
        rows = self._recorded.rows
        return len(rows) if rows is not None else 0

    def forget_since(self, mark: int) -> None:
        """Take back what was recorded since, as the database has taken it back."""
        if (rows := self._recorded.rows) is not None:
            del rows[mark:]

    def _note(self, table: str, action: str, key: int | str) -> None:
        if (rows := self._recorded.rows) is not None:
            rows.append((table, action, key))

    def _triggers(self, table: str) -> str:
        columns = self._connection.execute(f"PRAGMA table_info({table})").fetchall()
        keys = [column["name"] for column in sorted(columns, key=lambda column: column["pk"]) if column["pk"]]
        is_another = " OR ".join(f"OLD.{column['name']} IS NOT NEW.{column['name']}" for column in columns)
        return "".join(
            f"CREATE TEMP TRIGGER changed_{table}_{action} AFTER {statement} ON main.{table} {condition} BEGIN "
            f"SELECT changed('{table}', '{action}', {_joined(keys or ['rowid'], row)}); END;"
            for statement, action, row, condition in (
                ("INSERT", "inserted", "NEW", ""),
                ("UPDATE", "updated", "NEW", f"WHEN {is_another}"),
                ("DELETE", "deleted", "OLD", ""),
            )
        )


def _joined(keys: list[str], row: str) -> str:
    return " || '/' || ".join(f"{row}.{key}" for key in keys)
