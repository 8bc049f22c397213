"""
Notices: what people are told of although they do not look. Each cause is told once, until it is over and comes back.

A cause is something that is so: a run that failed and has not gone through since, an order that is on hold. What is so
is looked up, and what was not so before is news. No name, address or secret is ever in a notice: who is told looks it
up here.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from tradepost.domain.channels.schedule import zone_of
from tradepost.domain.errors import NotAllowed


class NoticeEvent(StrEnum):
    """What a notice may be about."""

    RUN_FAILED = "run_failed"
    BROKEN_LINKS = "broken_links"
    CONNECTION_REFUSED = "connection_refused"
    ORDER_HELD = "order_held"
    IMPORT_STALLED = "import_stalled"
    SHIPMENT_NOT_TOLD = "shipment_not_told"
    IMAGE_FAILURES = "image_failures"
    BRAKE = "brake"
    LOGIN_ATTACK = "login_attack"
    DATABASE_RESTORED = "database_restored"


HEADINGS: Mapping[NoticeEvent, str] = {
    NoticeEvent.RUN_FAILED: "runs failed",
    NoticeEvent.BROKEN_LINKS: "listings lost their product",
    NoticeEvent.CONNECTION_REFUSED: "a store refuses its channel",
    NoticeEvent.ORDER_HELD: "orders are on hold",
    NoticeEvent.IMPORT_STALLED: "a source does not come in",
    NoticeEvent.SHIPMENT_NOT_TOLD: "shipments are parked",
    NoticeEvent.IMAGE_FAILURES: "images can't be sent",
    NoticeEvent.BRAKE: "the brake waits for an answer",
    NoticeEvent.LOGIN_ATTACK: "somebody tries passwords",
    NoticeEvent.DATABASE_RESTORED: "the database came back",
}

# Of one event, so many causes are written out; the rest is counted.
SHOWN = 10

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360, 720))
"""How long is waited after each failure; after the last one a message is given up."""


@dataclass(frozen=True, slots=True)
class NoticeCause:
    """Something that is so. `key` tells causes of one event apart; `words` is a sentence for the person who is told."""

    event: NoticeEvent
    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent to one place."""

    title: str
    body: str


def news_of(found: Iterable[NoticeCause], known: Collection[tuple[NoticeEvent, str]]) -> list[NoticeCause]:
    """Return what is so now and was not told as being so."""
    return [cause for cause in found if (cause.event, cause.key) not in known]


def over(found: Iterable[NoticeCause], known: Collection[tuple[NoticeEvent, str]]) -> set[tuple[NoticeEvent, str]]:
    """Return what was told and is so no more."""
    return set(known) - {(cause.event, cause.key) for cause in found}


def letter_of(causes: Sequence[NoticeCause], *, hub: str, is_digest: bool = False) -> Letter:
    """Write one letter of all these: a storm is one letter. `hub`: its address, blank where that is not known."""
    by_event: defaultdict[NoticeEvent, list[NoticeCause]] = defaultdict(list)
    for cause in causes:
        by_event[cause.event].append(cause)
    lines: list[str] = []
    for event in NoticeEvent:
        told = by_event.get(event, [])
        lines += [cause.words for cause in told[:SHOWN]]
        if len(told) > SHOWN:
            lines.append(f"And {len(told) - SHOWN} more: {HEADINGS[event]}.")
    if hub:
        lines.append(hub)
    headings = ", ".join(HEADINGS[event] for event in NoticeEvent if event in by_event)
    what = f"digest: {headings}" if is_digest else headings
    return Letter(f"Tradepost: {what}", "\n".join(lines))


def next_attempt(attempts: int, *, at: datetime) -> datetime | None:
    """Return when a message is tried again that has failed so many times; None: it is given up."""
    return at + RETRIES[attempts - 1] if attempts <= len(RETRIES) else None


def digest_time(text: str) -> time:
    """Read the time of day of a digest, as `08:00`. Raises NotAllowed."""
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 a time of day, in a zone that is named beside it
    except ValueError as error:
        raise NotAllowed(f"'{text}' is no time of day; write it as 08:00.") from error


def next_digest(digest_at: str, *, after: datetime, time_zone: str) -> datetime:
    """Return the first time after a moment at which a digest is due, in UTC. Raises NotAllowed."""
    zone, clock = zone_of(time_zone), digest_time(digest_at)
    day = after.astimezone(zone).date()
    while True:
        due = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
        if due > after:
            return due
        day += timedelta(days=1)
