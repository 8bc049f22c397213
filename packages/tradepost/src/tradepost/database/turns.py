"""
Turns: who writes batch after batch leaves others their turn.

On SQLite one writes at a time, and who waits looks again every tenth of a second only. Between two batches of an import
there are milliseconds, and all others would wait for minutes, and give up.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_AFTER_SECONDS = 2.0
# Longer than SQLite sleeps between two looks, so that whoever waits gets in; it costs a twentieth.
_PAUSE_SECONDS = 0.11


class _WrittenFor(threading.local):
    """For how long this thread has written since it left others their turn."""

    seconds = 0.0


_written = _WrittenFor()


@contextmanager
def batch() -> Iterator[None]:
    """Open a transaction for one of many batches; inside of another one there are no turns."""
    began = time.monotonic()
    with transaction.atomic():
        yield
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    _written.seconds += time.monotonic() - began
    if _written.seconds >= _AFTER_SECONDS:
        _written.seconds = 0.0
        time.sleep(_PAUSE_SECONDS)
