"""What a sync sends besides prices and stock: pages that are switched on again; and prices that it does not send."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_simple
from fakes.hub import MemoryHub
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.plan import Outcome, Proof
from tradepost.operations.listings.sync.activations import Activations
from tradepost.operations.listings.sync.held_prices import HeldPrices
from tradepost.operations.selection import EVERYTHING


def switched_off(*skus):
    """A hub with mugs on the store of which these were found switched off."""
    hub = MemoryHub()
    for sku in ("mug", "cup", "jug"):
        hub.list_on_store(a_simple(sku))
    for sku in skus:
        hub.listings.change(sku, is_inactive=True)
        switch(hub, sku, is_active=False)
    return hub


def switch(hub, code, *, is_active):
    product = hub.store.shelf.by_key[code_key(code)]
    hub.store.shelf.by_key[code_key(code)] = replace(product, is_active=is_active)


def is_active(hub, code):
    return hub.store.shelf.by_key[code_key(code)].is_active


def activate(hub):
    return hub.drive(Activations(hub.settings, EVERYTHING))


def test_what_was_found_switched_off_is_switched_on_and_nothing_else_is_touched():
    hub = switched_off("cup")

    run = activate(hub)

    assert [(result.change.subject.key, result.outcome, result.proof) for result in run.results] == [
        ("cup", Outcome.APPLIED, Proof.READ)
    ]
    assert (is_active(hub, "cup"), hub.listings.of("cup").is_inactive) == (True, False)
    assert hub.store.writes == [("provision", ("cup",))]
    assert activate(hub).results == []


def test_a_store_that_says_yes_and_leaves_it_off_is_not_believed():
    hub = switched_off("cup")
    hub.store.faults.silent.add("cup")

    run = activate(hub)

    assert run.outcomes == {"cup": Outcome.REJECTED}
    assert is_due(Stage.ACTIVATE, hub.listings.of("cup"))
    assert Attention.DRIFT in hub.listings.flags[hub.listings.of("cup").id]


def test_what_is_gone_breaks_its_link():
    hub = switched_off("cup")
    hub.store.shelf.delete(hub.listings.of("cup").external_id)

    activate(hub)

    assert hub.listings.of("cup").status.link is Link.BROKEN


@given(
    off=st.sets(st.sampled_from(["mug", "cup", "jug"])), silent=st.sets(st.sampled_from(["mug", "cup", "jug"])),
    lost=st.dictionaries(st.sampled_from(["mug", "cup", "jug"]), st.booleans()),
    on_again=st.sets(st.sampled_from(["mug", "cup", "jug"])),
)  # fmt: skip
def test_afterwards_the_hub_says_of_each_page_what_the_store_has(off, silent, lost, on_again):
    hub = switched_off(*sorted(off))
    hub.store.faults.silent |= silent
    hub.store.faults.lost |= lost
    for sku in on_again:
        switch(hub, sku, is_active=True)

    run = activate(hub)

    assert {result.change.subject.key for result in run.results} <= off
    for sku in ("mug", "cup", "jug"):
        assert hub.listings.of(sku).is_inactive is not is_active(hub, sku)
        if sku in off:
            assert (run.outcomes[sku] is Outcome.APPLIED) is is_active(hub, sku)


# --- held prices ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "words"), [(1, "1 price is held back"), (3, "3 prices are held back")])
def test_a_sync_says_once_how_many_prices_it_does_not_send(number, words):
    hub = switched_off()
    with hub.run.transaction():
        hub.listings.flag({n: {Attention.PRICE_HELD: "too low"} for n in range(1, number + 1)}, ended={})

    run = hub.drive(HeldPrices(hub.settings))

    assert [result.outcome for result in run.results] == [Outcome.SKIPPED]
    assert words in run.results[0].message
    assert hub.listings.count_attention(Attention.PRICE_HELD) == number


@given(st.sets(st.integers(1, 3)), st.booleans())
def test_it_says_nothing_where_none_is_held_and_changes_nothing(held, is_dry):
    hub = switched_off()
    with hub.run.transaction():
        hub.listings.flag({number: {Attention.PRICE_HELD: "too low"} for number in held}, ended={})
    before = (dict(hub.listings.all), dict(hub.listings.flags))

    run = hub.drive(HeldPrices(hub.settings), is_dry=is_dry)

    assert len(run.results) == bool(held)
    assert (hub.listings.all, hub.listings.flags, hub.store.writes) == (*before, [])
