"""Where the hub is at home: noticing a database that was put elsewhere or back, and which channels wait for a word."""

import logging
from pathlib import Path

from django.conf import settings

from tradepost.database import home

_logger = logging.getLogger(__name__)


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


def _folder() -> Path:
    return Path(settings.DATA_DIR)
