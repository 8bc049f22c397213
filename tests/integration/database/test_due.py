"""Each selecting query returns exactly the listings for which the domain's predicate holds, on both databases."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradepost.database.listings.drifts import DjangoDrifts
from tradepost.database.listings.due import count_due_when_unpaused
from tradepost.database.listings.listing_rows import listing_rows
from tradepost.database.models import AttentionRecord, Listing, ProductRecord, VariantRecord
from tradepost.domain.brake import is_at_stake
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings import listing as status_rules
from tradepost.domain.listings import rules
from tradepost.domain.listings.attention import Attention, is_moot
from tradepost.domain.listings.drift import is_comparison_due
from tradepost.domain.listings.listing import QUEUE, Health, Link, Pending
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.stock.stock import LOOK_AGAIN_AFTER, is_look_due
from tradepost.operations.ports import ListingRow
from tradepost.operations.selection import EVERYTHING

BASKET_LIFE = timedelta(hours=26)
prices = st.sampled_from([Decimal("9.99"), Decimal("10.00"), Decimal("10.0001")])
# Of what nobody knows, and of what was sold and is not there.
pieces = st.none() | st.integers(-2, 2)
ages = st.none() | st.sampled_from([BASKET_LIFE - timedelta(seconds=1), BASKET_LIFE, LOOK_AGAIN_AFTER])
states = st.lists(
    st.fixed_dictionaries(
        {
            "settled": st.sampled_from(sorted(QUEUE)),
            "pending": st.sampled_from(Pending),
            "is_paused": st.booleans(),
            "wanted_price": prices,
            "proven_price": st.none() | prices,
            "available": pieces,
            "held_back": st.integers(0, 1),
            "stated": st.none() | st.integers(0, 1),
            "is_gone": st.booleans(),
            "account": pieces,
            "open_move": pieces,
            "is_open": st.booleans(),
            "looked_at": ages,
            "missing": st.integers(0, 1),
            "missing_since": ages,
            "external_created": st.none() | st.integers(1, 3),
            "is_orphaned": st.booleans(),
            "awaits_images": st.booleans(),
            "refusals": st.sampled_from([0, 4, 5]),
            "is_price_held": st.booleans(),
            "sells_without_stock": st.booleans(),
            "proven_without_stock": st.booleans(),
            "yielded_price": st.none() | prices,
            "is_inactive": st.booleans(),
            "keeps_inactive": st.booleans(),
            "is_touched": st.booleans(),
            "compared_at": ages,
            "layout": st.sampled_from(["", "", *Layout]),
            "proven_fingerprints": st.sampled_from([{}, {"texts": "a"}, {"texts": "a", "structure": "b"}]),
        }
    ),
    max_size=12,
)
_SAME = (
    "pending",
    "is_paused",
    "wanted_price",
    "proven_price",
    "available",
    "held_back",
    "account",
    "missing",
    "is_price_held",
    "sells_without_stock",
    "proven_without_stock",
    "yielded_price",
    "is_inactive",
    "keeps_inactive",
    "is_touched",
    "is_orphaned",
    "awaits_images",
    "refusals",
    "layout",
    "proven_fingerprints",
)
on_both_databases = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def fill(channel, noon):
    """Replace the channel's listings by simple ones in the given states; returns them as rows."""
    products = ProductRecord.objects.bulk_create(
        [ProductRecord(handle=f"p{n}", title="P", created_at=noon, updated_at=noon) for n in range(12)]
    )
    variants = VariantRecord.objects.bulk_create(
        [VariantRecord(product=product, sku=product.handle, position=1, price=Decimal(1)) for product in products]
    )

    def replace_all(rows) -> list[ListingRow]:
        Listing.objects.all().delete()
        for row, variant in zip(rows, variants, strict=False):
            variant.quantity, variant.is_gone, variant.stated_at = row["stated"], row["is_gone"], noon
        VariantRecord.objects.bulk_update(variants, ["quantity", "is_gone", "stated_at"])
        Listing.objects.bulk_create(
            [
                Listing(
                    channel=channel,
                    product=variant.product,
                    variant=variant,
                    kind="simple",
                    code=variant.sku,
                    code_key=variant.sku,
                    sku=variant.sku,
                    health=row["settled"][0],
                    link=row["settled"][1],
                    external_id=None if row["settled"][1] is Link.UNLINKED else variant.pk + 1000,
                    open_since=noon if row["is_open"] else None,
                    open_move=row["open_move"] if row["is_open"] else None,
                    **{name: row[name] and noon - row[name] for name in ("looked_at", "missing_since", "compared_at")},
                    created_at=noon,
                    **{name: row[name] for name in _SAME},
                )
                for row, variant in zip(rows, variants, strict=False)
            ]
        )
        return listing_rows(Listing.objects.order_by("id"))

    return replace_all


