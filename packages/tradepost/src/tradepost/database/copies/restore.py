"""Restore: put a backup in the place of the database, as it was then, or not at all; channels only look afterwards."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from tradepost.database import home
from tradepost.database.copies.backup import (
    ShowCopy,
    check_backup,
    copy_tables,
    differing_tables,
    second_database,
    without_manifest,
)
from tradepost.database.copies.sides import CopySide, side_of, sqlite_side
from tradepost.database.migration_state import bring_up, refuse_newer
from tradepost.domain.backup import Manifest
from tradepost.domain.errors import NotAllowed
from tradepost.domain.home import restored_words

_HEADER = b"SQLite format 3\x00"


def restore_backup(path: Path, *, folder: Path, replaces: bool, at: datetime, step: ShowCopy) -> tuple[Manifest, str]:
    """
    Put a backup in the place of the database; return what it says of itself, and where the former database lies now.

    Nobody else may have the database open. It is read through first, brought up to the present version beside the
    database, and put in its place at once; whatever goes wrong before, the database is as it was. `replaces`: what is
    there may go. Raises FileRefused for what is no whole backup, HubUnusable for one of a newer version, NotAllowed
    where something is there, or somebody else has it open.
    """
    manifest = check_backup(path, step=step)
    _refuse_used(replaces=replaces)
    with _staged(path, folder, manifest) as stage:
        if connections[DEFAULT_DB_ALIAS].vendor == "sqlite":
            former = _put_in_place(stage, Path(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]), at=at)
        else:
            _load(stage, step)
            former = ""
    home.forget_progress(folder)
    return manifest, former


def bring_up_to_date(alias: str) -> None:
    """Make the tables of a database, or bring them up to this version. Raises HubUnusable for a newer one."""
    refuse_newer(MigrationExecutor(connections[alias]).loader)
    bring_up(alias)


def refuse_filled(side: CopySide, *, what: str, cure: str) -> None:
    """Raise NotAllowed for a database that holds something, or that somebody else has open."""
    if others := side.others():
        raise NotAllowed(
            f"{what} is open elsewhere ({others} connections). Stop every Tradepost and every other program that uses "
            "it, and type the same again."
        )
    if used := side.used():
        raise NotAllowed(f"{what} holds something already ({', '.join(used[:3])}). {cure}")


def _refuse_used(*, replaces: bool) -> None:
    cure = "Add --replace if all of that may go."
    if connections[DEFAULT_DB_ALIAS].vendor == "sqlite":
        path = Path(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"])
        if replaces or not path.exists():
            return
        try:
            if not MigrationExecutor(connections[DEFAULT_DB_ALIAS]).loader.applied_migrations:
                return
            with side_of(DEFAULT_DB_ALIAS) as side:
                refuse_filled(side, what=f"The database {path}", cure=cure)
        except (sqlite3.DatabaseError, DatabaseError) as error:
            raise NotAllowed(f"The database {path} can't be read, and may hold something. {cure}") from error
        finally:
            connections[DEFAULT_DB_ALIAS].close()
        return
    bring_up_to_date(DEFAULT_DB_ALIAS)
    with side_of(DEFAULT_DB_ALIAS) as side:
        name = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]
        if replaces and side.others() == 0:
            return
        refuse_filled(side, what=f"The database {name}", cure=cure)


@contextmanager
def _staged(path: Path, folder: Path, manifest: Manifest) -> Iterator[Path]:
    """Give a copy of a backup that is a database of this version, and knows that it was put back."""
    stage = folder / "restoring.sqlite3"
    try:
        stage.unlink(missing_ok=True)
        os.close(os.open(stage, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        shutil.copyfile(path, stage)
        without_manifest(stage)
        with second_database(f"sqlite:///{stage}") as alias:
            bring_up_to_date(alias)
            home.suspend(restored_words(made_at=manifest.made_at), as_of=manifest.made_at, using=alias)
            home.forget_place(alias)
        yield stage
    finally:
        for name in (
            "restoring.sqlite3",
            "restoring.sqlite3-wal",
            "restoring.sqlite3-shm",
            "restoring.sqlite3-journal",
        ):
            (folder / name).unlink(missing_ok=True)


def _put_in_place(stage: Path, path: Path, *, at: datetime) -> str:
    """Put a file in the place of the database, in one step; return the name under which the former one is kept."""
    connections[DEFAULT_DB_ALIAS].close()
    _sync(stage)
    former = ""
    if path.exists():
        kept = path.with_name(f"{path.name}.before-{at:%Y%m%d-%H%M%S}")
        kept.hardlink_to(path)
        former = str(kept)
        # What was written last lies beside a database, and must not be read into the one that takes its place. A
        # database that is whole takes it in; of a damaged one it goes where the rest of it is.
        with path.open("rb") as file:
            is_database = file.read(len(_HEADER)) == _HEADER
        if is_database:
            with contextlib.suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as database:
                database.execute("PRAGMA journal_mode=DELETE")
        for ending in ("-wal", "-shm", "-journal"):
            beside = path.with_name(path.name + ending)
            if beside.exists():
                beside.rename(kept.with_name(kept.name + ending))
    stage.replace(path)
    _sync(path.parent)
    return former


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load(stage: Path, step: ShowCopy) -> None:
    with sqlite_side(stage) as source, side_of(DEFAULT_DB_ALIAS, is_written=True) as target:
        load(source, target, step)


def load(source: CopySide, target: CopySide, step: ShowCopy) -> int:
    """
    Put all that one database holds in the place of what another one does; return the number of rows.

    It is read back before it counts. Raises NotAllowed for what can't be held there, or did not arrive.
    """
    target.clear()
    totals = copy_tables(source, target, step)
    if differing := differing_tables(target, totals, step):
        raise NotAllowed(
            f"What arrived is not what was sent, in {', '.join(differing)}; so nothing was kept. Please report this."
        )
    return sum(table.rows for table in totals.values())
