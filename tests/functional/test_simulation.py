"""The simulation of a day: a short one sells nothing twice, and its comparison sees every difference there can be."""

import json
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from simulation.__main__ import in_json
from simulation.comparison import compare
from simulation.day import Setting, simulate

HUB, STORE = "hub/tradepost.sqlite3", "store/store-00000001.sqlite"


# Some forty processes one after another, which a busy machine takes long for.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("day")
    report = simulate(Setting(seed=3, hours=0.2, speed=60), folder)
    return folder, report


def test_a_short_day_with_faults_and_a_kill_loses_and_doubles_no_order_and_ends_with_the_right_counts(day):
    _, report = day
    assert report.differences == []
    assert report.figures["orders"] > 0
    assert report.figures["oversold pieces"] == 0
    assert report.acts["kills"] > 0
    assert sum(report.faults.values()) > 0


def test_a_day_can_be_told_in_a_line_of_json(day):
    told = json.loads(in_json(day[1]))
    assert told["setting"]["seed"] == 3
    assert told["acts"]["kills"] == day[1].acts["kills"]


@pytest.mark.parametrize(
    ("database", "act", "words"),
    [
        (HUB, "DELETE FROM tradepost_orderline WHERE order_id = (SELECT min(id) FROM tradepost_order)", "the hub {}"),
        (
            HUB,
            "UPDATE tradepost_order SET external_id = 9999999 WHERE id = (SELECT min(id) FROM tradepost_order)",
            "is 0 times in the hub",
        ),
        (
            HUB,
            "UPDATE tradepost_order SET external_id = 9999999 WHERE id = (SELECT min(id) FROM tradepost_order)",
            "is in the hub and not on the store",
        ),
        (HUB, "UPDATE tradepost_orderline SET quantity = quantity + 1", "the store has"),
        (HUB, "UPDATE tradepost_order SET state = 'cancelled'", "is cancelled in the hub"),
        (STORE, "DELETE FROM notes", "was not acknowledged"),
        (
            STORE,
            "INSERT INTO notes (id, order_id, notetext, dtstamp) SELECT id + 1000, order_id, notetext, 0 FROM notes",
            "bears 2 notes",
        ),
        (STORE, "UPDATE order_shipments SET tracknum = 'another'", "is not on the store"),
        (STORE, "UPDATE order_shipments SET tracknum = 'another'", "is too many"),
        (STORE, "UPDATE order_items SET quantity = quantity + 1", "a shopper bought"),
        (STORE, "UPDATE order_items SET quantity = 500", "were sold more than there were"),
        (STORE, "UPDATE inventory_product_counts SET inventory = inventory + 1", "the store offers"),
        (HUB, "UPDATE tradepost_listing SET account = account + 1", "the hub believes in"),
    ],
)
def test_what_went_wrong_in_a_day_is_a_sentence(day, tmp_path, database, act, words):
    folder = tmp_path / "copy"
    shutil.copytree(day[0], folder)
    with closing(sqlite3.connect(folder / database)) as connection, connection:
        assert connection.execute(act).rowcount > 0
    _, said = compare(folder, f"sqlite:///{folder / HUB}")
    assert any(words in sentence for sentence in said), said


def test_both_tokens_and_both_modes_of_stock_are_drawn_from_the_seeds():
    settings = [Setting.of_seed(seed) for seed in range(8)]
    assert set(Counter((each.token, each.mode) for each in settings).values()) == {2}
    assert Setting.of_seed(1, token="eight functions", mode=None).token == "eight functions"


def test_the_comparison_imports_nothing_of_the_hub_or_the_sandbox():
    text = Path(compare.__code__.co_filename).read_text(encoding="utf-8")
    assert "import tradepost" not in text
    assert "from tradepost" not in text
    assert "miva_sandbox" not in text
