"""The stage of prices: sent in documents, and read back."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple
from fakes.hub import LISTED, MemoryHub
from tradepost.domain.errors import PermissionMissing
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.listing import Link
from tradepost.domain.plan import Action, Outcome, Proof
from tradepost.operations.listings.sync.prices import Prices
from tradepost.operations.selection import EVERYTHING


def drive(hub, **options):
    return hub.drive(Prices(hub.settings, EVERYTHING), **options)


@pytest.fixture
def hub():
    """A mug on the store at 15.00 that is to cost 12.50."""
    hub = MemoryHub()
    hub.list_on_store(a_simple("mug"))
    hub.listings.change("mug", wanted_price=Decimal("12.50"))
    return hub


def price(hub, code="mug"):
    return hub.store.shelf.by_key[code].price


def test_a_changed_price_is_sent_read_back_and_recorded(hub):
    run = drive(hub)

    assert [(r.outcome, r.proof, r.change.fields) for r in run.results] == [
        (Outcome.APPLIED, Proof.READ, (run.results[0].change.fields[0],))
    ]
    assert (price(hub), hub.listings.of("mug").proven_price) == (Decimal("12.50"), Decimal("12.50"))


def test_a_preview_asks_the_store_for_nothing_and_shows_the_price_that_was_proven(hub):
    hub.store.products_by_id = None

    run = drive(hub, is_dry=True)

    (change,) = run.units[0].changes
    assert [(field.before, field.after) for field in change.fields] == [(Decimal(15), Decimal("12.50"))]
    assert (price(hub), hub.store.writes) == (Decimal(15), [])


def test_a_price_of_a_family_says_that_it_is_the_lowest(hub):
    hub.list_on_store(a_family("tee", "S"))
    hub.listings.change("tee", wanted_price=Decimal(9))

    run = drive(hub)

    reasons = {result.change.subject.key: result.change.reason for result in run.results}
    assert reasons == {"mug": "the price changed", "tee": "the lowest price of its variants changed"}


def test_a_price_that_is_refused_is_flagged_with_the_stores_words_and_stays_due(hub):
    hub.store.faults.refused["mug"] = "Too cheap."

    run = drive(hub)

    assert run.bad() == [("mug", "Too cheap.")]
    assert hub.listings.flags == {1: {Attention.PRICE_FAILED: "Too cheap."}}
    assert hub.listings.of("mug").proven_price == Decimal(15)


def test_a_price_that_arrives_clears_the_flag(hub):
    hub.listings.flags = {1: {Attention.PRICE_FAILED: "before"}}

    drive(hub)

    assert hub.listings.flags == {}


@pytest.mark.parametrize(("is_done", "outcome"), [(True, Outcome.APPLIED), (False, Outcome.UNKNOWN)])
def test_a_lost_answer_is_settled_by_reading(hub, is_done, outcome):
    hub.store.faults.lost["mug"] = is_done

    assert drive(hub).outcomes == {"mug": outcome}


def test_the_link_of_what_turns_out_to_be_gone_breaks(hub):
    hub.store.shelf.delete(hub.listings.of("mug").external_id)

    run = drive(hub)

    assert [(r.change.action, r.outcome) for r in run.results] == [
        (Action.UPDATE, Outcome.SKIPPED),
        (Action.BREAK, Outcome.APPLIED),
    ]
    assert hub.listings.of("mug").status.link is Link.BROKEN
    assert Attention.BROKEN_LINK in hub.listings.flags[1]


def test_a_token_that_may_not_provision_leaves_everything_as_it_is(hub):
    hub.store.faults.missing.add("Provision_Store")

    with pytest.raises(PermissionMissing):
        drive(hub)

    assert (hub.run.results, hub.listings.of("mug").proven_price) == ([], Decimal(15))


prices = st.decimals(0, 20, places=2)


@given(
    st.lists(
        st.tuples(prices, st.none() | prices, st.sampled_from(["well", "refused", "silent", "lost", "lost but done"])),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_applied_is_there_and_proven_and_the_rest_stays_due(drawn):
    hub = MemoryHub()
    for number, (wanted, proven, fate) in enumerate(drawn):
        sku = f"mug{number}"
        hub.list_on_store(a_simple(sku, price=Decimal(15)))
        hub.listings.change(sku, wanted_price=wanted, proven_price=proven)
        if fate == "refused":
            hub.store.faults.refused[sku] = "No."
        elif fate == "silent":
            hub.store.faults.silent.add(sku)
        elif fate != "well":
            hub.store.faults.lost[sku] = fate == "lost but done"

    run = drive(hub)

    applied = {key for key, outcome in run.outcomes.items() if outcome is Outcome.APPLIED}
    for number, (wanted, proven, fate) in enumerate(drawn):
        sku = f"mug{number}"
        is_due = wanted != proven
        # A price that was there already is proven whatever the store says of it.
        is_there = fate in {"well", "lost but done"} or wanted == Decimal(15)
        assert (sku in applied) == (is_due and is_there)
        assert (hub.listings.of(sku).proven_price == wanted) == (not is_due or is_there)
        assert hub.listings.of(sku).status == replace(LISTED)


@given(st.lists(st.tuples(prices, st.none() | prices), min_size=1, max_size=5))
def test_a_second_run_has_nothing_to_do(drawn):
    hub = MemoryHub()
    for number, (wanted, proven) in enumerate(drawn):
        hub.list_on_store(a_simple(f"mug{number}"))
        hub.listings.change(f"mug{number}", wanted_price=wanted, proven_price=proven)
    drive(hub)
    hub.store.writes.clear()

    again = drive(hub)

    assert (again.results, hub.store.writes) == ([], [])
