from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings import rules
from tradepost.domain.listings.listing import Health, Link, Pending, Status

LISTED = Status(Health.LISTED, Link.LINKED)
HIDDEN = Status(Health.HIDDEN, Link.LINKED)


def shown(price, is_listed=True):
    return rules.ShownPrice(Decimal(price), is_listed)


@pytest.mark.parametrize(
    ("variants", "price"),
    [
        ([shown(12), shown("9.50"), shown(30)], Decimal("9.50")),
        ([shown(12), shown("9.50", is_listed=False), shown(30)], Decimal(12)),
        ([shown(12, is_listed=False), shown("9.50", is_listed=False)], Decimal("9.50")),
        ([], None),
    ],
)
def test_a_parent_shows_the_lowest_price_of_its_listed_variants_or_with_none_of_all(variants, price):
    assert rules.parent_price(variants) == price


@pytest.mark.parametrize(
    ("status", "is_listed"),
    [
        (LISTED, True),
        (replace(LISTED, pending=Pending.HIDE), True),
        (replace(LISTED, is_paused=True), False),
        (HIDDEN, False),
        (Status(), False),
        (Status(Health.DELISTED), False),
        (Status(Health.LISTED, Link.BROKEN), False),
    ],
)
def test_a_variant_counts_for_its_parent_while_it_is_on_sale_there(status, is_listed):
    values = {"wanted": Decimal(9), "proven": Decimal(8), "is_held": False}

    assert rules.shown_price(status, **values, is_native=True) == shown(9, is_listed=is_listed)
    assert rules.shown_price(status, **values, is_native=False) == shown(9)


def test_a_price_that_is_held_back_counts_as_what_the_store_has_of_it_and_an_orphan_does_not_count():
    held = {"wanted": Decimal(9), "is_held": True, "is_native": True}

    assert rules.shown_price(LISTED, proven=Decimal(8), **held) == shown(8)
    assert rules.shown_price(Status(), proven=None, **held) is None
    assert rules.shown_price(replace(LISTED, is_orphaned=True), proven=Decimal(8), **held) is None


@dataclass(frozen=True)
class Figures:
    available: int | None = None
    account: int | None = None
    open_since: datetime | None = None
    kind: Kind = Kind.SIMPLE


@given(st.none() | st.integers(-50, 50), st.none() | st.integers(-50, 50))
def test_a_stock_is_due_to_be_set_lowered_or_raised_or_as_it_should_be(available, account):
    figures = Figures(available, account)

    due = [rule(LISTED, figures) for rule in (rules.is_set_due, rules.is_decrease_due, rules.is_increase_due)]

    assert sum(due) <= 1
    assert due[0] == (available is not None and account is None)
    if available is not None and account is not None:
        assert due[1] == (account > max(0, available))
        assert due[2] == (account < available)


@given(st.integers(-50, 50), st.none() | st.integers(-50, 50), st.sampled_from([LISTED, HIDDEN]))
def test_nothing_is_due_of_a_stock_but_to_settle_it_while_a_write_is_open(available, account, status):
    figures = Figures(available, account, open_since=datetime(2026, 3, 1, tzinfo=UTC))

    assert rules.is_settle_due(status, figures)
    for pending in (Pending.NONE, Pending.HIDE, Pending.UNHIDE):
        asked = replace(status, pending=pending)
        for rule in (rules.is_hide_due, rules.is_set_due, rules.is_decrease_due, rules.is_increase_due):
            assert not rule(asked, figures)
        assert not rules.is_unhide_due(asked, figures)


@pytest.mark.parametrize(("account", "is_due"), [(2, True), (1, True), (0, False), (None, True)])
def test_what_we_hid_and_was_given_pieces_back_or_may_have_been_is_hidden_again(account, is_due):
    assert rules.is_hide_due(HIDDEN, Figures(available=5, account=account)) is is_due
    assert not rules.is_hide_due(HIDDEN, Figures(available=None, account=None, kind=Kind.PARENT))


def test_a_hidden_listing_gets_its_price_but_no_quantity():
    assert rules.is_price_due(HIDDEN, wanted=Decimal(2), proven=Decimal(1), is_held=False)
    assert not rules.is_increase_due(HIDDEN, Figures(available=5, account=0))


def test_a_listing_that_waits_to_be_delisted_gets_nothing_but_less():
    delisting = Status(Health.LISTED, Link.LINKED, Pending.DELIST)

    assert rules.is_pending_due(delisting, Pending.DELIST)
    assert not rules.is_price_due(delisting, wanted=Decimal(2), proven=Decimal(1), is_held=False)
    assert rules.is_decrease_due(delisting, Figures(available=0, account=5))
    assert not rules.is_increase_due(delisting, Figures(available=9, account=5))


