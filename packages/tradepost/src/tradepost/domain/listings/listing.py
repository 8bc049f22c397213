"""
A listing: one product or variant on one channel, joining our id and the store's.

Its status has dimensions that change independently: health (what the store shows), link (whether we know the store's
product), pending change (what was asked and not yet done), paused (no run touches it) and orphaned (the catalogue has
it no more). What may happen to it is one table, `TRANSITIONS`: what a person asks for and what a run did or found.
What is not in the table is refused, with a sentence.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import TypeAlias

from tradepost.domain.errors import NotAllowed


class Health(StrEnum):
    NOT_LISTED = "not_listed"
    LISTED = "listed"
    HIDDEN = "hidden"
    DELISTED = "delisted"


class ShownHealth(StrEnum):
    """The health as people are told it: nothing is listed that the store has switched off."""

    NOT_LISTED = "not_listed"
    LISTED = "listed"
    INACTIVE = "inactive"
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
    """What a person asks for, and what a run did or found; the values are what a sentence says of it."""

    ASK_PUBLISH = "publish"
    ASK_OVERWRITE = "overwrite"
    ASK_HIDE = "hide"
    ASK_UNHIDE = "unhide"
    ASK_DELIST = "delist"
    CLEARED = "clear"
    PAUSED = "pause"
    UNPAUSED = "unpause"
    UNLINKED = "unlink"

    FOUND_ACTIVE = "found active"  # linked to a product that can be bought
    FOUND_HIDDEN = "found hidden"
    NOT_LINKED = "not linked"  # nothing matches, or several do, or what matches is another's
    PUBLISHED = "published"
    OVERWRITTEN = "overwritten"
    CLOSED = "closed"  # a family's page, when its product has no options any more
    OPENED = "opened again"
    NOT_PUBLISHED = "not published"  # a publish or overwrite was refused or failed
    SYNCED = "synced"  # price or quantity was proven
    NOT_SYNCED = "not synced"  # a price, quantity, hide, unhide or delist was refused or failed
    HIDDEN = "hidden"
    UNHIDDEN = "unhidden"
    DELISTED = "delisted"
    GONE = "gone"  # the store's product is not there any more
    FOUND_AGAIN = "found again"  # the product of a broken link, by its id and the moment at which it was made
    ORPHANED = "orphaned"  # the catalogue does not have it any more
    RETURNED = "returned"  # the catalogue has it again


Settled: TypeAlias = tuple[Health, Link]


@dataclass(frozen=True, slots=True)
class Status:
    health: Health = Health.NOT_LISTED
    link: Link = Link.UNLINKED
    pending: Pending = Pending.NONE
    is_paused: bool = False
    is_orphaned: bool = False

    @property
    def settled(self) -> Settled:
        return self.health, self.link


@dataclass(frozen=True, slots=True)
class Transition:
    """
    A row of the table: in these settled states the event leads to that.

    `guard`: what must be pending, and whether it must be paused or orphaned; None where that does not matter. `after`
    None: health and link stay. `pending`, `is_paused`, `is_orphaned`: what they become; None where they stay.
    """

    name: str
    event: Event
    before: frozenset[Settled]
    after: Settled | None = None
    guard: frozenset[Pending] | None = None
    if_paused: bool | None = None
    if_orphaned: bool | None = None
    pending: Pending | None = None
    is_paused: bool | None = None
    is_orphaned: bool | None = None

    def fits(self, status: Status) -> bool:
        return (
            status.settled in self.before
            and (self.guard is None or status.pending in self.guard)
            and self.if_paused in {None, status.is_paused}
            and self.if_orphaned in {None, status.is_orphaned}
        )

    def of(self, status: Status) -> Status:
        """Return what a status that fits becomes."""
        health, link = self.after or status.settled
        return Status(
            health,
            link,
            pending=status.pending if self.pending is None else self.pending,
            is_paused=status.is_paused if self.is_paused is None else self.is_paused,
            is_orphaned=status.is_orphaned if self.is_orphaned is None else self.is_orphaned,
        )


# The run that applies a pending change.
APPLIED_BY: Mapping[Pending, str] = {
    Pending.PUBLISH: "publish",
    Pending.OVERWRITE: "publish",
    Pending.HIDE: "sync",
    Pending.UNHIDE: "sync",
    Pending.DELIST: "sync",
}

NOT_LISTED: Settled = (Health.NOT_LISTED, Link.UNLINKED)
DELISTED: Settled = (Health.DELISTED, Link.UNLINKED)
LISTED: Settled = (Health.LISTED, Link.LINKED)
HIDDEN: Settled = (Health.HIDDEN, Link.LINKED)
BROKEN_LISTED: Settled = (Health.LISTED, Link.BROKEN)
BROKEN_HIDDEN: Settled = (Health.HIDDEN, Link.BROKEN)
# The settled states that there are; every other pair of health and link is impossible.
SETTLED: Sequence[Settled] = (NOT_LISTED, DELISTED, LISTED, HIDDEN, BROKEN_LISTED, BROKEN_HIDDEN)

_ANY = frozenset(SETTLED)
_UNLINKED = frozenset({NOT_LISTED, DELISTED})
_LINKED = frozenset({LISTED, HIDDEN})
_BROKEN = frozenset({BROKEN_LISTED, BROKEN_HIDDEN})
_PUBLISHING = frozenset({Pending.PUBLISH, Pending.OVERWRITE})
# Where a change leads that can be undone by another one.
_DONE_BY: Mapping[Pending, Settled] = {Pending.HIDE: HIDDEN, Pending.UNHIDE: LISTED}
_OPPOSITE: Mapping[Pending, Pending] = {Pending.HIDE: Pending.UNHIDE, Pending.UNHIDE: Pending.HIDE}
# What is still done for an orphan: it goes off sale, and nothing else is written.
_ENDS_SALE = frozenset({Pending.HIDE, Pending.DELIST})


def _only(*pending: Pending) -> frozenset[Pending]:
    return frozenset(pending)


def _but(*pending: Pending) -> frozenset[Pending]:
    return frozenset(Pending) - frozenset(pending)


# What may happen to a listing. Being paused keeps runs away by what is due (below); what a run had done before it was
# told is recorded all the same. Three things are no rows, because there is no state before or after them:
# - made: a new listing is not listed, unlinked and has nothing pending, or a publish
#   (`database.listings.listing_build`);
# - removed from the hub: off the store, or left there (`operations.listings.queue_changes.plan_removal`);
# - its channel is out of use, paused or refused: every run skips it, and queues stay (`engine.runs`,
#   `engine.schedules`).
# How often a failure is tried again is no matter of states either: what failed stays queued.
TRANSITIONS: Sequence[Transition] = (
    # --- people ---
    Transition("publish asked", Event.ASK_PUBLISH, _UNLINKED, if_orphaned=False, pending=Pending.PUBLISH),
    Transition("overwrite asked", Event.ASK_OVERWRITE, _LINKED, if_orphaned=False, pending=Pending.OVERWRITE),
    Transition("hide asked", Event.ASK_HIDE, frozenset({LISTED}), pending=Pending.HIDE),
    Transition(
        "unhide taken back", Event.ASK_HIDE, frozenset({HIDDEN}), guard=_only(Pending.UNHIDE), pending=Pending.NONE
    ),
    Transition("unhide asked", Event.ASK_UNHIDE, frozenset({HIDDEN}), if_orphaned=False, pending=Pending.UNHIDE),
    Transition(
        "hide taken back", Event.ASK_UNHIDE, frozenset({LISTED}), guard=_only(Pending.HIDE), pending=Pending.NONE
    ),
    Transition("delist asked", Event.ASK_DELIST, _LINKED, pending=Pending.DELIST),
    Transition("cleared", Event.CLEARED, _ANY, pending=Pending.NONE),
    Transition("paused", Event.PAUSED, _ANY, if_paused=False, is_paused=True),
    Transition("unpaused", Event.UNPAUSED, _ANY, if_paused=True, is_paused=False),
    Transition("unlinked", Event.UNLINKED, _LINKED, NOT_LISTED, pending=Pending.NONE),
    Transition("broken link let go of", Event.UNLINKED, _BROKEN, NOT_LISTED, pending=Pending.NONE),
    # --- link ---
    Transition("linked", Event.FOUND_ACTIVE, _UNLINKED, LISTED, guard=_but(Pending.PUBLISH)),
    Transition("linked hidden", Event.FOUND_HIDDEN, _UNLINKED, HIDDEN, guard=_but(Pending.PUBLISH)),
    Transition(
        "linked instead of published",
        Event.FOUND_ACTIVE,
        _UNLINKED,
        LISTED,
        guard=_only(Pending.PUBLISH),
        pending=Pending.NONE,
    ),
    Transition(
        "linked hidden instead of published",
        Event.FOUND_HIDDEN,
        _UNLINKED,
        HIDDEN,
        guard=_only(Pending.PUBLISH),
        pending=Pending.NONE,
    ),
    Transition("relinked", Event.FOUND_ACTIVE, _BROKEN, LISTED),
    Transition("relinked hidden", Event.FOUND_HIDDEN, _BROKEN, HIDDEN),
    Transition("not linked", Event.NOT_LINKED, _UNLINKED | _BROKEN),
    # --- publish; a parent is made and refreshed with its variants, without having been asked for ---
    Transition(
        "published",
        Event.PUBLISHED,
        frozenset({NOT_LISTED}),
        LISTED,
        guard=_only(Pending.NONE, Pending.PUBLISH),
        pending=Pending.NONE,
    ),
    Transition(
        "published again",
        Event.PUBLISHED,
        frozenset({DELISTED}),
        LISTED,
        guard=_only(Pending.NONE, Pending.PUBLISH),
        pending=Pending.NONE,
    ),
    Transition("overwritten", Event.OVERWRITTEN, _LINKED, guard=_only(Pending.OVERWRITE), pending=Pending.NONE),
    Transition("closed", Event.CLOSED, frozenset({LISTED}), HIDDEN, guard=_but(Pending.DELIST), pending=Pending.NONE),
    Transition("closed before it goes", Event.CLOSED, frozenset({LISTED}), HIDDEN, guard=_only(Pending.DELIST)),
    Transition("opened again", Event.OPENED, frozenset({HIDDEN}), LISTED, guard=_only(Pending.NONE)),
    Transition("not published", Event.NOT_PUBLISHED, _UNLINKED | _LINKED, guard=_PUBLISHING),
    # --- sync ---
    Transition("synced", Event.SYNCED, _LINKED, guard=_but(Pending.DELIST)),
    Transition("not synced", Event.NOT_SYNCED, _LINKED),
    Transition("hidden", Event.HIDDEN, frozenset({LISTED}), HIDDEN, guard=_only(Pending.HIDE), pending=Pending.NONE),
    Transition(
        "unhidden", Event.UNHIDDEN, frozenset({HIDDEN}), LISTED, guard=_only(Pending.UNHIDE), pending=Pending.NONE
    ),
    # Whatever is pending: a parent goes with its last variant.
    Transition("delisted", Event.DELISTED, _LINKED, DELISTED, pending=Pending.NONE),
    Transition("gone as asked", Event.GONE, _LINKED, DELISTED, guard=_only(Pending.DELIST), pending=Pending.NONE),
    Transition(
        "broken", Event.GONE, frozenset({LISTED}), BROKEN_LISTED, guard=_but(Pending.DELIST), pending=Pending.NONE
    ),
    Transition(
        "broken hidden",
        Event.GONE,
        frozenset({HIDDEN}),
        BROKEN_HIDDEN,
        guard=_but(Pending.DELIST),
        pending=Pending.NONE,
    ),
    Transition("healed", Event.FOUND_AGAIN, frozenset({BROKEN_LISTED}), LISTED),
    Transition("healed hidden", Event.FOUND_AGAIN, frozenset({BROKEN_HIDDEN}), HIDDEN),
    # --- the catalogue ---
    Transition(
        "orphaned",
        Event.ORPHANED,
        _ANY,
        guard=frozenset(Pending) - _ENDS_SALE,
        if_orphaned=False,
        pending=Pending.NONE,
        is_orphaned=True,
    ),
    Transition("orphaned while it goes", Event.ORPHANED, _ANY, guard=_ENDS_SALE, if_orphaned=False, is_orphaned=True),
    Transition("returned", Event.RETURNED, _ANY, if_orphaned=True, is_orphaned=False),
)

_BY_EVENT: Mapping[Event, list[Transition]] = defaultdict(list)
for _row in TRANSITIONS:
    _BY_EVENT[_row.event].append(_row)

_ASKS: Mapping[Pending, Event] = {
    Pending.NONE: Event.CLEARED,
    **{change: Event(change.value) for change in Pending if change is not Pending.NONE},
}

# Settled state -> the changes that may be queued in it.
QUEUE: Mapping[Settled, frozenset[Pending]] = {
    settled: frozenset(
        change
        for change, event in _ASKS.items()
        if any(row.pending is change is not Pending.NONE and settled in row.before for row in _BY_EVENT[event])
    )
    for settled in SETTLED
}


def transition(status: Status, event: Event) -> Transition:
    """Return the row of the table that an event takes. Raises NotAllowed, with the reason, where there is none."""
    for row in _BY_EVENT[event]:
        if row.fits(status):
            return row
    raise NotAllowed(_why_not(status, event))


def settle(status: Status, event: Event) -> Status:
    """Apply what happened. Raises NotAllowed for an event that can't happen in this state."""
    return transition(status, event).of(status)


