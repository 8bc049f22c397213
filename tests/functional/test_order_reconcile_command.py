"""`orders reconcile` by command, and what people see of it."""

import json
from html import unescape

import pytest

from miva_sandbox.faults.rules import Rule
from people import browser_of
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Channel, Order, Run
from tradepost.engine.runs import run_now


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


# --- on its page ------------------------------------------------------------------------------------------------------

PROOF, COMPARE = "/tradepost/order/reconciliation/", "/tradepost/order/start/compare/"


def words_of(answer) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def test_what_was_placed_between_two_days_is_compared_from_the_page_and_told_as_that(published, number):
    published("orders", "reconcile")
    bob = browser_of("bob")
    day = f"{Order.objects.get().placed_at:%Y-%m-%d}"
    published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z9")
    Order.objects.get().shipments.update(last_error="The store says no.")

    started = words_of(bob.post(COMPARE, {"from": day, "to": day}, follow=True))
    run = Run.objects.latest("pk")
    run_now(run)
    shown = words_of(bob.get(PROOF))
    bob.post(COMPARE, {"from": "2001-01-01", "to": "2001-01-31"})
    run_now(Run.objects.latest("pk"))
    long_ago = words_of(bob.get(PROOF))

    assert f"compares every order placed from {day} to {day} with the store." in started
    assert f"Differences of the last comparison, of what was placed from {day} to {day}" in shown
    assert f"what was placed from {day} to {day}: 1 order." in shown
    assert "The store says no." in shown
    assert "placed from 2001-01-01 to 2001-01-31: 0 orders, no difference" in long_ago
    assert Channel.objects.get().orders_proof["differences"] == 0, "that of the last 30 days stays as it was"


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        ("2026-03-05", "2026-03-01", "2026-03-05 is later than 2026-03-01. Nothing was compared."),
        ("yesterday", "", "'yesterday' is no day; write it as 2026-03-01. Nothing was compared."),
        ("", "9999-12-31", "In 9999 no order was placed. Nothing was compared."),
    ],
)
def test_days_that_are_none_start_no_comparison(published, first, last, told):
    shown = words_of(browser_of("bob").post(COMPARE, {"from": first, "to": last}, follow=True))

    assert told in shown
    assert not Run.objects.filter(kind="reconcile_orders").exists()
