"""What a row of a table says of a listing: only what differs from what the table was written with."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import Group
from tradepost.domain.listings.customising import ListedValues, cells_of, customised
from tradepost.domain.listings.locks import NO_LOCKS, Locks

TEXTS = {"name": "Enamel mug", "description": "<p>Holds\ncoffee</p>", "page_title": "Mugs", "field:upc": "4006"}
MUG = ListedValues(Kind.SIMPLE, True, Decimal("7.9000"), 14, NO_LOCKS, TEXTS)
FAMILY = replace(MUG, kind=Kind.PARENT, quantity=None)
CHILD = replace(MUG, kind=Kind.VARIANT, has_own_page=False, texts={**TEXTS, "description": "", "page_title": ""})
AT_PRICE = Locks(frozenset({Group.PRICE}), Decimal("8.50"))
LEFT_ALONE = Locks(frozenset({Group.PRICE}))

texts = st.text("aé='\"\r\n, ", max_size=6)
locks = st.builds(
    Locks,
    st.sets(st.sampled_from([Group.PRICE, Group.QUANTITY, Group.TEXTS])).map(frozenset),
    st.none() | st.just(Decimal("8.50")),
    st.none() | st.just(3),
    st.just(()) | st.just((("name", "Own"),)),
)
listed = st.builds(
    ListedValues,
    st.sampled_from(Kind),
    st.booleans(),
    st.sampled_from([Decimal(0), Decimal("7.90"), Decimal("7.9001")]),
    st.none() | st.integers(0, 9),
    locks,
    st.fixed_dictionaries(dict.fromkeys(TEXTS, texts)),
)


@given(listing=listed)
def test_a_table_that_comes_back_unchanged_says_nothing(listing):
    assert customised(listing, cells_of(listing)) == listing.locks


@given(listing=listed)
def test_blank_cells_say_nothing(listing):
    assert customised(listing, dict.fromkeys(cells_of(listing), "")) == listing.locks


@pytest.mark.parametrize(
    ("listing", "cells", "wanted"),
    [
        (MUG, {"Title": "Mug of mine"}, Locks(texts=(("name", "Mug of mine"),))),
        (MUG, {"Title": "  Mug \n of  mine "}, Locks(texts=(("name", "Mug of mine"),))),
        (MUG, {"Description": "<p>Holds\r\ncoffee</p>"}, NO_LOCKS),
        (MUG, {"Custom Field: upc": "4007"}, Locks(texts=(("field:upc", "4007"),))),
        (MUG, {"Price": "7.90"}, NO_LOCKS),
        (MUG, {"Price": "8.50"}, AT_PRICE),
        (MUG, {"Price": "8.50", "Price Locked": "no"}, AT_PRICE),
        (MUG, {"Price": "8.50", "Price Locked": "Yes"}, AT_PRICE),
        (MUG, {"Price Locked": "yes"}, Locks(frozenset({Group.PRICE}), Decimal("7.90"))),
        (MUG, {"Price Locked": "store"}, LEFT_ALONE),
        (MUG, {"Quantity": "3"}, Locks(frozenset({Group.QUANTITY}), quantity=3)),
        (replace(MUG, locks=AT_PRICE), {"Price Locked": "no"}, NO_LOCKS),
        (replace(MUG, locks=AT_PRICE), {"Price": "[clear]"}, NO_LOCKS),
        (replace(MUG, locks=AT_PRICE), {"Price Locked": "store"}, LEFT_ALONE),
        (replace(MUG, locks=AT_PRICE), {"Price": "7.90", "Price Locked": "yes"}, AT_PRICE),
        (replace(MUG, locks=Locks(texts=(("name", "Own"),))), {"Title": "[clear]"}, NO_LOCKS),
        (MUG, {"Title": "[clear]", "Status": "hidden", "SKU": "X"}, NO_LOCKS),
        (FAMILY, {"Description": "Ours"}, Locks(texts=(("description", "Ours"),))),
        (CHILD, {"Title": "Ours, red"}, Locks(texts=(("name", "Ours, red"),))),
    ],
)
def test_what_was_changed_is_meant(listing, cells, wanted):
    assert customised(listing, cells) == wanted


@pytest.mark.parametrize(
    ("listing", "cells", "reason"),
    [
        (MUG, {"Price": "free"}, "'free' is no price; write it as 9.99."),
        (MUG, {"Price": "0"}, "'0' is no price; write it as 9.99."),
        (MUG, {"Quantity": "-1"}, "'-1' is no quantity; write it as 5."),
        (MUG, {"Price Locked": "maybe"}, "'maybe' is nothing that a lock can be; it is yes, no or store."),
        (MUG, {"Price": "9.00", "Price Locked": "store"}, "It can't have a price of 9.00 that is not locked"),
        (MUG, {"Title": "x" * 101}, "Title has 101 characters, and a store takes 100 at most."),
        (MUG, {"Custom Field: colour": "red"}, "The channel sends no 'Custom Field: colour'"),
        (replace(MUG, texts={}), {"Title": "Gone"}, "The catalogue does not have it any more"),
        (FAMILY, {"Price": "9.00"}, "A family's page has no price of its own; say it of its variants."),
        (FAMILY, {"Quantity": "9"}, "A family's page has no quantity of its own; say it of its variants."),
        (CHILD, {"Description": "Ours"}, "It has no page of its own, so nobody would read its description"),
    ],
)
def test_what_can_not_be_is_refused_with_the_reason(listing, cells, reason):
    with pytest.raises(NotAllowed) as refused:
        customised(listing, cells)

    assert reason in str(refused.value)


def test_an_unlock_frees_the_texts_of_its_groups_too():
    own = Locks(frozenset({Group.PRICE}), Decimal(1), texts=(("field:upc", "1"), ("name", "Own")))

    assert own.without({Group.TEXTS}).texts == (("field:upc", "1"),)
    assert own.without(Group) == NO_LOCKS
    assert own.left_alone == frozenset()
    assert own.words == "price at 1, custom field upc of its own, title of its own"
