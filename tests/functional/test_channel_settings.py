"""What a channel makes of listings and orders is changed on pages: shown first, then kept."""

from dataclasses import fields
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse

from people import browser_of
from shopper import Shopper
from tradepost.database.models import Channel, Listing
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.ports import ChannelSettings
from tradepost.web.channels import settings as channel_settings


@pytest.fixture
def alice(connected, sample):
    assert connected("catalogue", "import", sample).code == 0
    return browser_of("alice")


def part_of(part: str) -> str:
    return reverse("admin:tradepost_channel_settings", args=[Channel.objects.order_by("pk")[0].pk, part])


def as_opened(client, part: str) -> dict[str, object]:
    """What the form holds when it is opened."""
    form = client.get(part_of(part)).context["form"]
    return {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}


def words_of(answer) -> str:
    return " ".join(unescape(answer.content.decode()).split())


# Set by a deed of the channel's page, in the wizard's steps, or in lists of their own.
ELSEWHERE = {
    "id", "rules", "is_local", "is_look_only", "time_zone", "stock_mode", "sends_images_itself", "image_pages",
    "lists_new", "order_rules", "listing_rules", "image_folder", "files_address",
}  # fmt: skip
BY_OTHER_NAMES = {"carrier_map": "carriers", "drift_policies": "drift_price", "mapping": "others"}


def test_whatever_a_channel_has_is_changed_on_a_page(alice):
    """A setting that only a command knows is none for who never opens a terminal."""
    offered = {name for part in channel_settings.PARTS for name in alice.get(part_of(part)).context["form"].fields}
    settings = {field.name for kind in (ChannelSettings, ContentRules) for field in fields(kind)} - ELSEWHERE

    assert sorted(name for name in settings if BY_OTHER_NAMES.get(name, name) not in offered) == []


@pytest.mark.parametrize("part", channel_settings.PARTS)
def test_what_is_kept_as_it_was_opened_changes_nothing(alice, connected, part):
    before = connected("channel", "show", "shop", "--json").json

    told = words_of(alice.post(part_of(part), as_opened(alice, part) | {"do": "keep"}, follow=True))

    assert "is like that already; nothing was changed" in told
    assert connected("channel", "show", "shop", "--json").json == before


def test_a_limit_of_prices_is_shown_with_what_it_holds_back_before_it_is_kept(alice):
    form = as_opened(alice, "listings") | {"lowest_price": "20"}

    shown = words_of(alice.post(part_of("listings"), form | {"do": "preview"}))
    unchanged = Channel.objects.get().lowest_price
    alice.post(part_of("listings"), form | {"do": "keep"})

    assert "prices held back from now on" in shown
    assert unchanged is None
    assert Channel.objects.get().lowest_price == Decimal(20)
    assert Listing.objects.get(sku="HP-MUG-WHITE").is_price_held


def test_of_many_listings_the_next_run_computes_what_they_show(alice, connected, monkeypatch):
    monkeypatch.setattr(channel_settings, "COMPUTED_AT_ONCE", 2)
    form = as_opened(alice, "listings") | {"lowest_price": "20"}

    shown = words_of(alice.post(part_of("listings"), form | {"do": "preview"}))
    kept = words_of(alice.post(part_of("listings"), form | {"do": "keep"}, follow=True))
    before = Listing.objects.get(sku="HP-MUG-WHITE").is_price_held
    assert connected("listings", "sync").code == 0

    assert "too many listings" in shown
    assert "is computed by its next run" in kept
    assert not before
    assert Listing.objects.get(sku="HP-MUG-WHITE").is_price_held


def test_what_no_listing_shows_is_previewed_however_many_listings_there_are(alice, monkeypatch):
    monkeypatch.setattr(channel_settings, "COMPUTED_AT_ONCE", 2)

    shown = words_of(alice.post(part_of("pace"), as_opened(alice, "pace") | {"batch_size": "7", "do": "preview"}))

    assert "Batch size" in shown
    assert "too many listings" not in shown
    assert Channel.objects.get().batch_size == 50


