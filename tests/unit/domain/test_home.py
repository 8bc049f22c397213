import pytest

from tradepost.domain.home import is_elsewhere, is_older

FILE = {"file": "7", "machine": "m", "folder": "/srv/hub"}
SERVER = {"cluster": "7", "database": "5"}


@pytest.mark.parametrize(
    ("known", "found", "answer"),
    [
        ({}, FILE, False),
        (FILE, FILE, False),
        # A folder that is renamed, a container that is made anew, a file system that numbers files anew.
        (FILE, {**FILE, "folder": "/srv/new"}, False),
        (FILE, {**FILE, "machine": "n"}, False),
        (FILE, {**FILE, "file": "8"}, False),
        # A copy in another folder, a copy on another machine, and one on another machine that happens to be file 7.
        (FILE, {**FILE, "file": "8", "folder": "/home/test"}, True),
        (FILE, {**FILE, "file": "8", "machine": "n"}, True),
        (FILE, {**FILE, "machine": "n", "folder": "/home/test"}, True),
        (SERVER, SERVER, False),
        (SERVER, {**SERVER, "database": "6"}, True),
        (SERVER, {**SERVER, "cluster": "8"}, True),
        (FILE, SERVER, True),
    ],
)
def test_a_copy_is_told_from_a_hub_that_was_only_renamed(known, found, answer):
    assert is_elsewhere(known, found) is answer


def test_a_database_that_has_not_heard_of_the_last_run_is_older():
    assert (is_older(4, seen=5), is_older(5, seen=5), is_older(6, seen=5)) == (True, False, False)
