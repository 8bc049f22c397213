"""
Journeys of a merchant's stock, each of which ends with a shopper: what can be bought, and how many times.

Expected numbers are what the merchant has: what was stated, less the pieces that people have bought since.
"""

from contextlib import suppress
from dataclasses import replace

import pytest
from django.db import transaction

from attentions import kinds_of, reason_of
from kills import Killed
from miva_sandbox import provisioning
from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from miva_sandbox.state import modules
from miva_sandbox.state.baskets import OutOfStock
from miva_sandbox.state.sales import NotForSaleError
from stock_shop import BASKET_LIFE, HOUR, LOST_ANSWER, MINUTE, MODES, STATED, MeanwhileStore, StockShop, answer_lost
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.domain.brake import Harm
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Pending
from tradepost.domain.stock.stock import Counting
from tradepost.operations.catalogue.imports import SOURCE
from tradepost.operations.listings.queue_changes import plan_unlink
from tradepost.operations.ports import SourceSettings

from .conftest import ALL_RIGHTS, EIGHT, HEADER

WRITE = "InventoryProductSettings_Update"
LOOKED_AT_WEEKLY = 7 * 24 * HOUR
EXPIRE = "Delete Expired Shopping Baskets"
TOKENS = [EIGHT, ALL_RIGHTS]
BOTH_KINDS = ["MUG", "TEE-M"]
in_both_modes = pytest.mark.parametrize("mode", MODES)


@pytest.fixture(params=TOKENS)
def token(request):
    return request.param


@pytest.fixture
def mode():
    """The mode of a new store, where it does not matter."""
    return "basket"


@pytest.fixture
def unpublished(sandbox, sqlite, tmp_path, token, mode):
    made = StockShop(sandbox, tmp_path, token=token, mode=mode)
    made.state()
    yield made
    made.close()


@pytest.fixture
def shop(unpublished):
    """Everything is on sale, 8 mugs, 6 small and 5 medium tees, and nothing was sold."""
    assert unpublished.publish().bad() == []
    return unpublished


def all_that_can_be_bought(shop):
    return {sku: shop.can_buy(sku) for sku in STATED}


@in_both_modes
def test_what_was_stated_is_what_can_be_bought(shop):
    assert all_that_can_be_bought(shop) == {"MUG": 8, "TEE-S": 6, "TEE-M": 5}


# --- statements -----------------------------------------------------------------------------------------------------


def test_sold_pieces_stay_sold_when_the_same_file_is_imported_again(shop):
    shop.buy("MUG", 2)
    shop.buy("TEE-M", 1)
    shop.catch_up()

    shop.state()
    shop.catch_up()

    assert all_that_can_be_bought(shop) == {"MUG": 6, "TEE-S": 6, "TEE-M": 4}


def test_sold_pieces_stay_sold_when_the_file_is_imported_before_the_order_was_fetched(shop):
    shop.buy("MUG", 2)

    shop.state()
    shop.sync()
    shop.catch_up()

    assert shop.can_buy("MUG") == 6


def test_another_number_is_taken_less_what_is_still_to_be_shipped(shop):
    shop.buy("MUG", 2)
    shop.catch_up()

    shop.state(MUG=10)
    shop.catch_up()

    assert shop.can_buy("MUG") == 8


def test_a_file_that_counts_knows_what_was_shipped_before_it_was_written_and_reserves_the_rest(shop):
    DjangoCatalogue().set_source(SourceSettings(SOURCE, Counting.FILE))
    shipped, _ordered = shop.buy("MUG", 2), shop.buy("MUG", 1)
    shop.merchant.ship(shipped)
    shop.catch_up()
    shop.wait(MINUTE)

    # Eight mugs again, now that two have left the house; only the tee's number is another one.
    shop.state(TEE_M=9)
    shop.catch_up()

    assert all_that_can_be_bought(shop) == {"MUG": 7, "TEE-S": 6, "TEE-M": 9}


