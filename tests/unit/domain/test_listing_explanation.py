"""Why a listing is in its state, and what happens next, in sentences from the rules of the runs."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import (
    BROKEN_LISTED,
    DELISTED,
    HIDDEN,
    LISTED,
    NOT_LISTED,
    SETTLED,
    Link,
    Pending,
    Status,
    is_due_for_publish,
)
from tradepost.domain.listings.listing_explanation import Deed, Deeds, next_steps, state
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.operations.ports import ListingRow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MUG = ListingRow(
    id=1,
    kind=Kind.SIMPLE,
    code="MUG",
    sku="MUG",
    status=Status(*LISTED),
    external_id=7,
    product_id=1,
    parent_id=None,
    parent_code="",
    wanted_price=Decimal("14.90"),
    proven_price=Decimal("14.90"),
    available=5,
    account=5,
)


def row(settled, **values) -> ListingRow:
    status = {name: values.pop(name) for name in ("pending", "is_paused", "is_orphaned") if name in values}
    external_id = None if settled[1] is Link.UNLINKED else 7
    return replace(MUG, status=Status(*settled, **status), external_id=external_id, **values)


def told_state(listing, **deeds) -> list[str]:
    return list(state(listing, Deeds(**deeds), when=lambda at: f"today at {at:%H:%M}"))


def told_next(listing, *, sends_images=True) -> list[str]:
    return list(next_steps(listing, sends_images=sends_images, when_run=lambda kind: f"{kind} runs at noon"))


@pytest.mark.parametrize(
    ("listing", "deeds", "sentences"),
    [
        (row(NOT_LISTED), {}, ["It is not listed: nothing on the store is known to be it."]),
        (
            row(NOT_LISTED),
            {"settled": Deed(NOON, 4, "request", "shell: bob")},
            ["It is not listed: nothing on the store is known to be it, by shell: bob today at 12:00."],
        ),
        (
            row(LISTED),
            {"settled": Deed(NOON, 4, "publish")},
            ["It is listed: product 7 of the store, since today at 12:00 by run 4 (publish)."],
        ),
        (
            row(HIDDEN, pending=Pending.UNHIDE),
            {"asked": Deed(NOON, 5, "request", "shell: bob")},
            [
                "It is hidden: product 7 of the store is shown as out of stock.",
                "'unhide' is queued for it, asked for by shell: bob today at 12:00.",
            ],
        ),
        (
            row(
                LISTED,
                pending=Pending.OVERWRITE,
                is_paused=True,
                overwrite_groups=frozenset({Group.TEXTS, Group.IMAGES}),
            ),
            {"paused": Deed(NOON, 5, "request", "shell: bob")},
            [
                "It is listed: product 7 of the store.",
                "An overwrite of images, texts is queued.",
                "It is paused, by shell: bob today at 12:00.",
            ],
        ),
        (
            row(LISTED, is_inactive=True, keeps_inactive=True),
            {},
            [
                "It is listed: product 7 of the store.",
                "Somebody has switched it off on the store, and the channel leaves it so.",
            ],
        ),
        # Its page was closed by the publish that has made one article of its family.
        (
            row(LISTED, is_inactive=True, keeps_inactive=True, is_orphaned=True),
            {},
            [
                "It is listed: product 7 of the store.",
                (
                    "The catalogue does not have it any more, or a rule does not list it, so nothing is sent for it "
                    "but what takes it off sale."
                ),
            ],
        ),
        (row(BROKEN_LISTED), {}, ["Its link is broken: product 7 is gone from the store."]),
    ],
)
def test_the_state_is_told_with_who_brought_it_about(listing, deeds, sentences):
    assert told_state(listing, **deeds) == sentences


@pytest.mark.parametrize(
    ("listing", "sentence"),
    [
        (
            row(NOT_LISTED),
            (
                "Nothing is due. 'tradepost listings publish MUG' makes it on the store, "
                "'tradepost listings link MUG' joins it to what is there."
            ),
        ),
        (
            row(NOT_LISTED, pending=Pending.PUBLISH, refusals=5),
            (
                "It is parked: the store has refused it 5 times in a row. It is sent again when its product or the "
                "channel's settings change; 'tradepost listings retry MUG' sends it all the same."
            ),
        ),
        (row(NOT_LISTED, pending=Pending.PUBLISH), "A publish makes it on the store: publish runs at noon."),
        (
            row(NOT_LISTED, pending=Pending.PUBLISH, is_price_held=True),
            "A publish leaves it out, as its price is held back: publish runs at noon.",
        ),
        (row(DELISTED), "Nothing is due. 'tradepost listings publish MUG' makes it anew."),
        (row(LISTED), "Nothing is due: as far as is known, the store has what it should have."),
        (row(LISTED, awaits_images=True), "A publish brings the images that it waits for: publish runs at noon."),
        (
            row(LISTED, wanted_price=Decimal(15), account=9),
            "A sync lowers its count and sends its price of 15: sync runs at noon.",
        ),
        (row(LISTED, pending=Pending.DELIST), "A sync removes it from the store for good: sync runs at noon."),
        (
            row(LISTED, pending=Pending.HIDE, is_paused=True),
            "Nothing happens to it while it is paused; 'tradepost listings unpause MUG' ends that.",
        ),
    ],
)
def test_what_happens_next_is_told_with_when(listing, sentence):
    assert told_next(listing) == [sentence]


def test_images_are_no_work_of_a_channel_that_sends_none():
    assert told_next(row(LISTED, awaits_images=True), sends_images=False) == [
        "Nothing is due: as far as is known, the store has what it should have."
    ]


@given(
    settled=st.sampled_from(SETTLED),
    pending=st.sampled_from(Pending),
    is_paused=st.booleans(),
    is_orphaned=st.booleans(),
    account=st.none() | st.integers(0, 9),
    proven=st.sampled_from([None, Decimal("14.90"), Decimal(1)]),
    is_open=st.booleans(),
    refusals=st.sampled_from([0, 4, 5]),
)
def test_work_is_promised_exactly_where_a_run_finds_some(
    *, settled, pending, is_paused, is_orphaned, account, proven, is_open, refusals
):
    """R52: what is explained and what runs take is one set of rules."""
    listing = row(
        settled,
        pending=pending,
        is_paused=is_paused,
        is_orphaned=is_orphaned,
        account=account,
        proven_price=proven,
        open_since=NOON if is_open else None,
        refusals=refusals,
    )

    told = " ".join(told_next(listing))

    # What is paused is still settled; nothing else of it is touched.
    is_synced = any(is_due(stage, listing) for stage in Stage) and not is_paused
    assert ("A publish " in told) is is_due_for_publish(listing.status, refusals=refusals)
    assert ("A sync " in told) is is_synced
    assert told_state(listing)
