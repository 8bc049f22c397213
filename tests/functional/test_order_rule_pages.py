"""Rules for orders on their page: tried on the orders that came in, then kept, and forgotten again."""

from html import unescape

import pytest
from django.urls import reverse

from people import browser_of
from tradepost.database.models import Channel, Order

MUGS = {"name": "mugs", "skus": "HP-MUG-*", "holds": "on", "tag": "mug"}


@pytest.fixture
def bob(order):
    order()
    return browser_of("bob")


def rules_page(rule: str = "") -> str:
    address = reverse("admin:tradepost_channel_order_rules", args=[Channel.objects.get().pk])
    return f"{address}?rule={rule}" if rule else address


def words_of(answer) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def keep(client, typed: dict[str, object], address: str = ""):
    """Try a rule, and keep it as a person does who has seen what it would do."""
    tried = client.post(address or rules_page(), typed | {"do": "try"})
    kept = {"do": "keep", "tried": tried.context["tried"]}
    return client.post(address or rules_page(), typed | kept, follow=True)


def kept_rules(shell) -> list[dict[str, object]]:
    rules = shell("orders", "rules", "--json").json["rules"]
    assert isinstance(rules, list)
    return rules


def test_a_rule_says_which_of_the_last_orders_it_would_hold_before_it_is_kept(bob, published):
    tried = words_of(bob.post(rules_page(), MUGS | {"do": "try"}))
    before = (kept_rules(published), Order.objects.get().state)
    told = words_of(keep(bob, MUGS))

    number = Order.objects.get().external_id
    assert "Of the last 1 order, 1 would be held, 1 would have another tag" in tried
    assert "Held. Rule 'mugs': SKU HP-MUG-WHITE. Tagged mug." in tried
    assert "It is open, and would be on hold at once." in tried
    assert "All orders that wait to be shipped (1) are judged by it at once" in tried
    assert before == ([], "open")
    assert f"The rule mugs is kept. Orders in another state now: {number}." in told
    assert [(rule["rule"], rule["skus"], rule["hold"], rule["tag"]) for rule in kept_rules(published)] == [
        ("mugs", ["HP-MUG-*"], True, "mug")
    ]
    assert (Order.objects.get().state, Order.objects.get().tags) == ("on_hold", ["mug"])


def test_what_was_typed_anew_after_it_was_tried_is_tried_again_and_not_kept(bob, published):
    tried = bob.post(rules_page(), MUGS | {"do": "try"}).context["tried"]
    again = words_of(bob.post(rules_page(), MUGS | {"tag": "cup", "do": "keep", "tried": tried}))
    untried = words_of(bob.post(rules_page(), MUGS | {"do": "keep"}))

    assert "Tagged cup" in again
    assert "Tagged mug" in untried
    assert kept_rules(published) == []


def test_a_rule_is_changed_under_its_name_and_forgotten_once_it_was_seen_what_becomes_open(bob, published):
    keep(bob, MUGS)
    opened = bob.get(rules_page("mugs")).context["form"]
    keep(bob, MUGS | {"name": "another", "tag": "cup"}, rules_page("mugs"))
    changed = [(rule["rule"], rule["tag"]) for rule in kept_rules(published)]

    shown = words_of(bob.post(rules_page("mugs"), {"do": "try_without"}))
    still = len(kept_rules(published))
    gone = words_of(bob.post(rules_page("mugs"), {"do": "remove"}, follow=True))

    assert (opened["skus"].value(), opened["tag"].value(), opened["holds"].value()) == ("HP-MUG-*", "mug", True)
    assert changed == [("mugs", "cup")]
    assert "Without the rule mugs" in shown
    assert "Held no more for this: Rule 'mugs'" in shown
    assert "It is on hold, and would be open at once." in shown
    assert (still, kept_rules(published)) == (1, [])
    assert "The rule mugs is forgotten. Orders in another state now:" in gone
    assert Order.objects.get().state == "open"


def test_a_first_service_shows_that_orders_without_one_are_held(bob):
    typed = {"name": "express", "methods": "Express*", "service": "Next day", "carrier": "UPS"}

    tried = words_of(bob.post(rules_page(), typed | {"do": "try"}))

    assert "Held. No rule says by which service" in tried


def test_an_order_that_is_done_would_stay_as_it_is_and_one_that_fits_no_rule_is_not_named(bob):
    elsewhere = words_of(bob.post(rules_page(), MUGS | {"skus": "", "countries": "CA, MX", "do": "try"}))
    Order.objects.update(state="closed", store_status="shipped")

    done = words_of(bob.post(rules_page(), MUGS | {"do": "try"}))

    assert "None of the last 1 order would be other than it is." in elsewhere
    assert "It is closed, and stays as it is." in done
    assert "(0) are judged by it at once" in done


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"total_above": "a lot", "holds": "on"}, "'a lot' is no number"),
        ({"total_above": "-5", "holds": "on"}, "An amount below 0 would be for every order; leave it out."),
        ({}, "A rule has to do something: “Hold them until somebody releases them”, “Tag them”, “Ship them by” or"),
        ({"carrier": "UPS"}, "A carrier belongs to a service; name it with “Ship them by”."),
    ],
)
def test_a_rule_that_can_not_be_is_refused_and_shown_again(bob, published, typed, told):
    answer = bob.post(rules_page(), {"name": "odd", "do": "try"} | typed)

    assert told in words_of(answer)
    assert all(answer.context["form"][name].value() == value for name, value in typed.items() if name != "holds")
    assert kept_rules(published) == []


