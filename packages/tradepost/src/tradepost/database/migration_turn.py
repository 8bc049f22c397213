"""Whose turn it is to migrate: of several machines that start on one database, one after another."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tradepost.database import sql

# Any number that nothing else on this database takes; it stays the same in all versions.
_TURN = 7_267_336_700


@contextmanager
def migration_turn() -> Iterator[None]:
    """Wait for the others, on PostgreSQL; on SQLite all are on this machine, and a file is enough."""
    if connection.vendor != "postgresql":
        yield
        return
    sql.fetch_rows("SELECT pg_advisory_lock(%s)", _TURN)
    try:
        yield
    finally:
        sql.fetch_rows("SELECT pg_advisory_unlock(%s)", _TURN)
