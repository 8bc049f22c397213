"""Why a price is what it is, and what the store has, in sentences."""

from decimal import Decimal

import pytest

from tradepost.domain.listings.listing import LISTED, NOT_LISTED, Status
from tradepost.domain.listings.price_explanation import ExplainedPrice, explain_page_price, explain_price
from tradepost.domain.listings.prices import PriceStep, WantedPrice

ASKED = Decimal("14.90")
STEPS = (PriceStep("catalogue", ASKED),)
TOO_HIGH = "Its price of 14.90 is above the channel's highest, 10."
HELD = f"{TOO_HIGH} Until that changes it is not published, and what is on the store keeps its price."


@pytest.mark.parametrize(
    ("wanted", "proven", "yielded", "sentences"),
    [
        (WantedPrice(ASKED, STEPS), ASKED, None, ["Its price: catalogue 14.90.", "The store has that price."]),
        (WantedPrice(ASKED), None, None, ["It is to cost 14.90.", "What the store has is not known."]),
        (
            WantedPrice(ASKED, STEPS),
            Decimal(12),
            None,
            ["Its price: catalogue 14.90.", "The store has 12. A sync sends ours."],
        ),
        (
            WantedPrice(ASKED, STEPS),
            Decimal(12),
            ASKED,
            ["Its price: catalogue 14.90.", "The store has 12, which somebody set there, and which was accepted."],
        ),
        (
            WantedPrice(ASKED, STEPS, TOO_HIGH),
            Decimal(9),
            None,
            ["Its price: catalogue 14.90.", HELD, "The store has 9."],
        ),
        (
            WantedPrice(ASKED, STEPS, "The store's own is left alone.", is_left_alone=True),
            Decimal(9),
            None,
            ["Its price: catalogue 14.90.", "The store's own is left alone.", "The store has 9."],
        ),
    ],
)
def test_a_price_is_told_as_it_is_made_and_as_the_store_has_it(wanted, proven, yielded, sentences):
    price = ExplainedPrice(sku="MUG", status=Status(*LISTED), wanted=wanted, proven=proven, yielded=yielded)

    assert explain_price(price) == sentences


def test_of_what_is_not_on_the_store_no_price_there_is_told():
    price = ExplainedPrice(sku="MUG", status=Status(*NOT_LISTED), wanted=WantedPrice(ASKED, STEPS), proven=Decimal(9))

    assert explain_price(price) == ["Its price: catalogue 14.90."]


def test_a_page_shows_the_lowest_price_of_its_variants():
    told = explain_page_price(Status(*NOT_LISTED), wanted=ASKED, proven=None)

    assert told == ["Its page shows 14.90, the lowest of its variants' prices."]
