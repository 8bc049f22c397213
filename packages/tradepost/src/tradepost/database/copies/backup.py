"""
A backup: one SQLite file with all tables, whatever the database, and a manifest in it that says what it holds.

It is made while the hub works, as at one moment, and read through before it counts.
"""

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import dj_database_url
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.recorder import MigrationRecorder

from tradepost.database import sql
from tradepost.database.copies.digest import TableDigest, sum_of, summed
from tradepost.database.copies.sides import batches_of, postgres_side, sqlite_side
from tradepost.database.copies.tables import LEFT_OUT, MADE_OF_OTHERS, tables
from tradepost.database.migration_state import bring_up
from tradepost.domain.backup import FORMAT, Manifest, TableSum
from tradepost.domain.errors import FileRefused, NotAllowed

MANIFEST = "tradepost_backup"
ShowCopy = Callable[[int, int | None, str], None]


def make_backup(path: Path, *, at: datetime, step: ShowCopy) -> Manifest:
    """
    Write a backup of the database into a new file, for its owner only; the hub may be at work meanwhile.

    The file is there when all of it is, and was found whole. Raises NotAllowed for a file that exists, OSError.
    """
    if path.exists():
        raise NotAllowed(f"{path} exists already, and no backup is written over; name a new file.")
    part = path.with_name(f"{path.name}.part")
    _new_file(part)
    try:
        if connections[DEFAULT_DB_ALIAS].vendor == "sqlite":
            _copy_file(Path(connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]), part)
        else:
            _copy_tables(part, step)
        manifest = _finish(part, at=at, step=step)
        try:
            # Never over a file that came there meanwhile.
            path.hardlink_to(part)
        except FileExistsError as error:
            raise NotAllowed(f"{path} exists already, and no backup is written over; name a new file.") from error
        return manifest
    finally:
        part.unlink(missing_ok=True)


def check_backup(path: Path, *, step: ShowCopy) -> Manifest:
    """Read a backup through, and say what it holds. Raises FileRefused for one that is damaged, or none."""
    with _opened(path) as database:
        manifest = _manifest_of(database, path)
        _check_whole(database, path)
        found = _sums(database, step)
    if found != manifest.tables:
        differing = sorted(name for name in found.keys() | manifest.tables.keys() if _differs(name, found, manifest))
        raise FileRefused(
            f"{path} is not as it was written: {', '.join(differing)} differ from what its manifest says. Take another "
            "backup."
        )
    return manifest


def _differs(name: str, found: Mapping[str, TableSum], manifest: Manifest) -> bool:
    return found.get(name) != manifest.tables.get(name)