def test_a_channel_is_renamed_but_not_as_another_one(alice, connected, box):
    Channel.objects.create(name="Other")
    address = part_of("name")

    taken = words_of(alice.post(address, {"name": "Other", "do": "keep"}))
    kept = words_of(alice.post(address, {"name": " Hats & Caps ", "do": "keep"}, follow=True))

    assert "There is a channel 'Other' already" in taken
    assert sorted(Channel.objects.values_list("name", flat=True)) == ["Hats & Caps", "Other"]
    assert "Kept." in kept
    assert connected("listings", "publish", "--channel", "Hats & Caps").code == 0


def test_how_families_stand_in_the_shop_is_chosen_and_the_next_publish_switches_them(alice, connected, store):
    def on_sale():
        visitor = Shopper(store)
        try:
            return visitor.sold([row["code"] for row in store.store.db.rows("SELECT code FROM products ORDER BY id")])
        finally:
            visitor.close()

    assert connected("listings", "publish").code == 0
    page = reverse("admin:tradepost_channel_change", args=[Channel.objects.get().pk])
    as_families, before = on_sale(), words_of(alice.get(page))
    form = as_opened(alice, "listings") | {"layout": "simple"}

    shown = words_of(alice.post(part_of("listings"), form | {"do": "preview"}))
    told = words_of(alice.post(part_of("listings"), form | {"do": "keep"}, follow=True))
    assert connected("listings", "publish").code == 0
    alone, after = on_sale(), words_of(alice.get(page))

    assert "in another layout" not in before + after
    assert "Layout" in shown
    assert "stand in another layout on the store than the channel has by now" in told
    assert alone.keys() == as_families.keys()
    assert any(chosen for ways in as_families.values() for _page, chosen, _price in ways)
    assert {(sku, page, chosen) for sku, ways in alone.items() for page, chosen, _ in ways} == {
        (sku, sku, ()) for sku in alone
    }


def test_a_mapping_is_tried_on_a_sku_before_it_is_kept(alice, connected):
    form = as_opened(alice, "mapping") | {
        "name": "{brand}: {title}",
        "others": "label = {sku}/{brand}",
        "sku": "HP-MUG-WHITE",
    }

    tried = words_of(alice.post(part_of("mapping"), form | {"do": "preview"}))
    unchanged = connected("channel", "show", "shop", "--json").json["mapping"]
    alice.post(part_of("mapping"), form | {"do": "keep"})
    kept = connected("channel", "show", "shop", "--json").json["mapping"]
    alice.post(part_of("mapping"), as_opened(alice, "mapping") | {"name": "", "others": "", "do": "keep"})

    assert "Harbour & Pine: " in tried
    assert "HP-MUG-WHITE/Harbour & Pine" in tried
    assert unchanged == {}
    assert kept == {"name": "{brand}: {title}", "field:label": "{sku}/{brand}"}
    assert connected("channel", "show", "shop", "--json").json["mapping"] == {}


@pytest.mark.parametrize(
    ("part", "typed", "told"),
    [
        ("mapping", {"name": "{colour}"}, "The catalogue has no 'colour'"),
        ("mapping", {"others": "label"}, "is no pair"),
        ("mapping", {"sku": "NOBODY"}, "This channel has no listing NOBODY"),
        ("carriers", {"carriers": "dpd"}, "is no pair; write it as dpd = Other"),
        ("listings", {"lowest_price": "cheap"}, "is no amount"),
        ("listings", {"lowest_price": "9", "highest_price": "5"}, "is above the highest"),
        ("orders", {"payment_states": []}, "Choose one at least."),
        (
            "orders",
            {"acknowledge_mode": "field", "acknowledge_field": ""},
            "“Custom field of acknowledged orders”",
        ),
    ],
)
def test_what_can_not_be_kept_is_told_at_the_form(alice, connected, part, typed, told):
    before = connected("channel", "show", "shop", "--json").json

    answer = alice.post(part_of(part), as_opened(alice, part) | typed | {"do": "preview"})
    alice.post(part_of(part), as_opened(alice, part) | typed | {"do": "keep"})

    assert told in words_of(answer)
    assert connected("channel", "show", "shop", "--json").json == before or part == "mapping"


