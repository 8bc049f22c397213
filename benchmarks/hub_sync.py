"""
A sync of 1% changed prices and of 1% changed quantities among 100,000 listings, beside Miva's own SDK.
`hub_sync.py 10000` is of so many, and leaves the SDK and the slow wire out.

The SDK is used as its documentation shows, one call a product, and with its multi-call; it is measured on fewer
products and its time scaled, as it grows with their number.
"""

import warnings
from operator import attrgetter

import hub
from hub import CountingRun, Taken, measured
from recording import Record, median, size_asked, timed
from sandbox_process import SandboxProcess, sandbox

from tradepost.operations.listings import sync
from tradepost.operations.selection import Selection

with warnings.catch_warnings():
    warnings.simplefilter("ignore", SyntaxWarning)
    import merchantapi.request
    from merchantapi.client import Client
    from merchantapi.multicall import MultiCallRequest

USUAL = 100_000
LISTINGS = size_asked(USUAL)
SHARE = 100
CHANGED = LISTINGS // SHARE
LATENCY_SECONDS = 0.08
SDK_CALLS = 100
# What a new channel has, and what a store that answers fast can take.
BATCH_SIZES = (50, 500)

Ports = hub.Callable[[CountingRun], hub.Ports]


def change(what: str) -> Selection:
    """Make 1% of the listings due, and return them: every hundredth price a cent up, or quantity one down."""
    assignment, rest = ("wanted_price = proven_price + 100", 0) if what == "price" else ("available = account - 1", 7)
    with hub.connection.cursor() as cursor:
        cursor.execute(f"UPDATE tradepost_listing SET {assignment} WHERE id % 100 = {rest}")
        assert cursor.rowcount == CHANGED
    return Selection.of(range(rest or SHARE, LISTINGS + 1, SHARE))


def synced(server: SandboxProcess, make: Ports, changed: Selection) -> Taken:
    """As the sync that follows a get: of what was changed, without the pass over the whole store."""
    run = CountingRun()
    taken = measured(server, lambda: sync.execute(make(run), changed))
    assert run.outcomes == {"update applied": CHANGED}, run.outcomes
    return taken


def sdk(server: SandboxProcess) -> Client:
    facts = server.facts
    options = {"default_store_code": facts["store_code"]}
    return Client(facts["endpoint"], facts["token"], facts["signature_key"], options)


def price_update(client: Client, number: int) -> merchantapi.request.ProductUpdate:
    request = merchantapi.request.ProductUpdate(client)
    request.set_product_code(f"SEED-{number * SHARE}")
    request.set_product_price(9.5)
    return request


def one_call_a_product(client: Client, count: int) -> None:
    for number in range(1, count + 1):
        assert price_update(client, number).send().is_success()


def multi_call(client: Client, count: int) -> None:
    for start in range(1, count + 1, 100):
        request = MultiCallRequest(client)
        for number in range(start, start + 100):
            request.add_request(price_update(client, number))
        assert all(response.is_success() for response in request.send().get_responses())


def multi_call_read_back(client: Client, count: int) -> None:
    """Like with like: write by multi-call, and read the same values back."""
    multi_call(client, count)
    for start in range(1, count + 1, 100):
        request = merchantapi.request.ProductListLoadQuery(client)
        codes = ",".join(f"SEED-{number * SHARE}" for number in range(start, start + 100))
        filters = request.filter_expression()
        filters.is_in("code", codes.split(","))
        request.set_filters(filters).set_count(100)
        products = request.send().get_products()
        assert {product.get_price() for product in products} == {9.5}
        assert len(products) == len(codes.split(","))


