"""
Why a listing is in its state, what happens to it next, and what stands in the way: in sentences, from the rules that
runs go by.

An explanation has sections, in the order of `SECTIONS`; what has nothing to say is left out.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tradepost.domain.channels.layout import Layout, is_switch_due
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import (
    BROKEN_HIDDEN,
    BROKEN_LISTED,
    DELISTED,
    HIDDEN,
    LISTED,
    NOT_LISTED,
    Pending,
    Settled,
    is_due_for_images,
    is_due_for_publish,
    is_parked,
)
from tradepost.domain.listings.stages import Stage, SyncValues, is_due

SECTIONS = ("state", "next", "in the way", "price", "stock")


class ExplainedValues(SyncValues, Protocol):
    """What is looked at of a listing."""

    @property
    def sku(self) -> str: ...
    @property
    def external_id(self) -> int | None: ...
    @property
    def overwrite_groups(self) -> Collection[Group]: ...
    @property
    def refusals(self) -> int: ...
    @property
    def awaits_images(self) -> bool: ...
    @property
    def layout(self) -> Layout | None: ...
    @property
    def is_ours(self) -> bool: ...
    @property
    def is_retired(self) -> bool: ...
    @property
    def is_emptied(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did something to a listing, and when: a run of this kind, or a person by a request."""

    at: datetime
    run_id: int | None = None
    kind: str = ""
    requested_by: str = ""


@dataclass(frozen=True, slots=True)
class Deeds:
    """
    What is known of what was done: `settled` brought it into its state, `asked` for what is pending, `paused` it. What
    the history has no more is None.
    """

    settled: Deed | None = None
    asked: Deed | None = None
    paused: Deed | None = None


_PUBLISHING = frozenset({Pending.PUBLISH, Pending.OVERWRITE})
When = Callable[[datetime], str]


def state(listing: ExplainedValues, deeds: Deeds, *, when: When, has_page_besides: bool = False) -> Iterator[str]:
    """
    Say what it is, and who brought it there.

    `has_page_besides`: a variant that is sold on its family's page is switched on by itself, too.
    """
    status = listing.status
    template = _STATES[status.settled]
    yield template.format(id=listing.external_id, by=_by(deeds.settled, when))
    # What the catalogue has no more stands on a page that a publish may have closed; what is in its way says so.
    if status.settled == LISTED and listing.is_inactive and not status.is_orphaned:
        kept = ", and the channel leaves it so" if listing.keeps_inactive else ""
        yield f"Somebody has switched it off on the store{kept}."
    if has_page_besides:
        yield (
            "It is switched on by itself on the store, too, so shoppers find it on a page of its own beside its "
            "family's: the same pieces at the same price. Switch it off there if that is not meant."
        )
    if status.pending is Pending.OVERWRITE:
        groups = ", ".join(sorted(group.value for group in listing.overwrite_groups))
        yield f"An overwrite of {groups or 'its content'} is queued{_asked(deeds.asked, when)}."
    elif status.pending:
        yield f"'{status.pending}' is queued for it{_asked(deeds.asked, when)}."
    if status.is_orphaned:
        yield (
            "The catalogue does not have it any more, or a rule does not list it, so nothing is sent for it but what "
            "takes it off sale."
        )
    if status.is_paused:
        yield f"It is paused{_by(deeds.paused, when)}."


_STATES: Mapping[Settled, str] = {
    NOT_LISTED: "It is not listed: nothing on the store is known to be it{by}.",
    DELISTED: "It is delisted: its product was removed from the store{by}.",
    LISTED: "It is listed: product {id} of the store{by}.",
    HIDDEN: "It is hidden: product {id} of the store is shown as out of stock{by}.",
    BROKEN_LISTED: "Its link is broken: product {id} is gone from the store{by}.",
    BROKEN_HIDDEN: "Its link is broken: product {id}, which was hidden, is gone from the store{by}.",
}


def _by(deed: Deed | None, when: When) -> str:
    if deed is None:
        return ""
    if deed.kind == "request":
        return f", by {deed.requested_by or 'a person'} {when(deed.at)}"
    run = "" if deed.run_id is None else f" by run {deed.run_id} ({deed.kind.replace('_', ' ')})" if deed.kind else ""
    return f", since {when(deed.at).removeprefix('on ')}{run}"