def test_a_file_that_counts_is_none_when_the_same_bytes_come_again(shop):
    DjangoCatalogue().set_source(SourceSettings(SOURCE, Counting.FILE))
    shop.state(MUG=9)
    shop.merchant.ship(shop.buy("MUG", 2))
    shop.catch_up()
    shop.wait(MINUTE)

    shop.state(MUG=9)
    shop.catch_up()

    assert shop.can_buy("MUG") == 7


def test_what_is_oversold_needs_a_person_until_it_is_not(shop):
    order = shop.buy("MUG", 5)
    shop.merchant.create("MUG", 4)
    shop.get_orders()

    asked = reason_of(shop.listing("MUG"), Attention.OVERSOLD)
    shop.merchant.cancel(order)
    shop.get_orders()

    assert "1 more of MUG are sold than there are (8 stated)" in asked
    assert f"{order} reserve 9" in asked
    assert kinds_of(shop.listing("MUG")) == set()


def test_a_number_that_stands_still_while_pieces_leave_the_house_names_the_setting(shop):
    shop.merchant.ship(shop.buy("MUG", 3))
    shop.catch_up()
    asked = reason_of(shop.listing("MUG"), Attention.COUNT_STANDS_STILL)

    shop.wait(MINUTE)
    shop.state(MUG=5)
    shop.catch_up()

    assert "--counts file" in asked
    assert kinds_of(shop.listing("MUG")) == set()
    assert shop.can_buy("MUG") == 5


# --- what comes back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sku", BOTH_KINDS)
def test_the_pieces_of_a_cancelled_order_can_be_bought_again(shop, sku):
    order = shop.buy(sku, 3)
    shop.catch_up()

    shop.merchant.cancel(order)
    shop.catch_up()

    assert shop.can_buy(sku) == STATED[sku]


@pytest.mark.parametrize("sku", BOTH_KINDS)
def test_the_pieces_of_a_deleted_order_can_be_bought_again(shop, sku):
    order = shop.buy(sku, 3)
    shop.catch_up()

    shop.merchant.delete(order)
    shop.catch_up()

    assert shop.can_buy(sku) == STATED[sku]


def test_a_shipped_order_that_is_deleted_keeps_its_pieces(shop):
    order = shop.buy("MUG", 3)
    shop.merchant.ship(order)
    shop.catch_up()

    shop.merchant.delete(order)
    shop.state(MUG=9)
    shop.catch_up()

    assert shop.can_buy("MUG") == 6 + 3, "the new number knows what was shipped before it"


def test_a_split_line_changes_nothing(shop):
    order = shop.buy("MUG", 3)
    shop.catch_up()

    (line,) = shop.merchant.lines(order)
    shop.merchant.split(order, line)
    shop.catch_up()

    assert shop.can_buy("MUG") == 5


# --- baskets --------------------------------------------------------------------------------------------------------


@in_both_modes
def test_the_pieces_of_a_basket_that_expires_can_be_bought_again(shop):
    shop.add("MUG", 3)
    shop.state(MUG=10)
    shop.catch_up()

    shop.wait(BASKET_LIFE)
    shop.sandbox.run_task(EXPIRE)
    shop.catch_up()

    assert shop.can_buy("MUG") == 10


@in_both_modes
def test_a_basket_that_is_ordered_an_hour_later_is_sold_once(shop):
    shopper = shop.add("MUG", 3)
    shop.state(MUG=10)
    shop.catch_up()

    shop.wait(HOUR - MINUTE)
    shopper.check_out()
    shop.catch_up()

    assert shop.can_buy("MUG") == 7


@in_both_modes
def test_pieces_in_a_basket_are_not_sold_to_another_by_a_lower_number(shop):
    shop.add("MUG", 3)
    shop.state(MUG=4)
    shop.catch_up()

    can_buy = shop.can_buy("MUG")

    assert can_buy == (1 if shop.mode == "basket" else 4)


