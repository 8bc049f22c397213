"""What listings should show by rules and locks, computed and stored in batches, on both databases (R53)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attentions import kinds_of
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.channels.channels import DjangoChannels
from tradepost.database.json_values import plain
from tradepost.database.listings.quantities import refresh_available
from tradepost.database.listings.wanted_basis import WantedValues
from tradepost.database.models import AttentionRecord, Channel, Listing, VariantRecord
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing_rules import Article, ListingRule, ListingRules
from tradepost.domain.listings.locks import NO_LOCKS, Locks
from tradepost.domain.listings.quantities import wanted_quantity
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.stock.stock import OrderSighting, SoldLine
from tradepost.operations.ports import SightedOrder, WantedDifferences


@pytest.fixture
def come_in(save, catalogue, listings):
    """Import products, as an import does for a channel."""

    def run(*products):
        save(products)
        listings.build([product.handle for product in products], queue=True)
        catalogue.refresh_wanted([product.handle for product in products])

    return run


@pytest.fixture
def ruled(channel):
    """Give the channel rules, as `listings set-rule` does; returns what differs."""

    def give(*rules):
        Channel.objects.filter(pk=channel.pk).update(listing_rules=[plain(rule) for rule in rules])
        channels = DjangoChannels(cipher=lambda: None)
        channels.outdate_wanted(channel.pk)
        return channels.refresh_wanted(channel.pk)

    return give


@pytest.fixture
def brought(save, accounts, noon, simple, family):
    """Products of many kinds, one of them ordered before the hub knew it; their handles."""
    line = SoldLine("CAN", "CAN", 3, StoreStatus.PENDING)
    ordered = SightedOrder(1001, OrderSighting(1001, StoreStatus.PENDING, 100, (line,)))
    with transaction.atomic():
        accounts.sight([ordered], is_first=False, at=noon, read_at=None)
    bag = simple("BAG", price="0", quantity=None)
    free = replace(bag, variants=(replace(bag.variants[0], is_priced=False, sells_without_stock=True),))
    families = [family("tee", "S", "M", price="12.00"), family("cap", "S", price="3.00")]
    products = [simple("CUP", price="2.00"), simple("CAN", quantity=9), free, *families]
    save(products)
    return [each.handle for each in products]


def row(sku):
    return Listing.objects.get(sku=sku)


def _all_shown():
    rows = Listing.objects.order_by("pk").values("sku", "parent_id", "passed_price", *WantedValues._fields)
    return list(rows), list(AttentionRecord.objects.order_by("pk").values_list("listing__sku", "kind", "message"))


def test_a_changed_rule_changes_prices_and_quantities_and_says_how_many(shop, ruled):
    found = ruled(ListingRule(name="cups", skus=("CUP",), percent=Decimal(10)), ListingRule(name="all", buffer=4))
    again = ruled(ListingRule(name="cups", skus=("CUP",), percent=Decimal(10)), ListingRule(name="all", buffer=4))

    assert (found.raised, found.lowered, found.fewer, found.more) == (1, 0, 3, 0)
    assert {each.sku for each in found.examples} == {"CUP", "tee-S", "tee-M"}
    assert (again.prices, again.quantities, again.examples) == (0, 0, ())
    assert (row("CUP").wanted_price, row("CUP").available, row("CUP").held_back) == (Decimal("11.00"), 1, 4)
    assert row("tee").wanted_price == Decimal("10.00")


@pytest.mark.parametrize(
    "rules",
    [
        [ListingRule(name="cups", skus=("CUP",), percent=Decimal(10)), ListingRule(name="all", buffer=4)],
        [ListingRule(name="cost", margin=Decimal(5), guard=Decimal(1), percent=Decimal(90))],
        [ListingRule(name="none", skus=("CUP",), lists=False)],
    ],
)
def test_a_preview_says_what_the_rules_then_change_and_writes_nothing_that_others_would_wait_for(
    shop, channel, ruled, rules
):
    settings = replace(settings_of(channel), listing_rules=tuple(rules))
    with CaptureQueriesContext(connection) as asked:
        shown = DjangoChannels(cipher=lambda: None).preview_wanted(channel.pk, settings)

    assert shown == ruled(*rules) != WantedDifferences()
    statements = [query["sql"] for query in asked]
    assert {statement.split()[0] for statement in statements} == {"SELECT", "WITH"}
    assert not [statement for statement in statements if "FOR UPDATE" in statement or " SET " in statement]


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"rules": {"layout": "native"}},
        {"rules": {"layout": "simple"}},
        {"lowest_price": Decimal(5), "sells_without_stock": True},
        {"listing_rules": [plain(ListingRule(name="all", buffer=4, percent=Decimal(10), guard=Decimal(20)))]},
        {"listing_rules": [plain(ListingRule(name="cheap ones", skus=("CUP",), lists=False))]},
    ],
    ids=["as it is", "native", "all simple", "limits", "rules", "left out"],
)
def test_what_is_made_shows_what_it_would_after_everything_is_computed_anew(
    channel, catalogue, listings, brought, columns
):
    Channel.objects.filter(pk=channel.pk).update(**columns)

    made = listings.build(brought, queue=True)

    shown, noted = _all_shown()
    told = catalogue.refresh_wanted(brought)
    again, noted_again = _all_shown()
    assert [each for each in shown if each["sku"] != "CAN"] == [each for each in again if each["sku"] != "CAN"]
    # Of it three are ordered already.
    assert {each["sku"]: each["available"] + each["held_back"] for each in again if each["sku"] == "CAN"} == {"CAN": 6}
    assert noted == noted_again
    assert made.settled == {*brought} - {"can"}
    assert [*made.changes.held_prices] == [*told.held_prices]
    assert [*made.changes.unstated] == [*told.unstated]


def test_a_sale_takes_off_what_is_left_and_the_rule_holds_back_of_the_rest(shop, ruled, accounts, noon):
    ruled(ListingRule(name="all", buffer=4))
    line = SoldLine("CUP", "CUP", 3, StoreStatus.PENDING)
    sighted = SightedOrder(1001, OrderSighting(1001, StoreStatus.PENDING, 100, (line,)))
    with transaction.atomic():
        accounts.sight([sighted], is_first=False, at=noon, read_at=None)

    assert (row("CUP").available, row("CUP").held_back) == (0, 2)


def test_what_a_rule_does_not_list_is_an_orphan_until_it_is_listed_again_also_when_it_comes_in_anew(
    shop, ruled, come_in, simple
):
    found = ruled(ListingRule(name="no cups", skus=("CUP",), lists=False))
    come_in(simple("CUP", price="12.00", quantity=9))
    out, flags = row("CUP"), kinds_of(row("CUP"))
    back = ruled()

    assert (found.left_out, found.fewer) == (1, 1)
    assert (out.is_orphaned, out.is_left_out, out.available, out.held_back) == (True, True, 0, 9)
    assert flags == {"orphaned"}
    assert back.back == 1
    again = row("CUP")
    assert (again.is_orphaned, again.available, again.held_back, kinds_of(again)) == (False, 9, 0, set())


def test_locks_are_stored_listed_and_taken_back(shop, listings):
    ids = {sku: shop[sku].id for sku in ("CUP", "tee-S")}
    price = Locks(frozenset({Group.PRICE, Group.TEXTS}), price=Decimal("8.88"))

    listings.set_locks({ids["CUP"]: price, ids["tee-S"]: Locks(frozenset({Group.QUANTITY}))})
    locked = set(Listing.objects.exclude(locked_groups=[]).values_list("sku", flat=True))
    read = {each.sku: each.locks for each in listings.by_ids(ids.values())}
    values = row("CUP").wanted_price, row("tee-S").available
    parents = row("tee").wanted_price
    listings.set_locks({ids["CUP"]: price.without({Group.PRICE}), ids["tee-S"]: Locks()})

    assert locked == {"CUP", "tee-S"}
    assert read["CUP"] == price
    assert values == (Decimal("8.88"), None)
    assert parents == Decimal("10.00")
    assert (row("CUP").wanted_price, row("tee-S").available) == (Decimal("10.00"), 5)
    assert set(Listing.objects.exclude(locked_groups=[]).values_list("sku", flat=True)) == {"CUP"}


def test_a_guard_lets_through_what_a_person_means_and_no_more(shop, ruled, listings, come_in, simple):
    ruled(ListingRule(name="careful", guard=Decimal(20)))

    def cup_for(price):
        come_in(simple("CUP", price=price))
        return row("CUP").is_price_held

    Listing.objects.filter(sku="CUP").update(proven_price=Decimal("10.00"))
    held = [cup_for("12.00"), cup_for("14.50")]
    listings.let_prices_through([shop["CUP"].id])
    through = row("CUP").is_price_held

    assert (held, through) == ([False, True], False)
    assert [cup_for("17.00"), cup_for("18.00"), cup_for("10.00")] == [False, False, True]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    states=st.lists(
        st.tuples(
            st.none() | st.integers(0, 9),
            st.booleans(),
            st.booleans(),
            st.sampled_from(
                [NO_LOCKS, Locks(frozenset({Group.QUANTITY}), quantity=2), Locks(frozenset({Group.PRICE}))]
            ),
        ),
        min_size=3,
        max_size=3,
    ),
    buffer=st.none() | st.integers(0, 4),
)
def test_what_is_written_in_one_statement_and_what_rules_hold_back_are_told_apart_as_the_domain_says(
    shop, channel, states, buffer
):
    """Rules, locks and what is not listed hold back; anything else shows what is left."""
    rules = [] if buffer is None else [ListingRule(name="r", skus=("tee-*",), buffer=buffer)]
    Channel.objects.filter(pk=channel.pk).update(listing_rules=[plain(rule) for rule in rules])
    expected = {}
    for sku, (quantity, is_gone, is_left_out, locks) in zip(("CUP", "tee-S", "tee-M"), states, strict=True):
        VariantRecord.objects.filter(sku=sku).update(quantity=quantity, is_gone=is_gone)
        Listing.objects.filter(sku=sku).update(
            is_left_out=is_left_out,
            locked_groups=sorted(locks.groups),
            locked_quantity=locks.quantity,
            available=7,
            held_back=1,
        )
        left = min(0, quantity or 0) if is_gone else quantity
        own = ListingRules.of(rules).for_article(Article(sku))
        found = wanted_quantity(left, own, locks=locks, is_gone=is_gone, is_left_out=is_left_out)
        expected[sku] = (found.available, found.held_back)

    refresh_available(VariantRecord.objects.values_list("id", flat=True))

    assert {sku: (row(sku).available, row(sku).held_back) for sku in expected} == expected
