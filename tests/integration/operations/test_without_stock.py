"""
What a catalogue would go on selling without stock: bought at 0 where the channel allows it, and nowhere else.

MUG and the small tee have the policy *continue*, the medium tee has *deny*. Each journey ends with a shopper.
"""

from dataclasses import replace

import pytest

from attentions import kinds_of
from kills import Killed
from miva_sandbox.faults.rules import Rule
from miva_sandbox.state.baskets import OutOfStock
from miva_sandbox.state.sales import NotForSaleError
from stock_shop import LOST_ANSWER, MODES, StockShop, answer_lost
from tradepost import wiring
from tradepost.domain.brake import Harm
from tradepost.domain.listings.listing import Pending
from tradepost.domain.plan import Outcome
from tradepost.operations.channels.channels import change_channel

from .conftest import ALL_RIGHTS, EIGHT, HEADER

SKUS = ("MUG", "TEE-S", "TEE-M")
GO_ON = {"MUG", "TEE-S"}


@pytest.fixture(params=[EIGHT, ALL_RIGHTS])
def token(request):
    return request.param


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture
def shop(sandbox, sqlite, tmp_path, token, mode):
    """Nothing is published yet, and there is none of anything."""
    made = StockShop(sandbox, tmp_path, token=token, mode=mode)
    state(made)
    yield made
    made.close()


def catalogue_of(quantities, *, goes_on=GO_ON):
    """Write a catalogue with these numbers, in which these are sold without stock."""
    policy = {sku: "continue" if sku in goes_on else "deny" for sku in SKUS}
    mug, small, medium = (quantities[sku] for sku in SKUS)
    return (
        HEADER.replace("\n", ",Variant Inventory Policy\n")
        + f"mug,Enamel Mug,,Acme,,,,,,MUG,210,{mug},7.90,,,{policy['MUG']}\n"
        + f"tee,Cotton Tee,,Acme,,Size,S,,,TEE-S,400,{small},15.00,,,{policy['TEE-S']}\n"
        + f"tee,,,,,,M,,,TEE-M,400,{medium},15.00,,,{policy['TEE-M']}\n"
    )


def state(shop, *, quantity=0, goes_on=GO_ON):
    """Import a catalogue with so many of each."""
    return shop.import_text(catalogue_of(dict.fromkeys(SKUS, quantity), goes_on=goes_on))


def allow(shop, *, sells=True):
    """As `channel set --sell-without-stock` does."""

    def edit(profile):
        return replace(profile, settings=replace(profile.settings, sells_without_stock=sells))

    change_channel(shop.channel.pk, edit, wiring.channels.channel_ports(requested_by="test"))
    shop.settings = replace(shop.settings, sells_without_stock=sells)


def sold(shop):
    """What a shopper can put into a basket, and takes out again."""
    return {sku for sku in SKUS if _can_be_bought(shop, sku)}


def _can_be_bought(shop, sku):
    try:
        shop.add(sku, 1).empty()
    except (OutOfStock, NotForSaleError):
        return False
    return True


def count(shop, sku):
    return shop.on_store()[sku.lower()].stock.count


def test_what_has_no_stock_is_sold_out_unless_the_channel_allows_more(shop):
    shop.publish()
    shop.sync()

    assert sold(shop) == set()


def test_it_is_published_on_sale_where_the_channel_allows_it(shop):
    allow(shop)

    run = shop.publish()
    idle = shop.sync()

    assert run.bad() == idle.results == []
    assert sold(shop) == GO_ON


def test_its_count_goes_below_zero_and_a_new_statement_puts_it_right(shop):
    allow(shop)
    shop.publish()
    shop.buy("MUG", 1)
    shop.buy("TEE-S", 2)

    shop.catch_up()
    below = count(shop, "MUG"), count(shop, "TEE-S")
    flagged = kinds_of(shop.listing("MUG"))
    state(shop, quantity=5)
    shop.sync()

    assert below == (-1, -2)
    assert flagged == set(), "nobody has to do anything about what is meant"
    assert (count(shop, "MUG"), count(shop, "TEE-S"), count(shop, "TEE-M")) == (4, 3, 5)
    assert shop.can_buy("TEE-M") == 5


def test_more_can_be_bought_than_there_are(shop):
    allow(shop)
    state(shop, quantity=2)
    shop.publish()

    shop.buy("MUG", 5)
    shop.catch_up()

    assert count(shop, "MUG") == -3
    assert sold(shop) == set(SKUS)


def test_a_setting_that_changes_ends_the_sale_or_opens_it_and_erases_none(shop):
    shop.publish()
    allow(shop)
    shop.sync()
    on = sold(shop)
    shop.buy("MUG", 1)

    allow(shop, sells=False)
    run = shop.sync()
    off = sold(shop)
    idle = shop.sync()

    assert (on, off) == (GO_ON, set())
    assert run.bad() == idle.results == []
    assert count(shop, "MUG") == -1