@pytest.mark.parametrize("token", [ALL_RIGHTS])
def test_a_look_that_finds_a_lower_count_does_not_sell_what_is_in_a_basket(sandbox, shop):
    modules.remove(sandbox.store, modules.BASKET_INVENTORY)
    shop.wait(LOOKED_AT_WEEKLY)
    shopper = shop.add("MUG", 3)

    shop.sync()
    left = shop.can_buy("MUG")
    shopper.check_out()
    shop.catch_up()

    assert (left, shop.can_buy("MUG")) == (5, 5)


# --- a sale within a second of a write ------------------------------------------------------------------------------


@in_both_modes
@pytest.mark.parametrize("requests", [1, 2, 5])
@pytest.mark.parametrize("stated", [5, 10])
def test_a_sale_whose_order_comes_after_its_stock_is_counted_once(shop, requests, stated):
    shop.sandbox.faults.add(Rule(kind="checkout_gap", verb="AUTH", requests=requests, times=1))
    assert shop.add("MUG", 2).check_out().is_pending

    shop.state(MUG=stated)
    shop.catch_up()
    shop.catch_up()

    assert shop.can_buy("MUG") == stated - 2


@pytest.mark.parametrize("requests", [1, 2, 5])
@pytest.mark.parametrize("stated", [5, 10])
def test_an_order_that_is_there_before_its_stock_falls_is_counted_once(shop, requests, stated):
    shop.sandbox.faults.add(Rule(kind="checkout_gap", function="Order_Create", requests=requests, times=1))
    shop.merchant.create("MUG", 2)

    shop.state(MUG=stated)
    shop.catch_up()
    while not shop.sandbox.domain.agenda.is_empty:
        shop.get_orders()
    shop.catch_up()

    assert shop.can_buy("MUG") == stated - 2


# --- hide -----------------------------------------------------------------------------------------------------------


@in_both_modes
def test_a_hide_with_an_order_in_flight_and_an_unhide_end_with_what_is_left(shop):
    shop.sandbox.faults.add(Rule(kind="checkout_gap", verb="AUTH", seconds=30, times=1))
    shop.add("MUG", 2).check_out()

    shop.queue(Pending.HIDE, "MUG")
    shop.sync()
    hidden = shop.can_buy("MUG")
    # Until the order is there, and then until its basket's lines are gone.
    for _ in range(2):
        shop.wait(MINUTE)
        shop.catch_up()
    shop.queue(Pending.UNHIDE, "MUG")
    shop.catch_up()

    assert (hidden, shop.can_buy("MUG")) == (0, 6)


def test_what_is_hidden_and_was_given_pieces_back_is_hidden_again(shop):
    order = shop.buy("MUG", 2)
    shop.catch_up()
    shop.queue(Pending.HIDE, "MUG")
    shop.catch_up()

    shop.merchant.cancel(order)
    given_back = shop.can_buy("MUG")
    shop.catch_up()
    hidden = shop.can_buy("MUG")
    shop.queue(Pending.UNHIDE, "MUG")
    shop.catch_up()

    assert (given_back, hidden, shop.can_buy("MUG")) == (2, 0, 8)


def test_a_number_that_comes_while_hidden_is_shown_by_the_unhide(shop):
    shop.queue(Pending.HIDE, "TEE-S")
    shop.sync()
    shop.state(TEE_S=11)
    shop.catch_up()
    hidden = shop.can_buy("TEE-S")

    shop.queue(Pending.UNHIDE, "TEE-S")
    shop.catch_up()

    assert (hidden, shop.can_buy("TEE-S")) == (0, 11)