def request(status: Status, change: Pending) -> Status:
    """
    Queue a change, or with NONE clear it; the last request wins, and asking for the opposite of what is queued just
    clears it.

    Raises NotAllowed with the reason where the state does not admit the change.
    """
    return settle(status, _ASKS[change])


def asked_by(change: Pending) -> Event:
    """Name the event by which a person asks for a change, or with NONE takes back what was asked for."""
    return _ASKS[change]


def content_asked(status: Status, *, is_asked: bool) -> Status | None:
    """
    Queue an overwrite of a part of the content, beside what is to be overwritten anyway; None where it `is_asked` for
    already, or another change is, which keeps its turn.
    """
    if status.pending not in {Pending.NONE, Pending.OVERWRITE} or is_asked:
        return None
    return settle(status, Event.ASK_OVERWRITE)


def taken_off_sale(status: Status) -> Status | None:
    """Queue the hide of what the merchant sells no more for the moment; None where nothing of it is on sale."""
    if status.settled != LISTED or status.is_orphaned or status.pending in _ENDS_SALE:
        return None
    return settle(status, Event.ASK_HIDE)


def put_back_on_sale(status: Status) -> Status | None:
    """Take back a hide that was queued for that reason, or was done; None where something else holds by now."""
    if status.is_orphaned or status.pending is Pending.DELIST:
        return None
    if status.settled == LISTED:
        return settle(status, Event.ASK_UNHIDE) if status.pending is Pending.HIDE else None
    return settle(status, Event.ASK_UNHIDE) if status.settled == HIDDEN else None


