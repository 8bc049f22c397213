"""What is kept of a product whose file has rows that could not be used."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fakes.articles import a_family, a_simple, a_variant

KNOWN = a_family("tee", "S", "M", "L")
NOW = a_family("tee", "S")


def kept(now, *skus, known=KNOWN):
    return [(variant.sku, variant.quantity) for variant in now.with_kept(known, skus).variants]


def test_a_variant_whose_row_could_not_be_used_stays_and_nobody_knows_how_many_there_are():
    assert kept(NOW, "tee-M", "tee-unheard") == [("tee-S", 5), ("tee-M", None)]
    assert NOW.with_kept(KNOWN, []) == NOW


@pytest.mark.parametrize(
    "now",
    [
        replace(NOW, variants=(a_variant("tee-M", "Medium"),)),
        replace(NOW, variants=(a_variant("tee-new", "M"),)),
        replace(NOW, option_names=("Size", "Colour"), variants=(a_variant("tee-S", "S", "Red"),)),
        a_simple("tee"),
    ],
    ids=["it is there by now", "another has its options", "the product has other options", "it has none any more"],
)
def test_it_does_not_stay_where_it_has_no_place_any_more(now):
    assert now.with_kept(KNOWN, ["tee-M"]) == now


def test_what_a_file_has_no_readable_price_for_keeps_the_one_it_had_and_everything_else_is_as_in_the_file():
    unread = [a_variant(sku, size, price=0, is_priced=False) for sku, size in (("tee-S", "S"), ("tee-new", "XL"))]
    now = replace(NOW, variants=(*unread, a_variant("tee-M", "M", price="9.00")))

    priced = now.with_last_prices(KNOWN)

    assert [(variant.sku, variant.price, variant.is_priced) for variant in priced.variants] == [
        ("tee-S", Decimal("15.00"), False),
        ("tee-new", 0, False),
        ("tee-M", Decimal("9.00"), True),
    ]
