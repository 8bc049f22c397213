"""Opening the hub: settings, database and log, before anything that needs them is imported."""

import atexit
import fcntl
import gc
import logging
import logging.handlers
import os
import shlex
import socket
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from tradepost.database.migration_state import is_behind, migration_turn
from tradepost.database.whence import come_from
from tradepost.engine import occupancy
from tradepost.security.masking import JsonLogFormatter, LogFormatter

LOG_BYTES = 5_000_000
LOG_FILES = 4


def open_hub() -> None:
    """
    Read the settings, open the log and bring the database up to date. Idempotent.

    Several processes may open the same hub at once; one of them migrates and the others wait for it. A database that
    was put elsewhere or back is noticed, and said.
    """
    if apps.ready:
        return
    set_up()
    occupancy.enter(settings.DATA_DIR)
    _migrate(settings.DATA_DIR)
    _settle_home(settings.DATA_DIR)
    look_for_garbage_seldom()


def set_up() -> None:
    """Read the settings and open the log, whatever state the database is in. Idempotent."""
    if apps.ready:
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradepost.settings")
    django.setup()
    # A connection that is not closed complains at the end, on the terminal.
    atexit.register(connections.close_all)
    come_from(socket.gethostname())
    _open_log(settings.DATA_DIR / "tradepost.log", where=settings.TRADEPOST_LOG, form=settings.TRADEPOST_LOG_FORMAT)
    _warn_if_open(settings.DATA_DIR)


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


def _open_log(path: Path, *, where: str, form: str) -> None:
    handler: logging.Handler
    if where == "stderr":
        handler = logging.StreamHandler()
    else:
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8"
        )
        path.chmod(0o600)
    handler.setFormatter(JsonLogFormatter() if form == "json" else LogFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # Its lines repeat what our own say of each request, at greater length.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    # Every job, every few seconds; of those that matter the run tells.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    warnings.simplefilter("default")


def _migrate(folder: Path) -> None:
    if not is_behind():
        return
    with _alone(folder / "migrate.lock"), migration_turn():
        if is_behind():
            call_command("migrate", verbosity=0, interactive=False)


def _settle_home(folder: Path) -> None:
    from tradepost.engine import home  # reads the models

    if not home.is_settled():
        with _alone(folder / "migrate.lock"):
            words = home.settle()
        if words:
            warning = (
                f"{words} Every channel is look-only now: nothing is written to a store before 'tradepost channel "
                "go-live' has read back what came after that."
            )
            print(warning, file=sys.stderr)
    atexit.register(_note_progress)


def _note_progress() -> None:
    from tradepost.engine import home

    # The command is done; whatever is in the way of this now is said by the next one.
    with suppress(Exception):
        home.note_progress()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
