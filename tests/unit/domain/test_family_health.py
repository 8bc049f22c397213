"""A family's page follows its variants: each case as the operator expects it."""

from dataclasses import replace

import pytest

from tradepost.domain.listings.family_health import Moved, followed, keeps_new_hidden, pages_concerned, published_hidden
from tradepost.domain.listings.listing import Health, Link, Pending, Status

LISTED, HIDDEN = Status(Health.LISTED, Link.LINKED), Status(Health.HIDDEN, Link.LINKED)
NEW, DELISTED = Status(), Status(Health.DELISTED)
GONE = Status(Health.LISTED, Link.BROKEN)


def waiting(status, pending):
    return replace(status, pending=pending)


@pytest.mark.parametrize(
    ("page", "variants", "becomes"),
    [
        (HIDDEN, [LISTED, HIDDEN], LISTED),
        (HIDDEN, [HIDDEN, NEW, DELISTED], None),
        (HIDDEN, [replace(LISTED, is_orphaned=True), HIDDEN], None),
        (LISTED, [HIDDEN, HIDDEN, NEW], HIDDEN),
        (LISTED, [HIDDEN, LISTED], None),
        # It may heal, and then it is on sale.
        (LISTED, [HIDDEN, GONE], None),
        (LISTED, [HIDDEN, replace(LISTED, is_orphaned=True)], HIDDEN),
        (LISTED, [NEW, DELISTED], None),
        (LISTED, [], None),
        (GONE, [HIDDEN], None),
        (NEW, [HIDDEN], None),
        (waiting(HIDDEN, Pending.UNHIDE), [LISTED], LISTED),
        (waiting(HIDDEN, Pending.OVERWRITE), [LISTED], waiting(LISTED, Pending.OVERWRITE)),
        (waiting(HIDDEN, Pending.DELIST), [LISTED], waiting(LISTED, Pending.DELIST)),
        (waiting(LISTED, Pending.HIDE), [HIDDEN], HIDDEN),
        (waiting(LISTED, Pending.OVERWRITE), [HIDDEN], waiting(HIDDEN, Pending.OVERWRITE)),
        (waiting(LISTED, Pending.DELIST), [HIDDEN], waiting(HIDDEN, Pending.DELIST)),
        (replace(HIDDEN, is_paused=True), [LISTED], replace(LISTED, is_paused=True)),
    ],
)
def test_a_page_is_hidden_as_long_as_all_of_its_variants_are_and_keeps_what_is_pending(page, variants, becomes):
    assert followed(page, variants, may_open=True) == becomes


def test_a_page_is_not_called_on_sale_by_what_does_not_put_a_variant_back():
    assert followed(HIDDEN, [LISTED], may_open=False) is None
    assert followed(LISTED, [HIDDEN], may_open=False) == HIDDEN


VARIANT, PAGE = False, True


@pytest.mark.parametrize(
    ("is_page", "before", "after", "expected"),
    [
        (VARIANT, HIDDEN, LISTED, {1: True}),
        (VARIANT, LISTED, HIDDEN, {1: False}),
        (VARIANT, NEW, HIDDEN, {1: False}),
        (VARIANT, LISTED, DELISTED, {1: False}),
        (VARIANT, LISTED, NEW, {1: False}),
        # It was hidden with the page, and says nothing of it by going.
        (VARIANT, HIDDEN, DELISTED, {1: False}),
        (VARIANT, HIDDEN, NEW, {1: False}),
        # Linked or published: its page may be inactive all the same.
        (VARIANT, NEW, LISTED, {}),
        (VARIANT, LISTED, GONE, {}),
        (VARIANT, LISTED, waiting(LISTED, Pending.HIDE), {}),
        # A variant may not have been hidden or put back with it.
        (PAGE, LISTED, HIDDEN, {1: True}),
        (PAGE, HIDDEN, LISTED, {1: False}),
        (PAGE, NEW, HIDDEN, {}),
        (PAGE, NEW, LISTED, {}),
    ],
)
def test_a_page_is_looked_at_when_a_variant_comes_or_goes_and_when_it_moved_without_one(
    is_page, before, after, expected
):
    assert pages_concerned([Moved(1, is_page, before, after)]) == expected


def test_of_several_variants_one_that_was_put_back_is_enough():
    moved = [Moved(1, VARIANT, *each) for each in ((LISTED, HIDDEN), (HIDDEN, LISTED), (LISTED, HIDDEN))]

    assert pages_concerned(moved) == {1: True}


@pytest.mark.parametrize(
    ("page", "keeps"),
    [
        (HIDDEN, True),
        (waiting(HIDDEN, Pending.OVERWRITE), True),
        (waiting(HIDDEN, Pending.UNHIDE), False),
        (waiting(LISTED, Pending.HIDE), True),
        (LISTED, False),
        (NEW, False),
        (GONE, False),
    ],
)
def test_a_new_variant_starts_hidden_where_its_page_is_or_is_about_to_be(page, keeps):
    assert keeps_new_hidden(page) is keeps


@pytest.mark.parametrize("status", [NEW, DELISTED, waiting(NEW, Pending.PUBLISH)])
def test_what_is_made_for_a_hidden_family_is_hidden_and_nothing_is_pending(status):
    assert published_hidden(status) == HIDDEN