def _asked(deed: Deed | None, when: When) -> str:
    return "" if deed is None else f", asked for by {deed.requested_by or 'a run'} {when(deed.at)}"


def next_steps(listing: ExplainedValues, *, sends_images: bool, when_run: Callable[[str], str]) -> Iterator[str]:
    """
    Say what the runs will do to it, and when.

    `when_run`: when a kind of run is started, or by which command, without a full stop. `sends_images`: the channel has
    a place for them.
    """
    status, sku = listing.status, listing.sku
    if status.is_paused:
        yield f"Nothing happens to it while it is paused; 'tradepost listings unpause {sku}' ends that."
        return
    deeds = list(next_deeds(listing, sends_images=sends_images))
    is_stuck = is_parked(listing.refusals) and status.pending in _PUBLISHING
    if is_stuck:
        yield (
            f"It is parked: the store has refused it {listing.refusals} times in a row. It is sent again when its "
            f"product or the channel's settings change; 'tradepost listings retry {sku}' sends it all the same."
        )
    for deed in deeds:
        yield f"A {deed.kind} {deed.words}: {when_run(deed.kind)}."
    if not (deeds or is_stuck):
        is_closed = listing.is_retired and status.settled == HIDDEN
        yield _CLOSED if is_closed else _IDLE[status.settled].format(sku=sku)


@dataclass(frozen=True, slots=True)
class NextDeed:
    """What a kind of run will do to a listing, as `sends its price of 7.90`."""

    kind: str
    words: str


def next_deeds(listing: ExplainedValues, *, sends_images: bool) -> Iterator[NextDeed]:
    """Say what the runs will do to it, publish first; nothing where it is paused, or has all that it should have."""
    status = listing.status
    if status.is_paused:
        return
    if is_switch_due(status, listing.layout, is_ours=listing.is_ours, refusals=listing.refusals):
        switched = f"switches its family, which is {listing.layout} on the store, to the layout of the channel"
        yield NextDeed("publish", switched)
    if listing.is_emptied:
        yield NextDeed("publish", "takes its page off sale as soon as all that it sold is on sale elsewhere")
    if published := _published(listing, sends_images=sends_images):
        yield NextDeed("publish", published)
    synced = [words.format(price=listing.wanted_price) for stage, words in _SYNCED.items() if is_due(stage, listing)]
    if synced:
        yield NextDeed("sync", _joined(synced))


def _published(listing: ExplainedValues, *, sends_images: bool) -> str:
    status = listing.status
    if is_due_for_publish(status, refusals=listing.refusals):
        if status.pending is Pending.PUBLISH:
            return "makes it on the store" if not listing.is_price_held else "leaves it out, as its price is held back"
        return f"replaces its {', '.join(sorted(group.value for group in listing.overwrite_groups)) or 'content'}"
    if sends_images and is_due_for_images(status, awaits_images=listing.awaits_images):
        return "brings the images that it waits for"
    return ""


_SYNCED: Mapping[Stage, str] = {
    Stage.DELIST: "removes it from the store for good",
    Stage.SETTLE: "settles a write of its stock whose answer is missing",
    Stage.HIDE: "sets its stock to 0",
    Stage.DECREASE: "lowers its count",
    Stage.AT_ZERO: "says what happens when none is left",
    Stage.PRICE: "sends its price of {price}",
    Stage.INCREASE: "raises its count",
    Stage.SET: "sets its count, or looks at it",
    Stage.UNHIDE: "puts it back for sale",
    Stage.ACTIVATE: "switches it on again",
}

_BROKEN = (
    "Nothing is sent for it. 'tradepost listings link {sku}' looks for its product again, 'tradepost listings unlink "
    "{sku}' lets go of it."
)
_CLOSED = "Nothing is due: a publish has closed its page, because nothing is sold there any more."
_IDLE: Mapping[Settled, str] = {
    NOT_LISTED: (
        "Nothing is due. 'tradepost listings publish {sku}' makes it on the store, 'tradepost listings link {sku}' "
        "joins it to what is there."
    ),
    DELISTED: "Nothing is due. 'tradepost listings publish {sku}' makes it anew.",
    LISTED: "Nothing is due: as far as is known, the store has what it should have.",
    HIDDEN: "Nothing is due. 'tradepost listings unhide {sku}' puts it back for sale.",
    BROKEN_LISTED: _BROKEN,
    BROKEN_HIDDEN: _BROKEN,
}


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