# There are few statuses, and whole catalogues are recorded listing by listing.
@cache
def keep_later_request(current: Status, recorded: Status, *, asked: Pending) -> Status:
    """
    Take health and link as recorded, but not the pending change of a run that read the row some time ago, nor whether
    it is paused or orphaned: that is no run's to say.

    A run clears what it has done. `asked`: what was pending when it read the row; if the row now has another change,
    and one that is allowed in the new state, a person has asked for it since. Whoever has taken a hide or an unhide
    back, which was under way, gets the opposite.
    """
    pending = current.pending
    if pending is Pending.NONE and recorded.settled == _DONE_BY.get(asked) != current.settled:
        pending = _OPPOSITE[asked]
    allowed = QUEUE[recorded.settled] & (_ENDS_SALE if current.is_orphaned else frozenset(Pending))
    is_later = pending in allowed and pending is not asked
    keeps = recorded.pending is not Pending.NONE or is_later
    return replace(
        recorded,
        pending=pending if keeps else Pending.NONE,
        is_paused=current.is_paused,
        is_orphaned=current.is_orphaned,
    )


def is_hidden_by_us(status: Status, *, before: bool) -> bool:
    """Whether we hid it: known while it is on the store, and remembered while it is unlinked."""
    return before if status.health is Health.NOT_LISTED else status.health is Health.HIDDEN


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


