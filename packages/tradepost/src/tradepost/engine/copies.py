"""Backing up, restoring and moving the database, each with nobody in its way, and what of the hub is not in it."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from tradepost import wiring
from tradepost.database.ciphertexts import place_of_connection
from tradepost.database.copies.backup import ShowCopy, check_backup, make_backup
from tradepost.database.copies.move import MovedDatabase, move_database
from tradepost.database.copies.restore import restore_backup
from tradepost.database.models import AuditEntry, Connection
from tradepost.domain.backup import Manifest
from tradepost.domain.errors import TradepostError
from tradepost.domain.people.audit import AuditEvent, AuditNote
from tradepost.engine import occupancy
from tradepost.operations.ports import Clock

_logger = logging.getLogger(__name__)
_BACKED_UP = "a backup was written"


@dataclass(frozen=True, slots=True)
class RestoredDatabase:
    """
    What came of a restore: what the backup said, where the former database is kept, and what is wrong with the key to
    the credentials in it, blank for nothing.
    """

    manifest: Manifest
    former: str
    key_fault: str


def backup(path: Path, *, requested_by: str, step: ShowCopy, clock: Clock = timezone.now) -> Manifest:
    """Write a backup while the hub may be at work. Raises NotAllowed for a file that exists."""
    occupancy.enter(_folder())
    manifest = make_backup(path, at=clock(), step=step)
    try:
        _note(f"{_BACKED_UP}, of {manifest.rows:,} rows", by=requested_by, clock=clock)
    except DatabaseError as error:
        # What can be read only, or is of an older version, is backed up all the more.
        _logger.warning("The backup is not in the audit trail: %s", error)
    return manifest


def check(path: Path, *, step: ShowCopy) -> Manifest:
    """Read a backup through. Raises FileRefused for one that is damaged, or none."""
    return check_backup(path, step=step)


def restore(
    path: Path, *, replaces: bool, requested_by: str, step: ShowCopy, clock: Clock = timezone.now
) -> RestoredDatabase:
    """Put a backup in the place of the database. Raises as `restore_backup` does, NotAllowed while anybody works."""
    with occupancy.alone(_folder()):
        manifest, former = restore_backup(path, folder=_folder(), replaces=replaces, at=clock(), step=step)
        _note(f"a backup of {manifest.made_at:%Y-%m-%d %H:%M} UTC was restored", by=requested_by, clock=clock)
    return RestoredDatabase(manifest, former, _key_fault())


def move(url: str, *, requested_by: str, step: ShowCopy, clock: Clock = timezone.now) -> MovedDatabase:
    """Copy the database into an empty one. Raises as `move_database` does, NotAllowed while anybody works."""
    with occupancy.alone(_folder()):
        moved = move_database(url, at=clock(), step=step)
        _note(f"everything was copied to {moved.target}", by=requested_by, clock=clock)
    return moved


def last_backup() -> datetime | None:
    """When a backup was last written, as far as the audit trail knows; a copy of the files is not seen."""
    written = AuditEntry.objects.filter(event=AuditEvent.DATABASE_COPIED.value, words__startswith=_BACKED_UP)
    return written.order_by("-pk").values_list("at", flat=True).first()


def _note(words: str, *, by: str, clock: Clock) -> None:
    wiring.trail.audit(clock=clock).note(AuditNote(AuditEvent.DATABASE_COPIED, by, words=words))


def _key_fault() -> str:
    kept = Connection.objects.exclude(secrets=b"").first()
    if kept is None:
        return ""
    try:
        wiring.secrets.cipher().decrypt(bytes(kept.secrets), place=place_of_connection(kept.channel_id, kept.kind))
    except TradepostError as error:
        return str(error)
    return ""


def _folder() -> Path:
    return Path(settings.DATA_DIR)
