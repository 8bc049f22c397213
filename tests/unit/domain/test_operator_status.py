"""The one status that pages show of a listing, over all that it is made of."""

from itertools import product

import pytest

from tradepost.domain.listings.listing import SETTLED, Health, Link, Pending, Status
from tradepost.domain.listings.operator_status import OperatorStatus, operator_status, wanted_count

WAITS = {
    Pending.PUBLISH: "waiting to publish",
    Pending.OVERWRITE: "waiting to update",
    Pending.HIDE: "waiting to hide",
    Pending.UNHIDE: "waiting to unhide",
    Pending.DELIST: "waiting to be removed",
}
IS = {Health.LISTED: "live", Health.HIDDEN: "hidden", Health.DELISTED: "removed", Health.NOT_LISTED: "not on the store"}
BOTH = (False, True)


def expected(status, *, is_inactive, needs_person):
    """The same, as a table that is gone through from the top."""
    for is_so, words in (
        (needs_person, "needs you"),
        (status.link is Link.BROKEN, "gone from the store"),
        (status.is_paused, "paused"),
        (bool(status.pending), WAITS.get(status.pending)),
        (is_inactive and status.health is Health.LISTED, "switched off there"),
    ):
        if is_so:
            return words
    return IS[status.health]


@pytest.mark.parametrize(("health", "link"), SETTLED)
@pytest.mark.parametrize("pending", Pending)
def test_every_listing_has_the_status_that_matters_most(health, link, pending):
    for is_paused, is_orphaned, is_inactive, needs_person in product(BOTH, repeat=4):
        status = Status(health, link, pending, is_paused=is_paused, is_orphaned=is_orphaned)

        shown = operator_status(status, is_inactive=is_inactive, needs_person=needs_person)

        assert shown == expected(status, is_inactive=is_inactive, needs_person=needs_person), status


def test_every_status_is_shown_of_something():
    shown = {
        operator_status(
            Status(health, link, pending, is_paused=is_paused), is_inactive=is_inactive, needs_person=needs_person
        )
        for (health, link), pending, is_paused, is_inactive, needs_person in product(SETTLED, Pending, BOTH, BOTH, BOTH)
    }

    assert shown == set(OperatorStatus)


@pytest.mark.parametrize(
    ("health", "pending", "available", "wanted"),
    [
        (Health.LISTED, Pending.NONE, 5, 5),
        (Health.LISTED, Pending.NONE, -2, 0),
        (Health.LISTED, Pending.NONE, None, None),
        (Health.LISTED, Pending.HIDE, 5, 0),
        (Health.LISTED, Pending.DELIST, 5, 0),
        (Health.HIDDEN, Pending.NONE, 5, 0),
        (Health.HIDDEN, Pending.OVERWRITE, None, 0),
        (Health.HIDDEN, Pending.UNHIDE, 5, 5),
        (Health.HIDDEN, Pending.DELIST, 5, 0),
    ],
)
def test_what_is_hidden_or_to_be_counts_none(health, pending, available, wanted):
    assert wanted_count(Status(health, Link.LINKED, pending), available) == wanted
