"""Layouts: where a shopper meets a listing, and when a publish has to switch it."""

from dataclasses import replace

import pytest

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout, has_own_page, has_parent, is_switch_due, kind_in
from tradepost.domain.listings.listing import PARKED_AFTER, Health, Link, Pending, Status

LISTED = Status(Health.LISTED, Link.LINKED)


@pytest.mark.parametrize("layout", Layout)
def test_an_article_has_a_page_in_every_layout(layout):
    assert has_own_page(Kind.SIMPLE, layout)


@pytest.mark.parametrize(
    ("layout", "parent", "variant"),
    [(Layout.NATIVE, True, False), (Layout.FLAT, False, True), (Layout.SIMPLE, False, True)],
)
def test_a_family_is_met_on_its_own_page_or_on_those_of_its_variants(layout, parent, variant):
    assert has_own_page(Kind.PARENT, layout) is parent
    assert has_own_page(Kind.VARIANT, layout) is variant


def test_only_in_the_simple_layout_is_a_variant_an_article_and_a_family_without_parent():
    """R16."""
    assert [kind_in(layout, Kind.VARIANT) for layout in Layout] == [Kind.VARIANT, Kind.VARIANT, Kind.SIMPLE]
    assert [has_parent(layout, is_family=True) for layout in Layout] == [True, True, False]
    assert not any(has_parent(layout, is_family=False) for layout in Layout)


@pytest.mark.parametrize("pending", Pending)
def test_what_stands_in_another_layout_is_due_whatever_is_queued(pending):
    assert is_switch_due(replace(LISTED, pending=pending), Layout.FLAT, is_ours=True)


@pytest.mark.parametrize(
    "values",
    [
        {"layout": None},
        {"is_ours": False},
        {"status": replace(LISTED, is_paused=True)},
        {"status": replace(LISTED, is_orphaned=True)},
        {"status": Status()},
        {"status": replace(LISTED, link=Link.BROKEN)},
        {"refusals": PARKED_AFTER},
    ],
)
def test_what_is_at_rest_or_the_merchants_own_is_not_switched(values):
    given = {"status": LISTED, "layout": Layout.NATIVE, "is_ours": True, **values}

    assert not is_switch_due(given.pop("status"), given.pop("layout"), **given)