def without_manifest(path: Path) -> None:
    """Make a plain database of a copy of a backup."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"DROP TABLE {MANIFEST}")
        database.commit()


def _new_file(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _copy_file(source: Path, target: Path) -> None:
    # As at one moment, while others go on writing; and what was deleted, people's data too, is not in it any more.
    with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=20)) as database:
        database.execute("VACUUM INTO ?", (str(target),))


def _copy_tables(target: Path, step: ShowCopy) -> None:
    with second_database(f"sqlite:///{target}") as alias:
        bring_up(alias)
        _refuse_other_migrations(alias)
    with postgres_side(DEFAULT_DB_ALIAS) as source, sqlite_side(target, is_written=True) as file:
        file.clear()
        copy_tables(source, file, step)


def copy_tables(source: Any, target: Any, step: ShowCopy) -> dict[str, TableSum]:
    """Copy all tables into empty ones, with the numbers that rows were given; return what was read."""
    totals: dict[str, TableSum] = {}
    total = sum(source.count(table) for table in tables())
    done = 0
    for table in tables():
        digest = TableDigest(table)
        step(done, total, f"rows copied, {table.name}")
        target.write(table, _shown(summed(source.rows(table), digest), done, total, step))
        totals[table.name] = digest.sum
        done += digest.sum.rows
    target.set_last_numbers(source.last_numbers())
    return totals


def _shown(batches: Iterator[Any], done: int, total: int, step: ShowCopy) -> Iterator[Any]:
    for batch in batches:
        yield batch
        done += len(batch)
        step(done, total, "rows copied")


def differing_tables(side: Any, expected: Mapping[str, TableSum], step: ShowCopy) -> list[str]:
    """Read a copy back; name the tables that do not hold what was read from the source."""
    differing = []
    total = sum(table.rows for table in expected.values())
    done = 0
    for table in tables():
        found = sum_of(_shown(side.rows(table), done, total, step), table)
        done += found.rows
        if found != expected[table.name]:
            differing.append(table.name)
    return differing


def _refuse_other_migrations(alias: str) -> None:
    here, there = (set(MigrationRecorder(connections[name]).applied_migrations()) for name in (DEFAULT_DB_ALIAS, alias))
    ours = {(app, name) for app, name in here if app in {app for app, _ in there}}
    if ours != there:
        raise NotAllowed(
            "The database is of an older Tradepost than this one. Make the backup with the version that wrote it, or "
            "bring the database up to date first: any other command does."
        )


def _finish(path: Path, *, at: datetime, step: ShowCopy) -> Manifest:
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=DELETE")
        database.execute("PRAGMA secure_delete=ON")
        for name in LEFT_OUT:
            database.execute(sql.empty_table(name))
        _check_whole(database, path)
        kind = "PostgreSQL" if connections[DEFAULT_DB_ALIAS].vendor == "postgresql" else "SQLite"
        migrations = dict(database.execute("SELECT app, MAX(name) FROM django_migrations GROUP BY app"))
        manifest = Manifest(FORMAT, version("tradepost"), at, kind, migrations, _sums(database, step), sorted(LEFT_OUT))
        database.execute(f"CREATE TABLE {MANIFEST} (manifest TEXT NOT NULL)")
        sql.insert_rows(database, sql.insert_table(MANIFEST, ["manifest"]), [(json.dumps(manifest.to_json()),)])
    _sync_to_disk(path)
    return manifest


def _sync_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.is_file():
        raise FileRefused(f"There is no file {path}.")
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
        yield database


def _manifest_of(database: sqlite3.Connection, path: Path) -> Manifest:
    try:
        found = database.execute(sql.select_table(MANIFEST, ["manifest"], order="manifest")).fetchall()
        values = json.loads(found[0][0])
        manifest = Manifest.from_json(values) if values["format"] <= FORMAT else None
    except (sqlite3.DatabaseError, IndexError, KeyError, TypeError, ValueError) as error:
        raise FileRefused(
            f"{path} is no backup that 'tradepost database backup' has written, or it is damaged. A copy of the "
            "database file itself is put in its place by hand while Tradepost is stopped."
        ) from error
    if manifest is None:
        raise FileRefused(f"{path} was written by a newer Tradepost. Install that one, and restore with it.")
    return manifest


def _check_whole(database: sqlite3.Connection, path: Path) -> None:
    try:
        found = [words for (words,) in database.execute("PRAGMA integrity_check(3)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise FileRefused(f"{path} is damaged: {'; '.join(found)}.")


def _sums(database: sqlite3.Connection, step: ShowCopy) -> dict[str, TableSum]:
    """Sum up every table of a backup as it stands there, so that one of any version can be checked."""
    names = [
        name
        for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        if name != MANIFEST and not name.startswith(("sqlite_", *MADE_OF_OTHERS))
    ]
    sums: dict[str, TableSum] = {}
    for number, name in enumerate(names):
        step(number, len(names), "tables read back")
        cursor = database.execute(sql.select_table(name, ["*"], order="rowid"))
        sums[name] = sum_of(batches_of(cursor))
    return sums


@contextmanager
def second_database(url: str) -> Iterator[str]:
    """Give Django a second database for a while; its alias."""
    alias = "second"
    old = connections.settings[DEFAULT_DB_ALIAS]
    new = dj_database_url.parse(url)
    connections.settings[alias] = {**old, **new, "OPTIONS": _options(url, new), "CONN_MAX_AGE": 0}
    try:
        yield alias
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]


def _options(url: str, parsed: Mapping[str, Any]) -> dict[str, Any]:
    if url.startswith("sqlite"):
        return {"transaction_mode": "IMMEDIATE", "timeout": 20}
    return dict(parsed.get("OPTIONS", {}))