def compare(record: Record, server: SandboxProcess, make: Ports, channel: hub.Channel, where: str) -> None:
    for size in BATCH_SIZES:
        channel.batch_size = size
        for what in ("price", "quantity"):
            # What is compared with the SDK is the one in the middle of three, as of the SDK.
            times = 3 if what == "price" else 1
            taken = sorted((synced(server, make, change(what)) for _ in range(times)), key=attrgetter("wall"))[
                times // 2
            ]
            name = f"{where}_{what}_batches_of_{size}"
            record.add(
                **{
                    f"{name}_seconds": taken.wall,
                    f"{name}_requests": taken.requests,
                    f"{name}_own_cpu_seconds": taken.cpu,
                    f"{name}_peak_mb": taken.peak_mb,
                    f"{name}_requests_in_sequence_per_500_rows": taken.in_sequence * 500 / CHANGED,
                    f"{name}_times_the_wire_and_store": taken.wall / taken.wire,
                }
            )
    if LISTINGS == USUAL:
        compare_with_sdk(record, server, where)


def compare_with_sdk(record: Record, server: SandboxProcess, where: str) -> None:
    has_latency = where == "at_80_ms"
    client = sdk(server)
    single = median(timed(1 if has_latency else 3, lambda: one_call_a_product(client, SDK_CALLS))) * CHANGED / SDK_CALLS
    multi = median(timed(3, lambda: multi_call(client, CHANGED)))
    proven = median(timed(3, lambda: multi_call_read_back(client, CHANGED)))
    record.add(
        **{
            f"{where}_sdk_one_call_a_product_seconds": single,
            f"{where}_sdk_multi_call_seconds": multi,
            f"{where}_sdk_multi_call_read_back_seconds": proven,
        }
    )
    for size in BATCH_SIZES:
        ours = record.figures[f"{where}_price_batches_of_{size}_seconds"]
        record.add(
            **{
                f"{where}_batches_of_{size}_times_faster_than_one_call_a_product": single / ours,
                f"{where}_batches_of_{size}_times_faster_than_multi_call": multi / ours,
                f"{where}_batches_of_{size}_times_faster_than_multi_call_read_back": proven / ours,
            }
        )


def main() -> None:
    record = Record(
        f"hub_sync_{LISTINGS}",
        aim="at 80 ms at most 1.3 times what wire and store took, at most 4 requests in sequence per 500 rows, as fast "
        "as the SDK's multi-call that believes its answers, 75 times its single calls",
        note=f"{CHANGED} of {LISTINGS} listings changed. The wire and the store: how long at least one request was "
        f"under way, as our client saw it. One call a product is measured on {SDK_CALLS} products and scaled. The hub "
        "reads each product after it is written, and writes the result to its database; quantities are moved, between "
        "two looks at what was ordered.",
    )
    hub.migrate()
    channel = hub.new_channel()
    hub.fill(channel, LISTINGS)
    with sandbox() as server, hub.ports(server, channel) as make:
        server.control("/seed", products=LISTINGS)
        hub.note_when_made(make(CountingRun()).store)
        run = CountingRun()
        whole = measured(server, lambda: sync.execute(make(run)))
        assert run.outcomes == {}, run.outcomes
        record.add(nothing_to_do_seconds=whole.wall, nothing_to_do_sandbox_seconds=whole.sandbox)
        record.add(nothing_to_do_own_cpu_seconds=whole.cpu, nothing_to_do_peak_mb=whole.peak_mb)
        run = CountingRun()
        again = measured(server, lambda: sync.execute(make(run)))
        assert run.outcomes == {}, run.outcomes
        record.add(
            nothing_to_do_again_seconds=again.wall,
            nothing_to_do_again_sandbox_seconds=again.sandbox,
            nothing_to_do_again_requests=again.requests,
            nothing_to_do_again_own_cpu_seconds=again.cpu,
        )
        compare(record, server, make, channel, "without_latency")
        if LISTINGS == USUAL:
            server.control("/faults", kind="latency", seconds=LATENCY_SECONDS)
            compare(record, server, make, channel, "at_80_ms")
    record.write()


if __name__ == "__main__":
    main()