@pytest.mark.parametrize(
    ("limits", "price", "reason"),
    [
        (rules.PriceLimits(), "0", "gives nothing away"),
        (rules.PriceLimits(), "0.01", ""),
        (rules.PriceLimits(allows_zero=True, lowest=Decimal(5)), "0", ""),
        (rules.PriceLimits(lowest=Decimal(5)), "4.99", "4.99 is below the channel's lowest, 5"),
        (rules.PriceLimits(lowest=Decimal(5), highest=Decimal(5)), "5.00", ""),
        (rules.PriceLimits(highest=Decimal(5)), "5.01", "5.01 is above the channel's highest, 5"),
    ],
)
def test_a_price_is_held_back_outside_the_limits_and_where_it_is_nothing(limits, price, reason):
    held = limits.why_held(Decimal(price))

    assert reason in held
    assert bool(held) is bool(reason)


def test_what_is_held_back_says_why_and_what_that_means():
    message = rules.price_held_message(rules.PriceLimits(lowest=Decimal(5)).why_held(Decimal("4.99")))

    assert message == (
        "Its price of 4.99 is below the channel's lowest, 5. Until that changes it is not published, and what is on "
        "the store keeps its price."
    )


@pytest.mark.parametrize(
    ("status", "matters"),
    [
        (LISTED, True),
        (HIDDEN, True),
        (Status(Health.LISTED, Link.BROKEN), True),
        (Status(pending=Pending.PUBLISH), True),
        (Status(), False),
        (Status(Health.DELISTED), False),
    ],
)
def test_a_price_that_is_held_back_matters_on_the_store_and_on_the_way_there(status, matters):
    assert rules.holds_back_price(status) is matters


@pytest.mark.parametrize(
    ("status", "facts", "is_due"),
    [
        (LISTED, {}, True),
        (LISTED, {"is_inactive": False}, False),
        (LISTED, {"keeps_inactive": True}, False),
        (HIDDEN, {}, False),
        (replace(LISTED, pending=Pending.OVERWRITE), {}, True),
        (replace(LISTED, pending=Pending.HIDE), {}, False),
        (replace(LISTED, pending=Pending.DELIST), {}, False),
        (replace(LISTED, is_paused=True), {}, False),
        (replace(LISTED, is_orphaned=True), {}, False),
        (Status(Health.LISTED, Link.BROKEN), {}, False),
    ],
)
def test_what_somebody_switched_off_is_switched_on_where_it_is_to_be_sold(status, facts, is_due):
    assert rules.is_activation_due(status, **{"is_inactive": True, "keeps_inactive": False, **facts}) is is_due


@pytest.mark.parametrize(
    ("status", "is_due"),
    [
        (LISTED, True),
        (HIDDEN, True),
        (replace(LISTED, is_paused=True), True),
        (Status(Health.LISTED, Link.BROKEN), False),
        (Status(), False),
        (Status(Health.DELISTED), False),
    ],
)
def test_a_link_can_break_while_it_is_one_also_where_nothing_is_written(status, is_due):
    assert rules.is_gone_check_due(status) is is_due


@pytest.mark.parametrize(("proven", "yielded", "is_due"), [("1", None, True), ("2", None, False), ("1", "2", False)])
def test_a_price_is_due_unless_the_store_has_it_or_its_own_was_accepted(proven, yielded, is_due):
    given_way = None if yielded is None else Decimal(yielded)

    found = rules.is_price_due(LISTED, wanted=Decimal(2), proven=Decimal(proven), is_held=False, yielded=given_way)

    assert found is is_due
    assert not rules.is_price_due(LISTED, wanted=Decimal(2), proven=Decimal(proven), is_held=True, yielded=given_way)


def test_only_an_unanswered_write_of_what_is_linked_is_settled():
    unanswered = Figures(5, 3, open_since=datetime(2026, 3, 1, tzinfo=UTC))

    assert rules.is_settle_due(replace(LISTED, is_paused=True), unanswered)
    assert not rules.is_settle_due(LISTED, Figures(5, 3))
    assert not rules.is_settle_due(Status(Health.LISTED, Link.BROKEN), unanswered)


@pytest.mark.parametrize("pending", [Pending.HIDE, Pending.DELIST])
def test_of_what_is_pending_only_that_is_due(pending):
    asked = replace(LISTED, pending=pending)

    assert [each for each in Pending if rules.is_pending_due(asked, each)] == [pending]