@pytest.mark.parametrize("stage", Stage)
@on_both_databases
@given(states=states)
def test_a_stage_selects_exactly_what_the_rule_says(fill, listings, stage, states):
    rows = fill(states)

    due = listings.due(stage, after=0, limit=100)

    expected = [row for row in rows if is_due(stage, row)]
    assert due == expected
    assert listings.count_due([stage]) == len(expected)


@on_both_databases
@given(states=states)
def test_what_unpausing_would_send_is_counted_by_the_rule_for_what_is_not_paused(fill, channel, states):
    rows = fill(states)
    freed = [replace(row, status=replace(row.status, is_paused=False)) for row in rows if row.status.is_paused]
    # What waits for an answer is settled whether it is paused or not.
    stages = [stage for stage in Stage if stage is not Stage.SETTLE]

    counted = count_due_when_unpaused(channel.pk)

    assert [counted.get(stage, 0) for stage in stages] == [sum(is_due(stage, row) for row in freed) for stage in stages]


@on_both_databases
@given(states=states, kinds=st.sets(st.sampled_from(Attention)))
def test_what_is_moot_is_forgotten_and_nothing_else(fill, listings, states, kinds):
    rows = fill(states)
    listings.flag({row.id: dict.fromkeys(Attention, "No.") for row in rows}, ended={})

    listings.forget_moot(kinds)

    left = {(row.id, kind) for row in rows for kind in Attention if not (kind in kinds and is_moot(kind, row))}
    assert set(AttentionRecord.objects.values_list("listing_id", "kind")) == left


@pytest.mark.parametrize("stage", Stage)
@on_both_databases
@given(states=states)
def test_the_brake_counts_exactly_what_the_rule_says(fill, listings, stage, states):
    rows = fill(states)
    chosen = [row.id for row in rows[::2]]

    counted = [row for row in rows if is_at_stake(stage, row)]

    assert listings.count_at_stake(stage) == len(counted)
    assert listings.at_stake(stage, limit=2) == counted[:2]
    assert listings.count_at_stake(stage, only=chosen) == sum(row.id in chosen for row in counted)
    assert listings.live_count() == sum(row.status.link is Link.LINKED for row in rows)


@on_both_databases
@given(states=states, flagged=st.sets(st.integers(0, 11)))
def test_those_that_need_a_person_for_one_reason_are_paged_and_narrowed(fill, listings, states, flagged):
    rows = fill(states)
    asked = [row for number, row in enumerate(rows) if number in flagged]
    listings.flag({row.id: {Attention.UNSETTLED: "No.", Attention.DRIFT: "No."} for row in asked}, ended={})
    chosen = [row.id for row in rows[::2]]

    first = listings.with_attention(Attention.UNSETTLED, after=0, limit=2)
    rest = listings.with_attention(Attention.UNSETTLED, after=first[-1].id if first else 0, limit=100)

    assert first + rest == asked
    assert listings.with_attention(Attention.UNSETTLED, after=0, limit=100, only=chosen) == [
        row for row in asked if row.id in chosen
    ]
    assert listings.with_attention(Attention.ORPHANED, after=0, limit=100) == []


@on_both_databases
@given(states=states)
def test_a_comparison_is_due_exactly_where_the_rule_says(fill, channel, noon, states):
    rows = fill(states)
    drifts = DjangoDrifts(channel.pk)

    touched, others = drifts.touched(after=0, limit=100), drifts.due(now=noon, limit=100)

    expected = [
        row
        for row in rows
        if is_comparison_due(row.status, compared_at=row.compared_at, is_touched=row.is_touched, now=noon)
    ]
    assert touched == [row for row in expected if row.is_touched]
    assert others == [row for row in expected if not row.is_touched]
    some = drifts.due(now=noon, limit=2)
    assert len(some) == min(2, len(others))
    assert {row.id for row in some} <= {row.id for row in others}


