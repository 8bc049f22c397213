"""
The two sides of a copy: a SQLite file and a PostgreSQL database, which give and take whole tables in batches.

Rows on the way are as SQLite holds them: numbers, texts and bytes; truth is 0 or 1, a time its text in UTC.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, Protocol

from django.db import connections, transaction

from tradepost.database import sql
from tradepost.database.copies.digest import CopiedRow
from tradepost.database.copies.tables import MADE_WITH_IT, ColumnKind, CopiedColumn, Table, tables
from tradepost.domain.errors import NotAllowed

BATCH = 1000
_NUL = "\x00"


class CopySide(Protocol):
    """A database as a copy sees it; all of it within one transaction, which is kept whole or not at all."""

    def rows(self, table: Table) -> Iterator[Sequence[CopiedRow]]:
        """Read a table by its key, in batches."""
        ...

    def write(self, table: Table, batches: Iterable[Sequence[CopiedRow]]) -> None:
        """Take rows in. Raises NotAllowed for one that can't be held, and names it."""
        ...

    def count(self, table: Table) -> int: ...

    def used(self) -> list[str]:
        """Name the tables in which somebody has put something."""
        ...

    def clear(self) -> None:
        """Take everything out of all tables."""
        ...

    def last_numbers(self) -> dict[str, int]:
        """Return the last number that was given to a row of each table that numbers them."""
        ...

    def set_last_numbers(self, numbers: Mapping[str, int]) -> None: ...

    def others(self) -> int:
        """How many others have it open, as far as the database knows."""
        ...


