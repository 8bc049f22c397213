"""What is in the way of the hub itself: its folder, disk, database and key. Each gets a sentence with the cure."""

import os
import socket
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client

from people import person
from tradepost import wiring
from tradepost.database.channels.connections import image_connection_of
from tradepost.database.models import Channel
from tradepost.web import database_limits
from tradepost.web.listings.table import ListingTable

TRADEPOST = Path(sys.executable).parent / "tradepost"


def type_in(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Execute a command as a process with these variables; one that serves is ended after a minute."""
    return subprocess.run(
        [TRADEPOST, *words],
        env={**{name: value for name, value in os.environ.items() if name != "DATABASE_URL"}, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def is_told(done: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert (done.returncode, done.stdout) == (2, ""), done
    assert "Traceback" not in done.stderr
    assert "inside Tradepost" not in done.stderr
    assert [part for part in parts if part not in done.stderr] == [], done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("folder", ["a-file", "/proc"])
def test_a_data_folder_that_is_none_or_can_not_be_written_is_told_with_its_name(tmp_path, folder):
    (tmp_path / "a-file").touch()
    path = str(tmp_path / folder)

    is_told(type_in("runs", "list", TRADEPOST_DATA=path), f"The data folder {path} can't be used", "TRADEPOST_DATA")


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("mysql://ada:S3CRET@127.0.0.1/hub", ["must begin with sqlite:/// or postgres://"]),
        ("S3CRET", ["must begin with sqlite:/// or postgres://"]),
        ("sqlite:////no-such-folder/hub.sqlite3", ["/no-such-folder/hub.sqlite3 can't be opened", "folder exists"]),
        ("postgres://ada:S3CRET@127.0.0.1:1/hub", ["hub on 127.0.0.1 can't be reached", "correct DATABASE_URL"]),
    ],
)
def test_a_database_url_that_does_not_lead_to_a_database_is_told_without_its_password(tmp_path, url, parts):
    done = type_in("serve", "--port", "0", TRADEPOST_DATA=str(tmp_path), DATABASE_URL=url)

    is_told(done, *parts)
    assert "S3CRET" not in done.stderr


def test_a_name_that_the_database_server_does_not_know_is_told_in_its_words(tmp_path, postgres):
    url = postgres.replace(connection.settings_dict["NAME"], "no_such_database")

    is_told(
        type_in("runs", "list", TRADEPOST_DATA=str(tmp_path), DATABASE_URL=url),
        'database "no_such_database" does not exist',
        "correct DATABASE_URL",
    )


def overwrite(path: Path, *, start: int) -> None:
    content = bytearray(path.read_bytes())
    content[start:] = b"\xa5" * (len(content) - start)
    path.write_bytes(content)


@pytest.mark.parametrize(("start", "words"), [(0, "is no SQLite database, or is damaged"), (4096, "is damaged")])
@pytest.mark.parametrize("command", [("runs", "list"), ("serve", "--port", "0")])
def test_a_database_that_is_damaged_is_told_with_the_way_back(tmp_path, sqlite, start, words, command):
    connections.close_all()
    path = tmp_path / "tradepost.sqlite3"
    overwrite(path, start=start)

    is_told(
        type_in(*command, TRADEPOST_DATA=str(tmp_path / "hub"), DATABASE_URL=sqlite), str(path), words, "put a backup"
    )


def test_a_database_of_a_newer_version_is_left_alone(tmp_path, database):
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('tradepost', '0999_later', CURRENT_TIMESTAMP)"
        )

    is_told(
        type_in("runs", "list", TRADEPOST_DATA=str(tmp_path / "hub"), DATABASE_URL=database),
        "written by a newer Tradepost ('0999_later'",
        "Install the newer version",
    )


def test_a_port_that_is_taken_is_told_with_what_to_do(tmp_path, sqlite):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])

        is_told(
            type_in("serve", "--port", port, TRADEPOST_DATA=str(tmp_path / "hub"), DATABASE_URL=sqlite),
            f"Can't listen on 127.0.0.1:{port}",
            "--port",
        )


# --- while the hub is open --------------------------------------------------------------------------------------------


@pytest.fixture
def impatient(sqlite: str) -> None:
    """A database connection that does not wait 20 seconds for a lock."""
    connections["default"].close()
    connections.settings["default"]["OPTIONS"]["timeout"] = 0.1
    del connections["default"]


def fill_disk() -> None:
    """Leave the database no room to grow: SQLite then says what it says on a full disk."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA page_count")
        cursor.execute(f"PRAGMA max_page_count = {cursor.fetchone()[0]}")


