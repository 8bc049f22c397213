"""What of stock needs a person: flagged where it holds, forgotten where it holds no more."""

from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_simple
from fakes.hub import MemoryHub
from tradepost.domain.listings.attention import Attention
from tradepost.operations.stock.attentions import StockAttentions

SKUS = ("mug", "cup", "jug")
STOCKS = st.fixed_dictionaries({
    sku: st.tuples(st.one_of(st.none(), st.integers(-3, 3)), st.booleans()) for sku in SKUS
})  # fmt: skip


def hub_with(stocks):
    """By SKU how many are available, and whether it goes on being sold below zero."""
    hub = MemoryHub()
    for sku, (available, sells) in stocks.items():
        hub.listings.build(a_simple(sku))
        hub.listings.change(sku, available=available, sells_without_stock=sells)
    return hub


def kinds(hub, sku):
    return set(hub.listings.flags.get(hub.listings.of(sku).id, {}))


def test_more_that_is_sold_than_there_is_needs_a_person_until_it_is_not_so_any_more():
    hub = hub_with({"mug": (-2, False), "cup": (0, False), "jug": (-2, True)})

    hub.drive(StockAttentions())
    oversold = {sku for sku in SKUS if Attention.OVERSOLD in kinds(hub, sku)}
    hub.listings.change("mug", available=1)
    hub.drive(StockAttentions())

    assert oversold == {"mug"}
    assert kinds(hub, "mug") == set()


def test_what_else_needs_a_person_is_left_as_it_is():
    hub = hub_with({"mug": (-2, False)})
    hub.listings.flags[1] = {Attention.PRICE_FAILED: "refused"}

    hub.drive(StockAttentions())

    assert kinds(hub, "mug") == {Attention.PRICE_FAILED, Attention.OVERSOLD}


@given(STOCKS, STOCKS)
def test_flagged_is_what_is_oversold_now_whatever_was_before(before, now):
    hub = hub_with(before)
    hub.drive(StockAttentions())
    for sku, (available, sells) in now.items():
        hub.listings.change(sku, available=available, sells_without_stock=sells)

    run = hub.drive(StockAttentions())

    for sku, (available, sells) in now.items():
        is_oversold = available is not None and available < 0 and not sells
        assert kinds(hub, sku) == ({Attention.OVERSOLD} if is_oversold else set())
        if is_oversold:
            message = hub.listings.flags[hub.listings.of(sku).id][Attention.OVERSOLD]
            assert message.startswith(f"{-available} more of {sku} are sold than there are")
    assert (run.results, hub.store.writes) == ([], [])
