"""`orders export`, `confirm` and `consumers` by command."""

import json

import pytest

from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Sighting


@pytest.fixture
def number(published, box) -> int:
    purchases = [Purchase("HP-MUG-WHITE", (), 2)]
    bought = buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")
    published("orders", "get")
    return bought


def test_a_consumer_takes_an_order_and_confirms_it(published, number):
    first = published("orders", "export", "--consumer", "erp")
    again = published("orders", "export", "--consumer", "erp", "--json")
    waiting = published("orders", "consumers", "--json").json["consumers"]
    confirmed = published("orders", "confirm", "erp", 1)
    nothing = published("orders", "export", "--consumer", "erp")

    (record,) = map(json.loads, first.out.splitlines())
    assert (record["order"], record["lines"][0]["sku"], record["cursor"]) == (number, "HP-MUG-WHITE", 1)
    assert (
        first.err
        == "Batch 1 with 1 new order and 0 changes; 'tradepost orders confirm erp 1' once they are taken over.\n"
    )
    assert (again.json["content"], again.json["cursor"]) == (first.out, 1)
    assert (waiting[0]["consumer"], waiting[0]["confirmed"], waiting[0]["waiting"]["cursor"]) == ("erp", 0, 1)
    assert (confirmed.code, confirmed.out) == (0, "'erp' has confirmed 1: 1 order handed over.\n")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "Nothing is new for 'erp'.\n")
    assert Sighting.objects.get(external_id=number).handed_over_at is not None


def test_a_file_is_written_whole_and_replaces_the_one_before(published, number, tmp_path):
    path = tmp_path / "out" / "orders.csv"
    missing = published("orders", "export", "--format", "csv", "--output", path)
    path.parent.mkdir()
    path.write_text("old")

    answer = published("orders", "export", "--format", "csv", "--output", path)

    assert (missing.code, "can't be written" in missing.err) == (2, True)
    assert (answer.code, answer.out) == (0, "")
    heading, row = path.read_text(encoding="utf-8").splitlines()
    assert (heading.split(",")[4], row.split(",")[4]) == ("order", str(number))
    assert [each.name for each in path.parent.iterdir()] == ["orders.csv"]


def test_orders_in_other_states_are_exported_when_asked_for(published, number):
    none = published("orders", "export", "--state", "cancelled")
    some = published("orders", "export", "--state", "cancelled", "--state", "open")

    assert (none.out, len(some.out.splitlines())) == ("", 1)


def test_a_wrong_cursor_and_a_forgotten_consumer_are_explained(published, number):
    published("orders", "export", "--consumer", "erp")

    wrong = published("orders", "confirm", "erp", 5)
    unasked = published("orders", "remove-consumer", "erp")
    removed = published("orders", "remove-consumer", "erp", "--yes")
    unknown = published("orders", "confirm", "erp", 1)
    empty = published("orders", "consumers")

    assert (wrong.code, wrong.err) == (2, "The consumer 'erp' can't confirm 5: the next cursor to confirm is 1.\n")
    assert (unasked.code, removed.code, unknown.code) == (2, 0, 2)
    assert "There is no consumer 'erp'" in unknown.err
    assert empty.out.startswith("No consumer;")
