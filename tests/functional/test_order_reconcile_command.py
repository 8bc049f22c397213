"""`orders reconcile` by command, and what people see of it."""

import json

import pytest

from miva_sandbox.faults.rules import Rule
from people import browser_of
from tradepost.cli.demo.shopper import Purchase, buy
from tradepost.database.models import Channel, Order


@pytest.fixture
def number(published, box) -> int:
    purchases = [Purchase("HP-MUG-WHITE", (), 2)]
    bought = buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")
    published("orders", "get")
    return bought


def test_reconcile_tells_every_order_and_ends_well_without_a_difference(published, number):
    told = published("orders", "reconcile")
    answer = published("orders", "reconcile", "--json")

    assert (told.code, answer.code) == (0, 0)
    assert told.out.splitlines()[-1] == "1 order, 0 shipments: 0 differences."
    assert answer.json["orders"] == [
        {"order": str(number), "place": "imported", "acknowledged": False, "reason": "", "difference": ""}
    ]
    assert answer.json["differences"] == []


def test_a_difference_ends_with_code_1_and_is_shown_where_people_look(published, number):
    published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z9")
    Order.objects.get().shipments.update(last_error="The store says no.")

    told = published("orders", "reconcile")
    shown = published("channel", "show", "shop")
    (seen,) = browser_of("vera").get("/").context["orders"]

    assert told.code == 1
    assert "The store says no." in told.err
    assert "attention: Shipment TP-" in shown.out
    assert published("channel", "show", "shop", "--json").json["orders_compared"]["differences"] == 1
    assert seen.proof.differences == 1
    assert "Lovelace" not in json.dumps(Channel.objects.get().orders_proof)


def test_a_store_that_can_not_be_reached_proves_nothing(published, number, store):
    store.faults.add(Rule(kind="api_offline"))

    told = published("orders", "reconcile")
    answer = published("orders", "reconcile", "--json")

    store.faults.clear(seed=0)
    assert told.code != 0
    assert "Nothing is proven: not all orders were compared." in told.err
    assert "differences" not in told.out
    assert (answer.code, bool(answer.json["error"])) == (told.code, True)


def test_days_are_those_of_the_channel_and_have_to_be_days(published, number):
    published("channel", "set", "shop", "--time-zone", "Asia/Tokyo")

    none = published("orders", "reconcile", "--to", "2020-01-01", "--json")
    wrong = published("orders", "reconcile", "--from", "yesterday")
    turned = published("orders", "reconcile", "--from", "2020-01-02", "--to", "2020-01-01")

    assert (none.code, none.json["orders"], none.json["placed_before"]) == (0, [], "2020-01-01T15:00:00+00:00")
    assert (wrong.code, "2026-03-01" in wrong.err) == (2, True)
    assert (turned.code, turned.err) == (2, "2020-01-02 is later than 2020-01-01.\n")
