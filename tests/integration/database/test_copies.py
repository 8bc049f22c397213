"""Backup, restore and move over both databases: every table and every column arrives, or nothing does."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections
from django.utils import timezone

from databases import PostgresServer
from every_table import contents, copied_models, fill
from tradepost.database.copies.backup import check_backup, make_backup, second_database
from tradepost.database.copies.move import move_database
from tradepost.database.copies.restore import restore_backup
from tradepost.database.copies.sides import side_of
from tradepost.database.copies.tables import tables
from tradepost.database.models import Channel, HomeRecord, NoticeMessage, Order, Run, Session
from tradepost.domain.errors import FileRefused, HubUnusable, NotAllowed

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def no_step(_done: int, _total: int | None, _label: str) -> None:
    """Nobody watches."""


@pytest.fixture
def filled(database: str) -> str:
    fill()
    return database


def suspended(there: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """What is changed on purpose in a database that came back, taken out of it."""
    names = [field.attname for field in Channel._meta.concrete_fields]
    changed = {names.index(name) for name in ("is_look_only", "restored_from", "restored_why")}
    channels = [
        tuple(value for place, value in enumerate(row) if place not in changed) for row in there["tradepost_channel"]
    ]
    due = [field.attname for field in NoticeMessage._meta.concrete_fields].index("due_at")
    messages = [(*row[:due], None, *row[due + 1 :]) for row in there["tradepost_noticemessage"]]
    return {**there, "tradepost_channel": channels, "tradepost_noticemessage": messages, "tradepost_home": []}


def test_what_is_compared_has_something_in_every_column_of_every_table(filled):
    found = contents()

    assert {table.name for table in tables()} == set(found)
    assert [
        f"{model.__name__}.{field.name}"
        for model in copied_models()
        for place, field in enumerate(model._meta.concrete_fields)
        if all(row[place] is None for row in found[model._meta.db_table])
    ] == ["Channel.archived_at"]


def test_a_backup_is_restored_with_all_that_was_in_it(filled, tmp_path):
    """R55: what was there when the backup was made is there again, in every column, and goes on from there."""
    before, file = contents(), tmp_path / "hub.backup"

    made = make_backup(file, at=AT, step=no_step)
    Order.objects.update(currency="XXX")
    Run.objects.filter(pk=2).delete()
    restored, former = restore_backup(file, folder=tmp_path, replaces=True, at=AT, step=no_step)

    assert suspended(contents()) == suspended(before)
    assert restored == made
    assert (made.rows > 80, file.stat().st_mode & 0o777) == (True, 0o600)
    assert [channel.is_look_only for channel in Channel.objects.order_by("pk")] == [True, True]
    assert Channel.objects.get(pk=1).restored_from is not None
    assert HomeRecord.objects.get().place == {}
    assert Channel.objects.create(name="later").pk == 3
    assert bool(former) is (connection.vendor == "sqlite")


def test_a_move_takes_everything_to_an_empty_database_and_leaves_the_old_one_as_it_was(
    filled, tmp_path, postgres_server: PostgresServer
):
    before = contents()
    name = postgres_server.create()
    url = postgres_server.url(name) if connection.vendor == "sqlite" else f"sqlite:///{tmp_path / 'moved.sqlite3'}"

    moved = move_database(url, at=AT, step=no_step)

    with second_database(url) as alias:
        assert suspended(contents(alias)) == suspended(before)
        assert [channel.is_look_only for channel in Channel.objects.using(alias).order_by("pk")] == [True, True]
        assert Channel.objects.using(alias).create(name="later").pk == 3
    assert contents() == before
    assert moved.rows == sum(map(len, before.values()))
    postgres_server.drop(name)


def test_a_backup_of_one_kind_of_database_can_be_restored_into_the_other(filled, tmp_path, request):
    before, file = contents(), tmp_path / "hub.backup"
    make_backup(file, at=AT, step=no_step)

    request.getfixturevalue("postgres" if connection.vendor == "sqlite" else "sqlite")
    restore_backup(file, folder=tmp_path, replaces=False, at=AT, step=no_step)

    assert suspended(contents()) == suspended(before)


def test_a_backup_has_nobodys_login_in_it(filled, tmp_path):
    Session.objects.create(session_key="the-key-of-alice", session_data="x", expire_date=timezone.now())

    make_backup(tmp_path / "hub.backup", at=AT, step=no_step)

    assert b"the-key-of-alice" not in (tmp_path / "hub.backup").read_bytes()
    assert Session.objects.count() == 1


def test_what_was_deleted_is_not_in_a_backup_of_sqlite(sqlite, tmp_path):
    """R55: whoever was forgotten is in no backup that is made later."""
    Channel.objects.create(name="Ada Lovelace, 12 St James's Square")
    Channel.objects.all().delete()

    make_backup(tmp_path / "hub.backup", at=AT, step=no_step)

    assert b"Lovelace" not in (tmp_path / "hub.backup").read_bytes()


def test_restoring_over_something_needs_a_word_for_it(filled, tmp_path):
    before, file = contents(), tmp_path / "hub.backup"
    make_backup(file, at=AT, step=no_step)

    with pytest.raises(NotAllowed, match="--replace"):
        restore_backup(file, folder=tmp_path, replaces=False, at=AT, step=no_step)

    assert contents() == before


def test_no_backup_is_written_over_another(sqlite, tmp_path):
    (tmp_path / "hub.backup").write_text("mine", encoding="ascii")

    with pytest.raises(NotAllowed, match="exists already"):
        make_backup(tmp_path / "hub.backup", at=AT, step=no_step)

    assert (tmp_path / "hub.backup").read_text(encoding="ascii") == "mine"
    assert sorted(path.name for path in tmp_path.glob("hub*")) == ["hub.backup"]


def spoil(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as database:
        database.execute(statement)
        database.commit()


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-8192])


def of_newer_format(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        (text,) = database.execute("SELECT manifest FROM tradepost_backup").fetchone()
        newer = json.dumps({**json.loads(text), "format": 99})
        database.execute("UPDATE tradepost_backup SET manifest = ?", (newer,))
        database.commit()


@pytest.mark.parametrize(
    ("harm", "error", "words"),
    [
        (
            lambda file: spoil(file, "UPDATE tradepost_channel SET name = 'other' WHERE id = 1"),
            FileRefused,
            "tradepost_channel diff",
        ),
        (lambda file: spoil(file, "DELETE FROM tradepost_run"), FileRefused, "tradepost_run differ"),
        (lambda file: spoil(file, "DROP TABLE tradepost_backup"), FileRefused, "is no backup"),
        (cut, FileRefused, "damaged"),
        (lambda file: file.write_text("nothing of the kind", encoding="ascii"), FileRefused, "is no backup"),
        (lambda file: file.unlink(), FileRefused, "There is no file"),
        (of_newer_format, FileRefused, "newer Tradepost"),
    ],
)
def test_a_backup_that_is_not_as_it_was_written_is_refused_and_nothing_is_changed(sqlite, tmp_path, harm, error, words):
    fill()
    before, file = contents(), tmp_path / "hub.backup"
    make_backup(file, at=AT, step=no_step)
    harm(file)

    with pytest.raises(error, match=words):
        restore_backup(file, folder=tmp_path, replaces=True, at=AT, step=no_step)

    assert contents() == before
    assert list(tmp_path.glob("restoring*")) == []


def test_a_backup_of_a_newer_version_is_refused(sqlite, tmp_path):
    fill()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('tradepost', '9999_x', '2026-01-01')"
        )
    make_backup(tmp_path / "hub.backup", at=AT, step=no_step)
    before = contents()

    with pytest.raises(HubUnusable, match="newer Tradepost"):
        restore_backup(tmp_path / "hub.backup", folder=tmp_path, replaces=True, at=AT, step=no_step)

    assert contents() == before


def test_a_backup_is_of_one_moment_although_the_hub_writes_meanwhile(database, tmp_path):
    """R55: an order and its lines are both in it, or neither is."""
    fill()
    seen: list[str] = []

    def write(_done: int, _total: int | None, label: str) -> None:
        if not seen:
            seen.append(label)
            second = connections.create_connection("default")
            with second.cursor() as cursor:
                cursor.execute("UPDATE tradepost_channel SET name = name || '!'")
            second.close()

    make_backup(tmp_path / "hub.backup", at=AT, step=write)

    assert seen
    with closing(sqlite3.connect(tmp_path / "hub.backup")) as copy:
        names = [name for (name,) in copy.execute("SELECT name FROM tradepost_channel ORDER BY id")]
    assert [name.endswith("!") for name in names] == [False, False]
    assert check_backup(tmp_path / "hub.backup", step=no_step).tables["tradepost_channel"].rows == 2


def test_a_damaged_database_is_replaced_by_a_backup_and_kept_beside_it(sqlite, tmp_path):
    fill()
    before, path = contents(), tmp_path / "tradepost.sqlite3"
    make_backup(tmp_path / "hub.backup", at=AT, step=no_step)
    connections.close_all()
    path.write_bytes(b"ruined" * 4096)

    with pytest.raises(NotAllowed, match="--replace"):
        restore_backup(tmp_path / "hub.backup", folder=tmp_path, replaces=False, at=AT, step=no_step)
    (tmp_path / "tradepost.sqlite3-wal").write_bytes(b"of the ruined one")
    _, former = restore_backup(tmp_path / "hub.backup", folder=tmp_path, replaces=True, at=AT, step=no_step)

    assert suspended(contents()) == suspended(before)
    assert Path(former).read_bytes() == b"ruined" * 4096
    assert Path(f"{former}-wal").read_bytes() == b"of the ruined one"


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("name", "x" * 101, "tradepost_channel.*too long.*line 2, column name"),
        ("name", "zero\x00byte", "with id 2 of tradepost_channel has a zero byte"),
        ("batch_size", 2**40, "tradepost_channel.*out of range.*line 2, column batch_size"),
    ],
)
def test_what_the_new_database_cannot_hold_is_named_and_nothing_is_moved(
    *, sqlite, tmp_path, postgres_server: PostgresServer, column, value, words
):
    fill()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE tradepost_channel SET {column} = %s WHERE id = 2", [value])
    name = postgres_server.create()

    with pytest.raises(NotAllowed, match=words):
        move_database(postgres_server.url(name), at=AT, step=no_step)

    with second_database(postgres_server.url(name)) as alias, side_of(alias) as side:
        assert side.used() == []
    postgres_server.drop(name)


def test_nothing_is_moved_into_a_database_that_holds_something_or_is_in_use(
    sqlite, tmp_path, postgres_server: PostgresServer
):
    fill()
    name = postgres_server.create()
    url = postgres_server.url(name)
    with second_database(url) as alias:
        connections[alias].ensure_connection()
        other = connections.create_connection(alias)
    other.ensure_connection()

    with pytest.raises(NotAllowed, match="open elsewhere"):
        move_database(url, at=AT, step=no_step)
    other.close()
    with second_database(url) as alias:
        Channel.objects.using(alias).create(name="shop")
    with pytest.raises(NotAllowed, match="holds something already"):
        move_database(url, at=AT, step=no_step)
    with pytest.raises(NotAllowed, match="Both databases are SQLite"):
        move_database(f"sqlite:///{tmp_path / 'other.sqlite3'}", at=AT, step=no_step)
    with pytest.raises(NotAllowed, match="must begin with"):
        move_database("mysql://x", at=AT, step=no_step)

    postgres_server.drop(name)
