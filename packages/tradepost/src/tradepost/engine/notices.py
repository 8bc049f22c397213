"""Telling people: looking what is so, writing down what is news, and sending what is on its way."""

import logging
from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tradepost import wiring
from tradepost.database import notices
from tradepost.database.ciphertexts import place_of_notices
from tradepost.database.models import NoticeMessage, NoticePlace
from tradepost.domain.errors import NotAllowed, Reconfigure, TradepostError
from tradepost.domain.people.audit import AuditEvent, AuditNote
from tradepost.domain.people.notices import Letter, NoticeEvent, next_digest
from tradepost.engine.rhythm import Rhythm
from tradepost.operations.ports import Clock

_EVERY_SECONDS = 30.0
_LONGEST_NAME = 64
_logger = logging.getLogger(__name__)


class Notifier(Rhythm):
    """
    Tells what is news every half minute, until it is stopped. A message that waits for its server then is sent again by
    the next start.
    """

    def __init__(self, *, clock: Clock = timezone.now) -> None:
        super().__init__("The notifier", name="notifier", logger=_logger, clock=clock)

    def beat(self) -> None:
        if NoticePlace.objects.exists():
            look(clock=self._clock)
            while not self.is_stopping.is_set() and send_next(clock=self._clock):
                pass

    def pause_seconds(self) -> float:
        return _EVERY_SECONDS


def look(*, clock: Clock = timezone.now) -> int:
    """Write down what is news, with the letters that tell it; return how many causes are new. Nothing is sent yet."""
    now = clock()
    return notices.note(list(notices.causes(now=now)), hub=_hub(), at=now)


def send_next(*, clock: Clock = timezone.now, only: int | None = None) -> bool:
    """
    Send the next message that is due; False if there is none.

    It is claimed first, and sent outside of any transaction. Who is killed while it is under way has it sent again when
    the claim has run out: twice rather than never.
    """
    message = notices.claim(at=clock(), only=only)
    if message is None:
        return False
    try:
        address = wiring.secrets.cipher().decrypt(
            bytes(message.place.address), place=place_of_notices(message.place.name)
        )
        wiring.people.messenger().send(address, Letter(message.title, message.body), is_local=message.place.is_local)
    except TradepostError as error:
        _logger.warning("A message to '%s' was not sent: %s", message.place.name, error)
        # What only a person can mend is not tried again and again.
        notices.note_failed(message, str(error), at=clock(), is_final=isinstance(error, Reconfigure))
    else:
        notices.note_sent(message, at=clock())
    return True


# --- places -----------------------------------------------------------------------------------------------------------


def add_place(
    name: str,
    address: str,
    *,
    events: Collection[NoticeEvent] = (),
    is_local: bool = False,
    digest_at: str = "",
    time_zone: str = "UTC",
    requested_by: str = "",
    clock: Clock = timezone.now,
) -> None:
    """Keep a place where somebody is told. Raises NotAllowed for a name that is taken, and an address that is none."""
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise NotAllowed(f"A name has 1 to {_LONGEST_NAME} characters.")
    if NoticePlace.objects.filter(name=name).exists():
        raise NotAllowed(f"There is a place '{name}' already; 'tradepost notify set' changes it.")
    now = clock()
    place = NoticePlace(
        name=name,
        shown=wiring.people.messenger().shown(address),
        address=wiring.secrets.cipher().encrypt(address, place=place_of_notices(name)),
        events=sorted(event.value for event in events),
        is_local=is_local,
        digest_at=digest_at,
        time_zone=time_zone,
        digest_next_at=next_digest(digest_at, after=now, time_zone=time_zone) if digest_at else None,
        digest_from=now,
        made_at=now,
    )
    with transaction.atomic():
        place.save()
        _note(AuditEvent.CREDENTIALS_CHANGED, place, "create", by=requested_by)


def change_place(
    name: str,
    *,
    address: str | None = None,
    events: Collection[NoticeEvent] | None = None,
    is_local: bool | None = None,
    digest_at: str | None = None,
    time_zone: str | None = None,
    requested_by: str = "",
    clock: Clock = timezone.now,
) -> None:
    """Change what is given of a place. Raises NotAllowed."""
    place = the_place(name)
    if address is not None:
        place.shown, place.address = (
            wiring.people.messenger().shown(address),
            wiring.secrets.cipher().encrypt(address, place=place_of_notices(name)),
        )
        place.failure, place.failing_since = "", None
    if events is not None:
        place.events = sorted(event.value for event in events)
    if is_local is not None:
        place.is_local = is_local
    if digest_at is not None or time_zone is not None:
        now = clock()
        place.digest_at = place.digest_at if digest_at is None else digest_at
        place.time_zone = time_zone or place.time_zone
        due = next_digest(place.digest_at, after=now, time_zone=place.time_zone) if place.digest_at else None
        place.digest_next_at, place.digest_from = due, now
    event = AuditEvent.SET_UP_CHANGED if address is None else AuditEvent.CREDENTIALS_CHANGED
    with transaction.atomic():
        place.save()
        _note(event, place, "update", by=requested_by)


def remove_place(name: str, *, requested_by: str = "") -> None:
    """Forget a place, and what was on its way there. Raises NotAllowed."""
    place = the_place(name)
    with transaction.atomic():
        _note(AuditEvent.CREDENTIALS_CHANGED, place, "delete", by=requested_by)
        place.delete()


def _note(event: AuditEvent, place: NoticePlace, deed: str, *, by: str) -> None:
    """Say in the audit trail what is told where from now on; of the address, what may be shown of it."""
    told = ", ".join(place.events) or "everything"
    when = f"at {place.digest_at} {place.time_zone}" if place.digest_at else "at once"
    words = f"{deed} place of notices: {place.shown}" + ("" if deed == "delete" else f", {told}, {when}")
    wiring.trail.audit().note(AuditNote(event, by, place.name, words))


def try_place(name: str, *, clock: Clock = timezone.now) -> str:
    """Send a message to a place at once; return why that failed, blank if it did not. Raises NotAllowed."""
    place = the_place(name)
    letter = Letter("Tradepost: a test", "\n".join(filter(None, ("This is how you will be told.", _hub()))))
    message_id = notices.send_later(place.pk, letter, at=clock())
    send_next(clock=clock, only=message_id)
    message = NoticeMessage.objects.get(pk=message_id)
    # Whatever came of it was said: it is not tried again.
    NoticeMessage.objects.filter(pk=message_id).update(due_at=None)
    return message.failure


def the_place(name: str) -> NoticePlace:
    """Return a place by its name. Raises NotAllowed."""
    place = NoticePlace.objects.filter(name=name).first()
    if place is None:
        raise NotAllowed(f"There is no place '{name}'; 'tradepost notify list' has those that there are.")
    return place


def _hub() -> str:
    return str(settings.TRADEPOST_ADDRESS)
