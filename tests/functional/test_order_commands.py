"""Orders by commands: fetched, acknowledged, shipped in parts, and sent back to the store."""

import json

import pytest
from django.utils import timezone

from full_rights import store_of
from stock_shop import pieces_in_reach
from tradepost.cli.hub.demo.shopper import Purchase, buy
from tradepost.database.models import Channel, Order, OrderLine, ParkedOrderRecord, Run, RunChange
from tradepost.domain.orders.order import StoreOrder, acknowledgement_note


def order_on_store(box, number: int) -> StoreOrder:
    with store_of(box) as store:
        return store.orders_by_id([number])[number]


@pytest.fixture
def number(published, box) -> int:
    """An order of two mugs, placed by a shopper and not yet fetched."""
    purchases = [Purchase("HP-MUG-WHITE", (), 2)]
    return buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")


def test_get_imports_a_new_order_once_and_takes_it_off_the_stock(published, number):
    first = published("orders", "get", "--json")
    second = published("orders", "get", "--json")

    assert (first.code, second.code) == (0, 0)
    orders = published("orders", "list", "--json").json["orders"]
    assert [(o["order"], o["state"]) for o in orders] == [(number, "open")]
    lines = published("orders", "show", number, "--json").json["lines"]
    assert [(line["sku"], line["quantity"]) for line in lines] == [("HP-MUG-WHITE", 2)]
    assert published("listings", "show", "HP-MUG-WHITE", "--json").json["quantity"]["available"] == 38


def test_in_note_mode_the_store_gets_exactly_one_note(published, number, box):
    published("channel", "set", "shop", "--acknowledge", "note")

    published("orders", "get")
    published("orders", "acknowledge")

    assert order_on_store(box, number).notes.count(acknowledgement_note(order_number=number)) == 1


def test_a_shipment_of_some_pieces_arrives_on_the_store_with_its_tracking_number(published, number, box):
    published("orders", "get")

    shipped = published(
        *("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z999"),
        *("--line", "HP-MUG-WHITE=1", "--cost", "4.50", "--json"),
    )
    synced = published("orders", "sync", "--json")

    assert (shipped.code, shipped.json["pieces"], synced.code) == (0, 1, 0)
    kept = RunChange.objects.get(subject_kind="shipment", side="hub", action="create")
    assert (kept.outcome, kept.run.kind, kept.run.requested_by[:5]) == ("applied", "request", "shell")
    assert {f["name"]: f["after"] for f in kept.fields}["tracking_number"] == "1Z999"
    sent = order_on_store(box, number)
    assert [(s.tracking_number, s.is_shipped, str(s.cost)) for s in sent.shipments] == [("1Z999", True, "4.5")]
    assert published("orders", "sync", "--json").json["counts"] == []


def test_orders_are_handed_over_by_number_once_and_unknown_ones_stop_nothing(published, number, box):
    second = buy(box.storefront, store_code=box.store_code, purchases=[Purchase("HP-MUG-WHITE", (), 1)], name="Bo Ek")
    published("orders", "get")

    first = published("orders", "hand-over", number, 999_999, "--json")
    again = published("orders", "hand-over", number)
    rest = published("orders", "hand-over", "--all-open", "--json")

    assert (first.code, first.json) == (1, {"handed_over": [number], "before": [], "unknown": [999_999]})
    assert (again.code, again.out) == (0, f"Handed over: none.\nHanded over before: {number}.\n")
    assert (rest.code, rest.json) == (0, {"handed_over": [second], "before": [], "unknown": []})
    kept = RunChange.objects.filter(reason="handed over by a person").order_by("id")
    assert [(change.subject_key, change.outcome) for change in kept] == [
        (str(number), "applied"),
        (str(second), "applied"),
    ]