class SqliteSide:
    """A SQLite file."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def rows(self, table: Table) -> Iterator[Sequence[CopiedRow]]:
        names = [sql.name_of(name) for name in table.names]
        yield from batches_of(self._database.execute(sql.select_table(table.name, names, order=table.key)))

    def write(self, table: Table, batches: Iterable[Sequence[CopiedRow]]) -> None:
        statement = sql.insert_table(table.name, table.names)
        for batch in batches:
            sql.insert_rows(self._database, statement, batch)

    def count(self, table: Table) -> int:
        return self._number(sql.count_table(table.name))

    def used(self) -> list[str]:
        return [name for name in _filled() if self._number(sql.is_table_used(name))]

    def clear(self) -> None:
        for table in reversed(tables()):
            self._database.execute(sql.empty_table(table.name))

    def last_numbers(self) -> dict[str, int]:
        return dict(self._database.execute("SELECT name, seq FROM sqlite_sequence"))

    def set_last_numbers(self, numbers: Mapping[str, int]) -> None:
        self._database.execute("DELETE FROM sqlite_sequence")
        rows = list(numbers.items())
        sql.insert_rows(self._database, sql.insert_table("sqlite_sequence", ["name", "seq"]), rows)

    def others(self) -> int:
        return 0

    def _number(self, statement: str) -> int:
        return int(self._database.execute(statement).fetchone()[0])


class PostgresSide:
    """A PostgreSQL database, over one of Django's connections that is in a transaction."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def rows(self, table: Table) -> Iterator[Sequence[CopiedRow]]:
        # A cursor of the server's: without a name, all rows would come at once.
        with self._database.cursor(name="copied_table") as cursor:
            cursor.itersize = BATCH
            columns = [_expression(column) for column in table.columns]
            cursor.execute(sql.select_table(table.name, columns, order=table.key))
            times = [place for place, column in enumerate(table.columns) if column.kind is ColumnKind.TIME]
            blobs = [place for place, column in enumerate(table.columns) if column.kind is ColumnKind.BYTES]
            for batch in batches_of(cursor):
                yield [_plain(row, times, blobs) for row in batch] if times or blobs else batch

    def write(self, table: Table, batches: Iterable[Sequence[CopiedRow]]) -> None:
        batch: Sequence[CopiedRow] = ()
        try:
            with self._database.cursor() as cursor, cursor.copy(sql.copy_into(table.name, table.names)) as stream:
                for batch in batches:
                    for row in batch:
                        stream.write_row(row)
        except Exception as error:
            refused = _refusal(error, table, batch)
            if refused is None:
                raise
            raise refused from error

    def count(self, table: Table) -> int:
        return self._number(sql.count_table(table.name))

    def used(self) -> list[str]:
        return [name for name in _filled() if self._number(sql.is_table_used(name))]

    def clear(self) -> None:
        # Table by table, so that rights to more than our own tables are not needed.
        for table in reversed(tables()):
            self._database.execute(sql.empty_table(table.name))

    def last_numbers(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for table in tables():
            if table.is_numbered:
                values = {"table": table.name, "column": table.key}
                (number,) = self._database.execute(_LAST_NUMBER, values).fetchone()
                if number is not None:
                    found[table.name] = number
        return found

    def set_last_numbers(self, numbers: Mapping[str, int]) -> None:
        for table in tables():
            if table.is_numbered:
                # Whoever has written rows with numbers of their own has not told the sequence.
                last = max(numbers.get(table.name, 0), self._number(sql.highest_of(table.name, table.key)))
                values = {"table": table.name, "column": table.key, "last": max(last, 1), "is_used": last > 0}
                self._database.execute(_SET_LAST_NUMBER, values)

    def others(self) -> int:
        return self._number(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )

    def _number(self, statement: str) -> int:
        return int(self._database.execute(statement).fetchone()[0])


_LAST_NUMBER = """
SELECT pg_sequence_last_value(pg_get_serial_sequence(%(table)s, %(column)s)::regclass)
"""
_SET_LAST_NUMBER = """
SELECT setval(pg_get_serial_sequence(%(table)s, %(column)s), %(last)s, %(is_used)s)
"""


@contextmanager
def sqlite_side(path: Path, *, is_written: bool = False) -> Iterator[SqliteSide]:
    """Open a SQLite file for a copy. What is written is there whole, or, if the block raises, not at all."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as database:
        database.execute("BEGIN IMMEDIATE" if is_written else "BEGIN")
        try:
            yield SqliteSide(database)
            database.execute("COMMIT")
        except BaseException:
            database.rollback()
            raise


@contextmanager
def postgres_side(alias: str, *, is_written: bool = False) -> Iterator[PostgresSide]:
    """
    Open a PostgreSQL database for a copy, one of Django's connections by its alias.

    What is read is as at one moment. What is written is there whole, or, if the block raises, not at all.
    """
    with transaction.atomic(using=alias):
        database = connections[alias].connection
        if is_written:
            # Each table is checked when it is in. All at the end would be kept in the server's memory until then.
            database.execute("SET CONSTRAINTS ALL IMMEDIATE")
        else:
            database.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        database.execute("SET LOCAL TIME ZONE 'UTC'")
        # The other side may be a slow disk, and nobody waits for what a copy has locked.
        database.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield PostgresSide(database)


@contextmanager
def side_of(alias: str, *, is_written: bool = False) -> Iterator[CopySide]:
    """Open a database for a copy, by the alias of its connection."""
    database = connections[alias]
    if database.vendor == "sqlite":
        database.close()
        with sqlite_side(Path(database.settings_dict["NAME"]), is_written=is_written) as side:
            yield side
    else:
        with postgres_side(alias, is_written=is_written) as side:
            yield side


def _filled() -> Iterator[str]:
    return (table.name for table in tables() if table.name not in MADE_WITH_IT)


def batches_of(cursor: Any) -> Iterator[Sequence[CopiedRow]]:
    """Read what a cursor has, so many rows at a time."""
    read: Callable[[int], Sequence[CopiedRow]] = cursor.fetchmany
    while batch := read(BATCH):
        yield batch


def _expression(column: CopiedColumn) -> str:
    name = sql.name_of(column.name)
    if column.kind is ColumnKind.BOOLEAN:
        return f"{name}::int"
    if column.kind is ColumnKind.JSON:
        return f"{name}::text"
    return name


def _plain(row: CopiedRow, times: Sequence[int], blobs: Sequence[int]) -> CopiedRow:
    values = list(row)
    for place in times:
        if values[place] is not None:
            # As Django writes it into SQLite, where times are compared as texts.
            values[place] = str(values[place].astimezone(UTC).replace(tzinfo=None))
    for place in blobs:
        if values[place] is not None:
            values[place] = bytes(values[place])
    return values


def _refusal(error: Exception, table: Table, batch: Sequence[CopiedRow]) -> NotAllowed | None:
    """Say which row PostgreSQL can't hold, and why: SQLite takes texts of any length, and with a zero byte."""
    if "NUL" in str(error):
        key = table.names.index(table.key)
        row = next((row for row in batch if any(isinstance(value, str) and _NUL in value for value in row)), None)
        number = "" if row is None else f" with {table.key} {row[key]}"
        return NotAllowed(f"The row{number} of {table.name} has a zero byte in a text, which PostgreSQL can't hold.")
    context = getattr(getattr(error, "diag", None), "context", None)
    if type(error).__name__ in {"DataError", "StringDataRightTruncation", "UntranslatableCharacter"} or (
        context and context.startswith("COPY ")
    ):
        words = " ".join(str(error).split("CONTEXT:")[0].split())
        return NotAllowed(f"A row of {table.name} can't be held by PostgreSQL: {words} ({context or 'place unknown'}).")
    return None
