"""Products that go off sale in the catalogue and come back, on every channel and both databases."""

from dataclasses import replace

import pytest

from attentions import kinds_of
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Channel, Listing
from tradepost.domain.listings.listing import QUEUE, Health, Link, Pending, Status, put_back_on_sale, taken_off_sale

STATES = [
    Status(*settled, pending=pending, is_orphaned=is_orphaned)
    for settled in sorted(QUEUE)
    for pending in sorted({Pending.NONE, *QUEUE[settled]})
    for is_orphaned in (False, True)
]


@pytest.fixture
def stated(channel, save, listings, simple, noon):
    """A product for every state that a listing can be in."""
    products = [simple(f"P{number}") for number in range(len(STATES))]
    save(products)
    listings.build([product.handle for product in products], queue=False)
    for number, state in enumerate(STATES):
        linked = state.link is not Link.UNLINKED
        Listing.objects.filter(sku=f"P{number}").update(
            health=state.health,
            link=state.link,
            pending=state.pending,
            is_orphaned=state.is_orphaned,
            external_id=number + 100 if linked else None,
        )
    return products


def statuses(listings):
    skus = [f"P{number}" for number in range(len(STATES))]
    found = {row.sku: row.status for row in listings.by_skus(skus)}
    return [found[sku] for sku in skus]


def test_every_listing_follows_its_product_as_the_rule_says(catalogue, listings, stated):
    drafts = [replace(product, is_for_sale=False) for product in stated]

    left = catalogue.follow_sale(drafts)
    hidden = statuses(listings)

    assert hidden == [taken_off_sale(state) or state for state in STATES]
    assert {change.sku for change in left} == {f"P{n}" for n, state in enumerate(STATES) if taken_off_sale(state)}
    flagged = {row.sku for row in Listing.objects.all() if kinds_of(row) == {"draft"}}
    assert flagged == {change.sku for change in left}


def test_only_what_was_hidden_for_it_comes_back(catalogue, save, listings, stated):
    drafts = [replace(product, is_for_sale=False) for product in stated]
    catalogue.follow_sale(drafts)
    save(drafts)
    Listing.objects.filter(pending=Pending.HIDE, attentions__kind="draft").update(health=Health.HIDDEN, pending="")
    between = statuses(listings)

    back = catalogue.follow_sale(stated)

    ours = {f"P{n}" for n, state in enumerate(STATES) if taken_off_sale(state)}
    assert {change.sku for change in back} == ours
    assert statuses(listings) == [
        put_back_on_sale(state) if f"P{n}" in ours else state for n, state in enumerate(between)
    ]
    assert all(kinds_of(row) == set() for row in Listing.objects.all())


def test_a_product_goes_off_sale_on_every_channel_and_nothing_happens_twice(
    database, catalogue, save, put_on_sale, simple
):
    first, second = (Channel.objects.create(name=name) for name in ("Shop", "Outlet"))
    save([simple("CUP")])
    for channel in (first, second):
        put_on_sale(channel, ["cup"], ["CUP"])
    draft = [replace(simple("CUP"), is_for_sale=False)]

    left = catalogue.follow_sale(draft)
    save(draft)

    assert sorted((change.channel, change.sku) for change in left) == [("Outlet", "CUP"), ("Shop", "CUP")]
    assert catalogue.follow_sale(draft) == []
    assert {DjangoListings(each.pk).by_skus(["CUP"])[0].status.pending for each in (first, second)} == {Pending.HIDE}
