"""
Asking for a change of one listing in ten, by a filter: `hub_requests.py 10000` is of so many listings.

It is shown first, as the command does, then asked for, which queues it and keeps it in the history, and taken back.
"""

import os
import time

import hub
from recording import Record, cpu_seconds, forget_peak, peak_mb, size_asked

from tradepost import wiring
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.listing_filter import parse_filters
from tradepost.engine.requests import preview_change, request_change

LISTINGS = size_asked(100_000)
# Prices of the seed are 1.00 to 100.99, evenly spread.
FILTER = "health=listed and price<11"


def main() -> None:
    record = Record(
        f"hub_requests_{LISTINGS}",
        aim="under 300 MB",
        note=f"'{FILTER}' is a tenth of {LISTINGS} listings; a single run, with the history.",
    )
    hub.migrate()
    channel = hub.new_channel()
    hub.fill(channel, LISTINGS)
    listings = wiring.listings.listings_of(channel.pk)
    forget_peak(os.getpid())

    def timed(name: str, work: hub.Callable[[], object]) -> object:
        wall, cpu = time.perf_counter(), cpu_seconds(os.getpid())
        found = work()
        record.add(
            **{
                f"{name}_seconds": time.perf_counter() - wall,
                f"{name}_own_cpu_seconds": cpu_seconds(os.getpid()) - cpu,
            }
        )
        return found

    ids = listings.ids_meant(parse_filters([FILTER]))
    record.add(meant=len(ids))
    timed("choose", lambda: listings.ids_meant(parse_filters([FILTER])))
    timed("preview", lambda: preview_change(channel.pk, ids, Pending.HIDE))
    timed("request", lambda: request_change(channel.pk, ids, Pending.HIDE, requested_by="benchmark"))
    assert len(listings.ids_meant(parse_filters(["pending=hide"]))) == len(ids)
    timed("take_back", lambda: request_change(channel.pk, ids, Pending.NONE, requested_by="benchmark"))
    record.add(peak_mb=peak_mb(os.getpid()))
    record.write()


if __name__ == "__main__":
    main()
