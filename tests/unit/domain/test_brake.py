"""What is too much at once: counted by harm, of live listings, and what a person has said yes to."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.brake import (
    ANY_NUMBER,
    NAMED,
    USUAL_AT_LEAST,
    USUAL_PERCENT,
    BrakeLimits,
    Braking,
    Example,
    Harm,
    harm_of,
    held_back,
    is_at_stake,
    may_be_too_much,
)
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.listing import HIDDEN, LISTED, Pending, Status
from tradepost.domain.listings.stages import Stage

USUAL = BrakeLimits(percent=20, at_least=10)


@dataclass(frozen=True)
class Row:
    kind: Kind = Kind.SIMPLE
    status: Status = field(default_factory=lambda: Status(*LISTED))
    wanted_price: Decimal = Decimal(10)
    proven_price: Decimal | None = Decimal(10)
    is_price_held: bool = False
    available: int | None = 5
    stated: int | None = 5
    held_back: int = 0
    account: int | None = 5
    open_since: datetime | None = None
    looked_at: datetime | None = None
    yielded_price: Decimal | None = None
    is_inactive: bool = False
    keeps_inactive: bool = False
    sells_without_stock: bool = False
    proven_without_stock: bool = False


def held(at_stake, *, live, limits=USUAL, released=None):
    return held_back(at_stake, live=live, limits=limits, released=released or {})


@pytest.mark.parametrize("harm", Harm)
@pytest.mark.parametrize(
    ("number", "live", "is_held"),
    [
        (9, 20, False),
        (10, 20, False),  # ten are always ordinary, though they are half of all
        (11, 20, True),
        (20, 100, False),
        (21, 100, True),
        (200_000, 1_000_000, False),
        (200_001, 1_000_000, True),
    ],
)
def test_more_than_a_fifth_and_more_than_ten_is_held_back(harm, number, live, is_held):
    assert held({harm: number}, live=live) == ({harm: number} if is_held else {})


def test_what_can_not_be_bought_any_more_is_added_up_however_it_goes():
    assert held({Harm.DELIST: 6, Harm.ZERO: 5}, live=20) == {Harm.DELIST: 6, Harm.ZERO: 5}


def test_prices_are_another_question_than_what_goes_off_sale():
    assert held({Harm.REPRICE: 11, Harm.DELIST: 1, Harm.ZERO: 9}, live=20) == {Harm.REPRICE: 11}
    assert held({Harm.REPRICE: 10, Harm.ZERO: 11}, live=20) == {Harm.ZERO: 11}


def test_a_channel_that_nobody_has_set_allows_a_fifth_and_always_ten():
    usual = BrakeLimits(percent=USUAL_PERCENT, at_least=USUAL_AT_LEAST)

    assert [usual.allowed(live) for live in (0, 50, 54, 55, 1_000)] == [10, 10, 10, 11, 200]


def test_a_channel_has_limits_of_its_own():
    assert held({Harm.ZERO: 3}, live=20, limits=BrakeLimits(percent=10, at_least=2)) == {Harm.ZERO: 3}
    assert held({Harm.ZERO: 20}, live=20, limits=BrakeLimits(percent=100, at_least=0)) == {}


def test_a_yes_is_for_what_was_shown_and_for_no_more():
    yes = {Harm.DELIST: 15}

    assert held({Harm.DELIST: 15}, live=20, released=yes) == {}
    assert held({Harm.DELIST: 14, Harm.ZERO: 4}, live=20, released=yes) == {}
    assert held({Harm.DELIST: 16}, live=20, released=yes) == {Harm.DELIST: 16}
    assert held({Harm.DELIST: 15, Harm.REPRICE: 11}, live=20, released=yes) == {Harm.REPRICE: 11}
    assert held(dict.fromkeys(Harm, 20), live=20, released=ANY_NUMBER) == {}


@given(
    at_stake=st.dictionaries(st.sampled_from(Harm), st.integers(0, 40)),
    spare=st.integers(0, 200),
    percent=st.integers(0, 100),
    at_least=st.integers(0, 20),
)
def test_nobody_needs_to_count_what_is_live_where_nothing_can_be_held_back(at_stake, spare, percent, at_least):
    limits = BrakeLimits(percent=percent, at_least=at_least)
    live = sum(at_stake.values()) + spare

    if held(at_stake, live=live, limits=limits):
        assert may_be_too_much(at_stake, limits=limits)


@pytest.mark.parametrize(
    ("stage", "row", "harm"),
    [
        (Stage.DELIST, Row(status=Status(*LISTED, Pending.DELIST)), Harm.DELIST),
        (Stage.DELIST, Row(status=Status(*HIDDEN, Pending.DELIST)), Harm.DELIST),
        (Stage.HIDE, Row(status=Status(*LISTED, Pending.HIDE)), Harm.ZERO),
        (Stage.HIDE, Row(status=Status(*LISTED, Pending.HIDE), account=None), Harm.ZERO),
        (Stage.HIDE, Row(status=Status(*LISTED, Pending.HIDE), account=1), Harm.ZERO),
        (Stage.HIDE, Row(status=Status(*LISTED, Pending.HIDE), account=0), None),
        # It is hidden already, and was given pieces back.
        (Stage.HIDE, Row(status=Status(*HIDDEN), account=3), None),
        (Stage.DECREASE, Row(available=0, stated=0), Harm.ZERO),
        (Stage.DECREASE, Row(available=-3, stated=0), Harm.ZERO),
        (Stage.DECREASE, Row(available=0, stated=None), Harm.ZERO),
        (Stage.DECREASE, Row(available=None, stated=None), None),
        # What was stated is held back by a rule.
        (Stage.DECREASE, Row(available=0, held_back=5), Harm.ZERO),
        # What was stated is sold.
        (Stage.DECREASE, Row(available=0, stated=1), None),
        (Stage.DECREASE, Row(available=-3, stated=1), None),
        (Stage.DECREASE, Row(available=1), None),
        (Stage.SET, Row(available=0, stated=0, account=None), Harm.ZERO),
        (Stage.SET, Row(available=0, stated=2, account=None), None),
        (Stage.SET, Row(available=1, account=None), None),
        # It was counted when it became so.
        (Stage.SET, Row(available=0, stated=0, account=None, looked_at=datetime(2026, 3, 1, tzinfo=UTC)), None),
        # A count of 0 ends no sale where it goes on below, and only there the end of that does.
        (Stage.DECREASE, Row(available=0, stated=0, sells_without_stock=True), None),
        (Stage.SET, Row(available=0, stated=0, account=None, sells_without_stock=True), None),
        (Stage.HIDE, Row(status=Status(*LISTED, Pending.HIDE), account=-1, proven_without_stock=True), Harm.ZERO),
        (Stage.AT_ZERO, Row(available=0, account=0, proven_without_stock=True), Harm.ZERO),
        (Stage.AT_ZERO, Row(available=-1, stated=0, account=-1, proven_without_stock=True), Harm.ZERO),
        (Stage.AT_ZERO, Row(available=None, account=0, proven_without_stock=True), Harm.ZERO),
        (Stage.AT_ZERO, Row(available=3, account=0, proven_without_stock=True), None),
        (Stage.AT_ZERO, Row(available=0, account=3, proven_without_stock=True), None),
        (Stage.AT_ZERO, Row(available=0, account=0, sells_without_stock=True), None),
        (Stage.PRICE, Row(wanted_price=Decimal(11)), Harm.REPRICE),
        (Stage.INCREASE, Row(available=6), None),
        (Stage.UNHIDE, Row(status=Status(*HIDDEN, Pending.UNHIDE)), None),
    ],
)
def test_each_stage_says_what_it_does_to_a_listing(stage, row, harm):
    assert harm_of(stage, row) is harm
    assert is_at_stake(stage, row) == (harm is not None)


@pytest.mark.parametrize("pending", [Pending.HIDE, Pending.DELIST])
def test_what_is_to_go_off_sale_and_has_none_left_is_held_back_whole_and_counted_once(pending):
    row = Row(status=Status(*LISTED, pending), available=0, stated=0)
    stages = [stage for stage in (Stage.HIDE, Stage.DELIST, Stage.DECREASE) if is_at_stake(stage, row)]

    assert stages == [Stage(pending.value)]
    assert harm_of(Stage.DECREASE, row) is Harm.ZERO


@pytest.mark.parametrize("stage", [Stage.DELIST, Stage.HIDE, Stage.PRICE])
def test_a_parent_is_held_back_with_its_variants_and_not_counted_beside_them(stage):
    pending = {Stage.DELIST: Pending.DELIST, Stage.HIDE: Pending.HIDE}.get(stage, Pending.NONE)
    parent = Row(
        kind=Kind.PARENT,
        status=Status(*LISTED, pending),
        wanted_price=Decimal(11),
        available=None,
        account=None,
    )

    assert harm_of(stage, parent) is not None
    assert not is_at_stake(stage, parent)


def test_the_brake_says_how_many_of_how_many_and_names_some():
    braking = Braking(
        {Harm.DELIST: 1200, Harm.ZERO: 7, Harm.REPRICE: 30},
        live=4000,
        allowed=800,
        examples={Harm.DELIST: [Example("MUG", "Enamel Mug"), Example("CUP", "")], Harm.ZERO: []},
    )

    assert braking.sentence == (
        "Of 4,000 live listings it would remove 1,200 from the store for good and take 7 off sale and change the "
        "price of 30; more than 800 at once need a person's word."
    )
    assert braking.lines() == ["delist: MUG Enamel Mug", "delist: CUP", "delist: and 1,198 more"]
    assert Braking.from_json(braking.to_json()) == braking
    assert Braking.from_json({}) is None


def test_what_was_held_back_first_keeps_its_number():
    first = Braking({Harm.DELIST: 15}, 20, 10, {Harm.DELIST: [Example("A", "a")]})
    later = Braking({Harm.ZERO: 12}, 20, 10, {Harm.ZERO: [Example("B", "b")]})

    assert first.merged(later).numbers == {Harm.DELIST: 15, Harm.ZERO: 12}


def test_all_are_named_with_the_pages_that_go_along_and_the_rest_of_very_many_is_counted():
    page = Example("tee", "Tee", "its last variant goes")
    named = [page, *(Example(f"T-{number}", "Tee") for number in range(NAMED))]
    all_of_few = Braking({Harm.DELIST: 3}, live=20, allowed=2, examples={Harm.DELIST: named[:4]})
    some_of_many = Braking({Harm.DELIST: 4000}, live=9000, allowed=2, examples={Harm.DELIST: named[:NAMED]})

    assert all_of_few.lines() == [
        "delist: tee Tee (its last variant goes)", "delist: T-0 Tee", "delist: T-1 Tee", "delist: T-2 Tee",
    ]  # fmt: skip
    assert all_of_few.lines(most=2) == [*all_of_few.lines()[:2], "delist: and 2 more"]
    assert len(some_of_many.lines()) == NAMED + 1
    assert some_of_many.lines()[-1] == "delist: and 3,001 more"
    assert Braking.from_json(some_of_many.to_json()) == some_of_many
