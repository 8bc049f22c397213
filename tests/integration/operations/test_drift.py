"""
Somebody changes things on the store by hand: it is seen, and what becomes of it is what the channel's policy says.

Every journey ends with what a shopper finds.
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from miva_sandbox import provisioning
from shopper import Shopper
from stock_shop import HOUR, MINUTE, StockShop, catalogue_of
from tradepost.database.models import AttentionRecord, DriftRecord
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.drift import USUAL_POLICIES, DriftPolicy
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Outcome
from tradepost.operations.listings.drift.answers import accept
from tradepost.operations.listings.queue_changes import plan_unlink, with_variants

from .conftest import ALL_RIGHTS, EIGHT

WEEK = 7 * 24 * HOUR


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def token(request):
    return request.param


@pytest.fixture
def shop(sandbox, sqlite, tmp_path, token):
    """A mug of 7.90 and a tee in two sizes of 15.00, on sale and in step for a minute."""
    made = StockShop(sandbox, tmp_path, token=token)
    made.state()
    assert made.publish().bad() == []
    assert made.sync().bad() == []
    made.wait(MINUTE)
    yield made
    made.close()


def decide(shop, **policies):
    chosen = {Group[name.upper()]: DriftPolicy(policy) for name, policy in policies.items()}
    shop.settings = replace(shop.settings, drift_policies={**USUAL_POLICIES, **chosen})


def edit(shop, xml):
    """The merchant works on the store by hand, and then a minute passes."""
    assert list(provisioning.run(shop.sandbox.store, xml)) == []
    shop.wait(MINUTE)


def set_price(shop, code, price):
    edit(shop, f'<Product_Update code="{code}"><Price>{price}</Price></Product_Update>')


def set_active(shop, code, *, active):
    edit(shop, f'<Product_Update code="{code}"><Active>{"Yes" if active else "No"}</Active></Product_Update>')


def price_of(shop, sku):
    """What a shopper pays for one, on the one page that has it."""
    shopper = Shopper(shop.sandbox)
    try:
        [(_, _, price)] = shopper.sold(["MUG", "tee"])[sku]
    finally:
        shopper.close()
    return price


def kept(shop):
    """What is kept in mind, by code and group: whether it is accepted."""
    rows = DriftRecord.objects.filter(listing__channel=shop.channel)
    return {(row.listing.code, row.group): row.is_kept for row in rows}


def questions(shop):
    """What a person is asked, by code."""
    asked = AttentionRecord.objects.filter(listing__channel=shop.channel, kind=Attention.DRIFT)
    return {row.listing.code: row.message for row in asked}


def requests(shop, work):
    """How many requests the store got meanwhile."""
    shop.sandbox.log.clear()
    work()
    return len(shop.sandbox.log.requests())


# --- prices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sku", "ours"), [("MUG", "$7.90"), ("TEE-M", "$15.00")])
def test_a_price_that_somebody_changed_is_ours_again_after_the_next_sync(shop, sku, ours):
    set_price(shop, sku, "3.00")

    run = shop.sync()

    assert run.bad() == []
    assert price_of(shop, sku) == ours
    assert kept(shop) == {}


def test_what_was_found_is_told_with_both_values(shop):
    set_price(shop, "MUG", "3.00")

    run = shop.sync()

    found = next(result.change for result in run.results if result.change.reason.startswith("somebody"))
    assert [(each.name, each.before, each.after) for each in found.fields] == [
        ("price", Decimal("7.90"), Decimal("3.00"))
    ]
    assert found.reason == "somebody changed it on the store; price: ours is sent again"


def test_where_the_store_wins_its_price_stays_until_the_catalogue_wants_another(shop):
    decide(shop, price="store")
    set_price(shop, "MUG", "3.00")

    shop.sync()
    shop.sync()
    stayed = price_of(shop, "MUG")
    shop.import_text(catalogue_of({}).replace(",7.90,", ",8.50,"))
    shop.sync()

    assert (stayed, price_of(shop, "MUG")) == ("$3.00", "$8.50")


def test_a_price_that_came_and_went_in_the_catalogue_is_sent_although_it_gave_way_once(shop):
    decide(shop, price="store")
    set_price(shop, "MUG", "3.00")
    shop.sync()
    shop.import_text(catalogue_of({}).replace(",7.90,", ",8.50,"))
    shop.sync()
    shop.import_text(catalogue_of({}))

    shop.sync()

    assert price_of(shop, "MUG") == "$7.90"


def test_a_price_that_is_asked_for_waits_for_a_person(shop):
    decide(shop, price="ask")
    set_price(shop, "MUG", "3.00")

    run = shop.sync()

    assert run.bad() == []
    assert price_of(shop, "MUG") == "$3.00"
    assert kept(shop) == {("MUG", "price"): False}
    assert questions(shop) == {
        "MUG": "Somebody changed it on the store (price: ours 7.90, the store's 3.00). "
        "'tradepost listings sync --force MUG' sends ours; 'tradepost listings accept-drift MUG' keeps the store's."
    }


def test_a_forced_sync_sends_ours_whatever_was_kept(shop):
    decide(shop, price="ask")
    set_price(shop, "MUG", "3.00")
    set_price(shop, "TEE-M", "4.00")
    shop.sync()

    shop.sync(only=[shop.listing("MUG").pk], preview={"is_forced": True})

    assert (price_of(shop, "MUG"), price_of(shop, "TEE-M")) == ("$7.90", "$4.00")
    assert (kept(shop), set(questions(shop))) == ({("TEE-M", "price"): False}, {"TEE-M"})


def test_a_forced_sync_finds_what_nobody_has_seen_yet(shop):
    set_price(shop, "MUG", "3.00")

    shop.sync(only=[shop.listing("MUG").pk], preview={"is_forced": True})

    assert price_of(shop, "MUG") == "$7.90"


def test_a_price_that_is_put_back_by_hand_is_no_drift_any_more(shop):
    decide(shop, price="ask")
    set_price(shop, "MUG", "3.00")
    shop.sync()
    set_price(shop, "MUG", "7.90")

    shop.sync()

    assert kept(shop) == {}


def test_what_the_hub_wrote_itself_is_compared_once_and_is_no_drift(shop):
    shop.import_text(catalogue_of({}).replace(",7.90,", ",8.50,"))
    shop.sync()
    shop.wait(MINUTE)

    first = shop.sync()
    asked = requests(shop, shop.sync)

    assert (first.results, kept(shop)) == ([], {})
    assert asked <= 4


# --- active ---------------------------------------------------------------------------------------------------------


def test_a_product_that_somebody_switched_off_is_not_said_to_be_listed(shop):
    set_active(shop, "MUG", active=False)

    shop.sync()

    assert shop.listing("MUG").shown_health == "inactive"
    assert kept(shop) == {("MUG", "status"): False}
    assert shop.can_buy("MUG") == 0


def test_the_variants_of_a_page_that_somebody_switched_off_are_not_said_to_be_listed(shop):
    set_active(shop, "tee", active=False)

    shop.sync()

    assert {shop.listing(sku).shown_health for sku in ("tee", "TEE-S", "TEE-M")} == {"inactive"}
    assert shop.can_buy("TEE-S") == 0


def test_where_ours_wins_it_is_switched_on_by_the_same_sync(shop):
    decide(shop, status="ours")
    set_active(shop, "MUG", active=False)
    set_active(shop, "tee", active=False)

    run = shop.sync()

    assert run.bad() == []
    assert {shop.listing(sku).shown_health for sku in ("MUG", "tee", "TEE-S")} == {"listed"}
    assert (shop.can_buy("MUG"), shop.can_buy("TEE-S")) == (8, 6)


def test_where_the_store_wins_it_stays_off_and_nobody_is_asked(shop):
    decide(shop, status="store")
    set_active(shop, "MUG", active=False)

    shop.sync()

    assert shop.listing("MUG").shown_health == "inactive"
    assert kept(shop) == {("MUG", "status"): True}


def test_what_is_switched_on_again_by_hand_is_listed_with_its_stock(shop):
    set_active(shop, "MUG", active=False)
    shop.sync()
    set_active(shop, "MUG", active=True)

    shop.sync()

    assert shop.listing("MUG").shown_health == "listed"
    assert (kept(shop), shop.can_buy("MUG")) == ({}, 8)


def test_a_forced_sync_switches_it_on(shop):
    set_active(shop, "MUG", active=False)
    shop.sync()

    run = shop.sync(only=[shop.listing("MUG").pk], preview={"is_forced": True})

    assert run.bad() == []
    assert (shop.listing("MUG").shown_health, shop.can_buy("MUG"), kept(shop)) == ("listed", 8, {})


def test_a_child_says_nothing_by_being_inactive_and_a_hidden_listing_neither(shop):
    shop.queue(Pending.HIDE, "MUG")
    shop.sync()
    shop.wait(MINUTE)
    set_active(shop, "MUG", active=False)

    run = shop.sync()

    assert (run.bad(), kept(shop)) == ([], {})
    assert shop.listing("MUG").shown_health == "hidden"


def test_in_a_flat_channel_each_variant_has_a_page_that_can_be_switched_off(sandbox, sqlite, tmp_path):
    shop = StockShop(sandbox, tmp_path, token=ALL_RIGHTS)
    shop.settings = replace(shop.settings, rules=replace(shop.settings.rules, layout=Layout.FLAT))
    shop.state()
    assert shop.publish().bad() == []
    shop.sync()
    shop.wait(MINUTE)
    set_active(shop, "TEE-S", active=False)

    shop.sync()
    shown = {sku: shop.listing(sku).shown_health for sku in ("tee", "TEE-S", "TEE-M")}
    shop.close()

    assert shown == {"tee": "listed", "TEE-S": "inactive", "TEE-M": "listed"}


# --- content --------------------------------------------------------------------------------------------------------

RENAME = (
    '<Product_Update code="MUG"><Name>Mug of the year</Name><Description>Better than others</Description>'
    "</Product_Update>"
)


def test_a_changed_name_is_seen_and_an_overwrite_of_the_texts_restores_it_and_nothing_else(shop):
    edit(shop, RENAME)
    edit(shop, '<Product_Update code="MUG"><Cost>1.00</Cost></Product_Update>')

    shop.sync()
    seen = kept(shop)
    shop.queue(Pending.OVERWRITE, "MUG", groups=[Group.TEXTS])
    assert shop.publish().bad() == []
    shop.wait(MINUTE)
    shop.sync()

    mug = shop.on_store()["mug"]
    assert seen == {("MUG", "texts"): False}
    assert kept(shop) == {}
    assert (mug.name, mug.cost) == ("Enamel Mug", Decimal(1))
    assert questions(shop) == {}


def test_where_ours_wins_an_overwrite_of_just_that_group_is_queued(shop):
    decide(shop, texts="ours")
    edit(shop, RENAME)

    shop.sync()
    row = shop.listing("MUG")
    asked = row.pending, row.overwrite_groups
    assert shop.publish().bad() == []

    assert asked == ("overwrite", ["texts"])
    assert (kept(shop), shop.on_store()["mug"].name) == ({}, "Enamel Mug")


def test_what_a_person_has_asked_for_is_not_taken_back_by_an_overwrite(shop):
    decide(shop, texts="ours")
    edit(shop, RENAME)
    shop.queue(Pending.DELIST, "MUG")

    shop.sync(is_dry=True)
    shop.sync()

    assert shop.listing("MUG").health == "delisted"


def test_an_edit_of_the_catalogue_and_of_the_store_is_work_and_no_drift(shop):
    shop.import_text(catalogue_of({}).replace("Enamel Mug", "Steel Mug"))
    edit(shop, RENAME)

    shop.sync()

    assert kept(shop) == {}


def test_what_a_store_does_not_tell_of_is_found_by_the_weekly_turn(shop):
    full = shop.on_store()["tee"]
    assert full.variants
    edit(shop, '<ProductAttribute_Delete product_code="tee" attribute_code="Size"/>')
    shop.sync()

    shop.wait(WEEK)
    shop.sync()

    assert kept(shop)[("tee", "structure")] is False
    assert questions(shop)["tee"].startswith(
        "Somebody changed it on the store (attributes: only ours Size (S, M); "
        "variants: only ours S (TEE-S), M (TEE-M)). "
        "'tradepost listings overwrite tee --group structure' sends ours"
    )


def test_a_preview_shows_what_would_be_found_and_writes_nothing(shop):
    set_price(shop, "MUG", "3.00")

    run = shop.sync(is_dry=True)

    shown = [change.reason for unit in run.units for change in unit.changes]
    assert shown == ["somebody changed it on the store; price: ours is sent again"]
    assert price_of(shop, "MUG") == "$3.00"
    assert kept(shop) == {}


def test_a_run_that_dies_between_finding_and_comparing_forgets_nothing(shop, monkeypatch):
    decide(shop, texts="ask")
    edit(shop, RENAME)
    monkeypatch.setattr(shop.store, "contents_by_id", None)
    with pytest.raises(TypeError):
        shop.sync()
    monkeypatch.undo()
    shop.wait(HOUR)

    shop.sync()

    assert kept(shop) == {("MUG", "texts"): False}


def test_many_prices_that_were_changed_wait_for_the_brake(shop):
    shop.settings = replace(shop.settings, brake_percent=20, brake_at_least=1)
    for sku in ("MUG", "TEE-S", "TEE-M"):
        set_price(shop, sku, "3.00")

    run = shop.sync()

    assert run.braked
    assert price_of(shop, "MUG") == "$3.00"
    assert transaction.get_autocommit()


# --- answers --------------------------------------------------------------------------------------------------------


def answered(shop, *skus):
    """A person keeps what the store has."""
    ids = [row.id for row in shop.listings.by_skus(skus)]
    ports = shop.ports()
    with transaction.atomic():
        rows = with_variants(ports.listings, ports.listings.by_ids(ids))
        return accept(ports.listings, rows, drifts=ports.drifts, accounts=ports.accounts, at=shop.clock()).results


def test_who_keeps_the_stores_price_is_not_asked_again_and_the_catalogue_may_want_another(shop):
    decide(shop, price="ask")
    set_price(shop, "MUG", "3.00")
    shop.sync()

    results = answered(shop, "MUG")
    shop.sync()
    after_a_week = shop.wait(WEEK), shop.sync(), questions(shop)
    stayed = price_of(shop, "MUG")
    shop.import_text(catalogue_of({}).replace(",7.90,", ",8.50,"))
    shop.sync()

    assert [(result.change.subject.key, result.outcome) for result in results] == [("MUG", Outcome.APPLIED)]
    assert after_a_week[2] == {}
    assert (stayed, price_of(shop, "MUG")) == ("$3.00", "$8.50")


def test_who_keeps_another_name_is_asked_when_somebody_changes_it_once_more(shop):
    edit(shop, RENAME)
    shop.sync()
    answered(shop, "MUG")
    shop.sync()
    quiet = questions(shop)

    edit(shop, RENAME.replace("of the year", "of the month"))
    shop.sync()

    assert quiet == {}
    assert set(questions(shop)) == {"MUG"}


def test_nothing_is_accepted_where_nobody_was_asked(shop):
    assert [result.outcome for result in answered(shop, "MUG")] == [Outcome.UNCHANGED]


def test_a_forced_sync_looks_at_the_count_at_once(shop):
    shop.merchant.set_count("MUG", 50)

    shop.sync(only=[shop.listing("MUG").pk], preview={"is_forced": True})

    assert shop.can_buy("MUG") == 8


def test_what_is_unlinked_is_forgotten(shop):
    edit(shop, RENAME)
    shop.sync()

    with transaction.atomic():
        shop.listings.set_status(plan_unlink(shop.listings.by_skus(["MUG"])).statuses)

    assert (kept(shop), questions(shop)) == ({}, {})


# --- quantities -----------------------------------------------------------------------------------------------------


@pytest.fixture
def counted(sandbox, sqlite, tmp_path):
    """The same shop with a token that can read counts."""
    made = StockShop(sandbox, tmp_path, token=ALL_RIGHTS)
    made.state()
    assert made.publish().bad() == []
    made.catch_up()
    made.wait(WEEK)
    yield made
    made.close()


def test_a_count_that_somebody_raised_is_moved_back(counted):
    counted.merchant.set_count("MUG", 50)

    counted.sync()

    assert (counted.can_buy("MUG"), kept(counted)) == (8, {})


def test_where_the_store_wins_its_count_is_a_statement_and_what_is_sold_from_it_stays_sold(counted):
    decide(counted, quantity="store")
    counted.merchant.set_count("MUG", 50)

    counted.sync()
    counted.wait(HOUR)
    counted.buy("MUG", 3)
    counted.catch_up()
    counted.state()
    counted.catch_up()

    assert (counted.can_buy("MUG"), kept(counted)) == (47, {})


def test_a_count_that_is_asked_for_is_left_until_somebody_answers(counted):
    decide(counted, quantity="ask")
    counted.merchant.set_count("MUG", 50)
    counted.merchant.set_count("TEE-M", 40)
    counted.sync()
    counted.buy("MUG", 1)
    counted.catch_up()
    left = counted.can_buy("MUG"), set(questions(counted))

    answered(counted, "MUG")
    counted.sync(only=[counted.listing("TEE-M").pk], preview={"is_forced": True})
    counted.catch_up()

    assert left == (49, {"MUG", "TEE-M"})
    assert (counted.can_buy("MUG"), counted.can_buy("TEE-M")) == (49, 5)
    assert (kept(counted), questions(counted)) == ({}, {})


def test_a_basket_is_no_drift_of_the_quantity(counted):
    decide(counted, quantity="ask")
    counted.add("MUG", 2)

    counted.sync()

    assert (kept(counted), questions(counted)) == ({}, {})
