"""What is locked is left alone by sync, publish and overwrite, until it is unlocked (R53, and locks of listings)."""

from decimal import Decimal

import pytest
from django.db import transaction

from attentions import kinds_of
from miva_sandbox import provisioning
from shopper import Shopper
from stock_shop import MINUTE, StockShop, catalogue_of
from tradepost.database.models import DriftRecord
from tradepost.database.stock.explanations import explained_stocks
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Health, Pending
from tradepost.domain.listings.locks import Locks
from tradepost.domain.plan import Outcome
from tradepost.domain.stock.stock_explanation import explain
from tradepost.operations.listings.locks import lock, unlock

from .conftest import ALL_RIGHTS, EIGHT


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def shop(request, sandbox, sqlite, tmp_path):
    """A mug of 7.90 and a tee in two sizes of 15.00, on sale and in step for a minute."""
    made = StockShop(sandbox, tmp_path, token=request.param)
    made.state()
    assert made.publish().bad() == []
    assert made.sync().bad() == []
    made.wait(MINUTE)
    yield made
    made.close()


def locked(shop, *skus, price=None, quantity=None, groups=()):
    with transaction.atomic():
        rows = shop.listings.by_skus(skus)
        return [each.outcome for each in lock(shop.listings, rows, Locks(frozenset(groups), price, quantity)).results]


def unlocked(shop, *skus, groups=tuple(Group)):
    with transaction.atomic():
        return [each.outcome for each in unlock(shop.listings, shop.listings.by_skus(skus), groups).results]


def price_of(shop, sku):
    shopper = Shopper(shop.sandbox)
    try:
        [(_, _, price)] = shopper.sold(["MUG", "tee"])[sku]
    finally:
        shopper.close()
    return price


def count_of(shop, code):
    return shop.on_store()[code].stock.count


def edit(shop, xml):
    assert list(provisioning.run(shop.sandbox.store, xml)) == []
    shop.wait(MINUTE)


def kept(shop):
    return set(DriftRecord.objects.filter(listing__channel=shop.channel).values_list("group", "is_kept"))


def test_a_price_that_is_locked_at_a_value_is_what_a_shopper_pays_until_it_is_unlocked(shop):
    first = locked(shop, "MUG", price=Decimal("9.99"), groups=[Group.PRICE])
    again = locked(shop, "MUG", price=Decimal("9.99"), groups=[Group.PRICE])
    shop.sync()
    shop.merchant.set_price("MUG", "1.00")  # and the channel's own price is sent again, as ever
    shop.wait(MINUTE)
    shop.import_text(catalogue_of({}).replace(",7.90,", ",8.40,"))
    shop.sync()
    while_locked = price_of(shop, "MUG")
    unlocked(shop, "MUG")
    shop.sync()

    assert (first, again) == ([Outcome.APPLIED], [Outcome.UNCHANGED])
    assert while_locked == "$9.99"
    assert price_of(shop, "MUG") == "$8.40"


@pytest.mark.parametrize(("sku", "ours"), [("MUG", "$7.90"), ("TEE-M", "$15.00")])
def test_a_price_that_is_locked_at_the_stores_is_the_merchants_until_it_is_unlocked(shop, sku, ours):
    locked(shop, sku, groups=[Group.PRICE])
    shop.merchant.set_price(sku, "3.00")
    shop.wait(MINUTE)

    run = shop.sync()
    shop.sync(only=[shop.listing(sku).pk], preview={"is_forced": True})
    shop.queue(Pending.OVERWRITE, sku)
    shop.publish()
    shop.import_text(catalogue_of({"MUG": 9}).replace(",7.90,", ",8.40,").replace(",15.00,", ",16.00,"))
    shop.sync()
    while_locked, flags = price_of(shop, sku), kinds_of(shop.listing(sku))
    shop.import_text(catalogue_of({"MUG": 9}))
    unlocked(shop, sku)
    shop.sync()

    assert run.bad() == []
    assert (while_locked, flags) == ("$3.00", set())
    assert price_of(shop, sku) == ours
    assert kept(shop) == set()


