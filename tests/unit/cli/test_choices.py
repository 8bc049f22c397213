"""What the demo picks from a catalogue that it has never seen."""

from decimal import Decimal

import pytest

from tradepost.cli.hub.demo import choices
from tradepost.cli.hub.demo.shopper import Purchase
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.listing import Health, Link, Status
from tradepost.domain.store import StoreProduct, StoreVariant
from tradepost.operations.ports import ListingRow

LISTED = Status(Health.LISTED, Link.LINKED)


def row(number: int, kind: Kind, *, parent: int | None = None, product: int = 0, status: Status = LISTED) -> ListingRow:
    return ListingRow(
        id=number,
        kind=kind,
        code=f"C{number}",
        sku=f"S{number}",
        status=status,
        external_id=number,
        product_id=product or number,
        parent_id=parent,
        parent_code=f"C{parent}" if parent else "",
        wanted_price=Decimal(1),
        proven_price=None,
        available=5,
        account=None,
    )


PARENT = row(1, Kind.PARENT, product=1)
FIRST, SECOND = row(2, Kind.VARIANT, parent=1, product=1), row(3, Kind.VARIANT, parent=1, product=1)
SIMPLE = row(4, Kind.SIMPLE)


@pytest.mark.parametrize(
    ("rows", "picked"),
    [
        ([PARENT, FIRST, SECOND, SIMPLE], SIMPLE),
        ([PARENT, FIRST, SECOND], SECOND),
        ([PARENT, FIRST], None),
        ([row(4, Kind.SIMPLE, status=Status())], None),
        ([], None),
    ],
)
def test_it_delists_a_simple_product_or_a_variant_that_is_not_its_familys_last(rows, picked):
    assert choices.to_delist(rows) is picked


def test_it_changes_one_listing_of_each_of_a_few_products_families_first():
    rows = [PARENT, FIRST, SECOND, SIMPLE, *(row(number, Kind.SIMPLE) for number in range(5, 12))]

    picked = choices.to_change(rows)

    assert [one.id for one in picked] == [2, 4, 5, 6, 7]


def test_three_baskets_are_filled_even_from_a_single_product():
    baskets = choices.baskets([SIMPLE], {})

    assert [[(p.code, p.quantity) for p in basket] for basket in baskets] == [[("C4", 1)], [("C4", 2)], [("C4", 1)]]


def test_a_variant_is_bought_on_its_familys_page_with_the_choices_that_lead_to_it():
    parent = StoreProduct(
        id=1,
        code="C1",
        sku="",
        name="",
        price=Decimal(1),
        cost=Decimal(0),
        weight_grams=None,
        is_active=True,
        is_in_search=True,
        is_taxable=True,
        page_title="",
        variants=(
            StoreVariant(frozenset({("size", "s")}), ("c2",)),
            StoreVariant(frozenset({("size", "m")}), ("c3",)),
        ),
    )

    assert choices.purchase(SECOND, {"c1": parent}, quantity=2) == Purchase("C1", (("size", "m"),), 2)
    assert choices.purchase(SECOND, {}, quantity=2) is None
