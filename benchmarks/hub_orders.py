"""
How long it takes to import 10,000 orders, and a get with nothing new among many that are known, 2,000 of them open; and
how much of that is our own CPU.
"""

import os
from datetime import UTC, datetime
from decimal import Decimal

import hub
from hub import CountingRun, measured
from recording import Record, peak_mb
from sandbox_process import sandbox

from tradepost.database.models import Channel, Order, Sighting
from tradepost.operations import get_orders

ORDERS = 10_000
PRODUCTS = 1_000
KNOWN = 200_000
OPEN = 2_000
_FIRST_KNOWN = 10**12


def main() -> None:
    record = Record(
        "hub_orders",
        aim="at least 1,000 orders a second of our own CPU",
        note="A single run; orders of one line each over a year, sighted by pages of 500 and fetched by pages of 100.",
    )
    hub.migrate()
    channel = hub.new_channel(look_back_days=400, order_statuses=["pending"])
    hub.fill(channel, PRODUCTS)
    with sandbox() as server, hub.ports(server, channel) as make:
        server.control("/seed", products=PRODUCTS, orders=ORDERS)
        run = CountingRun()
        taken = measured(server, lambda: get_orders.execute(make(run)))
        # Each is sighted for what it takes from stock, and imported.
        assert run.outcomes == {"update applied": ORDERS, "import applied": ORDERS}, run.outcomes
        record.add(
            seconds=taken.wall,
            sandbox_seconds=taken.sandbox,
            requests=taken.requests,
            orders_a_second_of_own_cpu=ORDERS / taken.cpu,
            own_cpu_ms_an_order=1000 * taken.cpu / ORDERS,
            peak_mb=peak_mb(os.getpid()),
        )
        know_many(channel, KNOWN)
        leave_open(channel, OPEN)
        run = CountingRun()
        taken = measured(server, lambda: get_orders.execute(make(run)))
        assert not run.outcomes, run.outcomes
        record.add(
            nothing_new_known=KNOWN + ORDERS,
            nothing_new_open=OPEN,
            nothing_new_seconds=taken.wall,
            nothing_new_sandbox_seconds=taken.sandbox,
            nothing_new_requests=taken.requests,
            nothing_new_own_cpu_seconds=taken.cpu,
            nothing_new_peak_mb=peak_mb(os.getpid()),
        )
    record.write()


def know_many(channel: Channel, count: int) -> None:
    """Fill the hub with orders of long ago, with numbers that the store does not give."""
    placed = datetime(2020, 1, 1, tzinfo=UTC)
    for start in range(0, count, 20_000):
        numbers = range(_FIRST_KNOWN + start, _FIRST_KNOWN + start + 20_000)
        Sighting.objects.bulk_create(
            Sighting(
                channel=channel,
                external_id=number,
                store_status="shipped",
                updated=1,
                is_open=False,
                is_news=False,
                sighted_at=placed,
            )
            for number in numbers
        )
        Order.objects.bulk_create(
            Order(
                channel=channel,
                external_id=number,
                state="closed",
                store_status="shipped",
                placed_at=placed,
                imported_at=placed,
                total=Decimal(1),
            )
            for number in numbers
        )


def leave_open(channel: Channel, count: int) -> None:
    """Close the sightings of all but some orders, the oldest and the newest."""
    numbers = list(
        Sighting.objects.filter(channel=channel, is_open=True).order_by("external_id").values_list("pk", flat=True)
    )
    Sighting.objects.filter(pk__in=numbers[1 : len(numbers) - count + 1]).update(is_open=False)


if __name__ == "__main__":
    main()