def test_explain_says_what_was_stated_sold_and_what_the_store_should_have(published, number):
    published("orders", "get")

    told = published("listings", "explain", "HP-MUG-WHITE")
    figures = published("listings", "explain", "HP-MUG-WHITE", "--json").json["stocks"]

    assert told.code == 0
    assert told.out.startswith("HP-MUG-WHITE on 'shop', times in UTC:\n  State\n    It is listed: ")
    assert "\n  Stock\n    40 stated by " in told.out
    assert f"  Order {number} reserves 2: neither handed over nor shipped.\n    So 38 are available.\n" in told.out
    assert f"    Order {number} -2, " in told.out
    assert "    The store should have 38; it was set " in told.out
    assert [(stock["sku"], stock["account"], stock["reserved"]) for stock in figures] == [("HP-MUG-WHITE", 38, 2)]


@pytest.mark.parametrize("is_fetched", [False, True], ids=["before the next get", "after it"])
def test_a_count_that_is_stated_after_the_hub_has_shipped_knows_what_left_the_house(
    connected, store, box, tmp_path, is_fetched
):
    def state(mugs):
        path = tmp_path / "mugs.csv"
        path.write_text(f"Handle,Title,Variant SKU,Variant Inventory Qty,Variant Price\nmug,Mug,MUG,{mugs},10.00\n")
        assert connected("catalogue", "import", path).code == 0

    state(10)
    assert connected("listings", "publish").code == 0
    purchases = [Purchase("MUG", (), 2)]
    number = buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace")
    assert connected("orders", "get").code == 0
    assert connected("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z1", "--now").code == 0
    if is_fetched:
        assert connected("orders", "get").code == 0

    state(20)
    for words in (("listings", "sync"), ("orders", "get"), ("listings", "sync")):
        assert connected(*words).code == 0

    assert "reserves" not in connected("listings", "explain", "MUG").out
    assert pieces_in_reach(store, "MUG", {}) == 20


@pytest.mark.parametrize("words", [[], [7, "--all-open"]], ids=["neither", "both"])
def test_handing_over_takes_numbers_or_all_that_are_open(connected, words):
    answer = connected("orders", "hand-over", *words)

    assert answer.code == 2
    assert "--all-open" in answer.err


def test_a_dry_run_of_ship_records_nothing(published, number):
    published("orders", "get")

    answer = published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z999", "--dry-run", "--json")

    assert (answer.code, answer.json["pieces"], answer.json["shipment"]) == (0, 2, None)
    assert published("orders", "show", number, "--json").json["shipments"] == []
    assert not Run.objects.filter(kind="request", changes__subject_kind="shipment").exists()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--line", "HP-MUG-WHITE"], "SKU=QTY"),
        (["--line", "HP-MUG-WHITE=0"], "SKU=QTY"),
        (["--line", "HP-MUG-WHITE=3"], "HP-MUG-WHITE"),
        (["--line", "NO-SUCH-SKU=1"], "NO-SUCH-SKU"),
        (["--cost", "much"], "7.50"),
        (["--cost", "NaN"], "7.50"),
    ],
)
def test_a_shipment_that_does_not_fit_the_order_is_refused_with_the_reason(published, number, words, reason):
    published("orders", "get")

    answer = published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z999", *words)

    assert answer.code == 2
    assert reason in answer.err


def test_a_recorded_shipment_is_said_to_be_sent_when_a_schedule_or_a_command_does_it(published, number):
    published("orders", "get")

    first = published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1", "--line", "HP-MUG-WHITE=1")
    published("channel", "schedule", "shop", "sync_orders", "--off")
    second = published("orders", "ship", number, "--carrier", "UPS", "--tracking", "2")

    assert "; sync orders runs next " in first.out
    assert second.out.endswith("; sync orders is not scheduled, so type 'tradepost orders sync'.\n")


def test_an_order_is_printed_as_the_store_sent_it_while_it_is_kept(published, number):
    published("orders", "get")
    sent = published("orders", "show", number, "--raw")
    published("channel", "set", "shop", "--payload-days", 0)
    published("orders", "get")
    later = published("orders", "show", number, "--raw")

    assert json.loads(sent.out)["id"] == number
    assert (later.code, "--payload-days" in later.err) == (2, True)


