"""A sync of named listings: whether their store is still the one that they were linked on, in as few reads as can."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_simple
from fakes.hub import MemoryHub
from tradepost.domain.errors import StoreDoubted
from tradepost.domain.store import vouches
from tradepost.operations.listings.sync import named_products
from tradepost.operations.listings.sync.named_products import NamedProducts
from tradepost.operations.selection import Selection

MADE = 1_000


def hub_with(number, *, is_known=True):
    """A hub with so many mugs on the store, of ids from 1 on, made one second after the other."""
    hub = MemoryHub()
    for place in range(1, number + 1):
        (row,) = hub.list_on_store(a_simple(f"m{place}"))
        hub.listings.change(row.sku, external_created=MADE + place if is_known else None)
        hub.store.shelf.created[row.external_id] = MADE + place
    return hub


def restore(hub, highest, *, later):
    """The store goes on from a backup: what was made since is gone, and its ids are given to other products."""
    for key, product in list(hub.store.shelf.by_key.items()):
        if product.id > highest:
            del hub.store.shelf.by_key[key]
            if product.id in later:
                hub.store.shelf.by_key[f"new{product.id}"] = replace(product, code=f"new{product.id}")
                hub.store.shelf.created[product.id] = 9 * MADE


def look(hub, skus):
    """Drive it for these; returns how many products were asked for each time."""
    asked = []
    existing_by_id = hub.store.existing_by_id
    hub.store.existing_by_id = lambda ids: (asked.append(len(ids)), existing_by_id(ids))[1]
    hub.drive(NamedProducts(Selection.of(hub.listings.of(sku).id for sku in skus)))
    return asked


@pytest.fixture
def two_at_once(monkeypatch):
    monkeypatch.setattr(named_products, "_AT_ONCE", 2)


@pytest.mark.usefixtures("two_at_once")
def test_one_product_that_is_what_it_was_vouches_for_all_below_it():
    assert look(hub_with(5), ["m1", "m3", "m4", "m5"]) == [2]


@pytest.mark.usefixtures("two_at_once")
def test_what_is_gone_vouches_for_nothing_and_neither_does_what_nobody_knows():
    gone = hub_with(5)
    for number in (4, 5):
        gone.store.shelf.delete(number)

    assert look(gone, ["m1", "m2", "m3", "m4", "m5"]) == [2, 2]
    assert look(hub_with(3, is_known=False), ["m1", "m2", "m3"]) == [2, 1]


def test_another_product_under_a_known_id_is_told_before_anything_is_written():
    hub = hub_with(3)
    restore(hub, 2, later={3})

    with pytest.raises(StoreDoubted, match="product 3 on the store"):
        look(hub, ["m1", "m3"])
    assert hub.store.writes == []


@given(
    number=st.integers(1, 7), highest=st.integers(0, 7), later=st.sets(st.integers(1, 7)),
    named=st.sets(st.integers(1, 7), min_size=1), at_once=st.integers(1, 3),
)  # fmt: skip
def test_whatever_backup_a_store_goes_on_from_no_other_product_of_those_named_goes_unseen(
    number, highest, later, named, at_once
):
    hub = hub_with(number)
    restore(hub, highest, later=later)
    skus = [f"m{place}" for place in named if place <= number]
    others = {place for place in named if highest < place <= number and place in later}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(named_products, "_AT_ONCE", at_once)
        if others:
            with pytest.raises(StoreDoubted):
                look(hub, skus)
        else:
            look(hub, skus)


def test_a_time_that_nobody_knows_vouches_for_nothing():
    assert [vouches(5, 5), vouches(5, 6), vouches(None, 5), vouches(0, 0), vouches(5, 0)] == [
        True, False, False, False, False,
    ]  # fmt: skip
