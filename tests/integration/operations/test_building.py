"""Which products of the catalogue a channel lists (R53): all, those that are chosen, or those that rules list."""

from dataclasses import replace

import pytest
from django.db import transaction

from attentions import kinds_of, reason_of
from stock_shop import StockShop, catalogue_of
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.models import Channel, Listing, Trigger
from tradepost.database.runs.history import RequestHistory
from tradepost.domain.brake import Harm
from tradepost.domain.listings.listing import Health, Pending
from tradepost.domain.listings.listing_rules import ListingRule
from tradepost.domain.plan import Outcome
from tradepost.operations.listings import listing_rules
from tradepost.operations.listings.building import BuildPorts, Built, build

from .conftest import ALL_RIGHTS, EIGHT
from .test_listing_rules import channel_ports, set_rules

NO_TEES = ListingRule(name="no tees", skus=("TEE-*",), lists=False)


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=request.param)
    yield made
    made.close()


def built(shop, *handles, is_dry=False, queue=True):
    return built_of(shop, *handles, is_dry=is_dry, queue=queue).listings


def built_of(shop, *handles, is_dry=False, queue=True):
    ports = BuildPorts(
        channel_id=shop.channel.pk,
        channel_name=shop.channel.name,
        catalogue=DjangoCatalogue(),
        listings=shop.listings,
        history=RequestHistory(requested_by="bob", trigger=Trigger.PERSON, clock=shop.clock),
        transaction=transaction.atomic,
    )
    return build(ports, handles=handles or None, queue=queue, is_dry=is_dry)


def listed(shop):
    return set(Listing.objects.filter(channel=shop.channel).values_list("sku", flat=True))


def can_buy(shop):
    return {sku: shop.can_buy(sku) for sku in ("MUG", "TEE-S", "TEE-M")}


def test_a_channel_that_lists_nothing_new_lists_what_is_chosen_and_keeps_its_families_whole(shop):
    Channel.objects.filter(pk=shop.channel.pk).update(lists_new=False)
    shop.import_text(catalogue_of({}))
    first = listed(shop)
    preview = built(shop, "tee", is_dry=True)
    untouched = listed(shop)
    number = built(shop, "tee")
    again = built(shop, "tee")
    shop.import_text(catalogue_of({}) + "tee,Cotton Tee,,Acme,,Size,L,,,TEE-L,400,4,15.00,,\n")
    run = shop.publish()

    assert (first, preview, untouched) == (set(), 3, set())
    assert (number, again) == (3, 0)
    assert listed(shop) == {"tee", "TEE-S", "TEE-M", "TEE-L"}
    assert run.bad() == []
    assert can_buy(shop) == {"MUG": 0, "TEE-S": 6, "TEE-M": 5}


def test_what_a_rule_does_not_list_is_not_built_by_anybody_until_the_rule_is_gone(shop):
    set_rules(shop, NO_TEES)
    shop.import_text(catalogue_of({}))
    first = listed(shop)
    asked = built(shop, "tee")
    listing_rules.remove_rule(shop.channel.pk, "no tees", channel_ports(shop))
    number = built(shop)
    shop.publish()

    assert (first, asked, number) == ({"MUG"}, 0, 3)
    assert can_buy(shop) == {"MUG": 8, "TEE-S": 6, "TEE-M": 5}


def test_building_says_of_each_product_whether_it_is_made_there_already_or_left_out(shop):
    set_rules(shop, NO_TEES)
    shop.import_text(catalogue_of({}))
    Listing.objects.filter(sku="MUG").delete()

    preview = built_of(shop, "tee", "mug", is_dry=True)
    done = built_of(shop, "tee", "mug")
    again = built_of(shop, "tee", "mug")

    assert preview == done == Built(listings=1, products=1, there=0, left_out=1, handles=["tee"])
    assert again == Built(listings=0, products=0, there=1, left_out=1, handles=["tee"])
    assert listed(shop) == {"MUG"}


def test_a_channel_lists_by_rules_alone_where_the_last_one_lists_nothing(shop):
    set_rules(
        shop,
        ListingRule(name="rest", lists=False),
        ListingRule(name="mugs", skus=("MUG*",), lists=True),
    )

    shop.import_text(catalogue_of({}))

    assert listed(shop) == {"MUG"}


def test_what_a_rule_lists_no_more_goes_off_sale_and_is_sold_again_when_it_is_listed_again(shop):
    shop.import_text(catalogue_of({}))
    shop.publish()
    found = set_rules(shop, NO_TEES, is_dry=True)
    before = (listed(shop), shop.listing("TEE-S").is_orphaned)
    set_rules(shop, NO_TEES)
    shop.catch_up()
    shop.import_text(catalogue_of({"TEE-S": 60, "MUG": 9}))
    shop.catch_up()
    off, flagged = can_buy(shop), reason_of(shop.listing("TEE-S"), "orphaned")
    with transaction.atomic():
        asked = shop.queue(Pending.OVERWRITE, "TEE-S").results[0]
    back = listing_rules.remove_rule(shop.channel.pk, "no tees", channel_ports(shop)).differences
    shop.catch_up()

    assert (found.left_out, found.fewer) == (3, 2)
    assert before == ({"tee", "TEE-S", "TEE-M", "MUG"}, False)
    assert off == {"MUG": 9, "TEE-S": 0, "TEE-M": 0}
    assert "By rule 'no tees' the channel does not list it" in flagged
    assert asked.outcome is Outcome.SKIPPED
    assert (back.back, back.left_out) == (3, 0)
    assert can_buy(shop) == {"MUG": 9, "TEE-S": 60, "TEE-M": 5}
    assert kinds_of(shop.listing("TEE-S")) == kinds_of(shop.listing("tee")) == set()


def test_an_import_names_what_a_rule_takes_off_sale(shop):
    shop.import_text(catalogue_of({}))
    shop.publish()
    set_rules(shop, ListingRule(name="no acme mugs", brands=("Acme Mugs",), lists=False))

    report = shop.import_text(catalogue_of({}).replace("mug,Enamel Mug,,Acme,", "mug,Enamel Mug,,Acme Mugs,"))

    (told,) = [each.message for each in report.reports if "is not listed any more" in each.message]
    assert told.startswith(
        "MUG on 'Shop' is not listed any more by rule 'no acme mugs', so a sync takes it off sale: 8"
    )
    assert report.awaiting_sync == {"Shop"}


def test_a_rule_that_leaves_out_much_is_stopped_by_the_brake(shop):
    shop.import_text(catalogue_of({}))
    shop.publish()
    set_rules(shop, ListingRule(name="nothing", lists=False))
    shop.settings = replace(shop.settings, brake_percent=0, brake_at_least=2)

    run = shop.sync()

    assert run.braked == {Harm.ZERO}
    assert can_buy(shop) == {"MUG": 8, "TEE-S": 6, "TEE-M": 5}
    assert shop.listing("MUG").health == Health.LISTED


def test_what_is_gone_from_the_catalogue_stays_so_when_a_rule_lists_it_again(shop):
    shop.import_text(catalogue_of({}))
    shop.publish()
    set_rules(shop, NO_TEES)
    shop.import_text(catalogue_of({}, without=["TEE-M"]))
    listing_rules.remove_rule(shop.channel.pk, "no tees", channel_ports(shop))
    shop.catch_up()

    assert can_buy(shop) == {"MUG": 8, "TEE-S": 6, "TEE-M": 0}
    assert (shop.listing("TEE-M").is_orphaned, shop.listing("TEE-S").is_orphaned) == (True, False)
    assert kinds_of(shop.listing("TEE-M")) == {"orphaned"}
