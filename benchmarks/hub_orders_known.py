"""
How long a get with nothing new takes among 100,000 and 1,000,000 known orders, 2,000 of them open and the oldest one
among these: time, requests and statements, and which statements the time goes to.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import hub
from django.db import connection, models
from hub import CountingRun, measured
from recording import Record, peak_mb
from sandbox_process import sandbox

from tradepost.database.models import Channel, Listing, Order, OrderLine, SightedPieces, Sighting
from tradepost.operations.orders import get_orders
from tradepost.operations.orders.get_orders import criteria_now
from tradepost.operations.ports import Ports

PRODUCTS = 1_000
KNOWN = (100_000, 1_000_000)
OPEN = 2_000
ROUNDS = 5
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
_NAMED = 5
_SHOWN_CHARACTERS = 160


def main() -> None:
    record = Record(
        "hub_orders_known",
        note=f"The store has {KNOWN[-1]:,} orders over a year. The hub's are written by SQL, each with a line and a "
        f"sighting of a product; the open ones, the oldest and the {OPEN - 1:,} newest, are followed as any. "
        f"Of {ROUNDS} gets the least time, and the most requests and statements.",
    )
    hub.migrate()
    channel = hub.new_channel(look_back_days=400, order_statuses=["pending"])
    hub.fill(channel, PRODUCTS)
    with sandbox() as server, hub.ports(server, channel) as make:
        server.control("/seed", products=PRODUCTS, orders=KNOWN[-1])
        record.add(sandbox_mb=server.peak_mb())
        ports = make(CountingRun())
        last = max(order.id for order in ports.store.newest_orders())
        begin(channel, ports, last=last)
        for known in KNOWN:
            know(channel, known, last=last)
            get_orders.execute(make(CountingRun()))
            add_figures(record, known, lambda: nothing_new(make), server)
    record.write()


def nothing_new(make: Callable[[CountingRun], Ports]) -> None:
    run = CountingRun()
    get_orders.execute(make(run))
    assert not run.outcomes, run.outcomes


def add_figures(record: Record, known: int, work: Callable[[], None], server: Any) -> None:
    taken, counts, slow = [], [], Counter[str]()
    for _ in range(ROUNDS):
        with statements() as seconds:
            taken.append(measured(server, work))
        counts.append(sum(len(each) for each in seconds.values()))
        slow.update({text: sum(each) for text, each in seconds.items()})
    assert Sighting.objects.filter(is_open=True).count() == OPEN
    record.add(
        **{
            f"known_{known}_own_cpu_seconds": min(each.cpu for each in taken),
            f"known_{known}_seconds": min(each.wall for each in taken),
            f"known_{known}_sandbox_seconds": min(each.sandbox for each in taken),
            f"known_{known}_requests": max(each.requests for each in taken),
            f"known_{known}_statements": max(counts),
            f"known_{known}_statements_ms": 1000 * slow.total() / ROUNDS,
            f"known_{known}_peak_mb": peak_mb(os.getpid()),
        }
    )
    named = [f"{1000 * seconds / ROUNDS:.1f} ms {text}" for text, seconds in slow.most_common(_NAMED)]
    record.figures[f"known_{known}_slowest_statements"] = named
    print(*named, sep="\n")


@contextmanager
def statements() -> Iterator[Mapping[str, list[float]]]:
    """Give the seconds of each statement of this thread, by the beginning of its text, without columns."""
    seconds: dict[str, list[float]] = {}

    def timed(execute: Any, sql: str, params: Any, many: Any, context: Any) -> Any:
        start = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            text = re.sub("SELECT .*? FROM", "SELECT ... FROM", " ".join(sql.split()))
            seconds.setdefault(text[:_SHOWN_CHARACTERS], []).append(time.perf_counter() - start)

    with connection.execute_wrapper(timed):
        yield seconds


def begin(channel: Channel, ports: Ports, *, last: int) -> None:
    """Write down that all orders up to the newest were sighted and compared, and the oldest: others are copies."""
    newest = ports.store.newest_orders()
    place = ports.accounts.place()
    first_id = last - KNOWN[-1] + 1
    at = datetime.now(UTC) - timedelta(days=300)
    ports.accounts.set_place(
        replace(place, first_id=first_id - 1, highest_id=last, highest_updated=max(order.updated for order in newest)),
    )
    ports.orders.set_compared(criteria_now(ports, None))
    listing = Listing.objects.filter(channel=channel).select_related("variant").first()
    assert listing is not None
    order = Order.objects.create(
        channel=channel, external_id=first_id, state="closed", store_status="shipped", placed_at=at, imported_at=at,
        acknowledged_at=at, total=Decimal(1), ship_to={"last_name": "Lovelace", "city": "Salem", "country": "US"},
    )  # fmt: skip
    OrderLine.objects.create(
        order=order, line_id=first_id, sku=listing.sku, code=listing.code, name="Seeded", quantity=1,
        price=Decimal(1), total=Decimal(1), store_status="shipped", listing=listing,
    )  # fmt: skip
    sighting = Sighting.objects.create(
        channel=channel, external_id=first_id, store_status="shipped", updated=1, is_open=False, is_news=False,
        fingerprint="0" * 16, sighted_at=at, read_at=at,
    )  # fmt: skip
    SightedPieces.objects.create(
        sighting=sighting, key=listing.sku, listing=listing, variant=listing.variant, taken=1, on_delete=0, known=1,
        shipped_at=at,
    )  # fmt: skip


def know(channel: Channel, count: int, *, last: int) -> None:
    """Have the hub know so many orders, up to the newest; the oldest and the newest ones are open."""
    there = Order.objects.filter(channel=channel).count()
    # The newest first, so that those that are open are there from the beginning; the first one is the oldest.
    number = f"({last - there + 2} - i)"
    updated = f"({channel_updated(channel)} - 31 * ({last} - {number}))"
    pk = {model: f"({model.objects.latest('pk').pk} + i)" for model in (Order, OrderLine, Sighting, SightedPieces)}
    for model, changed in (
        (Order, {"external_id": number}),
        (OrderLine, {"order_id": pk[Order], "line_id": number}),
        (Sighting, {"external_id": number, "updated": updated}),
        (SightedPieces, {"sighting_id": pk[Sighting]}),
    ):
        copy(model, count - there, {"id": pk[model], **changed}, of=1 if there == 1 else OPEN + 2)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    if there == 1:
        leave_open(Sighting.objects.exclude(external_id__range=(last - KNOWN[-1] + 2, last - OPEN + 1)))


def channel_updated(channel: Channel) -> int:
    channel.refresh_from_db()
    return channel.sighted_updated


def leave_open(sightings: "models.QuerySet[Sighting]") -> None:
    numbers = list(sightings.values_list("external_id", flat=True))
    assert len(numbers) == OPEN
    sightings.update(is_open=True)
    orders = Order.objects.filter(external_id__in=sightings.values("external_id"))
    orders.update(state="open", store_status="pending")


def copy(model: type[models.Model], count: int, changed: Mapping[str, str], *, of: int) -> None:
    """Add so many copies of a row, by its id, with other values as SQL; `i` counts them."""
    names = [field.column for field in model._meta.concrete_fields]  # noqa: SLF001 - Django's own name
    table = model._meta.db_table  # noqa: SLF001
    values = ", ".join(changed.get(name, f"one.{name}") for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) {_NUMBERS} SELECT {values} FROM n, {table} AS one "
            "WHERE one.id = %s",
            [count, of],
        )


if __name__ == "__main__":
    main()