def test_a_quantity_that_is_locked_at_the_stores_is_moved_by_nobody_but_shoppers_until_it_is_unlocked(shop):
    locked(shop, "MUG", groups=[Group.QUANTITY])
    shop.merchant.set_count("MUG", 30)
    shop.buy("MUG", 2)
    shop.state(MUG=5)
    shop.wait(8 * 24 * 60 * MINUTE)
    shop.catch_up()

    while_locked = count_of(shop, "mug")
    (stock,) = explained_stocks([shop.listing("MUG").pk])
    told = explain(stock, now=shop.clock(), when_synced="soon")
    unlocked(shop, "MUG")
    shop.sync()
    if not shop.can_read_stock:
        # Nobody can see that the merchant has changed it, so it is set when the count is looked at in turn.
        shop.wait(8 * 24 * 60 * MINUTE)
        shop.sync()
        shop.sync()

    assert while_locked == 28
    assert "Its quantity is locked, so the store's own count is left as it is." in told
    assert count_of(shop, "mug") == 3


def test_a_quantity_that_is_locked_at_a_value_is_shown_as_long_as_there_are_so_many(shop):
    locked(shop, "MUG", quantity=3, groups=[Group.QUANTITY])
    shop.sync()
    shown = [count_of(shop, "mug")]
    for pieces in (3, 3):
        shop.buy("MUG", pieces)
        shop.catch_up()
        shown.append(count_of(shop, "mug"))

    assert shown == [3, 3, 2]
    assert shop.can_buy("MUG") == 2


def test_what_the_catalogue_has_no_more_is_sold_no_more_whatever_is_locked(shop):
    locked(shop, "TEE-M", groups=[Group.QUANTITY])
    locked(shop, "TEE-M", groups=[Group.STATUS])

    shop.import_text(catalogue_of({}, without=["TEE-M"]))
    shop.catch_up()

    assert shop.can_buy("TEE-M") == 0


def test_content_that_is_locked_stays_as_the_merchant_wrote_it_and_the_rest_is_overwritten(shop):
    locked(shop, "MUG", groups=[Group.TEXTS])
    edit(shop, '<Product_Update code="MUG"><Name>My own mug</Name><Weight>9.00</Weight></Product_Update>')

    shop.sync()
    flags = kinds_of(shop.listing("MUG"))
    with transaction.atomic():
        alone = shop.queue(Pending.OVERWRITE, "MUG", groups=[Group.TEXTS]).results
    shop.queue(Pending.OVERWRITE, "MUG")
    run = shop.publish()
    while_locked = shop.on_store()["mug"].name
    unlocked(shop, "MUG", groups=[Group.TEXTS])
    shop.queue(Pending.OVERWRITE, "MUG")
    shop.publish()

    assert [(each.outcome, "is locked" in each.message) for each in alone] == [(Outcome.SKIPPED, True)]
    assert "drift" not in flags or shop.listing("MUG").drifts.filter(group="texts", is_kept=False).count() == 0
    assert (run.bad(), while_locked) == ([], "My own mug")
    assert shop.on_store()["mug"].name == "Enamel Mug"


def test_a_status_that_is_locked_is_changed_by_no_request_no_draft_and_no_comparison(shop):
    locked(shop, "MUG", groups=[Group.STATUS])

    with transaction.atomic():
        asked = [shop.queue(change, "MUG").results[0] for change in (Pending.HIDE, Pending.DELIST)]
    edit(shop, '<Product_Update code="MUG"><Active>No</Active></Product_Update>')
    shop.sync()
    shop.sync(only=[shop.listing("MUG").pk], preview={"is_forced": True})

    assert [each.outcome for each in asked] == [Outcome.SKIPPED, Outcome.SKIPPED]
    assert all("its status is locked" in each.message for each in asked)
    assert (shop.listing("MUG").health, shop.listing("MUG").pending) == (Health.LISTED, Pending.NONE)
    assert not shop.on_store()["mug"].is_active
    unlocked(shop, "MUG")
    shop.sync(only=[shop.listing("MUG").pk], preview={"is_forced": True})
    assert shop.on_store()["mug"].is_active


def test_what_is_not_on_the_store_has_no_price_to_leave_alone(shop):
    with transaction.atomic():
        shop.queue(Pending.DELIST, "MUG")
    shop.sync()

    (result,) = lock(shop.listings, shop.listings.by_skus(["MUG"]), Locks(frozenset({Group.PRICE}))).results

    assert result.outcome is Outcome.SKIPPED
    assert "give one: --price 9.99" in result.message