def test_a_command_that_finds_the_database_locked_says_so(shell, impatient, tmp_path, sample):
    with sqlite3.connect(tmp_path / "tradepost.sqlite3") as other:
        other.execute("BEGIN EXCLUSIVE")

        said = shell("catalogue", "import", sample)

        other.rollback()
    other.close()
    assert (said.code, said.err.count("\n")) == (2, 1), said
    assert said.err.startswith(f"Another program holds the database {tmp_path}")


def test_a_command_that_fills_the_disk_says_so(shell, tmp_path):
    catalogue = tmp_path / "large.csv"
    rows = "".join(f"tee-{number},Tee,{'Good. ' * 2000},TEE-{number},1.00\n" for number in range(50))
    catalogue.write_text(f"Handle,Title,Body (HTML),Variant SKU,Variant Price\n{rows}", encoding="utf-8")
    fill_disk()

    said = shell("catalogue", "import", catalogue)

    assert (said.code, said.err.count("\n")) == (2, 1), said
    assert said.err.startswith(f"The disk with {tmp_path / 'tradepost.sqlite3'} is full. Free some space.")


def as_alice() -> Client:
    client = Client(SERVER_NAME="localhost", raise_request_exception=False)
    client.force_login(person("alice"))
    return client


def test_a_page_says_what_is_in_the_way_of_the_database(database, monkeypatch):
    alice = as_alice()
    connections.close_all()
    monkeypatch.setitem(connections.settings["default"], "NAME", "/no-such-folder/and-no-such-name")
    del connections["default"]

    answer = alice.get("/")

    assert answer.status_code == 503
    assert "/no-such-folder/and-no-such-name" in answer.content.decode()
    del connections["default"]


def test_a_page_that_meets_a_bug_shows_no_trace(sqlite, monkeypatch):
    monkeypatch.setattr(ListingTable, "get_queryset", lambda *_: 1 // 0)

    answer = as_alice().get("/tradepost/listing/")

    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something went wrong inside Tradepost; the log has the details." in page
    assert "ZeroDivisionError" not in page


def sleep_long(*_) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(600)")


def test_postgresql_stops_a_statement_of_a_page_that_takes_too_long(postgres, monkeypatch):
    monkeypatch.setattr(database_limits, "STATEMENT_SECONDS", 1)
    monkeypatch.setattr(ListingTable, "get_queryset", sleep_long)

    answer = as_alice().get("/tradepost/listing/")

    assert answer.status_code == 503
    assert "Narrow the search or the filter" in answer.content.decode()


def test_postgresql_does_not_limit_the_statements_of_runs(postgres):
    as_alice().get("/tradepost/listing/")

    assert limit_of_another_thread() == "0"


def limit_of_another_thread() -> str:
    found: list[str] = []

    def ask() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            found.append(cursor.fetchone()[0])
        connections.close_all()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return found[0]


# --- the key ----------------------------------------------------------------------------------------------------------


def test_a_missing_key_beside_stored_credentials_is_never_replaced_in_silence(connected, box, tmp_path):
    key = Path(settings.DATA_DIR) / "encryption.key"
    lost = key.read_text(encoding="ascii")
    key.unlink()

    check = connected("channel", "check")
    sync = connected("listings", "sync")

    assert (check.code, sync.code, key.exists()) == (2, 2, False), (check, sync)
    for said in (check.err, sync.err):
        assert f"The key {key} is missing" in said
        assert f"> '{key}'" in said
    key.write_text(lost, encoding="ascii")
    assert connected("channel", "check").code == 0


def test_a_key_that_is_lost_is_made_anew_as_the_sentence_says_and_a_secret_is_entered_again(connected, box):
    key = Path(settings.DATA_DIR) / "encryption.key"
    key.unlink()
    command = connected("channel", "check").err.splitlines()[1]

    subprocess.run(command, shell=True, check=True)
    before = connected("channel", "check")
    changed = connected("channel", "set", "shop", "--new-ftp-password")

    assert "encrypted with another key" in before.err
    assert changed.code == 0, changed
    stored = image_connection_of(Channel.objects.get(), cipher=wiring.secrets.cipher())
    assert stored is not None
    assert stored.password == box.ftp_password
