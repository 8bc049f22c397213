"""Unhide: what is put back on sale, what is not because its page is closed, and what is said to be in the way still."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple
from fakes.hub import HIDDEN, LISTED, MemoryHub
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Pending
from tradepost.domain.plan import Outcome
from tradepost.operations.selection import EVERYTHING
from tradepost.operations.stock.unhides import Unhides

TO_UNHIDE = replace(HIDDEN, pending=Pending.UNHIDE)


def hidden_hub(product, **values):
    """A hub that has hidden a product, and is asked to put it back."""
    hub = MemoryHub()
    for row in hub.list_on_store(product):
        changed = {} if row.kind is Kind.PARENT else {"account": 0, **values}
        hub.listings.change(row.sku, **{"status": TO_UNHIDE, **changed})
        if row.kind is not Kind.PARENT:
            hub.store.shelf.sell(row.code, hub.count(row.sku))
    return hub


def close_page(hub, code):
    product = hub.store.shelf.by_key[code_key(code)]
    hub.store.shelf.by_key[code_key(code)] = replace(product, is_active=False)


def unhide(hub):
    return hub.drive(Unhides(hub.settings, EVERYTHING))


def sellable(hub):
    return [row for row in hub.listings.by_ids(hub.listings.all) if row.kind is not Kind.PARENT]


def test_nothing_is_put_back_behind_a_page_that_somebody_has_switched_off():
    hub = hidden_hub(a_family("tee", "S", "M"))
    close_page(hub, "tee")

    run = unhide(hub)

    assert hub.store.writes == []
    assert set(run.outcomes.values()) == {Outcome.FAILED}
    assert {row.status for row in hub.listings.by_ids(hub.listings.all)} == {TO_UNHIDE}
    for row in sellable(hub):
        assert "the page tee is inactive on the store" in hub.listings.flags[row.id][Attention.STOCK_FAILED]


def test_a_child_s_own_activity_closes_nothing():
    hub = hidden_hub(a_family("tee", "S"))
    close_page(hub, "tee-S")

    unhide(hub)

    assert (hub.count("tee-S"), hub.listings.of("tee-S").status) == (5, LISTED)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"available": 0}, "None are left"),
        ({"available": -2}, "None are left"),
        ({"status": replace(TO_UNHIDE, is_orphaned=True), "available": 0}, "The catalogue does not have it any more"),
    ],
)
def test_what_else_stands_in_the_way_is_said(values, words):
    hub = hidden_hub(a_simple("mug"), **values)

    run = unhide(hub)

    (said,) = [result for result in run.results if result.outcome is Outcome.SKIPPED]
    assert said.message.startswith("mug still can't be bought.")
    assert words in said.message


def test_nothing_is_said_of_what_can_be_bought():
    hub = hidden_hub(a_simple("mug"))

    assert [result.outcome for result in unhide(hub).results] == [Outcome.APPLIED]


@given(
    is_family=st.booleans(), is_open=st.booleans(), available=st.one_of(st.none(), st.integers(-3, 9)),
    silent=st.booleans(),
)  # fmt: skip
def test_listed_is_said_of_what_is_really_back_on_an_open_page(is_family, is_open, available, silent):
    product = a_family("tee", "S", "M") if is_family else a_simple("mug")
    hub = hidden_hub(product, available=available)
    if not is_open:
        close_page(hub, "tee" if is_family else "mug")
    if silent:
        hub.store.faults.silent |= {row.code for row in sellable(hub)}

    unhide(hub)

    for row in sellable(hub):
        is_back = is_open and available is not None and hub.count(row.sku) == max(0, available)
        assert (row.status.health is Health.LISTED) is is_back
        # Whatever was not done is asked for still, and a person is told.
        assert (row.status.pending is Pending.UNHIDE) is not is_back
        assert (Attention.STOCK_FAILED in hub.listings.flags.get(row.id, {})) is not is_back
        if is_back:
            assert row.account == max(0, available)
