"""What can be asked for of listings on pages: each with its act, what it does, and how it is seen beforehand."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from tradepost import wiring
from tradepost.database.models import Channel, Listing
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import APPLIED_BY, Event, Pending
from tradepost.domain.listings.locks import NO_LOCKS, Locks
from tradepost.engine.requests import (
    LETTING_PRICES_THROUGH,
    RETRYING,
    Asked,
    ListingDeed,
    RequestOutcome,
    accepting,
    locking,
    preview_asked,
    preview_removal,
    request_asked,
    request_removal,
    unlocking,
)
from tradepost.operations.channels.abilities import refuse_groups, refuse_unable
from tradepost.operations.ports import Ability
from tradepost.operations.selection import IS_FORCED


@dataclass(frozen=True, slots=True)
class Terms:
    """What is chosen besides the listings: the `groups` that are meant, and what is `locked`, with its values."""

    groups: frozenset[Group] = CONTENT_GROUPS
    locked: Locks = NO_LOCKS


See = Callable[[int, Collection[int], Terms], RequestOutcome]
Do = Callable[[int, Collection[int], Terms, str], RequestOutcome]


@dataclass(frozen=True, slots=True)
class ListingAsk:
    """
    Something to ask for. `verb`: that of its command, and its act is `listings verb`.

    `label`: of the button. `becomes`: what listings then do, as `will be hidden`. `about`: what it means, and what ends
    it. `run`: the kind of run that carries it out, with `options`; blank where it is done at once. `groups`: what can
    be ticked. `forgets`: the hub does not have them any more afterwards.
    """

    verb: str
    label: str
    becomes: str
    about: str
    see: See
    do: Do
    run: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[Group, ...] = ()
    event: Event | None = None
    forgets: bool = False

    @property
    def act(self) -> str:
        return f"listings {_COMMANDS.get(self.verb, self.verb)}"

    @property
    def is_for_good(self) -> bool:
        return self.event is Event.ASK_DELIST

    @property
    def is_queued(self) -> bool:
        """Whether it waits for a run, which may be now or later; what is none is done at once."""
        return bool(self.run) and self.event is not None

    @property
    def pending(self) -> Pending:
        return Pending(self.event.value) if self.event in _PENDING else Pending.NONE


# What has no command of its own name.
_COMMANDS = {"send-ours": "sync"}
_PENDING = frozenset(Event(change.value) for change in APPLIED_BY)


def _of_event(verb: str, label: str, becomes: str, about: str, **more: Any) -> ListingAsk:
    event = Event(verb)

    def see(channel_id: int, ids: Collection[int], terms: Terms) -> RequestOutcome:
        _refuse(channel_id, event, terms)
        (outcome,) = preview_asked(channel_id, [Asked(event, ids)], groups=terms.groups)
        return outcome

    def do(channel_id: int, ids: Collection[int], terms: Terms, who: str) -> RequestOutcome:
        _refuse(channel_id, event, terms)
        (outcome,) = request_asked(channel_id, [Asked(event, ids)], requested_by=who, groups=terms.groups)
        return outcome

    run = APPLIED_BY[Pending(verb)] if event in _PENDING else ""
    return ListingAsk(verb, label, becomes, about, see, do, run=run, event=event, **more)


def _refuse(channel_id: int, event: Event, terms: Terms) -> None:
    """Raises NotAllowed for what the channel can't do."""
    if event in _PENDING:
        refuse_unable(wiring.stores.capabilities(), Ability(event.value))
    if event is Event.ASK_OVERWRITE and terms.groups != CONTENT_GROUPS:
        profile = wiring.channels.profile_of(Channel.objects.get(pk=channel_id))
        refuse_groups(wiring.stores.capabilities(), terms.groups, profile)


def _run_of(verb: str, label: str, becomes: str, about: str, *, run: str, options: Mapping[str, Any]) -> ListingAsk:
    """What is no request, but a run for these listings alone."""

    def see(channel_id: int, ids: Collection[int], _terms: Terms) -> RequestOutcome:
        found = Listing.objects.filter(channel_id=channel_id)
        rows = {*found.filter(pk__in=ids).values_list("pk", flat=True)}
        rows.update(found.filter(parent_id__in=ids).values_list("pk", flat=True))
        return RequestOutcome(queued=len(rows), listing_ids=tuple(sorted(rows)), applied_by=run)

    return ListingAsk(
        verb,
        label,
        becomes,
        about,
        see,
        lambda channel_id, ids, terms, _who: see(channel_id, ids, terms),
        run=run,
        options=options,
    )