def shown_health(health: Health, *, is_inactive: bool) -> ShownHealth:
    return ShownHealth.INACTIVE if health is Health.LISTED and is_inactive else ShownHealth(health.value)


_CURES: Mapping[Event, str] = {
    Event.ASK_PUBLISH: "it is on the store already; queue an overwrite to refresh its content",
    Event.ASK_OVERWRITE: "only a listing that is on the store can be overwritten; queue a publish instead",
    Event.ASK_HIDE: "only a listed listing can be hidden",
    Event.ASK_UNHIDE: "only a hidden listing can be unhidden",
    Event.ASK_DELIST: "only a listing that is on the store can be delisted",
    Event.PAUSED: "it is paused already",
    Event.UNPAUSED: "it is not paused",
    Event.UNLINKED: "it is not linked to anything",
}
_NOT_FOR_ORPHANS = frozenset({Event.ASK_PUBLISH, Event.ASK_OVERWRITE, Event.ASK_UNHIDE})


def _why_not(status: Status, event: Event) -> str:
    state = describe(status)
    if event not in _CURES:
        return f"A listing that is {state} can't become '{event.value}'."
    cure = _CURES[event]
    if status.is_orphaned and event in _NOT_FOR_ORPHANS:
        cure = (
            "the catalogue does not have it any more, or a rule does not list it; import it again, or hide or delist it"
        )
    elif status.link is Link.BROKEN and event in _ASKS.values():
        cure = "its product is gone from the store; unlink it, then link or publish it again"
    return f"Can't {event.value}: this listing is {state}, and {cure}."