def test_a_preview_says_how_many_orders_would_come(published, number):
    shown = published("orders", "get", "--dry-run")

    assert shown.code == 0
    assert "1 order would be imported." in shown.out
    assert published("orders", "list", "--json").json["orders"] == []


def test_a_parked_order_is_told_listed_and_tried_again(published, number):
    published("orders", "get")
    ParkedOrderRecord.objects.create(
        channel=Channel.objects.get(),
        number="77",
        external_id=77,
        reason="Order 77 has a quantity of -3.",
        version="0",
        first_at=timezone.now(),
        last_at=timezone.now(),
    )

    listed = published("orders", "parked", "--json").json["parked"]
    retried = published("orders", "retry", 77, 78)
    got = published("orders", "get")
    none = published("orders", "retry")

    assert [(row["order"], row["reason"]) for row in listed] == [("77", "Order 77 has a quantity of -3.")]
    assert (retried.code, "To be tried: 77; " in retried.out, retried.err) == (1, True, "Not parked: 78.\n")
    # It is not on the store any more.
    assert (got.code, "parked" in got.err) == (0, False)
    assert none.out == "No order is parked.\n"
    kept = RunChange.objects.get(reason="a person asks to try it again")
    assert (kept.subject_key, kept.run.requested_by[:5]) == ("77", "shell")


def test_an_order_is_held_and_released_by_command_and_what_happened_is_shown(published, number):
    published("orders", "get")
    ship = ("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z999")

    held = published("orders", "hold", number, "--reason", "Ring first.")
    refused = published(*ship)
    shown = published("orders", "show", number)
    released = published("orders", "release", number, "--json")
    again = published("orders", "release", number)
    published("orders", "hold", number, "--reason", "Ring again.")
    shipped = published(*ship, "--even-if-held")

    assert (held.code, held.out) == (0, f"Order {number} is on hold.\n")
    assert (refused.code, "is on hold: Ring first." in refused.err) == (2, True)
    assert "hold_reason: Ring first." in shown.out
    assert "What happened" in shown.out
    assert " held by shell" in shown.out
    assert (released.code, released.json) == (0, {"order": number, "state": "open"})
    assert (again.code, "is not on hold" in again.err) == (2, True)
    assert shipped.code == 0
    events = published("orders", "show", number, "--json").json["events"]
    assert [(event["what"], event["reason"]) for event in events] == [
        ("held", "Ring first."),
        ("released", "Ring first."),
        ("held", "Ring again."),
    ]
    kept = RunChange.objects.filter(reason__in=["held by a person", "released by a person"])
    assert [change.subject_key for change in kept] == [str(number)] * 3


def test_unknown_items_are_looked_for_by_command(published, number):
    published("orders", "get")
    nothing = published("orders", "rematch")
    OrderLine.objects.update(listing=None, variant=None)
    Order.objects.update(state="not_managed")

    asked = published("orders", "rematch", number)
    published("orders", "get")

    assert nothing.out == "No order has an unknown item.\n"
    assert (asked.code, f"To be looked at: {number}; " in asked.out) == (0, True)
    shown = published("orders", "show", number, "--json").json
    assert (shown["state"], [event["what"] for event in shown["events"]]) == ("open", ["matched"])
    assert RunChange.objects.filter(reason="a person asks to look for its items").count() == 1


