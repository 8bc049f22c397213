"""What a person says of the catalogue: what becomes of the listings is told before anything is done."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple
from fakes.catalogue import MemoryCatalogue
from fakes.hub import NOON, MemoryHub
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing import Status
from tradepost.domain.stock.stock import MAX_STOCK
from tradepost.operations.catalogue.catalogue_changes import (
    CatalogueChangePorts,
    NotInCatalogue,
    carry_out,
    plan_count,
    plan_merger,
    plan_removal,
    plan_renaming,
)
from tradepost.operations.ports import MadeListings


class Channel:
    """A hub in memory as far as a change of the catalogue looks at it."""

    def __init__(self, *products):
        self.hub = MemoryHub()
        self.built = []
        for product in products:
            self.hub.list_on_store(product)

    def by_skus(self, skus):
        return self.hub.listings.by_skus(skus)

    def build(self, handles, *, queue):
        assert not queue
        self.built += handles
        return MadeListings()


class Kept:
    def __init__(self):
        self.results = {}

    def keep(self, results, *, channel_id):
        self.results[channel_id] = list(results)


PRODUCTS = (a_simple("mug", quantity=4), a_simple("cup", quantity=7), a_family("tee", "S", "M"))
SKUS = ("mug", "cup", "tee-S", "tee-M")


@pytest.fixture
def ports():
    """Two channels with the same catalogue."""
    return made_ports()


def made_ports():
    catalogue = MemoryCatalogue()
    catalogue.products = {product.handle: product for product in PRODUCTS}
    channels = {1: Channel(*PRODUCTS), 2: Channel(*PRODUCTS)}
    return CatalogueChangePorts(catalogue, channels, Kept(), catalogue.transaction)


def goes_off_sale(change):
    return change.after("quantity") == 0


def test_what_is_taken_out_is_named_with_its_listings_on_every_channel(ports):
    plan = plan_removal(["tee", "mug"], ports)

    assert plan.by_channel[1] == plan.by_channel[2]
    assert sorted(change.subject.key for change in plan.by_channel[1]) == ["mug", "tee-M", "tee-S"]
    assert set(plan.handles) == {"tee", "mug"}


@pytest.mark.parametrize(
    "wanted",
    [
        lambda ports: plan_removal(["lamp"], ports),
        lambda ports: plan_renaming("lamp", "light", ports),
        lambda ports: plan_count("lamp", 3, ports, by="ada", at=NOON),
        lambda ports: plan_merger("mug", "lamp", ports),
        lambda ports: plan_merger("lamp", "mug", ports),
    ],
)
def test_a_name_that_the_catalogue_does_not_have_is_refused_and_named(ports, wanted):
    with pytest.raises(NotInCatalogue) as refusal:
        wanted(ports)

    assert refusal.value.names == ["lamp"]


def test_one_unknown_name_keeps_no_other_from_being_taken_out(ports):
    plan = plan_removal(["mug", "lamp"], ports)

    assert (list(plan.handles), list(plan.unknown)) == (["mug"], ["lamp"])


@pytest.mark.parametrize("after", ["cup", "tee", "tee-S"])
def test_a_name_that_is_taken_is_refused_with_the_command_for_one_article(ports, after):
    with pytest.raises(NotAllowed, match=f"catalogue merge mug {after}"):
        plan_renaming("mug", after, ports)


@pytest.mark.parametrize("name", ["tee", "tee-S"])
def test_a_name_is_that_of_one_listing_a_handle_that_of_the_parent(ports, name):
    (change,) = plan_renaming(name, "shirt", ports).by_channel[1]

    assert change.subject.key == name
    assert [(field.name, field.before, field.after) for field in change.fields] == [("sku", name, "shirt")]


@pytest.mark.parametrize("number", [-1, MAX_STOCK + 1])
def test_nobody_can_have_counted_such_a_number(ports, number):
    with pytest.raises(NotAllowed, match="from 0 to"):
        plan_count("mug", number, ports, by="ada", at=NOON)


@given(st.sampled_from(SKUS), st.integers(0, MAX_STOCK))
def test_a_count_is_told_with_what_was_stated_before(sku, number):
    ports = made_ports()

    plan = plan_count(sku, number, ports, by="ada", at=NOON)

    (change,) = plan.by_channel[1]
    before = {"mug": 4, "cup": 7}.get(sku, 5)
    assert [(field.before, field.after) for field in change.fields] == [(before, number)]


def test_of_two_that_are_one_the_first_goes_off_sale_where_both_are_on_a_store(ports):
    ports.channels[2].hub.listings.change("cup", status=Status(), external_id=None)

    plan = plan_merger("mug", "cup", ports)

    assert [goes_off_sale(change) for change in plan.by_channel[1]] == [True]
    assert [(f.before, f.after) for f in plan.by_channel[2][0].fields] == [("mug", "cup")]


def test_one_article_is_not_merged_with_itself(ports):
    with pytest.raises(NotAllowed, match="two SKUs"):
        plan_merger("mug", "mug", ports)


@given(st.sampled_from(SKUS), st.sampled_from(SKUS), st.sets(st.sampled_from(SKUS)))
def test_after_a_merger_never_two_of_one_article_are_on_sale(before, after, off_the_store):
    if before == after:
        return
    ports = made_ports()
    listings = ports.channels[1].hub.listings
    for sku in off_the_store:
        listings.change(sku, status=Status(), external_id=None)

    plan = plan_merger(before, after, ports)

    names = {change.subject.key for change in plan.by_channel[1]}
    assert names <= {before}
    assert bool(names) is (before not in off_the_store), "what is on no store has nothing to lose"
    assert any(map(goes_off_sale, plan.by_channel[1])) is (before not in off_the_store and after not in off_the_store)


def test_what_was_done_is_kept_in_the_history_of_every_channel_and_listings_follow(ports):
    plan = plan_renaming("mug", "beaker", ports)

    carry_out(plan, ports)

    assert {number: len(results) for number, results in ports.history.results.items()} == {1: 1, 2: 1}
    assert [channel.built for channel in ports.channels.values()] == [list(plan.handles)] * 2
    assert "beaker" in ports.catalogue.products


def test_what_fails_half_way_is_kept_nowhere(ports):
    plan = plan_renaming("mug", "beaker", ports)

    def fail(results, *, channel_id):
        raise RuntimeError("the disk is full")

    broken = replace(ports, history=type("Broken", (), {"keep": staticmethod(fail)})())
    with pytest.raises(RuntimeError):
        carry_out(plan, broken)

    assert set(ports.catalogue.products) == {"mug", "cup", "tee"}
