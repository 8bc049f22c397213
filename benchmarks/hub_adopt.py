"""Adopting a store of 100,000 products that no drop-downs join: `hub_adopt.py 10000` is of so many."""

import hub
from hub import CountingRun, measured
from recording import Record, size_asked
from sandbox_process import sandbox

from tradepost.database.models import Listing
from tradepost.operations.listings import adopt

PRODUCTS = size_asked(100_000)


def main() -> None:
    record = Record(
        f"hub_adopt_{PRODUCTS}",
        aim="under 300 MB",
        note=f"{PRODUCTS} articles of one product each; a single run, with the token that has exactly the eight "
        "functions. The run keeps no history.",
    )
    hub.migrate()
    channel = hub.new_channel(requires_product_type=False)
    with sandbox() as server, hub.ports(server, channel) as make:
        server.control("/seed", products=PRODUCTS)
        run = CountingRun()
        taken = measured(server, lambda: adopt.execute(make(run)))
        assert Listing.objects.filter(link="linked").count() == PRODUCTS, run.outcomes
        record.add(
            seconds=taken.wall,
            sandbox_seconds=taken.sandbox,
            requests=taken.requests,
            own_cpu_seconds=taken.cpu,
            own_cpu_ms_a_product=1000 * taken.cpu / PRODUCTS,
            peak_mb=taken.peak_mb,
        )
    record.write()


if __name__ == "__main__":
    main()