def test_rules_for_orders_are_set_listed_applied_shown_and_removed_by_command(published, number):
    published("orders", "get")
    empty = published("orders", "rules")

    held = published("orders", "set-rule", "dear", "--total-above", "10", "--hold", "--tag", "dear")
    again = published("orders", "set-rule", "dear", "--total-above", "10", "--hold", "--tag", "dear")
    published(
        "orders", "set-rule", "usual", "--service", "Parcel", "--carrier", "UPS", "--fulfilled-by", "North", "--json"
    )
    listed = published("orders", "rules")
    shown = published("orders", "show", number)
    as_json = published("orders", "show", number, "--json").json
    removed = published("orders", "remove-rule", "dear", "--json")
    refused = published("orders", "set-rule", "idle", "--country", "US")
    unknown = published("orders", "remove-rule", "dear")

    assert "No rules." in empty.out
    assert (held.code, f"Orders that are in another state now: {number}." in held.out) == (0, True)
    assert again.out == "The rule is like that already.\n"
    assert ("total above 10" in listed.out, "every order" in listed.out) == (True, True)
    assert "rule dear: holds the order, tag dear, because of the total" in shown.out
    assert (as_json["tags"], as_json["service"], as_json["carrier"]) == (["dear"], "Parcel", "UPS")
    assert (as_json["fulfilled_by"], [done["rule"] for done in as_json["rules"]]) == ("North", ["dear", "usual"])
    assert (removed.code, removed.json) == (0, {"changed": True, "orders": [number]})
    assert (refused.code, "has to do something" in refused.err) == (2, True)
    assert (unknown.code, "There is no rule 'dear'" in unknown.err) == (2, True)
    kept = RunChange.objects.filter(fields__0__name="order_rules").order_by("pk")
    assert [len(change.fields[0]["after"]) for change in kept] == [1, 2, 1]


def test_r45_an_order_is_fresh_until_somebody_looks_at_it_or_works_on_it(published, box):
    purchases = [Purchase("HP-MUG-WHITE", (), 1)]
    bought = [
        buy(box.storefront, store_code=box.store_code, purchases=purchases, name="Ada Lovelace") for _ in range(5)
    ]
    published("orders", "get")
    shown, shipped, handed_over, held, untouched = bought

    def fresh():
        listed = published("orders", "list", "--fresh", "--json").json["orders"]
        return sorted(order["order"] for order in listed)

    before = (fresh(), published("orders", "list", "--json").json["orders"][0]["fresh"])
    first = published("orders", "show", shown, "--json").json
    again = published("orders", "show", shown, "--json").json
    published("orders", "ship", shipped, "--carrier", "UPS", "--tracking", "1Z1")
    published("orders", "hand-over", handed_over)
    published("orders", "hold", held, "--reason", "Ring first.")
    published("orders", "release", held)

    assert before == (sorted(bought), True)
    assert (first["fresh"], again["fresh"]) == (True, False)
    assert fresh() == [untouched]
    assert "fresh" in published("orders", "list").out


def test_r45_who_ships_an_order_and_how_far_that_is_stands_with_it(published, number):
    published("channel", "set", "shop", "--acknowledge", "note")
    published("orders", "set-rule", "usual", "--fulfilled-by", "Warehouse North")
    published("orders", "get")
    published("orders", "hand-over", number)
    before = published("orders", "show", number, "--json").json
    published("orders", "ship", number, "--carrier", "UPS", "--tracking", "1Z1")
    published("orders", "sync")

    after = published("orders", "show", number, "--json").json

    steps = ("handed_over_at", "acknowledged_at", "shipped_at")
    assert [before["fulfilled_by"], *(before[step] is not None for step in steps)] == [
        "Warehouse North",
        *(True, True, False),
    ]
    assert (after["state"], after["shipped_at"] is not None) == ("closed", True)
    assert "fulfilled_by: Warehouse North" in published("orders", "show", number).out


def test_an_order_is_shipped_with_the_carrier_that_a_rule_has_chosen(published, number):
    published("orders", "get")
    words = ("orders", "ship", number, "--tracking", "1Z999", "--json")

    refused = published(*words)
    published("orders", "set-rule", "usual", "--service", "Parcel", "--carrier", "USPS")
    shipped = published(*words)

    assert (refused.code, "let a rule for orders say so" in refused.err) == (2, True)
    assert (shipped.code, shipped.json["carrier"]) == (0, "USPS")
