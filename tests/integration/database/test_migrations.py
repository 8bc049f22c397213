import os
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.db import connection

from tradepost.database.models import Channel


def test_the_migrations_make_the_tables_that_the_models_describe(database):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)

    Channel.objects.create(name="Shop")

    assert Channel.objects.get().name == "Shop"
    assert connection.vendor == ("sqlite" if database.startswith("sqlite") else "postgresql")


@pytest.mark.postgres
def test_machines_that_start_on_an_empty_database_at_once_migrate_it_once(postgres_server, postgres, tmp_path):
    """Each has a data folder of its own, so no file keeps them apart."""
    name = connection.settings_dict["NAME"]
    connection.close()
    postgres_server.drop(name)
    postgres_server.restore(name)
    program = "from tradepost.cli.bootstrap import open_hub; open_hub()"

    machines = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, "DATABASE_URL": postgres, "TRADEPOST_DATA": str(tmp_path / str(number))},
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(2)
    ]

    assert [machine.communicate()[1] for machine in machines] == ["", ""]
    assert [machine.returncode for machine in machines] == [0, 0]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT app, count(*) - count(DISTINCT name), count(*) FROM django_migrations
            WHERE app IN ('tradepost', 'procrastinate') GROUP BY 1
            """
        )
        applied = {app: (twice, times) for app, twice, times in cursor.fetchall()}
    # The queue's own tables are there only where there is a queue.
    assert [twice for twice, _ in applied.values()] == [0, 0]
    assert applied["procrastinate"][1] > 1


def test_on_sqlite_nothing_of_the_queue_is_installed(sqlite):
    assert not [name for name in connection.introspection.table_names() if name.startswith("procrastinate")]
