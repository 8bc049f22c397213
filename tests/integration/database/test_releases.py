"""A database of every released version is brought up to this one, on both databases, with all that was in it."""

import gzip
import importlib.util
import shutil
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from databases import PostgresServer
from every_table import contents
from tradepost.database.copies.backup import check_backup, second_database, without_manifest
from tradepost.database.copies.sides import side_of, sqlite_side
from tradepost.database.copies.tables import MADE_OF_OTHERS, tables_of

FOLDER = Path(__file__).parents[2] / "releases"
RELEASES = sorted(path.name for path in FOLDER.glob("*.backup.gz"))
PRESENT = "made now"


@pytest.fixture(params=[PRESENT, *RELEASES])
def backup(request, tmp_path, sqlite) -> Path:
    """A released version's database; and one that is made as a release will leave it."""
    file = tmp_path / "release.backup.gz"
    if request.param == PRESENT:
        specification = importlib.util.spec_from_file_location("make", FOLDER / "make.py")
        make = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(make)
        make.write(file)
    else:
        shutil.copyfile(FOLDER / request.param, file)
    with gzip.open(file) as packed, (tmp_path / "release.backup").open("wb") as plain:
        shutil.copyfileobj(packed, plain)
    return tmp_path / "release.backup"


def rows_of(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        found = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        # What is an index of words is made of them, and can't be read.
        names = [name for (name,) in found.fetchall() if not name.startswith(MADE_OF_OTHERS)]
        return {name: database.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names}


@contextmanager
def of_this_version(url: str):
    with second_database(url) as alias:
        call_command("migrate", database=alias, verbosity=0)
        yield alias


def test_a_released_sqlite_database_is_brought_up_to_date_with_all_its_rows(backup, tmp_path):
    """R55: an upgrade is the new version, started; nothing else has to be done."""
    check_backup(backup, step=lambda _done, _total, _label: None)
    before = rows_of(backup)
    without_manifest(backup)

    with of_this_version(f"sqlite:///{backup}") as alias:
        found = contents(alias)

    assert {name: len(rows) for name, rows in found.items()} == {name: before.get(name, 0) for name in found}


def test_a_released_postgresql_database_is_brought_up_to_date_with_all_its_rows(
    backup, postgres_server: PostgresServer
):
    before = rows_of(backup)
    name = postgres_server.create_empty()
    with second_database(postgres_server.url(name)) as alias:
        lay_out_as_released(backup, alias)
        call_command("migrate", database=alias, verbosity=0)
        found = contents(alias)
    postgres_server.drop(name)

    assert {name: len(rows) for name, rows in found.items()} == {name: before.get(name, 0) for name in found}


def lay_out_as_released(backup: Path, alias: str) -> None:
    """Make the tables as the released migrations did, which are never changed, and fill them from the backup."""
    with closing(sqlite3.connect(backup)) as database:
        applied = dict(database.execute("SELECT app, MAX(name) FROM django_migrations GROUP BY app").fetchall())
    executor = MigrationExecutor(connections[alias])
    targets = sorted(applied.items())
    executor.migrate(targets)
    released = tables_of(MigrationExecutor(connections[alias]).loader.project_state(targets).apps)
    with sqlite_side(backup) as source, side_of(alias, is_written=True) as target:
        for table in released:
            target.write(table, source.rows(table))
        target.set_last_numbers(source.last_numbers())


def test_a_database_of_each_release_is_here():
    assert all(name.count(".") >= 4 for name in RELEASES), "VERSION.backup.gz"
