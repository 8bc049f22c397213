from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.database.fields import MoneyField, from_column, to_column


@given(st.decimals(min_value=Decimal("-1e9"), max_value=Decimal("1e9"), places=4))
def test_an_amount_of_four_places_survives_the_database(amount):
    assert from_column(to_column(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "column"),
    [("12.5", 125000), ("0.00005", 1), ("-0.00005", -1), ("0.00004", 0), ("0", 0)],
)
def test_what_has_more_places_is_rounded_half_up(amount, column):
    assert to_column(Decimal(amount)) == column


@pytest.mark.parametrize(("column", "shown"), [(125000, "12.50"), (99, "0.0099"), (-100, "-0.01"), (0, "0.00")])
def test_amounts_are_shown_with_two_places_where_that_is_all_they_have(column, shown):
    assert str(from_column(column)) == shown


def test_a_float_is_refused_because_it_has_been_spoilt_already():
    with pytest.raises(TypeError, match="float"):
        MoneyField(name="price").get_prep_value(12.1)
