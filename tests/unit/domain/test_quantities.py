"""What is offered of what is left: rules hold back, and neither make pieces nor hide what was sold twice (R53)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.fields import Group
from tradepost.domain.listings.listing_rules import Article, ListingRule, ListingRules
from tradepost.domain.listings.locks import NO_LOCKS, Locks
from tradepost.domain.listings.quantities import WantedQuantity, offers_all, wanted_quantity

MUG = Article("MUG-01")


def offered(left, *rules, locks=NO_LOCKS, is_gone=False):
    return wanted_quantity(left, ListingRules.of(rules), locks=locks, is_gone=is_gone)


@pytest.mark.parametrize(
    ("rule", "left", "available"),
    [
        ({"buffer": 2}, 7, 5),
        ({"buffer": 2}, 1, 0),
        ({"share": Decimal(50)}, 7, 3),
        ({"share": Decimal(0)}, 7, 0),
        ({"at_least": 3}, 2, 0),
        ({"at_least": 3}, 3, 3),
        ({"at_most": 5}, 7, 5),
        ({"at_most": 5}, 4, 4),
        ({"share": Decimal(50), "buffer": 1, "at_least": 3, "at_most": 4}, 20, 4),
        ({"share": Decimal(50), "buffer": 1, "at_least": 3, "at_most": 4}, 7, 0),
    ],
)
def test_rules_hold_back_of_what_is_left(rule, left, available):
    found = offered(left, ListingRule(name="r", **rule))

    assert (found.available, found.held_back) == (available, left - available)
    assert (found.steps[-1].pieces if found.steps else left) == available


@pytest.mark.parametrize("left", [None, 0, -3])
def test_what_is_unknown_sold_out_or_sold_twice_is_told_as_it_is(left):
    found = offered(left, ListingRule(name="r", buffer=2, at_most=1))

    assert (found.available, found.held_back, found.steps) == (left, 0, ())


def test_a_locked_quantity_is_shown_as_far_as_it_is_there_and_wins_over_rules():
    locks = Locks(frozenset({Group.QUANTITY}), quantity=4)
    buffer = ListingRule(name="r", buffer=100)

    assert [offered(left, buffer, locks=locks).available for left in (9, 4, 3, 0, -1, None)] == [4, 4, 3, 0, -1, None]


def test_a_quantity_that_is_locked_at_nothing_is_the_stores_own_unless_it_is_gone_from_the_catalogue():
    locks = Locks(frozenset({Group.QUANTITY}))

    assert (offered(7, locks=locks).available, offered(7, locks=locks).is_left_alone) == (None, True)
    assert offered(-2, locks=locks, is_gone=True).available == -2
    assert offered(0, locks=locks, is_gone=True).available == 0


pieces = st.none() | st.integers(0, 30)
quantity_rules = st.builds(
    ListingRule,
    name=st.just("r"),
    skus=st.sampled_from([(), ("MUG*",), ("CUP*",)]),
    share=st.none() | st.decimals(min_value=0, max_value=100, places=1),
    buffer=pieces,
    at_least=pieces,
    at_most=pieces,
)


@given(left=st.none() | st.integers(-20, 40), rules=st.lists(quantity_rules, max_size=4), locked=st.none() | pieces)
def test_nothing_is_ever_offered_that_is_not_there_and_what_was_sold_twice_is_not_hidden(left, rules, locked):
    own = ListingRules.of(rules).for_article(MUG)
    locks = NO_LOCKS if locked is None else Locks(frozenset({Group.QUANTITY}), quantity=locked)
    found = wanted_quantity(left, own, locks=locks)

    if left is None or left <= 0:
        assert found.available == left
        return
    assert found.available is not None
    assert 0 <= found.available <= left
    assert found.available + found.held_back == left
    if locked is None:
        most = next((rule.at_most for rule in own.in_order if rule.at_most is not None), left)
        buffer = next((rule.buffer for rule in own.in_order if rule.buffer is not None), 0)
        assert found.available <= most
        assert found.available <= max(0, left - buffer)


@given(fewer=st.integers(0, 40), more=st.integers(0, 40), rules=st.lists(quantity_rules, max_size=4))
def test_a_sale_never_makes_a_store_show_more(fewer, more, rules):
    own = ListingRules.of(rules).for_article(MUG)
    low, high = sorted((fewer, more))

    found = [wanted_quantity(left, own, locks=NO_LOCKS).available for left in (low, high)]

    assert found[0] <= found[1]


@given(
    left=st.none() | st.integers(-20, 40),
    rules=st.lists(quantity_rules, max_size=2),
    groups=st.frozensets(st.sampled_from([Group.QUANTITY, Group.PRICE])),
    is_gone=st.booleans(),
    is_left_out=st.booleans(),
)
def test_where_all_is_offered_whatever_the_article_what_is_left_is_what_is_shown(
    left, rules, groups, is_gone, is_left_out
):
    channel, locks = ListingRules.of(rules), Locks(groups, quantity=3 if Group.QUANTITY in groups else None)

    if offers_all(channel, locks=locks, is_left_out=is_left_out):
        own = channel.for_article(MUG)
        found = wanted_quantity(left, own, locks=locks, is_gone=is_gone, is_left_out=is_left_out)
        assert found == WantedQuantity(left)