def test_what_waits_for_a_persons_word_to_be_hidden_is_not_sold_beyond_what_is_left(shop):
    shop.settings = replace(shop.settings, brake_at_least=0, brake_percent=0)
    shop.queue(Pending.HIDE, "MUG", "TEE-M")
    shop.state(MUG=3, TEE_M=9)

    run = shop.sync()

    assert run.braked == {Harm.ZERO}
    assert all_that_can_be_bought(shop) == {"MUG": 3, "TEE-S": 6, "TEE-M": 5}


def test_nothing_is_set_to_none_on_a_first_sync_without_a_persons_word(sandbox, unpublished):
    """The merchant's own products, and a file of which every number is 0."""
    shop = unpublished
    shop.publish()
    with transaction.atomic():
        shop.listings.set_status(plan_unlink(shop.listings.by_ids(shop.all_ids())).statuses)
    shop.settings = replace(shop.settings, brake_at_least=0, brake_percent=20)
    shop.state(MUG=0, TEE_S=0, TEE_M=0)
    shop.link()

    run = shop.sync()

    assert run.braked == {Harm.ZERO}
    assert all_that_can_be_bought(shop) == {"MUG": 8, "TEE-S": 6, "TEE-M": 5}


# --- publish --------------------------------------------------------------------------------------------------------


class DyingHub:
    """A store whose answer to the first documents is the last thing that the hub ever hears."""

    def __init__(self, store) -> None:
        self._store = store

    def __getattr__(self, name):
        return getattr(self._store, name)

    def provision(self, units):
        self._store.provision(units)
        raise Killed


@in_both_modes
def test_an_interrupted_publish_that_is_completed_after_sales_sells_no_piece_twice(unpublished):
    shop, store = unpublished, unpublished.store
    shop.store = DyingHub(store)
    with pytest.raises(Killed):
        shop.publish()
    shop.store = store
    shop.buy("MUG", 2)
    shop.buy("TEE-M", 1)

    shop.publish()
    shop.catch_up()

    assert all_that_can_be_bought(shop) == {"MUG": 6, "TEE-S": 6, "TEE-M": 4}


def make_again(shop, count):
    """The mug is deleted on the store, and made again there by hand, with so many pieces."""
    store = shop.sandbox.store
    assert list(provisioning.run(store, '<Product_Delete code="MUG"/>')) == []
    shop.sync()
    xml = (
        "<Product_Add><Code>MUG</Code><SKU>MUG</SKU><Name>Their mug</Name><Price>9.00</Price></Product_Add>"
        '<Module code="customfields" feature="fields_prod">'
        '<ProductField_Value product="MUG" field="product_type">simple</ProductField_Value></Module>'
    )
    assert list(provisioning.run(store, xml)) == []
    shop.merchant.set_count("MUG", count)


def test_a_link_that_goes_on_with_another_product_sells_what_there_is_and_not_what_that_one_counts(shop):
    shop.buy("MUG", 2)
    shop.catch_up()
    make_again(shop, 20)

    shop.link()
    shop.catch_up()

    assert shop.listing("MUG").link == "linked"
    assert shop.can_buy("MUG") == 6


def test_what_is_hidden_is_off_sale_on_another_product_too(shop):
    shop.queue(Pending.HIDE, "MUG")
    shop.sync()
    make_again(shop, 20)

    shop.link()
    shop.catch_up()

    assert (shop.listing("MUG").health, shop.can_buy("MUG")) == ("hidden", 0)


# --- lost answers ---------------------------------------------------------------------------------------------------

LOST = [
    Rule(kind="drop_before", function=WRITE, times=1),
    Rule(kind="drop_after", function=WRITE, times=1),
    Rule(kind="lands_late", function=WRITE, times=1, seconds=100),
]


@pytest.fixture(params=LOST, ids=lambda rule: rule.kind)
def lost(request):
    return request.param


