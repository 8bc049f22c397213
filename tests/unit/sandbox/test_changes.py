"""What is recorded of a thread's writing, row by row."""

import sqlite3
import threading

import pytest

from miva_sandbox.state.changes import Changed
from miva_sandbox.state.database import Database

SCHEMA = (
    "CREATE TABLE IF NOT EXISTS shelves (id INTEGER PRIMARY KEY, name TEXT)",
    "CREATE TABLE IF NOT EXISTS places (shelf_id, number, PRIMARY KEY (shelf_id, number)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS marks (text TEXT)",
)


@pytest.fixture
def db():
    made = Database(None, SCHEMA)
    yield made
    made.close()


def test_rows_are_counted_by_what_became_of_them_and_named_by_their_keys(db):
    db.execute("INSERT INTO shelves VALUES (7, 'top')")

    with db.recording() as changes:
        db.execute("INSERT INTO shelves VALUES (8, 'low'), (9, 'mid')")
        db.execute("UPDATE shelves SET name = name || '!' WHERE id > 7")
        db.execute("DELETE FROM shelves WHERE id = 7")
        db.execute("INSERT INTO places VALUES (8, 1)")
        db.execute("INSERT INTO marks VALUES ('x')")
        db.next_id("shelves")

    assert changes == {
        "shelves": Changed(inserted=2, updated=2, deleted=1, ids=[8, 9, 7]),
        "places": Changed(inserted=1, ids=["8/1"]),
        "marks": Changed(inserted=1, ids=[1]),
    }


def test_an_update_that_changes_nothing_is_none(db):
    db.execute("INSERT INTO shelves VALUES (7, NULL)")

    with db.recording() as changes:
        db.execute("UPDATE shelves SET name = NULL, id = 7")

    assert changes == {}


def test_what_is_rolled_back_was_not_changed(db):
    with db.recording() as changes, db.savepoint():
        db.execute("INSERT INTO shelves VALUES (1, 'stays')")
        with pytest.raises(sqlite3.IntegrityError), db.savepoint():
            db.execute_many("INSERT INTO shelves VALUES (?, 'goes')", [(2,), (2,)])

    assert changes == {"shelves": Changed(inserted=1, ids=[1])}


def test_the_list_of_ids_has_an_end_and_the_counts_have_none(db):
    with db.recording() as changes:
        db.execute_many("INSERT INTO shelves VALUES (?, NULL)", [(number,) for number in range(1, 101)])

    assert changes["shelves"] == Changed(inserted=100, ids=list(range(1, 21)))


def test_others_who_write_meanwhile_are_not_recorded(db):
    with db.recording() as changes:
        other = threading.Thread(target=db.execute, args=("INSERT INTO marks VALUES ('theirs')",))
        other.start()
        other.join()
        db.execute("INSERT INTO shelves VALUES (1, 'ours')")
    db.execute("INSERT INTO shelves VALUES (2, 'later')")

    assert changes == {"shelves": Changed(inserted=1, ids=[1])}


def test_recording_goes_on_after_the_content_was_replaced(db):
    with db.recording():
        pass
    other = Database(None, SCHEMA)
    other.execute("INSERT INTO shelves VALUES (5, 'restored')")
    other.copy_to(db)
    other.close()

    with db.recording() as changes:
        db.execute("UPDATE shelves SET name = 'changed'")

    assert changes == {"shelves": Changed(updated=1, ids=[5])}


def test_the_file_knows_nothing_of_it(tmp_path):
    first = Database(tmp_path / "a.sqlite", SCHEMA)
    with first.recording():
        first.execute("INSERT INTO shelves VALUES (1, 'x')")
    first.close()

    again = Database(tmp_path / "a.sqlite", SCHEMA)

    assert again.rows("SELECT * FROM sqlite_master WHERE type = 'trigger'") == []
    again.execute("INSERT INTO shelves VALUES (2, 'y')")
    again.close()
