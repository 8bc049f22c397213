"""
The one status that an operator reads of a listing, made of its health, its link, what was asked for and whether it
needs a person; and how many of it the store should count.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from tradepost.domain.listings.listing import Health, Link, Pending, Status
from tradepost.domain.stock.stock import offered


class OperatorStatus(StrEnum):
    """The values are what pages say."""

    NEEDS_YOU = "needs you"
    GONE = "gone from the store"
    PAUSED = "paused"
    WAITS_TO_PUBLISH = "waiting to publish"
    WAITS_TO_UPDATE = "waiting to update"
    WAITS_TO_HIDE = "waiting to hide"
    WAITS_TO_UNHIDE = "waiting to unhide"
    WAITS_TO_GO = "waiting to be removed"
    SWITCHED_OFF = "switched off there"
    LIVE = "live"
    HIDDEN = "hidden"
    REMOVED = "removed"
    NOT_ON_STORE = "not on the store"


MEANINGS: Mapping[OperatorStatus, str] = {
    OperatorStatus.NEEDS_YOU: "Something keeps it from being as it should be, and only a person can decide. What that "
    "is, in the store's own words, and what helps is told with it.",
    OperatorStatus.GONE: "The store has its product no more, or another one under that number. Link it again, or "
    "publish it anew.",
    OperatorStatus.PAUSED: "Somebody paused it: no run touches it until it is unpaused.",
    OperatorStatus.WAITS_TO_PUBLISH: "The next publish makes it on the store.",
    OperatorStatus.WAITS_TO_UPDATE: "The next publish sends its content.",
    OperatorStatus.WAITS_TO_HIDE: "The next sync sets its stock to 0, so that nobody can buy it.",
    OperatorStatus.WAITS_TO_UNHIDE: "The next sync gives it its stock back.",
    OperatorStatus.WAITS_TO_GO: "The next sync removes its product from the store for good.",
    OperatorStatus.SWITCHED_OFF: "It is on the store, and somebody has made it inactive there.",
    OperatorStatus.LIVE: "It is on the store and can be bought while there is stock.",
    OperatorStatus.HIDDEN: "It is on the store with a stock of 0, and its count is held back until it is unhidden.",
    OperatorStatus.REMOVED: "It was on the store and was removed. Publishing makes a new product.",
    OperatorStatus.NOT_ON_STORE: "It was never published, or linked, on this channel.",
}
"""What each means for a shop; pages and the reference say it."""

_WAITING: Mapping[Pending, OperatorStatus] = {
    Pending.PUBLISH: OperatorStatus.WAITS_TO_PUBLISH,
    Pending.OVERWRITE: OperatorStatus.WAITS_TO_UPDATE,
    Pending.HIDE: OperatorStatus.WAITS_TO_HIDE,
    Pending.UNHIDE: OperatorStatus.WAITS_TO_UNHIDE,
    Pending.DELIST: OperatorStatus.WAITS_TO_GO,
}
_SETTLED: Mapping[Health, OperatorStatus] = {
    Health.LISTED: OperatorStatus.LIVE,
    Health.HIDDEN: OperatorStatus.HIDDEN,
    Health.DELISTED: OperatorStatus.REMOVED,
    Health.NOT_LISTED: OperatorStatus.NOT_ON_STORE,
}


def given_up_sentences(given_up: Mapping[Pending, int], *, is_done: bool) -> Iterator[str]:
    """Say what waits, by how many listings, and is given up for what is asked now; or was."""
    for pending, number in given_up.items():
        listings, is_one = f"{number:,} listing{'' if number == 1 else 's'}", number == 1
        waiting = _WAITING[pending]
        if is_done:
            yield f"{listings} {'was' if is_one else 'were'} {waiting}, which was given up for it."
        else:
            verb = "is" if is_one else "are"
            yield f"{listings} {verb} {waiting}. That is given up: a listing waits for one thing at a time."


def operator_status(status: Status, *, is_inactive: bool, needs_person: bool) -> OperatorStatus:
    """
    Say what matters most: that it needs a person, that nothing can or may happen to it, what is to happen, what it is.

    `is_inactive`: somebody has switched it off on the store.
    """
    if needs_person:
        return OperatorStatus.NEEDS_YOU
    if status.link is Link.BROKEN:
        return OperatorStatus.GONE
    if status.is_paused:
        return OperatorStatus.PAUSED
    if status.pending:
        return _WAITING[status.pending]
    if is_inactive and status.health is Health.LISTED:
        return OperatorStatus.SWITCHED_OFF
    return _SETTLED[status.health]


def wanted_count(status: Status, available: int | None) -> int | None:
    """
    Say how many the store should count, once all that was asked for is done; None where nobody has stated it.

    What is hidden, or to be, counts none.
    """
    is_hidden = status.health is Health.HIDDEN and status.pending is not Pending.UNHIDE
    if is_hidden or status.pending in {Pending.HIDE, Pending.DELIST}:
        return 0
    return None if available is None else offered(available)
