"""A database that was put elsewhere or back is noticed, on both databases, and its channels only look."""

from datetime import UTC, datetime

import pytest

from people import browser_of
from tradepost.database import home
from tradepost.database.models import Channel, HomeRecord, Run, Source
from tradepost.domain.errors import NotAllowed
from tradepost.engine import occupancy

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def channel(database, tmp_path) -> Channel:
    made = Channel.objects.create(name="shop")
    add_run(made)
    assert home.settle(tmp_path) == ""
    return made


def add_run(channel: Channel) -> Run:
    return Run.objects.create(
        channel=channel, kind="sync", lane="listings", trigger="person", queued_at=AT, state="completed", finished_at=AT
    )


def standing() -> list[tuple[str, bool, bool]]:
    return [(row.name, row.is_look_only, bool(row.restored_why)) for row in Channel.objects.order_by("name")]


def test_a_hub_that_is_where_it_was_is_left_alone(channel, tmp_path):
    add_run(channel)
    home.note_progress(tmp_path)

    assert home.settle(tmp_path) == ""
    assert home.is_settled(tmp_path)
    assert standing() == [("shop", False, False)]


def test_a_database_that_was_put_back_to_an_earlier_state_is_noticed_once(channel, tmp_path):
    """R55: whether a file was copied over it, or a server took over that lags behind."""
    last = add_run(channel)
    home.note_progress(tmp_path)
    last.delete()

    first, again = home.settle(tmp_path), home.settle(tmp_path)

    assert "knows less than it did here before" in first
    assert again == ""
    assert standing() == [("shop", True, True)]
    assert Channel.objects.get().restored_from == AT


def test_a_copy_at_another_place_is_noticed_once(channel, tmp_path):
    """R55: a test copy never writes to the shop."""
    HomeRecord.objects.update(place=dict.fromkeys(HomeRecord.objects.get().place, "other"))

    first, again = home.settle(tmp_path), home.settle(tmp_path)

    assert "at another place than before" in first
    assert again == ""
    assert standing() == [("shop", True, True)]


def test_another_machine_with_a_folder_of_its_own_may_work_on_the_same_database(channel, tmp_path):
    (tmp_path / "second").mkdir()

    assert home.settle(tmp_path / "second") == ""
    assert standing() == [("shop", False, False)]


def test_a_source_that_is_removed_with_its_runs_makes_no_database_an_older_one(channel, tmp_path):
    source = Source.objects.create(name="feed")
    Run.objects.create(source=source, kind="import", lane="import", trigger="person", queued_at=AT)
    home.note_progress(tmp_path)
    source.delete()

    assert home.settle(tmp_path) == ""


def test_the_start_page_says_that_a_database_came_back(channel, tmp_path):
    HomeRecord.objects.update(place={"file": "elsewhere"})
    home.settle(tmp_path)

    page = browser_of("alice").get("/").content.decode()

    assert "at another place than before" in page
    assert "Look and go live" in page


def test_two_servers_on_one_folder_refuse_each_other_and_commands_work_beside_one(tmp_path):
    with occupancy.serving(tmp_path):
        refused = pytest.raises(NotAllowed, match=r"server at work on .* already \(process \d+\)")
        with refused, occupancy.serving(tmp_path):
            pass
        occupancy.enter(tmp_path)

    with occupancy.serving(tmp_path):
        pass
