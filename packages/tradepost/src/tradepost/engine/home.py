"""Where the hub is at home: noticing a database that was put elsewhere or back, and which channels wait for a word."""

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from tradepost.database import home
from tradepost.database.models import Channel

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RestoredChannel:
    """A channel that only looks because its database came back; see `Channel.restored_from`."""

    name: str
    why: str
    restored_from: datetime | None


def is_settled() -> bool:
    """Whether nothing is to be noticed of where the database lies."""
    return home.is_settled(_folder())


def settle() -> str:
    """Notice a database that was put elsewhere or back, and let its channels only look; return what was noticed."""
    words = home.settle(_folder())
    if words:
        _logger.warning("%s Every channel is look-only now.", words)
    return words


def note_progress() -> None:
    """Note how far the hub has come, for the day on which its database is put back."""
    home.note_progress(_folder())


def restored_channels() -> list[RestoredChannel]:
    """Return the channels of which nobody has said what came after the state that their database was put back to."""
    found = Channel.objects.filter(archived_at__isnull=True).exclude(restored_why="")
    return [RestoredChannel(row.name, row.restored_why, row.restored_from) for row in found]


def _folder() -> Path:
    return Path(settings.DATA_DIR)
