"""Undo: what of a change goes back, and why not; on values as they were kept."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.approval import as_json
from fakes.articles import a_store_product
from tradepost.domain import changes
from tradepost.domain.fields import FIELDS
from tradepost.domain.plan import FieldChange, Side
from tradepost.domain.store import StoreImage
from tradepost.domain.undo import Turn, changed_since_made, images_of, restored, turn_of

PRODUCT = replace(
    a_store_product(1, "mug", count=4),
    name="Cup",
    price=Decimal("12.00"),
    weight_grams=Decimal(210),
    categories=("kitchen", "sale"),
    custom_fields={"brand": "Acme", "upc": "4001"},
    images=(StoreImage("a.jpg", "main"), StoreImage("own.jpg", "")),
)


def kept(*fields):
    """A change as the history has it."""
    made = changes.product_updated("mug", "", fields=fields, reason="", listing_id=1)
    return replace(made, fields=as_json(made))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (FieldChange("name", "Mug", "Cup"), ("Cup", "Mug")),
        (FieldChange("price", Decimal(10), Decimal(12)), (Decimal("12.00"), Decimal(10))),
        (FieldChange("weight_grams", Decimal(200), Decimal("210.005")), (Decimal(210), Decimal(200))),
        (FieldChange("categories", ("old",), ("sale", "Kitchen")), (("kitchen", "sale"), ("old",))),
        (FieldChange("custom_fields", {"brand": ""}, {"brand": "Acme"}), ({"brand": "Acme"}, {"brand": ""})),
        (
            FieldChange("images", (StoreImage("b.jpg", "main"),), (StoreImage("a.jpg", "main"),)),
            ((StoreImage("a.jpg", "main"),), (StoreImage("b.jpg", "main"),)),
        ),
    ],
    ids=lambda value: value.name if isinstance(value, FieldChange) else "",
)
def test_a_value_goes_back_to_what_it_was_before(field, expected):
    found = restored(kept(field), PRODUCT)

    assert found.left == ()
    assert [(each.name, each.before, each.after) for each in found.fields] == [(field.name, *expected)]


@pytest.mark.parametrize(
    ("field", "why"),
    [
        (FieldChange("name", "Mug", "Beaker"), "The name was changed again since: it was to be Beaker, and is Cup."),
        (
            FieldChange("variants", (), ()),
            "The variants can't be turned round; overwrite it with what the catalogue has.",
        ),
        (FieldChange("weight_grams", None, Decimal(210)), "What the weight grams was before could not be read."),
    ],
)
def test_what_does_not_go_back_says_why(field, why):
    assert (restored(kept(field), PRODUCT).fields, restored(kept(field), PRODUCT).left) == ((), (why,))


def test_what_this_token_cannot_read_is_not_written_over():
    unread = replace(PRODUCT, custom_fields=None)
    change = kept(FieldChange("custom_fields", {"brand": ""}, {"brand": "Acme"}))

    (why,) = restored(change, unread).left

    assert "can't be read with this token" in why


def test_images_whose_file_is_gone_cannot_be_shown_again():
    change = kept(FieldChange("images", (StoreImage("b.jpg", "main"),), (StoreImage("a.jpg", "main"),)))

    assert images_of(change) == ("b.jpg",)
    assert restored(change, PRODUCT, files=frozenset({"b.jpg"})).left == ()
    (why,) = restored(change, PRODUCT, files=frozenset()).left
    assert "b.jpg is not on the image server any more" in why


def test_what_was_made_and_edited_since_is_told_apart_from_what_was_only_sold():
    fields = [FieldChange("name", None, "Cup"), FieldChange("quantity", None, 9)]
    made = changes.product_created("mug", "", fields=fields, reason="", listing_id=1)
    made = replace(made, fields=as_json(made))

    assert changed_since_made(made, PRODUCT) == ""
    assert changed_since_made(made, replace(PRODUCT, name="Beaker")) == "name"


@pytest.mark.parametrize(
    ("change", "turn"),
    [
        (kept(FieldChange("price", 1, 2)), Turn.RESTORE),
        (changes.quantity_moved("mug", before=1, after=2, available=2, listing_id=1), Turn.CANNOT),
        (changes.product_created("mug", "", fields=[], reason="", listing_id=1), Turn.DELETE),
        (changes.product_delisted("mug", external_id=7, is_asked=True, listing_id=1), Turn.CANNOT),
        (changes.product_hidden("mug", before=3, is_again=False, listing_id=1), Turn.CANNOT),
        (changes.product_unhidden("mug", before=0, after=3, listing_id=1), Turn.CANNOT),
        (changes.listing_linked("mug", "", before=None, external_id=7, reason="", listing_id=1), Turn.UNLINK),
        (changes.setup_added("kitchen", "Kitchen", kind="category"), Turn.CANNOT),
        (changes.image_uploaded("a.jpg", size_bytes=1), Turn.CANNOT),
        (changes.order_gone(7), Turn.NOTHING),
        (changes.link_broken("mug", listing_id=1), Turn.NOTHING),
        (changes.listing_left_alone("mug", side=Side.STORE, reason="", listing_id=1), Turn.NOTHING),
    ],
)
def test_every_change_has_its_way_back_or_a_reason(change, turn):
    way, why_not = turn_of(change)

    assert way is turn
    assert bool(why_not) == (turn is Turn.CANNOT)


@given(before=st.text("ab", max_size=2), after=st.text("ab", max_size=2), now=st.text("ab", max_size=2))
def test_nothing_goes_back_over_what_somebody_else_has_written_and_an_undo_is_undone(before, after, now):
    product = replace(PRODUCT, name=now)

    found = restored(kept(FieldChange("name", before, after)), product)

    if now == before:
        assert (found.fields, found.left) == ((), ())
    elif now == after:
        (field,) = found.fields
        assert FIELDS_NAME.on_store(replace(product, name=field.after)) == before
        (back,) = restored(kept(field), replace(product, name=field.after)).fields
        assert back.after == now
    else:
        assert found.fields == ()
        assert len(found.left) == 1


FIELDS_NAME = FIELDS["name"]
