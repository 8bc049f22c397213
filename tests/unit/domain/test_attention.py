"""Which reasons end for a listing: by the operation that judges them, by its status, or by what the store has."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.listings import attention
from tradepost.domain.listings.attention import Attention, cured_by, ended_by
from tradepost.domain.listings.listing import QUEUE, Health, Link, Pending, Status

LISTED = Status(Health.LISTED, Link.LINKED)
BROKEN = Status(Health.LISTED, Link.BROKEN)
kinds = st.frozensets(st.sampled_from(Attention))
statuses = st.builds(
    lambda settled, pending: Status(*settled, pending=pending), st.sampled_from(sorted(QUEUE)), st.sampled_from(Pending)
)


@given(judged=kinds, flagged=kinds)
def test_what_was_carried_out_ends_what_was_judged_and_is_not_said_again_and_no_other_kind(judged, flagged):
    assert ended_by(judged, flagged, is_carried_out=True) == judged - flagged


@given(judged=kinds, flagged=kinds)
def test_what_was_not_carried_out_ends_only_another_answer_to_which_product_it_is(judged, flagged):
    answers = {Attention.NO_MATCH, Attention.AMBIGUOUS_MATCH, Attention.MATCH_TAKEN, Attention.ALREADY_EXISTS}

    ended = ended_by(judged, flagged, is_carried_out=False)

    assert ended == ((judged & answers) - flagged if flagged & answers else set())


@given(status=statuses)
def test_a_broken_link_is_cured_by_any_status_that_is_not_broken(status):
    assert (Attention.BROKEN_LINK in cured_by(status)) is (status.link is not Link.BROKEN)


@pytest.mark.parametrize(
    ("kind", "holds", "ends"),
    [
        (Attention.BROKEN_LINK, BROKEN, LISTED),
        (Attention.BROKEN_LINK, BROKEN, Status()),
        (Attention.NO_MATCH, Status(), LISTED),
        (Attention.NO_MATCH, BROKEN, LISTED),
        (Attention.MATCH_TAKEN, Status(), LISTED),
        (Attention.AMBIGUOUS_MATCH, Status(), LISTED),
        (Attention.IMAGE_FAILED, BROKEN, Status()),
        (Attention.STOCK_FAILED, LISTED, Status()),
        (Attention.UNSETTLED, BROKEN, Status()),
        (Attention.DRIFT, LISTED, Status()),
        (Attention.DRAFT, Status(Health.HIDDEN, Link.LINKED), LISTED),
        (Attention.DRAFT, replace(LISTED, pending=Pending.HIDE), LISTED),
        (Attention.DRAFT, Status(pending=Pending.PUBLISH), Status()),
        (Attention.PRICE_FAILED, LISTED, Status()),
        (Attention.DELIST_FAILED, replace(LISTED, pending=Pending.DELIST), LISTED),
        (Attention.IMAGE_FAILED, Status(pending=Pending.PUBLISH), Status()),
    ],
)
def test_a_reason_ends_with_the_status_that_it_is_about(kind, holds, ends):
    assert kind not in cured_by(holds)
    assert kind in cured_by(ends)


@given(status=statuses)
def test_what_is_about_no_status_is_cured_by_none(status):
    assert not cured_by(status) & {Attention.OVERSOLD, Attention.COUNT_STANDS_STILL, Attention.ORPHANED}


@dataclass(frozen=True)
class Sent:
    """A listing whose store has what is wanted of it."""

    status: Status = LISTED
    wanted_price: Decimal = Decimal(9)
    proven_price: Decimal | None = Decimal(9)
    available: int | None = 4
    account: int | None = 4
    open_since: datetime | None = None
    sells_without_stock: bool = False
    proven_without_stock: bool = False


HIDDEN = Status(Health.HIDDEN, Link.LINKED)


@pytest.mark.parametrize(
    ("listing", "is_moot"),
    [
        (Sent(), True),
        (Sent(account=5), False),
        (Sent(sells_without_stock=True), False),
        (Sent(sells_without_stock=True, proven_without_stock=True), True),
        (Sent(account=None, available=None), False),
        (Sent(open_since=datetime(2026, 3, 1, tzinfo=UTC)), False),
        (Sent(status=replace(LISTED, pending=Pending.HIDE)), False),
        (Sent(status=replace(LISTED, pending=Pending.OVERWRITE)), True),
        # What is hidden is wanted at 0, whatever there is.
        (Sent(status=HIDDEN), False),
        (Sent(status=HIDDEN, account=0), True),
        (Sent(status=replace(HIDDEN, pending=Pending.UNHIDE), account=0), False),
    ],
)
def test_a_stock_that_failed_is_forgotten_when_the_store_has_what_is_wanted(listing, is_moot):
    assert attention.is_moot(Attention.STOCK_FAILED, listing) is is_moot


def test_a_price_that_failed_is_forgotten_when_the_store_has_it():
    assert attention.is_moot(Attention.PRICE_FAILED, Sent(account=None))
    assert not attention.is_moot(Attention.PRICE_FAILED, Sent(wanted_price=Decimal(8)))


@pytest.mark.parametrize("kind", sorted(set(Attention) - {Attention.PRICE_FAILED, Attention.STOCK_FAILED}))
def test_nothing_else_that_is_wrong_is_forgotten_for_what_the_store_has(kind):
    assert not attention.is_moot(kind, Sent())
