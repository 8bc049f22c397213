"""Rules for prices and quantities, up to what a shopper pays and how many can be bought (R53)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from attentions import kinds_of, reason_of
from stock_shop import StockShop, catalogue_of
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.listings.wanted import explained_prices
from tradepost.database.models import Trigger
from tradepost.database.runs.history import RequestHistory
from tradepost.domain.brake import Harm
from tradepost.domain.listings.listing_rules import ListingRule, Rounding, Start
from tradepost.domain.listings.price_explanation import explain_price
from tradepost.domain.plan import Outcome
from tradepost.operations.channels.channels import ChannelPorts
from tradepost.operations.listings import listing_rules
from tradepost.operations.listings.locks import let_prices_through

from .conftest import ALL_RIGHTS, CATALOGUE, EIGHT, HEADER, MUG

PAGES = ("tee", "MUG-01", "CUP-01")
SPRING = ListingRule(
    name="spring", percent=Decimal(10), endings=(Decimal("0.99"),), rounding=Rounding.UP, highest=Decimal("17.00")
)


def prices_of(shopper):
    """What a shopper pays for what can be bought on any page, by SKU."""
    return {sku: {price.removeprefix("$") for *_, price in found} for sku, found in shopper.sold(PAGES).items()}


class _NoSchedules:
    def of(self, channel_id):
        return []


class _Connector:
    """Nothing is connected here."""

    def settled_store(self, connection):
        return connection

    def settled_images(self, connection):
        return connection


def channel_ports(shop):
    return ChannelPorts(
        channels=DjangoChannels(cipher=lambda: None),
        schedules=_NoSchedules(),
        history=RequestHistory(requested_by="bob", trigger=Trigger.PERSON, clock=shop.clock),
        connector=_Connector(),
        transaction=transaction.atomic,
        clock=shop.clock,
    )


def set_rules(shop, *rules, is_dry=False):
    """As `listings set-rule` does, one after the other; returns what came of the last."""
    for rule in rules:
        changed = listing_rules.set_rule(shop.channel.pk, rule, channel_ports(shop), is_dry=is_dry)
    shop.channel.refresh_from_db()
    return changed.differences


def told_price(shop, sku):
    (price,) = explained_prices([shop.listing(sku).pk]).values()
    return explain_price(price)


# --- prices -----------------------------------------------------------------------------------------------------------


def test_a_shopper_pays_what_the_rules_make_of_the_catalogues_price_and_never_twice(published, shopper):
    tees = ListingRule(name="tees", categories=("Shirts",), percent=Decimal(-20))

    found = set_rules(published, SPRING, tees)
    first = published.sync()
    set_rules(published, SPRING)
    published.import_text(CATALOGUE)
    again = published.sync()

    assert (found.prices, found.lowered) == (3, 3)  # the second rule's: those of the tees, in the first one's endings
    assert prices_of(shopper) == {
        "MUG-01": {"8.99"},
        "CUP-01": {"4.99"},
        "TEE-RED-M": {"12.99"},
        "TEE-RED-L": {"12.99"},
    }
    assert published.on_store()["tee-navy-l"].price == Decimal("13.99")
    assert published.on_store()["tee"].price == Decimal("12.99")
    assert (first.bad(), again.results) == ([], [])
    assert told_price(published, "MUG-01") == [
        "Its price: catalogue 7.90; rule 'spring' +10 % 8.69; rounded up to .99 8.99.",
        "The store has that price.",
    ]


def test_a_preview_of_a_rule_says_how_many_prices_it_changes_and_changes_none(published, shopper):
    before = prices_of(shopper)

    found = set_rules(published, SPRING, is_dry=True)

    assert (found.raised, found.lowered, found.held, found.quantities) == (5, 0, 0, 0)
    named = {each.sku: (each.price_before, each.price_after) for each in found.examples}
    assert named["MUG-01"] == (Decimal("7.90"), Decimal("8.99"))
    assert published.sync().results == []
    assert published.channel.listing_rules == []
    assert prices_of(shopper) == before


def test_a_removed_rule_takes_its_prices_along(published, shopper):
    before = prices_of(shopper)
    set_rules(published, SPRING)
    published.sync()

    changed = listing_rules.remove_rule(published.channel.pk, "spring", channel_ports(published))
    published.sync()

    assert changed.differences.lowered == 5
    assert prices_of(shopper) == before


def test_a_price_that_needs_a_cost_is_held_back_where_there_is_none(published, shopper):
    before = prices_of(shopper)
    rule = ListingRule(name="cost", skus=("MUG-*",), start=Start.COST, percent=Decimal(50))

    found = set_rules(published, rule)
    run = published.sync()

    assert (found.held, found.prices) == (1, 0)
    assert prices_of(shopper) == before
    assert "no cost for it, and rule 'cost' reckons from that" in reason_of(published.listing("MUG-01"), "price_held")
    assert [result.outcome for result in run.results] == [Outcome.SKIPPED]


def test_a_change_that_is_too_large_is_held_back_and_told_until_a_person_lets_it_through(published, shopper):
    set_rules(published, ListingRule(name="careful", guard=Decimal(20)))
    dear = CATALOGUE.replace(",14,7.90,", ",14,79.00,").replace(",7,4.50,", ",7,5.00,")

    report = published.import_text(dear)
    published.sync()
    first, flagged = prices_of(shopper), reason_of(published.listing("MUG-01"), "price_held")
    published.import_text(dear)
    with transaction.atomic():
        let_prices_through(published.listings, published.listings.by_skus(["MUG-01", "CUP-01"]))
    published.sync()

    assert (first["MUG-01"], first["CUP-01"]) == ({"7.90"}, {"5.00"})
    assert "is 900 % above the last one, 7.90" in flagged
    assert any("MUG-01 on 'Shop'" in each.message and "accept-price" in each.message for each in report.reports)
    assert prices_of(shopper)["MUG-01"] == {"79.00"}
    assert kinds_of(published.listing("MUG-01")) == set()
    # And the next such change is asked about again, however small it is against the old price.
    published.import_text(CATALOGUE)
    assert published.listing("MUG-01").is_price_held


def test_what_is_published_for_the_first_time_is_not_held_back_as_a_change(shop, shopper):
    set_rules(shop, ListingRule(name="careful", guard=Decimal(1)), replace(SPRING, guard=Decimal(1)))

    shop.import_text(HEADER + MUG)
    shop.import_text(HEADER + MUG.replace(",7.90,", ",12.00,"))
    shop.publish()

    assert prices_of(shopper) == {"MUG-01": {"13.99"}}


# --- quantities -------------------------------------------------------------------------------------------------------


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def stock_shop(request, sandbox, sqlite, tmp_path):
    made = StockShop(sandbox, tmp_path, token=request.param)
    made.import_text(catalogue_of({}))
    made.publish()
    yield made
    made.close()


def counts(shop):
    return {key: product.stock.count for key, product in shop.on_store().items() if product.stock.is_tracked}


def test_a_shop_offers_what_the_rules_leave_of_the_stock(stock_shop):
    few = ListingRule(name="few", skus=("TEE-*",), at_most=3)

    found = set_rules(stock_shop, few, ListingRule(name="reserve", buffer=6))
    stock_shop.sync()

    assert (found.fewer, found.more, found.prices) == (3, 0, 0)
    # Each step by the first rule that says it: the tees have 6 and 5, of which 6 are kept back, and the mug 8.
    assert counts(stock_shop) == {"mug": 2, "tee-s": 0, "tee-m": 0}
    assert (stock_shop.listing("MUG").available, stock_shop.listing("MUG").held_back) == (2, 6)


def test_what_is_sold_is_taken_off_what_is_left_and_never_off_what_is_kept_back(stock_shop):
    set_rules(stock_shop, ListingRule(name="most", at_most=2, buffer=1))
    stock_shop.sync()
    shown = [stock_shop.on_store()["mug"].stock.count]

    for pieces in (2, 2, 2, 1):
        stock_shop.buy("MUG", pieces)
        stock_shop.get_orders()
        stock_shop.sync()
        shown.append(stock_shop.on_store()["mug"].stock.count)

    # 8 pieces, of which 1 is kept back and never more than 2 are shown.
    assert shown == [2, 2, 2, 1, 0]
    assert stock_shop.can_buy("MUG") == 0
    assert stock_shop.listing("MUG").held_back == 1


def test_a_rule_that_empties_a_shop_is_stopped_by_the_brake(stock_shop):
    set_rules(stock_shop, ListingRule(name="reserve", buffer=600))
    stock_shop.settings = replace(stock_shop.settings, brake_percent=0, brake_at_least=2)

    run = stock_shop.sync()

    assert run.braked == {Harm.ZERO}
    assert counts(stock_shop) == {"mug": 8, "tee-s": 6, "tee-m": 5}