@pytest.mark.parametrize("stated", [5, 11])
def test_a_move_whose_answer_was_lost_is_settled_after_the_wait(shop, lost, stated):
    shop.sandbox.faults.add(lost)
    shop.state(MUG=stated)
    with answer_lost():
        shop.sync()
    # Nothing is decided as long as it may still land.
    shop.catch_up()
    shop.wait(LOST_ANSWER)

    shop.catch_up()
    shop.catch_up()

    assert [taken.kind for taken in shop.sandbox.faults.log()] == [lost.kind]
    assert shop.can_buy("MUG") == stated


@pytest.mark.parametrize("stated", [5, 11])
def test_a_sale_while_the_fate_of_a_move_is_open_is_counted_once(shop, lost, stated):
    shop.sandbox.faults.add(lost)
    shop.state(MUG=stated)
    with answer_lost():
        shop.sync()
    shop.buy("MUG", 3)
    shop.catch_up()
    shop.wait(LOST_ANSWER)

    shop.catch_up()
    shop.catch_up()

    assert shop.can_buy("MUG") == stated - 3


@pytest.fixture(params=["baskets are told of", "baskets are not told of"])
def tells_baskets(request, sandbox):
    """Whether the store's module Basket Inventory is on."""
    if request.param == "baskets are not told of":
        modules.remove(sandbox.store, modules.BASKET_INVENTORY)
    return request.param == "baskets are told of"


@in_both_modes
@pytest.mark.parametrize("stated", [5, 11])
@pytest.mark.parametrize("lost", LOST[:2], ids=lambda rule: rule.kind)
def test_pieces_in_a_basket_are_not_sold_to_another_by_a_move_whose_answer_was_lost(tells_baskets, shop, lost, stated):
    shopper = shop.add("MUG", 3)
    shop.sandbox.faults.add(lost)
    shop.state(MUG=stated)
    with answer_lost():
        shop.sync()
    for _ in range(3):
        shop.wait(LOST_ANSWER)
        shop.catch_up()

    can_buy = shop.can_buy("MUG")
    in_basket = 3 if shop.mode == "basket" else 0
    assert can_buy <= stated - in_basket
    if tells_baskets and shop.mode == "basket":
        assert can_buy == stated - in_basket

    sold = 0
    with suppress(OutOfStock):  # what is kept from sale for a while may be missing in a checkout
        shopper.check_out()
        sold = 3
    shop.catch_up()
    assert shop.can_buy("MUG") <= stated - sold

    # What was kept from sale by mistake, or was never ordered, can be bought when no basket can hold it any more.
    for _ in range(3):
        shop.wait(BASKET_LIFE)
        shop.sandbox.run_task(EXPIRE)
        shop.catch_up()
    assert shop.can_buy("MUG") == stated - sold


def test_another_number_waits_until_the_fate_of_a_move_is_known(shop, lost):
    shop.sandbox.faults.add(lost)
    shop.state(MUG=11)
    with answer_lost():
        shop.sync()
    shop.state(MUG=4)
    shop.catch_up()
    shop.wait(LOST_ANSWER)

    shop.catch_up()
    shop.catch_up()

    assert shop.can_buy("MUG") == 4


@pytest.mark.parametrize("change", [Pending.HIDE, Pending.UNHIDE])
def test_a_hide_or_unhide_whose_answer_was_lost_is_made_again(shop, lost, change):
    if change is Pending.UNHIDE:
        shop.queue(Pending.HIDE, "MUG")
        shop.sync()
    shop.sandbox.faults.add(lost)
    shop.queue(change, "MUG")
    with answer_lost():
        shop.sync()
    shop.wait(LOST_ANSWER)

    shop.catch_up()
    shop.catch_up()

    assert shop.can_buy("MUG") == (0 if change is Pending.HIDE else 8)


def test_a_hide_that_was_taken_back_before_anybody_knew_what_became_of_it_hides_nothing_for_good(shop):
    shop.sandbox.faults.add(Rule(kind="drop_after", function=WRITE, times=1))
    shop.queue(Pending.HIDE, "MUG")
    with answer_lost():
        shop.sync()
    hidden = shop.can_buy("MUG")
    shop.queue(Pending.UNHIDE, "MUG")
    shop.catch_up()
    shop.wait(LOST_ANSWER)

    shop.catch_up()
    shop.catch_up()

    assert (hidden, shop.can_buy("MUG")) == (0, 8)


