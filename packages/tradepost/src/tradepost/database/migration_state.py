"""Whether the database is up to date, and whose turn it is to bring it there."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tradepost.database import sql
from tradepost.domain.errors import HubUnusable

# Any number that nothing else on this database takes; it stays the same in all versions.
_TURN = 7_267_336_700
_QUEUE = "procrastinate"


@contextmanager
def migration_turn() -> Iterator[None]:
    """Wait for other machines, on PostgreSQL; on SQLite all are on this one, and a file is enough."""
    if connection.vendor != "postgresql":
        yield
        return
    sql.fetch_rows("SELECT pg_advisory_lock(%s)", _TURN)
    try:
        yield
    finally:
        sql.fetch_rows("SELECT pg_advisory_unlock(%s)", _TURN)


def bring_up(alias: str) -> None:
    """
    Make the tables of a database that belongs to this version, or bring them up to it.

    The queue's are in PostgreSQL's words, so a file has none, although the hub's own database may have them.
    """
    labels = {app for app, _ in MigrationLoader(connections[alias]).graph.leaf_nodes()}
    if connections[alias].vendor != "postgresql":
        labels.discard(_QUEUE)
    for label in sorted(labels):
        call_command("migrate", label, database=alias, verbosity=0, interactive=False)


def is_behind() -> bool:
    """Whether there is something to migrate. Raises HubUnusable where a newer version has been there."""
    executor = MigrationExecutor(connection)
    refuse_newer(executor.loader)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def refuse_newer(loader: MigrationLoader) -> None:
    """Raise HubUnusable for a database that has migrations which this version does not know."""
    known = set(loader.disk_migrations) | {
        replaced for migration in loader.disk_migrations.values() for replaced in migration.replaces
    }
    newer = sorted(name for app, name in set(loader.applied_migrations) - known if app in loader.migrated_apps)
    if newer:
        raise HubUnusable(
            f"The database was written by a newer Tradepost ('{newer[-1]}' is not known to this one). Install the "
            "newer version again, or put back the backup that was made before it."
        )
