"""What is in the way of the hub itself while a run is executed: the run says it, with the cure."""

import errno
from pathlib import Path

import pytest
from django.db import connection

from tradepost.database.failures import explain
from tradepost.database.models import Channel, Run
from tradepost.engine.runs import request_run, run_now


def execute(channel: Channel) -> Run:
    return run_now(request_run(channel.pk, "publish"))


@pytest.fixture
def sqlite_channel(sqlite) -> Channel:
    return Channel.objects.create(name="Shop")


def fill(_run) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")
    Channel.objects.bulk_create(Channel(name=f"{number} {'x' * 90}") for number in range(1000))


def test_a_run_that_fills_the_disk_says_so(sqlite_channel, operation):
    operation(fill)

    run = execute(sqlite_channel)

    assert (run.state, run.error_kind, run.reference) == ("failed", "HubUnusable", "")
    assert f"The disk with {connection.settings_dict['NAME']} is full. Free some space." in run.error


def test_a_run_whose_files_fill_the_disk_says_so(sqlite_channel, operation):
    def write(_run) -> None:
        # A device that is always full.
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")

    operation(write)

    assert "is full. Free some space." in execute(sqlite_channel).error


def test_a_run_whose_database_server_ends_the_connection_says_so_and_is_settled(postgres, operation):
    def cut(_run) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    operation(cut)

    run = execute(Channel.objects.create(name="Shop"))

    assert (run.state, run.error_kind) == ("failed", "HubUnusable")
    assert "can't be reached" in run.error
    assert "Start its server" in run.error


@pytest.mark.parametrize("error", [ValueError("x"), OSError(errno.ECONNREFUSED, "refused"), KeyError("psycopg")])
def test_another_error_is_none_of_the_hubs_own(error):
    assert explain(error) is None
