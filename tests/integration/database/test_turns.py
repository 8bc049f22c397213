"""Whoever writes batch after batch lets others write meanwhile."""

import threading
import time

from django.db import connections

from tradepost.database import turns
from tradepost.database.models import Channel


def test_who_waits_to_write_gets_in_between_the_batches_of_another(channel, monkeypatch):
    monkeypatch.setattr(turns, "_AFTER_SECONDS", 0.2)
    has_begun, is_written = threading.Event(), threading.Event()

    def write():
        has_begun.wait()
        Channel.objects.filter(pk=channel.pk).update(store_doubt="written")
        is_written.set()
        connections.close_all()

    other = threading.Thread(target=write)
    other.start()
    for _ in range(500):
        with turns.batch():
            Channel.objects.filter(pk=channel.pk).update(refusal="written")
            has_begun.set()
            # As long as a small batch takes.
            time.sleep(0.01)
        if is_written.is_set():
            break
    got_in = is_written.is_set()
    other.join()

    assert got_in
