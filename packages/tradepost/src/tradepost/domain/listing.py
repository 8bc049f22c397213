"""
A listing: one product or variant on one channel, joining our id and the store's.

Its status has four dimensions that change independently: health (what the store shows), link (whether we know the
store's product), pending change (what was asked and not yet done) and paused. Which change may be asked for in
which state, and what becomes of the listing when a run has done it, are the two tables of this module.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from tradepost.domain.errors import NotAllowed


class Health(StrEnum):
    NOT_LISTED = "not_listed"
    LISTED = "listed"
    HIDDEN = "hidden"
    DELISTED = "delisted"


class Link(StrEnum):
    UNLINKED = "unlinked"
    LINKED = "linked"
    BROKEN = "broken"


class Pending(StrEnum):
    NONE = ""
    PUBLISH = "publish"
    OVERWRITE = "overwrite"
    HIDE = "hide"
    UNHIDE = "unhide"
    DELIST = "delist"


class Event(StrEnum):
    """What a run found or did, or what a person did to the link."""

    FOUND_ACTIVE = "found active"  # linked to a product that can be bought
    FOUND_HIDDEN = "found hidden"
    PUBLISHED = "published"
    OVERWRITTEN = "overwritten"
    HIDDEN = "hidden"
    UNHIDDEN = "unhidden"
    DELISTED = "delisted"
    GONE = "gone"  # the store's product is not there any more
    UNLINKED = "unlinked"


class Attention(StrEnum):
    """Why a listing needs a person; never blocks by itself."""

    BROKEN_LINK = "broken_link"
    AMBIGUOUS_MATCH = "ambiguous_match"
    MATCH_TAKEN = "match_taken"
    NO_MATCH = "no_match"
    ALREADY_EXISTS = "already_exists"
    IMAGE_FAILED = "image_failed"
    PUBLISH_FAILED = "publish_failed"
    SYNC_FAILED = "sync_failed"
    DELIST_FAILED = "delist_failed"
    ORPHANED = "orphaned"


@dataclass(frozen=True, slots=True)
class Status:
    health: Health = Health.NOT_LISTED
    link: Link = Link.UNLINKED
    pending: Pending = Pending.NONE
    is_paused: bool = False


# The run that applies a pending change.
APPLIED_BY: Mapping[Pending, str] = {
    Pending.PUBLISH: "publish",
    Pending.OVERWRITE: "publish",
    Pending.HIDE: "sync",
    Pending.UNHIDE: "sync",
    Pending.DELIST: "sync",
}

# Settled state -> the changes that may be asked for. What is missing here is refused.
QUEUE: Mapping[tuple[Health, Link], frozenset[Pending]] = {
    (Health.NOT_LISTED, Link.UNLINKED): frozenset({Pending.PUBLISH}),
    (Health.DELISTED, Link.UNLINKED): frozenset({Pending.PUBLISH}),
    (Health.LISTED, Link.LINKED): frozenset({Pending.OVERWRITE, Pending.HIDE, Pending.DELIST}),
    (Health.HIDDEN, Link.LINKED): frozenset({Pending.OVERWRITE, Pending.UNHIDE, Pending.DELIST}),
    (Health.LISTED, Link.BROKEN): frozenset(),
    (Health.HIDDEN, Link.BROKEN): frozenset(),
}

_UNLINKED = (Health.NOT_LISTED, Link.UNLINKED)
_DELISTED = (Health.DELISTED, Link.UNLINKED)
_LISTED = (Health.LISTED, Link.LINKED)
_HIDDEN = (Health.HIDDEN, Link.LINKED)
_BROKEN_LISTED = (Health.LISTED, Link.BROKEN)
_BROKEN_HIDDEN = (Health.HIDDEN, Link.BROKEN)

# (settled state, event) -> the new settled state. What is missing here can't happen and raises.
SETTLE: Mapping[tuple[tuple[Health, Link], Event], tuple[Health, Link]] = {
    (_UNLINKED, Event.FOUND_ACTIVE): _LISTED,
    (_UNLINKED, Event.FOUND_HIDDEN): _HIDDEN,
    (_UNLINKED, Event.PUBLISHED): _LISTED,
    (_UNLINKED, Event.UNLINKED): _UNLINKED,
    (_DELISTED, Event.FOUND_ACTIVE): _LISTED,
    (_DELISTED, Event.FOUND_HIDDEN): _HIDDEN,
    (_DELISTED, Event.PUBLISHED): _LISTED,
    (_DELISTED, Event.UNLINKED): _UNLINKED,
    (_LISTED, Event.OVERWRITTEN): _LISTED,
    (_LISTED, Event.HIDDEN): _HIDDEN,
    (_LISTED, Event.DELISTED): _DELISTED,
    (_LISTED, Event.GONE): _BROKEN_LISTED,
    (_LISTED, Event.UNLINKED): _UNLINKED,
    (_HIDDEN, Event.OVERWRITTEN): _HIDDEN,
    (_HIDDEN, Event.UNHIDDEN): _LISTED,
    (_HIDDEN, Event.DELISTED): _DELISTED,
    (_HIDDEN, Event.GONE): _BROKEN_HIDDEN,
    (_HIDDEN, Event.UNLINKED): _UNLINKED,
    (_BROKEN_LISTED, Event.FOUND_ACTIVE): _LISTED,
    (_BROKEN_LISTED, Event.FOUND_HIDDEN): _HIDDEN,
    (_BROKEN_LISTED, Event.UNLINKED): _UNLINKED,
    (_BROKEN_HIDDEN, Event.FOUND_ACTIVE): _LISTED,
    (_BROKEN_HIDDEN, Event.FOUND_HIDDEN): _HIDDEN,
    (_BROKEN_HIDDEN, Event.UNLINKED): _UNLINKED,
}

# The pending change that an event fulfils. Losing the product or the link ends every pending change, since none
# could be applied any more; being linked ends a publish.
_FULFILS: Mapping[Event, frozenset[Pending]] = {
    Event.FOUND_ACTIVE: frozenset({Pending.PUBLISH}),
    Event.FOUND_HIDDEN: frozenset({Pending.PUBLISH}),
    Event.PUBLISHED: frozenset({Pending.PUBLISH}),
    Event.OVERWRITTEN: frozenset({Pending.OVERWRITE}),
    Event.HIDDEN: frozenset({Pending.HIDE}),
    Event.UNHIDDEN: frozenset({Pending.UNHIDE}),
    Event.DELISTED: frozenset(Pending) - {Pending.NONE},
    Event.GONE: frozenset(Pending) - {Pending.NONE},
    Event.UNLINKED: frozenset(Pending) - {Pending.NONE},
}

_OPPOSITE = {Pending.HIDE: Pending.UNHIDE, Pending.UNHIDE: Pending.HIDE}


def request(status: Status, change: Pending) -> Status:
    """
    Queue a change; the last request wins, and asking for the opposite of what is queued just clears it.

    Raises NotAllowed with the reason where the settled state does not admit the change.
    """
    if change is Pending.NONE:
        return replace(status, pending=Pending.NONE)
    if status.pending is not Pending.NONE and _OPPOSITE.get(status.pending) is change:
        return replace(status, pending=Pending.NONE)
    allowed = QUEUE.get((status.health, status.link), frozenset())
    if change not in allowed:
        raise NotAllowed(_why_not(status, change))
    return replace(status, pending=change)


def settle(status: Status, event: Event) -> Status:
    """Apply what a run did or found. Raises NotAllowed for an event that can't happen in this state."""
    try:
        health, link = SETTLE[((status.health, status.link), event)]
    except KeyError:
        message = f"A listing that is {describe(status)} can't become '{event.value}'."
        raise NotAllowed(message) from None
    fulfilled = status.pending in _FULFILS.get(event, frozenset())
    return Status(
        health=health,
        link=link,
        pending=Pending.NONE if fulfilled else status.pending,
        is_paused=status.is_paused,
    )