def test_a_policy_that_changes_in_the_file_ends_the_sale_or_opens_it(shop):
    allow(shop)
    shop.publish()

    report = state(shop, goes_on={"TEE-S", "TEE-M"})
    shop.sync()

    assert sold(shop) == {"TEE-S", "TEE-M"}
    assert [entry.message for entry in report.reports] == [
        "MUG on 'Shop' is sold without stock no more: sold out at 0, as soon as a sync has said so.",
        "TEE-M on 'Shop' goes on being sold without stock, as soon as a sync has said so.",
    ]


def test_what_is_hidden_can_not_be_bought_and_what_is_put_back_can(shop):
    allow(shop)
    shop.publish()
    shop.buy("MUG", 1)

    shop.queue(Pending.HIDE, "MUG", "TEE-S")
    shop.sync()
    hidden = sold(shop)
    again = shop.sync()
    shop.queue(Pending.UNHIDE, "MUG", "TEE-S")
    run = shop.sync()

    assert (hidden, again.results) == (set(), [])
    assert [r for r in run.results if r.outcome is Outcome.SKIPPED] == []
    assert sold(shop) == GO_ON
    state(shop, quantity=5)
    shop.catch_up()
    assert count(shop, "MUG") == 4


def test_what_is_put_back_after_the_channel_has_changed_its_mind_is_sold_out(shop):
    allow(shop)
    shop.publish()
    shop.queue(Pending.HIDE, "MUG")
    shop.sync()

    allow(shop, sells=False)
    shop.queue(Pending.UNHIDE, "MUG")
    shop.sync()

    assert sold(shop) == set()


def test_what_leaves_the_catalogue_is_not_sold_on(shop):
    allow(shop)
    shop.publish()

    shop.import_text(
        HEADER.replace("\n", ",Variant Inventory Policy\n")
        + "tee,Cotton Tee,,Acme,,Size,M,,,TEE-M,400,0,15.00,,,continue\n"
    )
    shop.sync()

    assert sold(shop) == {"MUG", "TEE-M"}, "the mug is not named, the small tee has left its family"


def test_a_merchants_own_product_is_told_when_it_is_linked(shop):
    allow(shop)
    shop.publish()
    shop.unlink("mug", "MUG", "TEE-S", "TEE-M", "tee")
    allow(shop, sells=False)

    shop.link()
    shop.sync()
    off = sold(shop)
    shop.unlink("mug", "MUG", "TEE-S", "TEE-M", "tee")
    allow(shop)
    shop.link()
    shop.sync()

    assert (off, sold(shop)) == (set(), GO_ON)


def test_an_answer_that_is_lost_is_asked_for_again(shop):
    allow(shop)
    shop.publish()
    allow(shop, sells=False)
    shop.sandbox.faults.add(Rule(kind="drop_after", function="InventoryProductSettings_Update", times=1))

    with answer_lost():
        shop.sync()
    shop.wait(LOST_ANSWER)
    shop.sync()
    shop.sync()
    last = shop.sync()

    assert last.results == []
    assert sold(shop) == set()
    assert shop.listing("MUG").account == 0
    assert kinds_of(shop.listing("MUG")) == set()


def test_a_publish_that_is_cut_off_is_completed_by_what_holds_then(shop):
    class Cut:
        """A store that is told everything by a process that then dies."""

        def __init__(self, store):
            self._store = store

        def __getattr__(self, name):
            return getattr(self._store, name)

        def provision(self, units):
            self._store.provision(units)
            raise Killed

    allow(shop)
    store, shop.store = shop.store, Cut(shop.store)
    with pytest.raises(Killed):
        shop.publish()
    shop.store = store
    cut_off = sold(shop), shop.listing("MUG").link

    allow(shop, sells=False)
    shop.publish()
    shop.sync()

    assert cut_off == (GO_ON, "unlinked")
    assert sold(shop) == set()
    assert shop.listing("MUG").link == "linked"


def test_the_end_of_many_sales_waits_for_a_person_and_what_is_meant_below_zero_does_not(shop):
    allow(shop)
    state(shop, quantity=4)
    shop.publish()
    shop.settings = replace(shop.settings, brake_at_least=0, brake_percent=0)

    shop.import_text(catalogue_of({"MUG": 0, "TEE-S": 0, "TEE-M": 4}))
    to_zero = shop.sync()
    on = sold(shop)
    allow(shop, sells=False)
    run = shop.sync()

    assert (to_zero.braked, on) == (set(), {*SKUS})
    assert run.braked == {Harm.ZERO}
    assert sold(shop) == {*SKUS}