# --- what each run may touch (the predicates that every selecting query must match exactly) ---------------------


PARKED_AFTER = 5
"""So many refusals of the same content in a row, and it is not sent again until something of it changes."""


def is_parked(refusals: int) -> bool:
    """Whether the store has refused it so often that sending it once more is of no use."""
    return refusals >= PARKED_AFTER


def is_due_for_publish(status: Status, *, refusals: int = 0) -> bool:
    """`refusals`: how often in a row the store has refused the content that there is to send."""
    is_at_work = not status.is_paused and not status.is_orphaned and not is_parked(refusals)
    return is_at_work and status.pending in _PUBLISHING


def is_due_for_images(status: Status, *, awaits_images: bool) -> bool:
    """Whether a publish has to bring images that it could not bring before; nobody has to queue that."""
    return awaits_images and not status.is_paused and not status.is_orphaned and status.link is Link.LINKED


def is_due_for_status(status: Status) -> bool:
    """Whether a sync has to hide, unhide or delist it."""
    return (
        not status.is_paused
        and status.link is Link.LINKED
        and status.pending in {Pending.HIDE, Pending.UNHIDE, Pending.DELIST}
    )


def may_send_price(status: Status) -> bool:
    """Whether a sync may write its price: hidden listings keep their price in step, too, but orphans have none."""
    return (
        not status.is_paused
        and not status.is_orphaned
        and status.link is Link.LINKED
        and status.pending is not Pending.DELIST
    )


def is_kept_hidden(status: Status) -> bool:
    """Whether a sync has to see to it that nothing of it can be bought."""
    return (
        not status.is_paused
        and status.link is Link.LINKED
        and status.health is Health.HIDDEN
        and status.pending not in {Pending.UNHIDE, Pending.DELIST}
    )


def may_send_quantity(status: Status) -> bool:
    """Whether a sync may write its quantity: while hidden, changes are held back, or it would be for sale again."""
    return may_lower_quantity(status) and status.pending not in _ENDS_SALE


def may_lower_quantity(status: Status) -> bool:
    """
    Whether a sync may lower its quantity: also where it is to go off sale anyway, which may have to wait for a person.
    """
    return not status.is_paused and status.link is Link.LINKED and status.health is Health.LISTED