def test_carriers_and_orders_are_changed_on_their_pages(alice, connected):
    alice.post(part_of("carriers"), {"carriers": "DPD = Other\nUPS = UPS", "do": "keep"})
    first = Channel.objects.get().carrier_map
    alice.post(part_of("carriers"), {"carriers": "ups = UPS", "do": "keep"})
    orders = as_opened(alice, "orders") | {"order_statuses": ["pending", "processing"], "look_back_days": "30"}
    alice.post(part_of("orders"), orders | {"do": "keep"})

    shown = words_of(alice.get(reverse("admin:tradepost_channel_change", args=[Channel.objects.get().pk])))

    assert first == {"dpd": "Other", "ups": "UPS"}
    assert Channel.objects.get().carrier_map == {"ups": "UPS"}
    assert Channel.objects.get().look_back_days == 30
    assert "come in that are pending, processing on the store" in shown


def rules_page() -> str:
    return reverse("admin:tradepost_channel_listing_rules", args=[Channel.objects.get().pk])


def test_a_rule_for_prices_is_tried_kept_explained_and_forgotten(alice):
    typed = {"name": "dearer", "skus": "HP-MUG-*", "percent": "10", "rounding": "up"}

    tried = words_of(alice.post(rules_page(), typed | {"do": "preview"}))
    unchanged = Channel.objects.get().listing_rules
    kept = words_of(alice.post(rules_page(), typed | {"do": "keep"}, follow=True))
    price = Listing.objects.get(sku="HP-MUG-WHITE").wanted_price
    opened = alice.get(f"{rules_page()}?rule=dearer").context["form"]
    alice.post(f"{rules_page()}?rule=dearer", typed | {"do": "remove"})

    assert "2 higher prices" in tried
    assert unchanged == []
    assert "It is for 2 listings." in tried
    assert "The rule dearer is kept. It makes 2 higher prices. The next sync sends it for those that are on" in kept
    assert price == Decimal("16.39"), "14.90 and 10 percent"
    assert (opened["skus"].value(), opened["percent"].value()) == ("HP-MUG-*", "10")
    assert Channel.objects.get().listing_rules == []
    assert Listing.objects.get(sku="HP-MUG-WHITE").wanted_price == Decimal("14.90")


def test_a_rule_for_what_there_is_none_of_says_so_before_it_is_kept(alice):
    """A category that is misspelled would else look like a rule that happens to change nothing."""
    typed = {"name": "dearer", "categories": "Kitchn", "percent": "10", "rounding": "up", "do": "preview"}

    tried = words_of(alice.post(rules_page(), typed))

    assert "Nothing: it is for none of the listings here. Look whether" in tried


def test_a_rule_that_lists_something_no_more_says_how_many_before_it_is_kept(alice):
    typed = {"name": "no mugs", "skus": "HP-MUG-*", "lists": "no", "rounding": "up"}

    tried = words_of(alice.post(rules_page(), typed | {"do": "preview"}))
    kept = words_of(alice.post(rules_page(), typed | {"do": "keep"}, follow=True))

    assert "2 listings left out from now on" in tried
    assert "2 listings left out from now on" in kept


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"percent": "a lot"}, "'a lot' is no number; write it as 9.50."),
        ({"buffer": "-3"}, "takes a number of pieces; '-3' is none."),
        ({}, "A rule has to say something of a price or a quantity"),
    ],
)
def test_a_rule_that_can_not_be_is_refused_and_shown_again(alice, typed, told):
    answer = alice.post(rules_page(), {"name": "odd", "rounding": "up", "do": "keep"} | typed)

    assert told in words_of(answer)
    assert all(answer.context["form"][name].value() == value for name, value in typed.items())
    assert Channel.objects.get().listing_rules == []


def test_a_viewer_sees_the_rules_and_sets_none(alice):
    vera = browser_of("vera")

    assert "No rules yet" in words_of(vera.get(rules_page()))
    assert vera.post(rules_page(), {"name": "x", "percent": "5", "rounding": "up", "do": "keep"}).status_code == 403
    assert Channel.objects.get().listing_rules == []