def test_a_viewer_sees_the_rules_and_sets_none(bob, published):
    keep(bob, MUGS)
    vera = browser_of("vera")

    shown = words_of(vera.get(rules_page()))
    answers = [
        vera.post(rules_page(), MUGS | {"do": "keep"}).status_code,
        vera.post(rules_page("mugs"), {"do": "remove"}).status_code,
    ]

    assert "SKU HP-MUG-*" in shown
    assert '<form method="post" class="form">' not in shown
    assert answers == [403, 403]
    assert len(kept_rules(published)) == 1


@pytest.fixture
def two_services(bob, published):
    """Two rules for the same order, of which the first one says how it is shipped, and one for every order."""
    for name, of in (("parcel", {"skus": "HP-MUG-*"}), ("express", {"skus": "HP-MUG-*"}), ("usual", {})):
        keep(bob, {"name": name, "service": f"By {name}"} | of)
    return bob


def names_in_order(shell) -> list[object]:
    return [rule["rule"] for rule in kept_rules(shell)]


def test_a_rule_is_asked_earlier_once_it_was_seen_what_that_does_to_the_last_orders(two_services, published):
    shown = words_of(two_services.post(rules_page(), {"earlier": "express"}))
    before = (names_in_order(published), Order.objects.get().service)
    told = words_of(two_services.post(rules_page(), {"do": "move", "name": "express", "before": "parcel"}, follow=True))

    assert "With the rule express asked before parcel" in shown
    assert "Of the last 1 order, 1 would have another tag, service, carrier or somebody else who ships" in shown
    assert '<input type="hidden" name="before" value="parcel">' in shown
    assert before == (["parcel", "express", "usual"], "By parcel")
    assert "The rule express is asked before parcel now. No order is in another state by that." in told
    assert (names_in_order(published), Order.objects.get().service) == (["express", "parcel", "usual"], "By express")


def test_a_rule_is_asked_later_and_what_names_nothing_stays_last(two_services, published):
    rules = words_of(two_services.get(rules_page()))
    shown = words_of(two_services.post(rules_page(), {"later": "parcel"}))
    two_services.post(rules_page(), {"do": "move", "name": "parcel", "before": ""})
    moved = names_in_order(published)
    refused = words_of(two_services.post(rules_page(), {"do": "move", "name": "usual", "before": "parcel"}))
    gone = words_of(two_services.post(rules_page(), {"later": "nobody's"}))

    assert [name in rules for name in ('name="earlier" value="parcel"', 'name="later" value="express"')] == [False] * 2
    assert [f'name="{way}" value="usual"' in rules for way in ("earlier", "later")] == [False] * 2
    assert "With the rule parcel asked after all others" in shown
    assert moved == ["express", "parcel", "usual"]
    assert "Rule 'usual' names nothing, so it is asked after all that name something." in refused
    assert "There is no rule 'nobody's'" in gone
    assert names_in_order(published) == moved


def test_a_command_moves_a_rule_and_puts_a_new_one_before_another(two_services, published):
    moved = published("orders", "move-rule", "express", "--before", "parcel")
    service = Order.objects.get().service
    again = published("orders", "move-rule", "express", "--before", "parcel")
    published("orders", "set-rule", "first", "--tag", "seen", "--sku", "*", "--before", "express")
    last = published("orders", "move-rule", "first", "--last", "--json")
    refused = [
        published("orders", "move-rule", "express", *where)
        for where in ((), ("--last", "--before", "parcel"), ("--before", "nobody"), ("--before", "express"))
    ]

    assert (moved.code, moved.out.splitlines()[0], service) == (
        0,
        "Rule 'express' is asked before 'parcel' now.",
        "By express",
    )
    assert again.out.strip() == "The rule is like that already."
    assert last.json["changed"] is True
    assert names_in_order(published) == ["express", "parcel", "first", "usual"]
    assert {said.code for said in refused} != {0}
    assert "Say when the rule is asked" in refused[0].err + refused[1].err
    assert "There is no rule 'nobody'; 'tradepost orders rules' lists them." in refused[2].err
    assert "can't be asked before itself" in refused[3].err


def test_a_viewer_moves_no_rule(two_services, published):
    vera = browser_of("vera")

    shown = words_of(vera.get(rules_page()))
    answers = [
        vera.post(rules_page(), {"earlier": "express"}).status_code,
        vera.post(rules_page(), {"do": "move", "name": "express", "before": "parcel"}).status_code,
    ]

    assert 'name="earlier"' not in shown
    assert answers == [403, 403]
    assert names_in_order(published) == ["parcel", "express", "usual"]