@pytest.mark.parametrize("call", range(3))
def test_a_move_that_lands_right_after_it_was_looked_for_is_not_made_again(shop, call):
    shop.sandbox.faults.add(Rule(kind="lands_late", function=WRITE, times=1, seconds=150))
    shop.state(MUG=5)
    with answer_lost():
        shop.sync()
    shop.wait(60)

    # It takes longer to look than a request can still land.
    store = MeanwhileStore(shop.store, lambda: shop.wait(LOST_ANSWER), during="products_by_id", call=call)
    shop.sync(store=store)
    shop.wait(LOST_ANSWER)
    shop.sync()

    assert shop.can_buy("MUG") == 5


@pytest.mark.parametrize("sku", ["MUG", "TEE-S"])
@pytest.mark.parametrize("taken_back", [Pending.UNHIDE, Pending.NONE], ids=["unhide", "clear"])
def test_a_hide_that_is_taken_back_while_it_is_sent_ends_on_sale(shop, sku, taken_back):
    shop.queue(Pending.HIDE, sku)
    shop.sync(store=MeanwhileStore(shop.store, lambda: shop.queue(taken_back, sku)))

    shop.sync()

    assert shop.can_buy(sku) == STATED[sku]
    assert (shop.listing(sku).health, shop.listing(sku).pending) == ("listed", "")


def test_an_unhide_that_is_taken_back_while_it_is_sent_ends_hidden(shop):
    shop.queue(Pending.HIDE, "MUG")
    shop.sync()
    shop.queue(Pending.UNHIDE, "MUG")
    shop.sync(store=MeanwhileStore(shop.store, lambda: shop.queue(Pending.HIDE, "MUG")))

    shop.sync()

    assert shop.can_buy("MUG") == 0
    assert (shop.listing("MUG").health, shop.listing("MUG").pending) == ("hidden", "")


@pytest.mark.parametrize("seconds", [20, 150])
@pytest.mark.usefixtures("tells_baskets")
def test_a_hide_that_lands_after_the_unhide_hides_nothing_for_good(shop, seconds):
    shop.sandbox.faults.add(Rule(kind="lands_late", function=WRITE, times=1, seconds=seconds))
    shop.queue(Pending.HIDE, "MUG")
    with answer_lost():
        shop.sync()
    shop.wait(10)
    with answer_lost():
        shop.sync()
    shop.queue(Pending.UNHIDE, "MUG")
    shop.sync()
    shop.wait(LOST_ANSWER)

    shop.catch_up()
    shop.catch_up()

    assert [taken.kind for taken in shop.sandbox.faults.log()] == ["lands_late"]
    assert shop.can_buy("MUG") == 8


@pytest.mark.parametrize("can_look", [True, False])
def test_what_a_basket_gives_back_while_hidden_stays_off_sale(sandbox, shop, can_look):
    if not can_look:
        modules.remove(sandbox.store, modules.BASKET_INVENTORY)
    shop.add("MUG", 3)
    shop.queue(Pending.HIDE, "MUG")
    shop.sync()
    shop.wait(BASKET_LIFE)
    shop.sandbox.run_task(EXPIRE)

    shop.catch_up()
    hidden = shop.can_buy("MUG")
    shop.queue(Pending.UNHIDE, "MUG")
    shop.catch_up()

    assert (hidden, shop.can_buy("MUG")) == (0, 8)


