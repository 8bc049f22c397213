"""
How long it takes to import 10,000 orders, and how much of that is our own CPU.

`hub_orders.py rules` has a rule of the channel hold back of every quantity.
"""

import os
import sys

import hub
from hub import CountingRun, measured
from recording import Record, peak_mb
from sandbox_process import sandbox

from tradepost.operations.orders import get_orders

ORDERS = 10_000
PRODUCTS = 1_000
WITH_RULES = sys.argv[1:] == ["rules"]
RULES = [{"name": "all", "buffer": 2}]


def main() -> None:
    record = Record(
        "hub_orders_with_rules" if WITH_RULES else "hub_orders",
        aim="at least 1,000 orders a second of our own CPU",
        note="A single run; orders of one line each over a year, sighted by pages of 500 and fetched by pages of 100.",
    )
    hub.migrate()
    channel = hub.new_channel(look_back_days=400, order_statuses=["pending"], listing_rules=RULES if WITH_RULES else [])
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
    record.write()


if __name__ == "__main__":
    main()