def _at_once(
    verb: str,
    label: str,
    becomes: str,
    about: str,
    deed: Callable[[int, Terms], ListingDeed],
    **more: Any,
) -> ListingAsk:
    """What is done at once. `deed`: on a channel, with what is chosen."""
    return ListingAsk(
        verb,
        label,
        becomes,
        about,
        lambda channel_id, ids, terms: deed(channel_id, terms).preview(channel_id, ids),
        lambda channel_id, ids, terms, who: deed(channel_id, terms).request(channel_id, ids, requested_by=who),
        **more,
    )


_ALL: tuple[ListingAsk, ...] = (
    _of_event(
        "hide",
        "Hide",
        "will be hidden",
        "They stay on the store and are shown as out of stock. Unhide puts them back for sale.",
    ),
    _of_event("unhide", "Unhide", "will be put back for sale", "The store gets the pieces that there are."),
    _of_event(
        "publish",
        "Publish",
        "will be created on the store",
        "With all their content and images. What is there already under the same SKU or code is not made twice.",
    ),
    _of_event(
        "overwrite",
        "Update content",
        "will get their content replaced",
        "What is ticked is replaced by what the catalogue says. What somebody changed there by hand is lost.",
        groups=tuple(sorted(CONTENT_GROUPS)),
    ),
    _of_event(
        "clear",
        "Take back",
        "will go on as they are",
        "What was asked for, and is not done yet, is not done.",
    ),
    _of_event(
        "pause",
        "Pause",
        "will be paused",
        "Nothing is sent for them, no price and no quantity either, until they are unpaused: the store may go on "
        "selling what is not there any more.",
    ),
    _of_event(
        "unpause",
        "Unpause",
        "will be worked on again",
        "The next runs send what is queued, and what has changed since.",
    ),
    _at_once(
        "retry",
        "Try again",
        "will be sent again",
        "What the store has refused five times in a row is sent with the next publish all the same.",
        lambda _channel_id, _terms: RETRYING,
    ),
    _at_once(
        "accept-drift",
        "Keep the store's",
        "will keep what the store has",
        "What somebody changed on the store stays as it is there, and nobody is asked about it any more.",
        lambda channel_id, _terms: accepting(channel_id),
    ),
    _run_of(
        "send-ours",
        "Send ours",
        "will get our price, quantity and status",
        "They are looked at on the store, and what somebody changed there is replaced by ours.",
        run="sync",
        options={IS_FORCED: True},
    ),
    _run_of(
        "sync",
        "Sync now",
        "will be synced now",
        "Prices, quantities and what is hidden or put back are sent, where the store has something else.",
        run="sync",
        options={},
    ),
    _run_of(
        "link",
        "Look on the store",
        "will be looked for on the store",
        "By SKU and code. What is found is linked, and nothing is written to the store.",
        run="link",
        options={},
    ),
    _at_once(
        "accept-price",
        "Let the price through",
        "will get their new price",
        "A rule holds the price back because it changes by much; a sync sends it now.",
        lambda _channel_id, _terms: LETTING_PRICES_THROUGH,
    ),
    _at_once(
        "lock",
        "Lock",
        "will be left alone",
        "What is ticked stays as the store has it, or at the value given here, whatever the catalogue says.",
        lambda _channel_id, terms: locking(terms.locked),
        groups=tuple(Group),
    ),
    _at_once(
        "unlock",
        "Unlock",
        "will follow the catalogue again",
        "What is ticked is sent again as the catalogue and the rules say.",
        lambda _channel_id, terms: unlocking(terms.groups),
        groups=tuple(Group),
    ),
    _of_event(
        "unlink",
        "Let go of the store's product",
        "will be let go of",
        "Nothing is written: the products stay on the store as they are, and nothing is sent to them any more.",
    ),
    ListingAsk(
        "remove",
        "Forget",
        "will be forgotten here",
        "Nothing is written: the store keeps their products and sells them as they are, and nobody here knows of them "
        "any more. What was locked or written for them alone is lost. The next import that has their products lists "
        "these anew; “List on a channel” in Products does it at once.",
        lambda channel_id, ids, _terms: preview_removal(channel_id, ids),
        lambda channel_id, ids, _terms, who: request_removal(channel_id, ids, requested_by=who),
        forgets=True,
    ),
    _of_event(
        "delist",
        "Remove from the store",
        "will be removed from the store for good",
        "Their products can't be brought back; publishing them again makes new ones.",
    ),
)

LISTING_ASKS: Mapping[str, ListingAsk] = {ask.verb: ask for ask in _ALL}
