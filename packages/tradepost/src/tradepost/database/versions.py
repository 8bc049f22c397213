"""Versions: whether a database was written by a newer Tradepost than this one."""

from django.db.migrations.loader import MigrationLoader

from tradepost.domain.errors import HubUnusable


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
