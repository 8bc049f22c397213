"""Which listings a run is about, and what they would be if a change had been queued for them."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.articles import a_family, a_simple
from fakes.listings import MemoryListings
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Health, Link, Pending, Status, request
from tradepost.domain.listings.stages import Stage
from tradepost.operations.selection import EVERYTHING, Selection

LISTED = Status(Health.LISTED, Link.LINKED)
HIDDEN = Status(Health.HIDDEN, Link.LINKED)


@pytest.fixture
def listings():
    """A family of two and a mug, listed and proven; nothing is due."""
    listings = MemoryListings()
    for product in (a_family("tee", "S", "M"), a_simple("mug")):
        for row in listings.build(product, pending=Pending.NONE):
            values = {"proven_price": row.wanted_price, "account": row.available}
            listings.change(row.sku, status=LISTED, external_id=row.id + 100, **values)
    return listings


def queued(listings, sku, pending):
    row = listings.of(sku)
    return listings.change(sku, status=replace(row.status, pending=pending))


def skus(rows):
    return [row.sku for row in rows]


def test_everything_is_what_is_due(listings):
    queued(listings, "mug", Pending.HIDE)
    queued(listings, "tee-S", Pending.DELIST)

    assert skus(EVERYTHING.rows(listings, Stage.HIDE, after=0, limit=9)) == ["mug"]
    assert EVERYTHING.count(listings, [Stage.HIDE, Stage.DELIST]) == 2


def test_what_a_person_chose_is_narrowed_to_what_is_due(listings):
    queued(listings, "mug", Pending.HIDE)
    queued(listings, "tee-S", Pending.HIDE)
    chosen = Selection.of([listings.of("mug").id, listings.of("tee-M").id])

    assert skus(chosen.rows(listings, Stage.HIDE, after=0, limit=9)) == ["mug"]
    assert chosen.count(listings, [Stage.HIDE]) == 1
    assert chosen.count_families(listings, sends_images=True) == 0


def test_nothing_chosen_is_nothing_and_not_everything(listings):
    queued(listings, "mug", Pending.HIDE)

    assert Selection.of([]).rows(listings, Stage.HIDE, after=0, limit=9) == []
    assert Selection.of(None) == EVERYTHING


def test_a_preview_plans_as_if_the_change_had_been_queued(listings):
    chosen = Selection.of([listings.of("mug").id], as_if=Pending.HIDE)

    (row,) = chosen.rows(listings, Stage.HIDE, after=0, limit=9)

    assert (row.sku, row.status.pending) == ("mug", Pending.HIDE)
    assert chosen.count(listings, [Stage.HIDE]) == 1
    assert listings.of("mug").status == LISTED


def test_a_preview_of_an_overwrite_has_the_groups_that_were_asked_for(listings):
    chosen = Selection.of([listings.of("tee-S").id], as_if=Pending.OVERWRITE, groups=frozenset({Group.TEXTS}))

    (family,) = chosen.families(listings, after=0, limit=9, sends_images=True)

    assert {row.sku: (row.status.pending, row.overwrite_groups) for row in family.listings} == {
        "tee": (Pending.NONE, frozenset()),
        "tee-S": (Pending.OVERWRITE, frozenset({Group.TEXTS})),
        "tee-M": (Pending.NONE, frozenset()),
    }
    assert chosen.count_families(listings, sends_images=True) == 1


def test_an_overwrite_that_names_no_groups_means_all_content(listings):
    chosen = Selection.of([listings.of("mug").id], as_if=Pending.OVERWRITE)

    (family,) = chosen.families(listings, after=0, limit=9, sends_images=True)

    assert family.listings[0].overwrite_groups == CONTENT_GROUPS


def test_a_listing_that_may_not_have_the_change_stays_as_it_is(listings):
    listings.change("mug", status=HIDDEN, account=0)
    chosen = Selection.of([listings.of("mug").id, listings.of("tee-S").id], as_if=Pending.HIDE)

    assert skus(chosen.rows(listings, Stage.HIDE, after=0, limit=9)) == ["tee-S"]


def test_families_go_by_product_in_pages(listings):
    everything = [row.id for row in listings.by_ids(listings.all)]
    chosen = Selection.of(everything, as_if=Pending.OVERWRITE)

    first = chosen.families(listings, after=0, limit=1, sends_images=True)
    second = chosen.families(listings, after=first[0].listings[0].product_id, limit=1, sends_images=True)

    assert [family.product.handle for family in (*first, *second)] == ["tee", "mug"]
    assert chosen.families(listings, after=second[0].listings[0].product_id, limit=1, sends_images=True) == []


statuses = st.builds(Status, st.sampled_from(Health), st.sampled_from(Link), st.sampled_from(Pending), st.booleans())


@given(st.lists(statuses, min_size=1, max_size=6), st.data())
def test_pages_of_a_preview_are_what_is_due_of_the_chosen_once_it_is_queued(given_statuses, data):
    previewed, queued_for = MemoryListings(), MemoryListings()
    for number, status in enumerate(given_statuses):
        for listings in (previewed, queued_for):
            (row,) = listings.build(a_simple(f"p{number}"), pending=Pending.NONE)
            listings.change(row.sku, status=status, external_id=row.id, proven_price=Decimal(15), account=3)
    chosen = data.draw(st.sets(st.sampled_from(sorted(previewed.all))))
    change = data.draw(st.sampled_from([Pending.HIDE, Pending.UNHIDE, Pending.DELIST]))
    for number in chosen:
        row = queued_for.all[number]
        try:
            queued_for.change(row.sku, status=request(row.status, change))
        except NotAllowed:
            continue
    preview = Selection.of(chosen, as_if=change)
    after = Selection.of(chosen)

    for stage in Stage:
        pages, last = [], 0
        while page := preview.rows(previewed, stage, after=last, limit=2):
            pages += page
            last = page[-1].id
        assert pages == after.rows(queued_for, stage, after=0, limit=99)
        assert preview.count(previewed, [stage]) == len(pages)
