"""Notices in the database: what is so now, what was told, and the messages that are on their way."""

import shlex
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from tradepost.database.models import (
    AttentionRecord,
    AuditEntry,
    Channel,
    Notice,
    NoticeMessage,
    NoticePlace,
    Order,
    Run,
    ShipmentRecord,
    Source,
)
from tradepost.domain.listings.attention import Attention
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.domain.people.audit import AuditEvent
from tradepost.domain.people.notices import (
    Letter,
    NoticeCause,
    NoticeEvent,
    letter_of,
    news_of,
    next_attempt,
    next_digest,
    over,
)

if TYPE_CHECKING:
    from django.db.models import QuerySet

# Longer than any message takes: who claimed one and has not said what became of it by then is dead.
_CLAIM = timedelta(minutes=10)
_KEPT = timedelta(days=90)
_LATELY = timedelta(days=7)
_AT_ONCE = 1000
_ATTACKED = timedelta(hours=1)
# Far more than people mistype, even where each account and address stays below its own limit.
_MANY_FAILURES = 50


def causes(*, now: datetime) -> Iterator[NoticeCause]:
    """Look up all that is so now, and that somebody may want to be told."""
    yield from _failed_runs(now)
    yield from _stalled_imports()
    yield from _login_attacks(now)
    for channel in Channel.objects.filter(archived_at__isnull=True).order_by("id"):
        # Channel by channel, as the indexes are.
        for look in _LOOKS:
            yield from look(channel)


def _failed_runs(now: datetime) -> Iterator[NoticeCause]:
    for run in Run.failing(since=now - _LATELY).select_related("channel", "source")[:_AT_ONCE]:
        key = f"{run.channel_id or ''}/{run.source_id or ''}/{run.kind}"
        kind = run.get_kind_display().capitalize()
        words = f"{kind} of {run.of} failed (run {run.pk}, {run.error_kind}). 'tradepost runs show {run.pk}' says why."
        yield NoticeCause(NoticeEvent.RUN_FAILED, key, words)


def _stalled_imports() -> Iterator[NoticeCause]:
    for source in Source.objects.exclude(problem="").order_by("id"):
        words = f"Nothing comes in from the source {source.name}. 'tradepost source list' says why."
        yield NoticeCause(NoticeEvent.IMPORT_STALLED, str(source.pk), words)


def _login_attacks(now: datetime) -> Iterator[NoticeCause]:
    """One cause for all of them, as long as they go on: a letter for each would be what an attacker can make."""
    lately = AuditEntry.objects.filter(at__gte=now - _ATTACKED)
    locked = lately.filter(event=AuditEvent.LOCKED_OUT.value).count()
    failed = lately.filter(event=AuditEvent.LOGIN_FAILED.value).count()
    if locked or failed >= _MANY_FAILURES:
        words = (
            f"{failed} logins failed within an hour, and {locked} were refused after too many. 'tradepost audit list' "
            "says whose and from where."
        )
        yield NoticeCause(NoticeEvent.LOGIN_ATTACK, "", words)


def _broken_links(channel: Channel) -> Iterator[NoticeCause]:
    if number := _needing(channel, Attention.BROKEN_LINK):
        words = (
            f"{number} listings of {channel.name} have lost their product on the store; 'tradepost listings attention' "
            "has them."
        )
        yield NoticeCause(NoticeEvent.BROKEN_LINKS, str(channel.pk), words)


def _image_failures(channel: Channel) -> Iterator[NoticeCause]:
    if number := _needing(channel, Attention.IMAGE_FAILED):
        words = f"Images of {number} listings of {channel.name} can't be sent; 'tradepost listings attention' says why."
        yield NoticeCause(NoticeEvent.IMAGE_FAILURES, str(channel.pk), words)


def _needing(channel: Channel, kind: Attention) -> int:
    return AttentionRecord.objects.filter(channel=channel, kind=kind.value).count()


def _refusal(channel: Channel) -> Iterator[NoticeCause]:
    if channel.refusal:
        name = shlex.quote(channel.name)
        words = f"The store of {channel.name} refuses the hub. 'tradepost channel show {name}' says why."
        yield NoticeCause(NoticeEvent.CONNECTION_REFUSED, str(channel.pk), words)


def _restored(channel: Channel) -> Iterator[NoticeCause]:
    if channel.restored_why:
        name = shlex.quote(channel.name)
        words = f"{channel.name} is look-only: {channel.restored_why} 'tradepost channel go-live {name}' lets it go on."
        yield NoticeCause(NoticeEvent.DATABASE_RESTORED, str(channel.pk), words)


def _held_orders(channel: Channel) -> Iterator[NoticeCause]:
    held = Order.objects.filter(channel=channel, state=OrderState.ON_HOLD.value).order_by("id")
    for order_id, number in held.values_list("id", "external_id")[:_AT_ONCE]:
        words = f"Order {number} of {channel.name} is on hold. 'tradepost orders show {number}' says why."
        yield NoticeCause(NoticeEvent.ORDER_HELD, str(order_id), words)