def keep_later_request(current: Status, recorded: Status) -> Status:
    """
    Take health and link as recorded, but not the pending change of a run that read the row some time ago.

    A run clears what it has done; if the row now has a change that is allowed in the new state, a person has asked
    for it since. Only an overwrite is still allowed after it was done.
    """
    has_moved = (current.health, current.link) != (recorded.health, recorded.link)
    allowed = QUEUE[recorded.health, recorded.link]
    is_later = current.pending in allowed and (current.pending is not Pending.OVERWRITE or has_moved)
    keeps = recorded.pending is not Pending.NONE or is_later
    return replace(recorded, pending=current.pending if keeps else Pending.NONE, is_paused=current.is_paused)


def is_hidden_by_us(status: Status, *, before: bool) -> bool:
    """Whether we hid it: known while it is on the store, and remembered while it is unlinked."""
    return before if status.health is Health.NOT_LISTED else status.health is Health.HIDDEN


def is_cured(attention: Attention | None, status: Status) -> bool:
    """Whether a new status settles what a person had to look at: a broken link that is none any more."""
    return attention is Attention.BROKEN_LINK and status.link is not Link.BROKEN


def describe(status: Status) -> str:
    """Name the settled state as the operator sees it."""
    if status.link is Link.BROKEN:
        return "a broken link"
    return {
        Health.NOT_LISTED: "not listed",
        Health.LISTED: "listed",
        Health.HIDDEN: "hidden",
        Health.DELISTED: "delisted",
    }[status.health]


def _why_not(status: Status, change: Pending) -> str:
    state = describe(status)
    cure = {
        Pending.PUBLISH: "it is on the store already; queue an overwrite to refresh its content",
        Pending.OVERWRITE: "only a listing that is on the store can be overwritten; queue a publish instead",
        Pending.HIDE: "only a listed listing can be hidden",
        Pending.UNHIDE: "only a hidden listing can be unhidden",
        Pending.DELIST: "only a listing that is on the store can be delisted",
    }[change]
    if status.link is Link.BROKEN:
        cure = "its product is gone from the store; unlink it, then link or publish it again"
    return f"Can't {change.value}: this listing is {state}, and {cure}."


# --- what each run may touch (the predicates that every selecting query must match exactly) ---------------------


def is_due_for_publish(status: Status) -> bool:
    return not status.is_paused and status.pending in {Pending.PUBLISH, Pending.OVERWRITE}


def is_due_for_status(status: Status) -> bool:
    """Whether a sync has to hide, unhide or delist it."""
    return (
        not status.is_paused
        and status.link is Link.LINKED
        and status.pending in {Pending.HIDE, Pending.UNHIDE, Pending.DELIST}
    )


def may_send_price(status: Status) -> bool:
    """Whether a sync may write its price: hidden listings keep their price in step, too."""
    return not status.is_paused and status.link is Link.LINKED and status.pending is not Pending.DELIST


def may_send_quantity(status: Status) -> bool:
    """Whether a sync may write its quantity: while hidden, changes are held back, or it would be for sale again."""
    return (
        not status.is_paused
        and status.link is Link.LINKED
        and status.health is Health.LISTED
        and status.pending not in {Pending.HIDE, Pending.DELIST}
    )
