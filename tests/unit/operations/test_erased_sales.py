"""Sales that a set may have erased: moved off in rounds, and what finds no end is unsettled until it does."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_simple
from fakes.hub import NOON, MemoryHub
from tradepost.domain.listings.attention import Attention
from tradepost.domain.stock.stock import ERASED_WITHIN, READINGS_AFTER_SET
from tradepost.operations.selection import EVERYTHING, Selection
from tradepost.operations.stock.erased_sales import MovesAfterSets, Quieted, UnsettledMoves

LAST = READINGS_AFTER_SET
JUST_SET = {"available": 3, "account": 5, "basis_at": NOON}


def hub_with(*skus, **values):
    """A hub with these on the store, of whose listings some values are changed."""
    hub = MemoryHub()
    for sku in skus:
        hub.list_on_store(a_simple(sku, quantity=5))
        hub.listings.change(sku, **values)
    return hub


def kinds_of(hub, sku):
    return set(hub.listings.flags.get(hub.listings.of(sku).id, {}))


def flag(hub, *skus):
    for sku in skus:
        hub.listings.flags[hub.listings.of(sku).id] = {Attention.UNSETTLED: "People were buying it."}


def test_what_the_last_reading_brought_is_moved_off_and_unsettled():
    hub = hub_with("mug", **JUST_SET)
    moves = MovesAfterSets(LAST, hub.settings, EVERYTHING)

    hub.drive(moves)

    assert (hub.count("mug"), hub.listings.of("mug").account) == (3, 3)
    assert kinds_of(hub, "mug") == {Attention.UNSETTLED}
    assert moves.moved == {hub.listings.of("mug").id}
    assert "3 should be left on the store" in hub.listings.flags[hub.listings.of("mug").id][Attention.UNSETTLED]


@pytest.mark.parametrize(
    ("number", "set_at"),
    [
        pytest.param(1, NOON, id="the orders are read once more"),
        pytest.param(LAST, None, id="it was never set"),
        pytest.param(LAST, NOON - ERASED_WITHIN - timedelta(seconds=1), id="it was set long ago"),
    ],
)
def test_what_is_moved_off_otherwise_is_not_unsettled(number, set_at):
    hub = hub_with("mug", **JUST_SET)
    hub.listings.change("mug", basis_at=set_at)

    hub.drive(MovesAfterSets(number, hub.settings, EVERYTHING))

    assert (hub.count("mug"), kinds_of(hub, "mug")) == (3, set())


def test_what_was_found_quiet_is_forgotten_and_the_rest_is_kept_in_mind():
    skus = ["quiet", "still sold", "not moved off", "unanswered", "not chosen"]
    hub = hub_with(*skus)
    flag(hub, *skus)
    hub.listings.change("not moved off", available=3)
    hub.listings.change("unanswered", open_since=NOON)
    chosen = Selection.of(hub.listings.of(sku).id for sku in skus[:4])

    hub.drive(Quieted(chosen, still=[hub.listings.of("still sold").id]))

    assert [sku for sku in skus if kinds_of(hub, sku)] == skus[1:]


def test_the_next_sync_moves_what_is_unsettled_before_anything_else_and_counts_it_once():
    hub = hub_with("mug", "cup", **JUST_SET)
    flag(hub, "mug")
    moves = UnsettledMoves(hub.settings, EVERYTHING)

    hub.drive(moves)

    assert (hub.count("mug"), hub.count("cup")) == (3, 5)
    assert moves.at_stake(hub.ports()) == {}
    assert kinds_of(hub, "mug") == {Attention.UNSETTLED}, "only a reading of the orders can tell"


@given(
    number=st.integers(1, LAST), available=st.integers(-2, 8), account=st.integers(0, 8),
    set_before=st.one_of(st.none(), st.integers(0, 1200)),
)  # fmt: skip
def test_a_stock_only_falls_and_only_what_the_last_reading_brought_of_a_fresh_set_is_unsettled(
    number, available, account, set_before
):
    hub = hub_with("mug", available=available, account=account)
    hub.store.shelf.sell("mug", 5 - account)
    hub.listings.change("mug", basis_at=None if set_before is None else hub.now - timedelta(seconds=set_before))
    moves = MovesAfterSets(number, hub.settings, EVERYTHING)

    hub.drive(moves)

    falls = max(0, available) < account
    assert hub.count("mug") == (max(0, available) if falls else account)
    assert bool(moves.moved) is falls
    within = set_before is not None and set_before < ERASED_WITHIN.total_seconds() - 60
    beyond = set_before is None or set_before > ERASED_WITHIN.total_seconds()
    if within or beyond:
        is_unsettled = falls and number == LAST and within
        assert kinds_of(hub, "mug") == ({Attention.UNSETTLED} if is_unsettled else set())


SKUS = ("mug", "cup", "jug")
SOME = st.sets(st.sampled_from(SKUS))


@given(unsettled=SOME, still=SOME, less=SOME, chosen=SOME)
def test_what_is_unsettled_is_moved_off_and_forgotten_only_when_nobody_buys_it_any_more(unsettled, still, less, chosen):
    hub = hub_with(*SKUS)
    flag(hub, *unsettled)
    for sku in less:
        hub.listings.change(sku, available=3)
    ids = {sku: hub.listings.of(sku).id for sku in SKUS}

    hub.drive(UnsettledMoves(hub.settings, EVERYTHING))
    hub.drive(Quieted(Selection.of(ids[sku] for sku in chosen), still=[ids[sku] for sku in still]))

    for sku in SKUS:
        assert hub.count(sku) == (3 if sku in unsettled & less else 5)
        is_kept = sku in unsettled and (sku in still or sku not in chosen)
        assert kinds_of(hub, sku) == ({Attention.UNSETTLED} if is_kept else set())