# --- clocks, channels, hands ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("skew", [-10 * MINUTE, 10 * MINUTE])
def test_a_store_whose_clock_is_wrong_sells_what_there_is(shop, skew):
    shop.sandbox.domain.clock.skew_seconds = skew
    order = shop.buy("MUG", 2)
    shop.buy("TEE-M", 1)
    shop.state(MUG=10)
    shop.catch_up()
    after_sale = all_that_can_be_bought(shop)

    shop.merchant.cancel(order)
    shop.catch_up()

    assert after_sale == {"MUG": 8, "TEE-S": 6, "TEE-M": 4}
    assert all_that_can_be_bought(shop) == {"MUG": 10, "TEE-S": 6, "TEE-M": 4}


def test_what_is_cancelled_after_a_stores_clock_was_set_back_is_for_sale_again_on_every_channel(
    shop, tmp_path, token, mode
):
    with SandboxServer() as second:
        (tmp_path / "second").mkdir()
        other = StockShop(second, tmp_path / "second", token=token, mode=mode, name="Other", clock=shop.clock)
        other.listings.build(["mug", "tee"], queue=True)
        DjangoCatalogue().refresh_wanted(["mug", "tee"])
        other.publish()
        order = other.buy("MUG", 3)
        other.catch_up()
        shop.sync()
        sold = (shop.can_buy("MUG"), other.can_buy("MUG"))

        second.domain.clock.skew_seconds = -10 * MINUTE
        other.merchant.cancel(order)
        other.catch_up()
        shop.sync()

        assert (sold, shop.can_buy("MUG"), other.can_buy("MUG")) == ((5, 5), 8, 8)
        other.close()


def test_a_sale_on_one_channel_lowers_the_other_by_its_next_sync(shop, tmp_path, token, mode):
    with SandboxServer() as second:
        (tmp_path / "second").mkdir()
        other = StockShop(second, tmp_path / "second", token=token, mode=mode, name="Other", clock=shop.clock)
        other.listings.build(["mug", "tee"], queue=True)
        DjangoCatalogue().refresh_wanted(["mug", "tee"])
        other.publish()
        shop.buy("MUG", 3)
        order = other.buy("TEE-S", 2)

        shop.get_orders()
        other.get_orders()
        shop.sync()
        other.sync()
        sold = (all_that_can_be_bought(shop), all_that_can_be_bought(other))
        other.merchant.cancel(order)
        other.get_orders()
        shop.sync()
        other.sync()

        assert sold == ({"MUG": 5, "TEE-S": 4, "TEE-M": 5},) * 2
        assert (shop.can_buy("TEE-S"), other.can_buy("TEE-S")) == (6, 6)
        other.close()


PENS = [f"PEN-{number:02}" for number in range(15)]


def pens(quantity):
    """A catalogue file of fifteen pens, so many of each."""
    return HEADER + "".join(f"{sku.lower()},{sku},,Acme,,,,,,{sku},20,{quantity},3.00,,\n" for sku in PENS)


def sell_pens(shop, skus):
    for sku in skus:
        shopper = shop.sandbox.shopper()
        shopper.add(sku, 1)
        shopper.check_out()


def pens_on_sale(shop):
    shopper = shop.sandbox.shopper()
    sold = []
    for sku in PENS:
        with suppress(OutOfStock, NotForSaleError):
            shopper.add(sku, 1)
            sold.append(sku)
    shopper.empty()
    return sold


@pytest.fixture
def two_shops(unpublished, tmp_path, token, mode):
    """Fifteen pens, one of each, on sale in two stores."""
    shop = unpublished
    with SandboxServer() as second:
        (tmp_path / "second").mkdir()
        other = StockShop(second, tmp_path / "second", token=token, mode=mode, name="Other", clock=shop.clock)
        shop.import_text(pens(1))
        other.listings.build([sku.lower() for sku in PENS], queue=True)
        DjangoCatalogue().refresh_wanted([sku.lower() for sku in PENS])
        shop.publish()
        other.publish()
        yield shop, other
        other.close()


