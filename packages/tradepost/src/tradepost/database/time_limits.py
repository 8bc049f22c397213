"""How long a statement of this thread may take."""

from django.db import connection

from tradepost.database import sql


def limit_statements(*, seconds: int) -> None:
    """Let PostgreSQL stop what takes longer, on this thread's connection from now on; SQLite has no such limit."""
    if connection.vendor == "postgresql":
        sql.fetch_rows("SELECT set_config('statement_timeout', %s, false)", f"{seconds}s")
