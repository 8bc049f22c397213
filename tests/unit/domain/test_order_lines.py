"""Which listing an order line sold: the store's id says it best, then the SKU, then codes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.listings.codes import code_for
from tradepost.domain.orders.order import Address, LineOption, PaymentState, StoreOrder, StoreOrderLine, StoreStatus
from tradepost.domain.orders.order_lines import LineMatcher, SellableListing, SellableVariant, codes_of, listed_prices

BY_ID = SellableListing(1, 11, external_id=100, sku="A", code_key="a")
BY_SKU = SellableListing(2, 12, external_id=None, sku="B", code_key="b")
BY_PART = SellableListing(3, 13, external_id=None, sku="C", code_key="c")
BY_CODE = SellableListing(4, 14, external_id=None, sku="D", code_key="d")
LISTINGS = (BY_ID, BY_SKU, BY_PART, BY_CODE)
LINE = StoreOrderLine(
    line_id=1,
    code="D",
    sku="B",
    name="Thing",
    quantity=1,
    price=Decimal(1),
    total=Decimal(1),
    status=StoreStatus.PENDING,
    external_product_id=100,
    part_codes=("C", "Z"),
)


@pytest.mark.parametrize(
    ("changed", "sold"),
    [
        ({}, BY_ID),
        ({"external_product_id": 999}, BY_SKU),
        ({"external_product_id": 0, "sku": ""}, BY_PART),
        ({"external_product_id": 0, "sku": "unknown", "part_codes": ()}, BY_CODE),
        ({"external_product_id": 0, "sku": "", "part_codes": ("Z", "C")}, BY_CODE),
        ({"external_product_id": 0, "sku": "", "part_codes": (), "code": ""}, None),
        ({"external_product_id": 0, "sku": "b", "part_codes": (), "code": "Z"}, None),
        ({"is_product": False}, None),
    ],
)
def test_names_are_tried_in_the_order_of_how_sure_they_are(changed, sold):
    assert LineMatcher(LISTINGS).match(replace(LINE, **changed)) == sold


def test_a_blank_name_means_no_listing_even_where_a_page_has_none_itself():
    page = SellableListing(5, 15, external_id=None, sku="", code_key="")

    assert LineMatcher([page]).match(replace(LINE, external_product_id=0, sku="", part_codes=(), code="")) is None
    assert codes_of(replace(LINE, part_codes=("", "Z"), code="")) == []


names = st.sampled_from(["", "A", "b", "C", "D", "Z"])
lines = st.builds(
    lambda **values: replace(LINE, **values),
    external_product_id=st.sampled_from([0, 100, 999]),
    sku=names,
    code=names,
    part_codes=st.lists(names, max_size=2).map(tuple),
    is_product=st.booleans(),
)


@given(line=lines, listings=st.permutations(LISTINGS))
def test_the_order_of_the_listings_does_not_matter_and_others_of_other_names_neither(line, listings):
    sold = LineMatcher(listings).match(line)

    assert sold == LineMatcher(LISTINGS).match(line)
    named = [
        listing
        for listing in listings
        if listing.external_id == line.external_product_id
        or listing.sku == line.sku
        or listing.code_key in {code.casefold() for code in codes_of(line)}
    ]
    assert LineMatcher(named).match(line) == sold


UNKNOWN = replace(LINE, line_id=2, external_product_id=0, sku="", code="Z", part_codes=())


def an_order(*lines):
    return StoreOrder(
        id=1,
        status=StoreStatus.PENDING,
        placed_at=datetime(2026, 3, 1, tzinfo=UTC),
        ship_to=Address(),
        bill_to=Address(),
        total=Decimal(3),
        shipping_method="",
        payment_state=PaymentState.CAPTURED,
        lines=lines,
    )


def test_unmatched_are_products_only():
    order = an_order(LINE, UNKNOWN, replace(UNKNOWN, line_id=3, is_product=False))

    assert LineMatcher(LISTINGS).unmatched(order) == [UNKNOWN]


def test_each_line_has_the_price_of_its_own_listing_as_far_as_both_are_known():
    matcher = LineMatcher([replace(BY_ID, price=Decimal(5)), replace(BY_SKU, price=Decimal(7)), BY_PART])
    without_price = replace(UNKNOWN, line_id=3, sku="C")
    second = replace(UNKNOWN, line_id=4, sku="B")

    assert listed_prices(an_order(LINE, UNKNOWN, without_price, second), matcher) == {1: Decimal(5), 4: Decimal(7)}


# --- a parent's page, and what was chosen there ---------------------------------------------------------------------


def a_tee(number, colour, size):
    listing = SellableListing(number, number, external_id=None, sku=f"TEE-{number}", code_key=f"tee-{number}")
    return SellableVariant(listing, "tee", (("Colour", colour), ("Size", size)))


RED_M, RED_L, NAVY_M, NAVY_L = tees = [
    a_tee(1, "Red", "M"), a_tee(2, "Red", "X Large"), a_tee(3, "Navy", "M"), a_tee(4, "Navy", "X Large"),
]  # fmt: skip
MUG_RED = replace(a_tee(5, "Red", "M"), parent_key="mug")
RED, MEDIUM = LineOption("Colour", "Red"), LineOption("Size", "M")


def chosen(*options, variants=(*tees, MUG_RED), code="TEE"):
    matcher = LineMatcher(LISTINGS)
    matcher.add_variants(variants)
    return matcher.match(replace(UNKNOWN, code=code, options=options))


@pytest.mark.parametrize(
    ("options", "variant"),
    [
        ((RED, MEDIUM), RED_M),
        ((MEDIUM, RED), RED_M),
        ((LineOption("colour", "red"), LineOption("SIZE", "m")), RED_M),
        # By the words of the page, where the merchant has codes of their own.
        ((LineOption("c", "r", "", "Colour", "Red"), LineOption("s", "2", "", "Size", "X Large")), RED_L),
        # By the code that the hub has made of a value.
        ((LineOption("Colour", "Navy"), LineOption("Size", code_for("X Large"))), NAVY_L),
        ((RED, MEDIUM, LineOption("engraving", "", "For Ada")), RED_M),
    ],
)
def test_on_a_familys_page_the_variant_is_sold_that_the_choices_say(options, variant):
    assert chosen(*options) == variant.listing


@pytest.mark.parametrize(
    "options",
    {
        "nothing was chosen": (),
        "several fit": (RED,),
        "a value that no variant has": (RED, LineOption("Size", "S")),
        "an option that no variant has": (RED, LineOption("Fit", "M")),
        "the values of each other's options": (LineOption("Size", "Red"), LineOption("Colour", "M")),
        "blank names": (LineOption("", ""), LineOption("", "")),
    }.values(),
)
def test_where_the_choices_say_no_single_variant_none_is_guessed(options):
    assert chosen(*options) is None


def test_two_variants_of_the_same_options_are_not_told_apart_by_them():
    assert chosen(RED, MEDIUM, variants=[RED_M, replace(RED_M, listing=RED_L.listing)]) is None


def test_an_option_or_a_value_without_a_name_is_not_taken_for_another_one_without():
    nameless = replace(RED_M, choices=(("Colour", "Red"), (" ", " ")))

    assert chosen(RED, LineOption("size", "m"), variants=[nameless]) is None


def test_what_was_chosen_on_another_page_or_on_none_is_not_looked_for_here():
    assert chosen(RED, MEDIUM, code="MUG") == MUG_RED.listing
    assert chosen(RED, MEDIUM, code="cup") is None
