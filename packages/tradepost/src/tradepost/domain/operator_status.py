"""
The one status that an operator reads of a listing, made of its health, its link, what was asked for and whether it
needs a person; and how many of it the store should count.
"""

from collections.abc import Mapping
from enum import StrEnum

from tradepost.domain.listing import Health, Link, Pending, Status
from tradepost.domain.stock import offered


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
