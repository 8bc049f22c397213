"""Prices by rules: from the catalogue's each time, step by step, never outside the limits (R53)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.fields import Group
from tradepost.domain.listings.listing_rules import Article, ListingRule, ListingRules, Rounding, Start
from tradepost.domain.listings.locks import NO_LOCKS, Locks
from tradepost.domain.listings.prices import in_cents, rounded, ruled_price, wanted_price
from tradepost.domain.listings.rules import PriceLimits

CENT = Decimal("0.01")
GENEROUS = PriceLimits(allows_zero=True)


def article(price="12.00", **values):
    amounts = {name: None if value is None else Decimal(value) for name, value in values.items()}
    return Article("MUG-01", price=Decimal(price), **amounts)


def rule(name="r", **values):
    texts = {name: Decimal(value) if type(value) is str else value for name, value in values.items()}
    return ListingRule(name=name, **texts)


def priced(start, *rules):
    return ruled_price(start, ListingRules.of(rules))


@pytest.mark.parametrize(("price", "wanted"), [("19.994", "19.99"), ("19.995", "20.00"), ("7", "7.00")])
def test_a_price_is_rounded_half_up_to_what_is_charged(price, wanted):
    assert in_cents(Decimal(price)) == Decimal(wanted)
    assert priced(article(price)).price == Decimal(wanted)


@pytest.mark.parametrize(
    ("rules", "price"),
    [
        ({"percent": "10"}, "13.20"),
        ({"percent": "-12.5"}, "10.50"),
        ({"amount": "1.99"}, "13.99"),
        ({"percent": "10", "amount": "0.50"}, "13.70"),
        ({"start": Start.COST, "percent": "50"}, "6.01"),
        ({"start": Start.MSRP, "percent": "-20"}, "16.00"),
        ({"start": Start.MSRP}, "20.00"),
        ({"lowest": "15.00"}, "15.00"),
        ({"highest": "9.00"}, "9.00"),
        ({"margin": "300"}, "16.02"),
        ({"margin": "10"}, "12.00"),
    ],
)
def test_a_price_is_marked_up_and_kept_within_limits(rules, price):
    assert priced(article(cost="4.005", msrp="20.00"), rule(**rules)).price == Decimal(price)


@pytest.mark.parametrize(
    ("price", "rules", "wanted"),
    [
        ("13.20", {"endings": (Decimal("0.99"),)}, "13.99"),
        ("13.99", {"endings": (Decimal("0.99"),)}, "13.99"),
        ("14.00", {"endings": (Decimal("0.99"),)}, "14.99"),
        ("13.20", {"endings": (Decimal("0.99"),), "rounding": Rounding.DOWN}, "12.99"),
        ("13.20", {"endings": (Decimal("0.99"),), "rounding": Rounding.NEAREST}, "12.99"),
        ("13.49", {"endings": (Decimal("0.99"),), "rounding": Rounding.NEAREST}, "13.99"),
        ("13.20", {"endings": (Decimal("0.49"), Decimal("0.99"))}, "13.49"),
        ("13.20", {"endings": (Decimal(0),)}, "14.00"),
        ("13.20", {"endings": (Decimal("9.99"),)}, "19.99"),
        ("13.21", {"step": "0.05"}, "13.25"),
        ("13.22", {"step": "0.05", "rounding": Rounding.NEAREST}, "13.20"),
        ("13.22", {"step": "5", "rounding": Rounding.DOWN}, "10.00"),
        ("0.50", {"endings": (Decimal("0.99"),), "rounding": Rounding.DOWN}, "0.50"),
        ("0.50", {"endings": (Decimal("0.99"),), "rounding": Rounding.NEAREST}, "0.99"),
        ("0.02", {"step": "0.05", "rounding": Rounding.NEAREST}, "0.05"),
    ],
)
def test_a_price_is_rounded_to_endings_or_multiples(price, rules, wanted):
    assert priced(article(price), rule(**rules)).price == Decimal(wanted)


@pytest.mark.parametrize(
    ("limits", "price"),
    [
        ({"highest": "13.50"}, "12.99"),
        ({"lowest": "13.00", "highest": "13.50"}, "13.20"),
        ({"lowest": "13.30"}, "13.99"),
    ],
)
def test_what_rounding_would_take_across_a_limit_is_rounded_the_other_way_or_not_at_all(limits, price):
    assert priced(article("13.20"), rule(endings=(Decimal("0.99"),), **limits)).price == Decimal(price)


def test_where_limits_contradict_each_other_the_lowest_counts():
    cheap, dear = rule("cheap", highest="9.00"), rule("dear", lowest="11.00")

    found = priced(article("10.00"), cheap, dear)

    assert found.price == Decimal("11.00")
    assert "which counts more than the highest, 9.00" in found.steps[-1].words


def test_of_each_step_one_rule_counts_and_none_works_on_what_another_made():
    sale = rule("sale", skus=("MUG-*",), percent="-50")
    usual = rule("usual", percent="10", amount="1.00", endings=(Decimal("0.99"),))

    assert priced(article("10.00"), usual, sale).price == Decimal("5.99")


def test_a_price_of_nothing_stays_one_and_no_rule_makes_one_of_it():
    assert priced(article("0"), rule(amount="5.00", lowest="2.00", endings=(Decimal("0.99"),))).price == 0


def test_no_rule_gives_anything_away():
    found = priced(article("3.00"), rule(amount="-3.00"))

    assert (found.price, "no rule gives anything away" in found.why_held) == (0, True)
    wanted = wanted_price(
        article("3.00"), ListingRules.of([rule(amount="-3.00")]), limits=GENEROUS, locks=NO_LOCKS, last=None
    )
    assert wanted.why_held == found.why_held


@pytest.mark.parametrize(("start", "name"), [(Start.COST, "cost"), (Start.MSRP, "MSRP")])
def test_what_is_reckoned_from_something_unknown_is_held_back_with_the_catalogues_price(start, name):
    found = priced(article("12.00"), rule("from", start=start, percent="50"))

    assert found.price == Decimal("12.00")
    assert found.why_held == f"The catalogue has no {name} for it, and rule 'from' reckons from that."


def test_a_price_is_told_in_the_steps_that_made_it():
    spring = rule("spring", percent="10", endings=(Decimal("0.99"),), highest="13.50")

    wanted = wanted_price(article(), ListingRules.of([spring]), limits=PriceLimits(), locks=NO_LOCKS, last=None)

    assert wanted.sentence == (
        "catalogue 12.00; rule 'spring' +10 % 13.20; rounded the other way, as 13.99 is outside the limits, 12.99"
    )


def test_a_locked_price_wins_over_rules_and_guard_but_not_over_the_channels_limits():
    rules = ListingRules.of([rule(percent="10", guard="5")])
    locks = Locks(frozenset({Group.PRICE}), price=Decimal("99.00"))

    wanted = wanted_price(article(), rules, limits=PriceLimits(), locks=locks, last=Decimal(10))
    held = wanted_price(article(), rules, limits=PriceLimits(highest=Decimal(50)), locks=locks, last=None)

    assert (wanted.price, wanted.why_held) == (Decimal("99.00"), "")
    assert wanted.sentence == "catalogue 12.00; rule 'r' +10 % 13.20; locked at 99.00"
    assert "above the channel's highest, 50" in held.why_held


def test_a_price_that_is_locked_at_nothing_is_the_stores_own():
    wanted = wanted_price(
        article(), ListingRules(), limits=PriceLimits(), locks=Locks(frozenset({Group.PRICE})), last=None
    )

    assert wanted.is_left_alone
    assert wanted.why_held == "Its price is locked, so the store's own is left alone."


@pytest.mark.parametrize(
    ("last", "is_guarded"),
    [(None, False), ("10.00", False), ("9.99", True), ("15.00", False), ("15.01", True), ("0", False)],
)
def test_a_change_that_is_larger_than_a_rule_lets_through_is_held_back(last, is_guarded):
    rules = ListingRules.of([rule("careful", guard="20")])
    known = None if last is None else Decimal(last)

    wanted = wanted_price(article("12.00"), rules, limits=PriceLimits(), locks=NO_LOCKS, last=known)

    assert (wanted.is_guarded, bool(wanted.why_held)) == (is_guarded, is_guarded)
    assert not is_guarded or "rule 'careful' lets changes of up to 20 % through" in wanted.why_held


# --- for all of them --------------------------------------------------------------------------------------------------

amounts = st.decimals(min_value="0.01", max_value="5000", places=2)
maybe = st.none() | amounts
all_endings = st.lists(st.decimals(min_value=0, max_value="19.99", places=2), max_size=3, unique=True).map(tuple)


@st.composite
def price_rules(draw):
    lowest, highest = draw(maybe), draw(maybe)
    endings = draw(all_endings)
    return ListingRule(
        name=draw(st.sampled_from("abc")),
        skus=draw(st.sampled_from([(), ("MUG*",), ("CUP*",)])),
        start=draw(st.none() | st.sampled_from(Start)),
        percent=draw(st.none() | st.decimals(min_value="-99", max_value="300", places=1)),
        amount=draw(st.none() | st.decimals(min_value="-20", max_value="20", places=2)),
        lowest=lowest,
        highest=highest,
        margin=draw(st.none() | st.decimals(min_value=0, max_value=100, places=1)),
        endings=endings,
        step=None if endings else draw(st.none() | st.decimals(min_value="0.01", max_value=50, places=2)),
        rounding=draw(st.sampled_from(Rounding)),
    )


articles = st.builds(
    Article,
    sku=st.just("MUG-01"),
    price=st.decimals(min_value=0, max_value=5000, places=4),
    cost=st.none() | st.decimals(min_value=0, max_value=3000, places=4),
    msrp=maybe,
)


@given(article=articles, rules=st.lists(price_rules(), max_size=4))
def test_no_price_is_outside_its_limits_however_it_was_rounded(article, rules):
    own = ListingRules.of(rules).for_article(article)
    found = ruled_price(article, own)
    lowest = next((rule.lowest for rule in own.in_order if rule.lowest is not None), None)
    highest = next((rule.highest for rule in own.in_order if rule.highest is not None), None)
    margin = next((rule.margin for rule in own.in_order if rule.margin is not None), None)
    floors = [lowest] if lowest is not None else []
    if margin is not None and article.cost is not None:
        floors.append(article.cost * (100 + margin) / 100)

    assert found.price == found.price.quantize(CENT)
    assert found.price == found.steps[-1].price or found.why_held
    if found.why_held or not found.price or not own.in_order:
        return
    assert all(found.price >= floor for floor in floors)
    if highest is not None and all(floor <= highest for floor in floors):
        assert found.price <= highest


@given(article=articles, rules=st.lists(price_rules(), max_size=4))
def test_a_price_comes_from_the_catalogues_alone_so_the_same_rules_make_the_same_price(article, rules):
    first = ruled_price(article, ListingRules.of(rules).for_article(article))
    again = ruled_price(article, ListingRules.of(rules).for_article(article))

    assert first == again


@given(price=amounts, rule=price_rules().filter(lambda rule: rule.rounds))
def test_a_rounded_price_is_one_that_was_asked_for_and_is_rounded_no_further(price, rule):
    found = rounded(price, rule)

    assert found > 0
    if found != price:
        period = rule.step or (Decimal(1) if max(rule.endings) < 1 else Decimal(10) if max(rule.endings) < 10 else 100)
        places = {Decimal(0)} if rule.step else set(rule.endings)
        assert found % period in places
        assert rounded(found, rule) == found
    if rule.rounding is Rounding.UP:
        assert found >= price
    if rule.rounding is Rounding.DOWN:
        assert found <= price
