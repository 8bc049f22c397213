"""What the domain takes for storable is what the columns hold."""

from decimal import Decimal

from tradepost.database.fields import MoneyField, to_column
from tradepost.database.models import Order, OrderLine
from tradepost.domain.orders.order import LARGEST_AMOUNT, LARGEST_ID, LONGEST_CURRENCY, LONGEST_TEXT

# What is the hub's own, and no store says.
OURS = {("Order", name) for name in ("held_by", "service", "carrier", "fulfiller")}


def test_the_limits_of_an_order_are_those_of_its_columns():
    texts = {
        (model.__name__, field.name): field.max_length
        for model in (Order, OrderLine)
        for field in model._meta.concrete_fields
        if field.max_length is not None and not field.choices and (model.__name__, field.name) not in OURS
    }

    assert texts == {
        ("Order", "currency"): LONGEST_CURRENCY,
        ("Order", "shipping_method"): LONGEST_TEXT,
        ("OrderLine", "code"): LONGEST_TEXT,
        ("OrderLine", "sku"): LONGEST_TEXT,
    }


def test_the_largest_amount_is_the_largest_that_a_column_of_money_holds():
    assert to_column(LARGEST_AMOUNT) == LARGEST_ID
    assert to_column(LARGEST_AMOUNT + Decimal("0.0001")) > LARGEST_ID
    assert isinstance(OrderLine._meta.get_field("total"), MoneyField)
