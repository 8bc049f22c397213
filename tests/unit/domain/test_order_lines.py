"""Which listing an order line sold: the store's id says it best, then the SKU, then codes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.order import Address, PaymentState, StoreOrder, StoreOrderLine, StoreStatus
from tradepost.domain.order_lines import LineMatcher, SellableListing, codes_of

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


def test_unmatched_are_products_only():
    unknown = replace(LINE, line_id=2, external_product_id=0, sku="", code="Z", part_codes=())
    order = StoreOrder(
        id=1,
        status=StoreStatus.PENDING,
        placed_at=datetime(2026, 3, 1, tzinfo=UTC),
        ship_to=Address(),
        bill_to=Address(),
        total=Decimal(3),
        shipping_method="",
        payment_state=PaymentState.CAPTURED,
        lines=(LINE, unknown, replace(unknown, line_id=3, is_product=False)),
    )

    assert LineMatcher(LISTINGS).unmatched(order) == [unknown]