def test_what_sells_out_on_one_channel_is_taken_off_the_other_however_much_it_is(two_shops):
    shop, other = two_shops
    sell_pens(shop, PENS)

    shop.get_orders()
    run = other.sync()

    assert run.braked == set()
    assert (pens_on_sale(shop), pens_on_sale(other)) == ([], [])


def test_a_file_of_zeros_waits_for_a_person_although_some_of_it_was_sold(two_shops):
    """Nobody can tell a wrong number from one that knows of the sales; the next right one needs no word."""
    shop, other = two_shops
    sell_pens(shop, PENS[:3])
    shop.get_orders()

    shop.import_text(pens(0))
    run = other.sync()
    held = pens_on_sale(other)
    shop.import_text(pens(1))
    again = other.sync()

    assert (run.braked, held) == ({Harm.ZERO}, PENS)
    assert (again.braked, pens_on_sale(other)) == (set(), PENS[3:])


class BusyStore:
    """A store where a shopper who is at the checkout finishes it before each reading of the orders but the first."""

    def __init__(self, store, shoppers) -> None:
        self._store = store
        self._shoppers = shoppers
        self._readings = 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    def sight_orders(self, **place):
        self._readings += 1
        if self._readings > 1 and self._shoppers:
            self._shoppers.pop(0).check_out()
        return self._store.sight_orders(**place)


def set_anew_while_people_buy(shop, baskets):
    """Set the mug's stock while people have its pieces in their baskets; they order them one by one."""
    shop.unlink("MUG")
    shop.link()
    shoppers = [shop.add("MUG", 1) for _ in range(baskets)]
    quiet, shop.store = shop.store, BusyStore(shop.store, shoppers)
    shop.sync()
    return quiet


def test_a_stock_that_is_still_being_sold_after_it_was_set_is_unsettled_until_a_sync_finds_it_quiet(
    tells_baskets, shop
):
    quiet = set_anew_while_people_buy(shop, 7)
    asked, at_most = reason_of(shop.listing("MUG"), Attention.UNSETTLED), shop.can_buy("MUG")

    shop.sync()
    again, at_most_again = kinds_of(shop.listing("MUG")), shop.can_buy("MUG")
    shop.store = quiet
    shop.sync()

    assert "3 readings of the orders" in asked
    assert at_most <= 8 - 3
    assert (again, at_most_again <= 8 - 7) == ({Attention.UNSETTLED}, True)
    assert kinds_of(shop.listing("MUG")) == set()
    assert len(shop.merchant.orders()) == 7
    if tells_baskets:
        # What was read with baskets had none of these sales, and nobody could know: a look clears it.
        shop.wait(LOOKED_AT_WEEKLY)
        shop.sync()
        shop.wait(BASKET_LIFE)
        shop.sync()
    assert shop.can_buy("MUG") == 8 - 7


def test_a_stock_that_falls_quiet_within_three_readings_needs_nobody(shop):
    set_anew_while_people_buy(shop, 2)

    assert kinds_of(shop.listing("MUG")) == set()
    assert shop.can_buy("MUG") <= 8 - 2


def test_a_count_that_somebody_raised_by_hand_is_put_right_where_it_can_be_read(tells_baskets, shop):
    shop.merchant.set_count("MUG", 20)

    shop.state(MUG=9)
    shop.catch_up()
    shop.catch_up()

    # Where counts can't be read, not even with those of baskets, a move is all that there is until they are set anew.
    assert shop.can_buy("MUG") == (9 if shop.can_read_stock or tells_baskets else 21)


def test_a_kill_between_the_note_of_a_move_and_its_sending_is_settled(shop, monkeypatch):
    shop.state(MUG=11)

    def die(_writes):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(shop.store, "write_stock", die)
        with pytest.raises(Killed):
            shop.sync()
    shop.wait(LOST_ANSWER)

    shop.catch_up()
    shop.catch_up()

    assert shop.can_buy("MUG") == 11
