"""
A rule for all listings, shown first and then set: `hub_rules.py 10000` is of so many.

Beside the preview somebody else writes all the time, as an import or a sync does, and says how long it had to wait.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import hub
from django.db import OperationalError
from recording import Record, cpu_seconds, forget_peak, peak_mb, size_asked

from tradepost import wiring
from tradepost.database.models import Channel
from tradepost.domain.listings.listing_rules import ListingRule
from tradepost.operations.listings import listing_rules

LISTINGS = size_asked(100_000)
RULE = ListingRule(name="spring", percent=Decimal(10), endings=(Decimal("0.99"),), buffer=2)


class Writer(threading.Thread):
    """Writes a row every few milliseconds, and keeps the longest time that it took."""

    def __init__(self, channel_id: int) -> None:
        super().__init__()
        self._channel_id = channel_id
        self._is_over = threading.Event()
        self.longest = 0.0

    def run(self) -> None:
        while not self._is_over.wait(0.005):
            start = time.perf_counter()
            # SQLite gives up after 20 seconds, and the next try begins.
            with suppress(OperationalError):
                Channel.objects.filter(id=self._channel_id).update(store_doubt="")
            self.longest = max(self.longest, time.perf_counter() - start)
        hub.connection.close()

    def stop(self) -> float:
        self._is_over.set()
        self.join()
        return self.longest


def watched(record: Record, name: str, channel: Channel, work: Callable[[], object]) -> None:
    pid = hub.os.getpid()
    writer = Writer(channel.pk)
    forget_peak(pid)
    writer.start()
    wall, cpu = time.perf_counter(), cpu_seconds(pid)
    work()
    wall, cpu = time.perf_counter() - wall, cpu_seconds(pid) - cpu
    record.add(
        **{
            f"{name}_seconds": wall,
            f"{name}_own_cpu_seconds": cpu,
            f"{name}_peak_mb": peak_mb(pid),
            f"{name}_longest_wait_of_a_writer_seconds": writer.stop(),
        }
    )


def main() -> None:
    record = Record(
        f"hub_rules_{LISTINGS}",
        aim="a preview that nobody waits for",
        note=f"One rule for the prices and quantities of {LISTINGS} listings. The writer's work is part of the CPU.",
    )
    hub.migrate()
    channel = hub.new_channel()
    hub.fill(channel, LISTINGS)
    ports = wiring.channels.channel_ports(requested_by="benchmark")
    watched(record, "preview", channel, lambda: listing_rules.set_rule(channel.pk, RULE, ports, is_dry=True))
    watched(record, "set", channel, lambda: listing_rules.set_rule(channel.pk, RULE, ports))
    record.write()


if __name__ == "__main__":
    main()
