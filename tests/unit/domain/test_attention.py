"""Which reasons end for a listing: by the operation that judges them, by its status, or by what the store has."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradepost.domain.attention import Attention, cured_by, ended_by
from tradepost.domain.listing import QUEUE, Health, Link, Pending, Status

LISTED = Status(Health.LISTED, Link.LINKED)
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
        (Attention.NO_MATCH, Status(), LISTED),
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