@on_both_databases
@given(states=states)
def test_looks_are_due_exactly_where_the_rule_says_of_what_is_on_sale_and_settled(fill, listings, noon, states):
    rows = fill(states)

    due = listings.looks_due(now=noon, basket_life=BASKET_LIFE, limit=100)

    expected = [
        row
        for row in rows
        if row.status.link is Link.LINKED
        and not row.status.is_paused
        and row.account is not None
        and row.open_since is None
        and is_look_due(
            is_hidden=row.status.health is Health.HIDDEN,
            looked_at=row.looked_at,
            missing=row.missing,
            missing_since=row.missing_since,
            now=noon,
            basket_life=BASKET_LIFE,
        )
    ]
    assert due == expected
    some = listings.looks_due(now=noon, basket_life=BASKET_LIFE, limit=2)
    assert len(some) == min(2, len(expected))
    assert {row.id for row in some} <= {row.id for row in expected}


@on_both_databases
@given(states=states)
def test_pages_of_a_stage_hold_each_listing_once_and_only_chosen_ones(fill, listings, states):
    rows = fill(states)
    chosen = [row.id for row in rows[::2]]

    found: list[int] = []
    while page := listings.due(Stage.PRICE, after=found[-1] if found else 0, limit=2, only=chosen):
        found += [row.id for row in page]

    assert found == [row.id for row in rows if row.id in chosen and is_due(Stage.PRICE, row)]


@on_both_databases
@given(states=states)
def test_publish_selects_the_products_that_have_a_listing_to_publish_to_overwrite_or_to_switch(fill, listings, states):
    rows = fill(states)

    due = listings.publish_due(after=0, limit=100)

    expected = [row for row in rows if EVERYTHING.is_due(row)]
    assert [family.listings for family in due] == [(row,) for row in expected]
    assert listings.count_publish_due() == len(expected)
    assert listings.publish_due(after=0, limit=2) == due[:2]
    assert [family.product.handle for family in due] == [row.sku for row in expected]


@on_both_databases
@given(states=states)
def test_a_publish_that_sends_images_selects_those_that_await_them_besides(fill, listings, states):
    rows = fill(states)

    due = listings.publish_due(after=0, limit=100, sends_images=True)

    expected = [
        row
        for row in rows
        if EVERYTHING.is_due(row) or status_rules.is_due_for_images(row.status, awaits_images=row.awaits_images)
    ]
    assert [family.listings for family in due] == [(row,) for row in expected]
    assert listings.count_publish_due(sends_images=True) == len(expected)


@on_both_databases
@given(states=states)
def test_the_existence_pass_goes_through_exactly_what_may_break(fill, listings, states):
    rows = fill(states)

    linked = listings.linked(after_external_id=0, limit=100)

    expected = [row for row in rows if rules.is_gone_check_due(row.status)]
    assert linked == [(row.external_id, row.id, row.code, row.external_created, None) for row in expected]
    assert listings.linked_count() == len(expected)
    assert sorted(listings.linked_among([row.external_id for row in rows if row.external_id])) == linked
    chosen = [row.id for row in rows[::2]]
    assert sorted(listings.linked_of(chosen)) == [row for row in linked if row.listing_id in chosen]
    for after, up_to in pairwise([0, *(row.external_id for row in linked)]):
        found = listings.linked(after_external_id=after, up_to_external_id=up_to, limit=100)
        assert found == [row for row in linked if after < row.external_id <= up_to]
    assert listings.taken([row.external_id for row in rows if row.external_id]) == {
        row.external_id: row.id for row in rows if row.external_id
    }
    dated = [row for row in rows if row.status.link is Link.BROKEN and row.external_created is not None]
    assert listings.broken(after=0, limit=100) == [
        (row.external_id, row.id, row.code, row.external_created, None) for row in dated
    ]


def test_every_settled_state_is_tried(fill):
    rows = fill(
        [
            {
                "settled": settled,
                "pending": Pending.NONE,
                "is_paused": False,
                "wanted_price": Decimal(1),
                "proven_price": None,
                "available": None,
                "held_back": 0,
                "stated": None,
                "is_gone": False,
                "account": None,
                "open_move": None,
                "is_open": False,
                "looked_at": None,
                "missing": 0,
                "missing_since": None,
                "is_price_held": False,
                "sells_without_stock": False,
                "proven_without_stock": False,
                "yielded_price": None,
                "is_inactive": False,
                "keeps_inactive": False,
                "is_touched": False,
                "is_orphaned": False,
                "awaits_images": False,
                "refusals": 0,
                "layout": "",
                "proven_fingerprints": {},
                "compared_at": None,
            }
            for settled in sorted(QUEUE)
        ]
    )

    assert {(row.status.health, row.status.link) for row in rows} == set(QUEUE)
    assert {health for health, _ in QUEUE} == set(Health)