def _untold_shipments(channel: Channel) -> Iterator[NoticeCause]:
    parked = ShipmentRecord.objects.filter(channel=channel, state=ShipmentState.PARKED.value).order_by("id")
    for shipment_id, number in parked.values_list("id", "order__external_id")[:_AT_ONCE]:
        words = (
            f"A shipment of order {number} of {channel.name} is parked: its store was not told. 'tradepost shipments "
            "list' says why."
        )
        yield NoticeCause(NoticeEvent.SHIPMENT_NOT_TOLD, str(shipment_id), words)


def _brakes(channel: Channel) -> Iterator[NoticeCause]:
    for run in Run.objects.filter(channel=channel, needs_answer=True).order_by("id"):
        words = (
            f"The brake stopped {run.get_kind_display()} {run.pk} of {channel.name}. 'tradepost runs show {run.pk}' "
            "says what it would have done."
        )
        yield NoticeCause(NoticeEvent.BRAKE, str(run.pk), words)


# A new cause is a line here, or in `causes`.
_LOOKS: Sequence[Callable[[Channel], Iterator[NoticeCause]]] = (
    _refusal,
    _restored,
    _brakes,
    _broken_links,
    _held_orders,
    _untold_shipments,
    _image_failures,
)


def note(found: Sequence[NoticeCause], *, hub: str, at: datetime) -> int:
    """
    Write down what is new and what is over, with the letters that tell it; return how many causes are new.

    In one transaction: what is written down as told is on its way.
    """
    with transaction.atomic():
        # Under lock, so that two that look at the same time tell nothing twice.
        places = list(NoticePlace.objects.select_for_update().order_by("id"))
        known = {(NoticeEvent(event), key) for event, key in _open().values_list("event", "key")}
        new = news_of(found, known)
        for event, key in over(found, known):
            _open().filter(event=event.value, key=key).update(over_at=at)
        Notice.objects.bulk_create(
            Notice(event=cause.event.value, key=cause.key, words=cause.words, opened_at=at) for cause in new
        )
        for place in places:
            wanted = [cause for cause in new if _wants(place, cause)]
            if wanted and not place.digest_at:
                _send_later(place, letter_of(wanted, hub=hub), at=at)
            if place.digest_next_at is not None and place.digest_next_at <= at:
                _make_digest(place, hub=hub, at=at)
        NoticeMessage.objects.filter(due_at__isnull=True, made_at__lt=at - _KEPT).delete()
        Notice.objects.filter(over_at__lt=at - _KEPT).delete()
    return len(new)


def _make_digest(place: NoticePlace, *, hub: str, at: datetime) -> None:
    since = Notice.objects.filter(opened_at__gt=place.digest_from or place.made_at, opened_at__lte=at).order_by("id")
    told = [NoticeCause(NoticeEvent(row.event), row.key, row.words + _ending(row)) for row in since]
    wanted = [cause for cause in told if _wants(place, cause)]
    if wanted:
        _send_later(place, letter_of(wanted, hub=hub, is_digest=True), at=at)
    place.digest_from = at
    place.digest_next_at = next_digest(place.digest_at, after=at, time_zone=place.time_zone)
    place.save(update_fields=["digest_from", "digest_next_at"])


def _ending(row: Notice) -> str:
    return "" if row.over_at is None else " (It is over.)"


def send_later(place_id: int, letter: Letter, *, at: datetime) -> int:
    """Put a letter on its way; return its message's id."""
    return _send_later(NoticePlace.objects.get(pk=place_id), letter, at=at)


def _send_later(place: NoticePlace, letter: Letter, *, at: datetime) -> int:
    return NoticeMessage.objects.create(place=place, title=letter.title, body=letter.body, made_at=at, due_at=at).pk


def claim(*, at: datetime, only: int | None = None) -> NoticeMessage | None:
    """Take the next message that is due, for as long as sending it may take; None if there is none."""
    due = NoticeMessage.objects.filter(due_at__lte=at)
    if only is not None:
        due = due.filter(pk=only)
    for message_id, due_at in due.order_by("due_at", "id").values_list("id", "due_at")[:_AT_ONCE]:
        # Conditional, so that of two that see the same one has it.
        claimed = NoticeMessage.objects.filter(pk=message_id, due_at=due_at).update(due_at=at + _CLAIM)
        if claimed:
            return NoticeMessage.objects.select_related("place").get(pk=message_id)
    return None


def note_sent(message: NoticeMessage, *, at: datetime) -> None:
    with transaction.atomic():
        NoticeMessage.objects.filter(pk=message.pk).update(
            due_at=None, sent_at=at, failure="", attempts=message.attempts + 1
        )
        NoticePlace.objects.filter(pk=message.place_id).update(failure="", failing_since=None)


def note_failed(message: NoticeMessage, failure: str, *, at: datetime, is_final: bool = False) -> None:
    """Keep why a message could not be sent, and when it is tried again, if it is."""
    attempts = message.attempts + 1
    due_at = None if is_final else next_attempt(attempts, at=at)
    with transaction.atomic():
        NoticeMessage.objects.filter(pk=message.pk).update(due_at=due_at, failure=failure, attempts=attempts)
        place = NoticePlace.objects.filter(pk=message.place_id)
        place.filter(failing_since__isnull=True).update(failing_since=at)
        place.update(failure=failure)


def _wants(place: NoticePlace, cause: NoticeCause) -> bool:
    return not place.events or cause.event.value in place.events


def _open() -> "QuerySet[Notice]":
    return Notice.objects.filter(over_at__isnull=True)
