"""Which articles a rule is for, what it says of itself, and which rules can't be kept (R53)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from tradepost.database.json_values import plain
from tradepost.domain.listings.listing_rules import Article, ListingRule, ListingRules, Rounding, Start, misfit, rule_of

SHIRT = Article("TEE-RED-L", brand="Acme", category=("Clothing", "Shirts"), tags=("summer", "Sale 2026"))
ALL_SAID = ListingRule(
    name="all",
    brands=("Acme",),
    categories=("Clothing > Shirts",),
    tags=("sale*",),
    skus=("TEE-*",),
    start=Start.COST,
    percent=Decimal("12.5"),
    amount=Decimal("-0.50"),
    lowest=Decimal("2.00"),
    highest=Decimal(90),
    margin=Decimal(20),
    endings=(Decimal("0.49"), Decimal("0.99")),
    rounding=Rounding.NEAREST,
    guard=Decimal(30),
    share=Decimal(50),
    buffer=2,
    at_least=3,
    at_most=10,
)


@pytest.mark.parametrize(
    ("words", "is_for"),
    [
        ({}, True),
        ({"skus": ("tee-red-l",)}, True),
        ({"skus": ("TEE-*",)}, True),
        ({"skus": ("TEE-?ED-L",)}, False),  # only * is for any characters
        ({"brands": ("acme",)}, True),
        ({"brands": ("Other", "Ac*")}, True),
        ({"brands": ("Other",)}, False),
        ({"tags": ("sale*",)}, True),
        ({"categories": ("clothing",)}, True),
        ({"categories": ("Shirts",)}, True),
        ({"categories": ("Clothing > Shirts",)}, True),
        ({"categories": ("Shirts > Clothing",)}, False),
        ({"brands": ("Acme",), "tags": ("winter",)}, False),
    ],
)
def test_a_rule_is_for_an_article_of_which_all_that_it_names_is_so(words, is_for):
    assert ListingRule(name="r", buffer=1, **words).is_for(SHIRT) is is_for


def test_of_what_says_the_same_the_first_counts_and_what_is_usual_is_asked_last():
    usual = ListingRule(name="usual", percent=Decimal(10), buffer=1)
    shirts = ListingRule(name="shirts", categories=("Shirts",), percent=Decimal(20))
    sale = ListingRule(name="sale", tags=("sale*",), percent=Decimal(-10))

    rules = ListingRules.of([usual, shirts, sale]).for_article(SHIRT)

    assert [rule.name for rule in rules.in_order] == ["shirts", "sale", "usual"]
    assert rules.first(lambda rule: rule.percent is not None) is shirts
    assert rules.first(lambda rule: rule.buffer is not None) is usual


def test_a_rule_is_stored_and_read_again_as_it_was_and_one_of_a_newer_version_is_left_alone():
    assert rule_of(plain(ALL_SAID)) == ALL_SAID
    assert rule_of(plain(ListingRule(name="b", buffer=1))) == ListingRule(name="b", buffer=1)
    assert rule_of({"name": "newer", "tiers": []}) is None
    assert rule_of({"name": "newer", "start": "moon"}) is None


def test_a_rule_says_what_it_does_and_for_which_articles():
    assert ALL_SAID.conditions == "brand Acme; category Clothing > Shirts; tag sale*; SKU TEE-*"
    assert ALL_SAID.deeds == (
        "on the cost +12.5 % -0.5, at least the cost and 20 %, at least 2.00, at most 90, rounded to the nearest "
        ".49 or .99, changes by more than 30 % held back, 50 % of the quantity, 2 kept back, fewer than 3 shown as "
        "none, at most 10 shown"
    )
    assert ListingRule(name="r", buffer=1).conditions == "every article"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "A rule has a name"),
        ({"name": "x" * 51}, "A rule has a name"),
        ({"skus": (" ",)}, "A blank word is for no article"),
        ({"skus": ("x" * 101,)}, "has more than 100 characters"),
        ({"percent": Decimal(-100)}, "A price is changed by more than -100 %"),
        ({"percent": Decimal(10_001)}, "A price is changed by more than -100 %"),
        ({"amount": Decimal(1_000_001)}, "A price is changed by at most"),
        ({"lowest": Decimal(0)}, "A lowest or highest price is more than 0"),
        ({"lowest": Decimal("1.001")}, "at most two decimal places"),
        ({"lowest": Decimal(91)}, "The lowest price, 91, is above the highest, 90."),
        ({"margin": Decimal(-1)}, "A margin is 0 to"),
        ({"guard": Decimal(0)}, "A change is held back"),
        ({"step": Decimal("0.05")}, "to an ending or to multiples"),
        ({"endings": (Decimal("0.999"),)}, "A price ends in cents"),
        ({"endings": (), "step": Decimal("0.005")}, "A price is a multiple of whole cents"),
        ({"share": Decimal(101)}, "A share of the quantity"),
        ({"buffer": -1}, "A number of pieces"),
    ],
)
def test_a_rule_that_can_not_be_meant_is_refused_with_the_reason(change, words):
    assert words in misfit(replace(ALL_SAID, **change))


def test_a_rule_that_says_nothing_is_refused():
    assert misfit(ALL_SAID) == ""
    assert "has to say something" in misfit(ListingRule(name="r", brands=("Acme",)))
