"""The home of the database: finding out where it lies, and noticing one that was put elsewhere or back."""

import os
import socket
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, transaction
from django.db.models import Max

from tradepost.database import sql
from tradepost.database.models import Channel, HomeRecord, NoticeMessage, Run
from tradepost.domain.home import Place, elsewhere_words, is_elsewhere, is_older, older_words

_SEEN = "hub.seen"
_DIGITS = 20


def notice(folder: Path) -> str:
    """
    Return what is wrong with the database: it came from elsewhere, or is older than what this folder has seen; blank
    if nothing is. Nothing is changed.
    """
    home = HomeRecord.objects.first()
    if home is None:
        return ""
    if is_elsewhere(home.place, place_of()):
        return elsewhere_words(as_of=_last_at_work())
    # In this order: what was noted is in the database by then.
    seen = _seen(folder)
    if is_older(_last_run(), seen=seen):
        return older_words(as_of=_last_at_work())
    return ""


def is_settled(folder: Path) -> bool:
    """Whether `settle` would find nothing to change or to say."""
    return HomeRecord.objects.filter(place=place_of()).exists() and not notice(folder)


def settle(folder: Path) -> str:
    """
    Take the present place for the database's home, and let channels of one that came back only look; see `notice`.

    Idempotent: what was noticed once is not noticed again.
    """
    words = notice(folder)
    if words:
        with transaction.atomic():
            suspend(words, as_of=_last_at_work())
            _set_place(place_of())
        _write_seen(folder, _last_run())
    else:
        place = place_of()
        if not HomeRecord.objects.filter(place=place).exists():
            _set_place(place)
        note_progress(folder)
    return words


def suspend(words: str, *, as_of: datetime | None, using: str = DEFAULT_DB_ALIAS) -> None:
    """Let all channels only look, until a person has said what came after `as_of`, and send no message of that time."""
    channels = Channel.objects.using(using).filter(archived_at__isnull=True)
    # Of one that was put back twice the earlier moment counts.
    channels.filter(restored_from__isnull=True).update(restored_from=as_of, restored_why=words)
    channels.update(is_look_only=True)
    # What was on its way then has arrived long ago, or is nobody's business in a copy.
    NoticeMessage.objects.using(using).filter(due_at__isnull=False).update(due_at=None)


def forget_place(using: str) -> None:
    """Let a database be at home wherever it is opened first."""
    HomeRecord.objects.using(using).update(place={})


def note_progress(folder: Path) -> None:
    """Note in the data folder how far the hub has come, for the day on which its database is put back."""
    last = _last_run()
    if last > _seen(folder):
        _write_seen(folder, last)


def forget_progress(folder: Path) -> None:
    """Let an earlier state of the database be the right one, because it was put back on purpose."""
    (folder / _SEEN).unlink(missing_ok=True)


def place_of() -> Place:
    """Find out where the database lies."""
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        return {"file": str(path.stat().st_ino), "machine": _machine(), "folder": str(path.resolve().parent)}
    (number,) = sql.fetch_numbers("SELECT oid::bigint AS number FROM pg_database WHERE datname = current_database()")
    return {"cluster": _cluster(), "database": str(number)}


def _cluster() -> str:
    """Name the server's cluster; blank where its owner keeps that to himself, as a hosted one may."""
    try:
        with transaction.atomic():
            (number,) = sql.fetch_numbers("SELECT system_identifier FROM pg_control_system()")
    except DatabaseError:
        return ""
    return str(number)


def _machine() -> str:
    """Name the machine; a container, which is made anew with each start, may have no name but that of its host."""
    number = ""
    with suppress(OSError):
        number = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    return number or socket.gethostname()


def _set_place(place: Place) -> None:
    HomeRecord.objects.update_or_create(id=1, defaults={"place": dict(place)})


def _last_run() -> int:
    # Those of a source go with it. A sequence would not do: a server that takes over for another skips some numbers.
    return Run.objects.filter(channel__isnull=False).aggregate(last=Max("id"))["last"] or 0


def _last_at_work() -> datetime | None:
    last: datetime | None = Run.objects.aggregate(last=Max("finished_at"))["last"]
    return last


def _seen(folder: Path) -> int:
    try:
        text = (folder / _SEEN).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return 0
    return int(text) if text.isdecimal() else 0


def _write_seen(folder: Path, number: int) -> None:
    # Always as many bytes, at once: whoever is killed, or reads beside it, has the one number or the other.
    descriptor = os.open(folder / _SEEN, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(descriptor, f"{number:0{_DIGITS}d}\n".encode(), 0)
    finally:
        os.close(descriptor)
