"""
Linking 100,000 listings in a store of 1,000,000 products: `hub_link.py 10000` is as much less, of both.

Every tenth product of the store is one of ours, and every hundredth listing has the SKU of two products there, so that
a person has to say which one it is. None has a type.
"""

import hub
from hub import CountingRun, measured
from recording import Record, size_asked
from sandbox_process import SandboxProcess, sandbox

from tradepost.operations.listings import link

LISTINGS = size_asked(100_000)
SHARE = 10
TWICE = 100
TAGS_PER_EDIT = 1000

_UNLINK = """
    UPDATE tradepost_listing SET link = 'unlinked', health = 'not_listed', external_id = NULL, proven_price = NULL,
        account = NULL, looked_at = NULL, compared_at = NULL
"""


def fill(server: SandboxProcess, channel: hub.Channel) -> None:
    hub.fill(channel, LISTINGS, every=SHARE)
    with hub.connection.cursor() as cursor:
        cursor.execute(_UNLINK)
        cursor.execute("ANALYZE")
    server.control("/seed", products=LISTINGS * SHARE)
    second = range(SHARE * TWICE, LISTINGS * SHARE + 1, SHARE * TWICE)
    tags = [f'<Product_Update code="SEED-{number - 1}"><SKU>SEED-{number}</SKU></Product_Update>' for number in second]
    for start in range(0, len(tags), TAGS_PER_EDIT):
        answer = server.control("/edit", xml="".join(tags[start : start + TAGS_PER_EDIT]))
        assert answer["messages"] == [], answer["messages"][:3]


def main() -> None:
    record = Record(
        f"hub_link_{LISTINGS}",
        aim="one pass over the store, and for 100,000 listings in a store of 1,000,000 under 15 s of our CPU, 250 MB",
        note=f"{LISTINGS} listings that are linked to nothing, {LISTINGS * SHARE} products; a single run, "
        "which keeps no history. Reading alone: the same pages, decoded, and nothing done with them.",
    )
    hub.migrate()
    channel = hub.new_channel(requires_product_type=False)
    with sandbox() as server, hub.ports(server, channel) as make:
        fill(server, channel)
        run = CountingRun()
        taken = measured(server, lambda: link.execute(make(run)))
        twice = LISTINGS // TWICE
        assert run.outcomes == {"link applied": LISTINGS - twice, "keep skipped": twice}, run.outcomes
        record.add(
            seconds=taken.wall,
            sandbox_seconds=taken.sandbox,
            requests=taken.requests,
            own_cpu_seconds=taken.cpu,
            peak_mb=taken.peak_mb,
        )
        rows = make(CountingRun()).store.iterate_rows(custom_fields=(make(CountingRun()).channel.rules.type_field,))
        bare = measured(server, lambda: sum(len(page) for page in rows))
        record.add(reading_alone_seconds=bare.wall, reading_alone_own_cpu_seconds=bare.cpu)
    record.write()


if __name__ == "__main__":
    main()
