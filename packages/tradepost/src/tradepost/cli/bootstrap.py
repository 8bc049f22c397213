"""Opening the hub: settings, database and log, before anything that needs them is imported."""

import atexit
import fcntl
import gc
import logging
import logging.handlers
import os
import shlex
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

from tradepost.database.migration_turn import migration_turn
from tradepost.domain.errors import HubUnusable
from tradepost.security.masking import LogFormatter

LOG_BYTES = 5_000_000
LOG_FILES = 4


def open_hub() -> None:
    """
    Read the settings, open the log and bring the database up to date. Idempotent.

    Several processes may open the same hub at once; one of them migrates and the others wait for it.
    """
    if apps.ready:
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradepost.settings")
    django.setup()
    # A connection that is not closed complains at the end, on the terminal.
    atexit.register(connections.close_all)
    _open_log(settings.DATA_DIR / "tradepost.log")
    _warn_if_open(settings.DATA_DIR)
    _migrate(settings.DATA_DIR)
    look_for_garbage_seldom()


def look_for_garbage_seldom() -> None:
    """
    Leave what was loaded out of the collector's rounds, and let these be rarer: a batch makes tens of thousands of
    objects at once, of which nothing is garbage before it is recorded. It took a sixth of a sync's own time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _warn_if_open(folder: Path) -> None:
    if folder.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        warning = (
            f"Other users of this machine can look into the data folder, where keys and customers' addresses are. "
            f"Close it by typing: chmod -R go= {shlex.quote(str(folder))}"
        )
        logging.getLogger(__name__).warning(warning)
        print(warning, file=sys.stderr)


def _open_log(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8")
    handler.setFormatter(LogFormatter())
    path.chmod(0o600)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # Its lines repeat what our own say of each request, at greater length.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    warnings.simplefilter("default")


def _migrate(folder: Path) -> None:
    if not _is_behind():
        return
    with _alone(folder / "migrate.lock"), migration_turn():
        if _is_behind():
            call_command("migrate", verbosity=0, interactive=False)


def _is_behind() -> bool:
    executor = MigrationExecutor(connection)
    _refuse_newer(executor.loader)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _refuse_newer(loader: MigrationLoader) -> None:
    known = set(loader.disk_migrations) | {
        replaced for migration in loader.disk_migrations.values() for replaced in migration.replaces
    }
    newer = sorted(name for app, name in set(loader.applied_migrations) - known if app in loader.migrated_apps)
    if newer:
        raise HubUnusable(
            f"The database was written by a newer Tradepost ('{newer[-1]}' is not known to this one). Install the "
            "newer version again, or put back the backup that was made before it."
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
