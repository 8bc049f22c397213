"""How long a statement of this thread may take, and how long a process may stand still with what it has locked."""

from typing import Any
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from tradepost.database import sql

# Of each open connection to PostgreSQL, how long its statements may take.
_LIMITED: WeakKeyDictionary[Any, int] = WeakKeyDictionary()


def limit_statements(*, seconds: int) -> None:
    """Let PostgreSQL stop what takes longer, on this thread's connection from now on; SQLite has no such limit."""
    if connection.vendor != "postgresql":
        return
    connection.ensure_connection()
    if _LIMITED.get(connection.connection) == seconds:
        return
    sql.fetch_rows("SELECT set_config('statement_timeout', %s, false)", f"{seconds}s")
    # What a transaction has set is taken back with it.
    if not connection.in_atomic_block:
        _LIMITED[connection.connection] = seconds


def limit_standstill(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """
    Let PostgreSQL break off a new connection that does nothing in the middle of a transaction for as long as a lease.

    A process that is frozen, or whose machine is gone, keeps the rows that it has locked as long as its connection
    lasts, and whoever takes its run over would wait for them for ever. A transaction extends the lease as it begins, so
    by then the lease is over, too. The second limit is for one that was to be sent more than it took.

    Set by statements and not as the connection is opened: what pools connections refuses that.
    """
    if connection.vendor != "postgresql":
        return
    limit = f"{settings.TRADEPOST_LEASE_SECONDS}s"
    for name in ("idle_in_transaction_session_timeout", "tcp_user_timeout"):
        connection.connection.execute("SELECT set_config(%s, %s, false)", [name, limit])
