"""
The existence pass in a store of 1,000,000 products, of which one in ten is none of ours, with gaps in the ids.
`hub_existence.py 10000` is of so many.

What the counts cost the store is what its request log says of them. The sandbox has an index on the time of a product's
last change, which Miva does not: there, a condition on it reads the whole table.
"""

import time
from collections.abc import Callable
from itertools import pairwise

import hub
from hub import CountingRun, Taken, measured
from recording import Record, size_asked
from sandbox_process import SandboxProcess, sandbox

from tradepost.operations.existence import Existence
from tradepost.operations.form import drive
from tradepost.operations.listings.drift.comparison import Comparison
from tradepost.operations.ports import IdRange

PRODUCTS = size_asked(1_000_000)
BATCHES = 10
GAPS = range(211, PRODUCTS, 211)
# None of a gap, nor without a listing.
GONE = [number - number % 10 + 7 for number in range(PRODUCTS // 30, PRODUCTS, PRODUCTS // 10)]
OTHERS = 3000
LATENCY_SECONDS = 0.08
DAY = 86_400
TAGS_PER_EDIT = 1000

Make = Callable[[CountingRun], hub.Ports]


def fill(server: SandboxProcess, channel: hub.Channel) -> None:
    """Ten days of imports, products that went since, and listings linked to nine in ten of those that are left."""
    server.control("/clock", freeze=int(time.time()) - BATCHES * DAY)
    for _ in range(BATCHES):
        server.control("/seed", products=PRODUCTS // BATCHES)
        server.control("/clock", move=DAY)
    edit(server, [delete(number) for number in GAPS])
    server.control("/clock", release=True)
    hub.fill(channel, PRODUCTS)
    with hub.connection.cursor() as cursor:
        cursor.execute("DELETE FROM tradepost_listing WHERE id %% 10 = 0 OR id %% %s = 0", [GAPS.step])


def delete(number: int) -> str:
    return f'<Product_Delete code="SEED-{number}"/>'


def touch(number: int) -> str:
    return f'<Product_Update code="SEED-{number}"><Price>9.50</Price></Product_Update>'


def edit(server: SandboxProcess, tags: list[str]) -> None:
    for start in range(0, len(tags), TAGS_PER_EDIT):
        answer = server.control("/edit", xml="".join(tags[start : start + TAGS_PER_EDIT]))
        assert answer["messages"] == [], answer["messages"][:3]


def passed(
    record: Record,
    server: SandboxProcess,
    make: Make,
    name: str,
    *,
    full: bool = False,
    broken: int = 0,
    latency: float = 0.0,
) -> Taken:
    time.sleep(2)  # The store's clock has seconds: what follows is later than what was read before.
    run = CountingRun()
    taken = measured(server, lambda: drive(make(run), Existence(full=full)))
    assert run.outcomes == ({"break applied": broken} if broken else {}), run.outcomes
    record.add(
        **{
            f"{name}_requests": taken.requests,
            f"{name}_seconds": taken.wall,
            f"{name}_own_cpu_seconds": taken.cpu,
            f"{name}_store_seconds": taken.sandbox,
        }
    )
    if latency:
        record.add(**{f"{name}_times_the_wire_and_store": taken.wall / (taken.sandbox + latency * taken.requests)})
    return taken


def compared(record: Record, server: SandboxProcess, make: Make, name: str) -> None:
    """Read what was touched whole, and hold it against what was proven."""
    ports = make(CountingRun())
    taken = measured(server, lambda: drive(ports, Comparison(ports.channel)))
    record.add(
        **{
            f"{name}_comparison_requests": taken.requests,
            f"{name}_comparison_seconds": taken.wall,
            f"{name}_comparison_own_cpu_seconds": taken.cpu,
        }
    )


def cost_of_counting(record: Record, server: SandboxProcess, make: Make) -> None:
    """Ask by themselves what a pass over an untouched store asks, and what a search asks first."""
    ports = make(CountingRun())
    notes = ports.existence.load()
    assert notes is not None
    assert notes.window is not None
    end, window = notes.stretches[-1].up_to, notes.window
    parts = [stretch.up_to for stretch in notes.stretches[:: max(1, len(notes.stretches) // 32)]]
    ranges = [IdRange(after, up_to) for after, up_to in pairwise(parts)][:32]
    record.add(
        store_seconds_of_the_count=measured(server, lambda: ports.store.count_existing([IdRange(0, end)])).sandbox,
        store_seconds_of_32_counts=measured(server, lambda: ports.store.count_existing(ranges)).sandbox,
        store_seconds_of_the_latest_changes=measured(
            server, lambda: ports.store.latest_changed(changed_from=window.start, limit=100)
        ).sandbox,
        store_seconds_of_a_page=measured(
            server, lambda: next(iter(ports.store.iterate_existing(after=PRODUCTS // 2)))
        ).sandbox,
    )


def main() -> None:
    record = Record(
        f"hub_existence_{PRODUCTS}",
        aim="nothing touched: at most 4 requests; 10 gone: under 20; a page per 1,000 that somebody else touched; "
        "the full pass at most 1.5 times downloading and decoding ids and codes",
        note=f"{PRODUCTS} ids, every {GAPS.step}th of them a gap, every tenth product without a listing. The store's "
        "seconds are the sandbox's: SQLite in memory, with an index on the time of the last change that Miva lacks.",
    )
    hub.migrate()
    channel = hub.new_channel()
    with sandbox() as server, hub.ports(server, channel) as make:
        fill(server, channel)
        store = make(CountingRun()).store
        hub.note_when_made(store)
        bare = measured(server, lambda: sum(len(page) for page in store.iterate_existing()))
        record.add(ids_and_codes_alone_seconds=bare.wall, ids_and_codes_alone_own_cpu_seconds=bare.cpu)
        full = passed(record, server, make, "full")
        record.add(full_times_ids_and_codes=full.wall / bare.wall, full_times_their_own_cpu=full.cpu / bare.cpu)
        record.add(peak_mb=full.peak_mb)
        passed(record, server, make, "untouched")
        cost_of_counting(record, server, make)
        edit(server, [delete(number) for number in GONE])
        passed(record, server, make, "ten_gone", broken=len(GONE))
        edit(
            server,
            [touch(number) for number in range(1, 2 * OTHERS) if number % GAPS.step and number not in GONE][:OTHERS],
        )
        passed(record, server, make, "3000_touched")
        compared(record, server, make, "3000_touched")
        time.sleep(2)
        server.control("/seed", products=OTHERS)
        passed(record, server, make, "3000_new")
        server.control("/faults", kind="latency", seconds=LATENCY_SECONDS)
        passed(record, server, make, "untouched_at_80_ms", latency=LATENCY_SECONDS)
        edit(server, [delete(number - 4) for number in GONE])
        passed(record, server, make, "ten_gone_at_80_ms", broken=len(GONE), latency=LATENCY_SECONDS)
    record.write()


if __name__ == "__main__":
    main()
