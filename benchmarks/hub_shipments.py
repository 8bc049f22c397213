"""
How long it takes to record 5,000 shipments from a file, and to tell the store of them by each of the two paths; how
much of that is our own CPU; and what a sync with nothing to do costs beside 200,000 shipments that were told before.
"""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import hub
from hub import CountingRun, measured
from recording import Record, peak_mb
from sandbox_process import SandboxProcess, sandbox

from tradepost import wiring
from tradepost.database.models import Channel, Order, ShipmentRecord
from tradepost.domain.orders.order import ShipmentPath
from tradepost.operations.orders import get_orders, sync_orders
from tradepost.operations.orders.shipment_imports import import_shipments
from tradepost.operations.ports import Ports

SHIPMENTS = 5_000
PRODUCTS = 1_000
LONG_TOLD = 200_000
CHUNK = 20_000


def main() -> None:
    record = Record(
        "hub_shipments",
        note="A single run; orders of one line each, one shipment an order, all of it read back.",
    )
    hub.migrate()
    channel = hub.new_channel(look_back_days=400, order_statuses=["pending"])
    hub.fill(channel, PRODUCTS)
    with sandbox() as server, hub.ports(server, channel) as make:
        server.control("/seed", products=PRODUCTS, orders=2 * SHIPMENTS)
        get_orders.execute(make(CountingRun()))
        numbers = list(Order.objects.filter(channel=channel).order_by("id").values_list("external_id", flat=True))
        for path, part in zip(ShipmentPath, (numbers[:SHIPMENTS], numbers[SHIPMENTS:]), strict=True):
            ship(path, part, channel=channel, server=server, make=make, record=record)
        record.add(peak_mb=peak_mb(os.getpid()))
        tell_many(channel, LONG_TOLD)
        run = CountingRun()
        taken = measured(server, lambda: sync_orders.execute(make(run)))
        assert not run.outcomes, run.outcomes
        record.add(
            nothing_due_told=LONG_TOLD + 2 * SHIPMENTS,
            nothing_due_ms=1000 * taken.wall,
            nothing_due_requests=taken.requests,
        )
    record.write()


def ship(
    path: ShipmentPath,
    numbers: Sequence[int],
    *,
    channel: Channel,
    server: SandboxProcess,
    make: Callable[[CountingRun], Ports],
    record: Record,
) -> None:
    """Record a shipment of each of these orders, and sync them."""
    Channel.objects.filter(pk=channel.pk).update(shipment_path=path.value)
    channel.refresh_from_db()
    file = hub.DATA / f"{path.value}.csv"
    rows = [f"{number},1Z{number},UPS,7.355,P-{number}" for number in numbers]
    file.write_text("\n".join(["order,tracking,carrier,cost,reference", *rows, ""]), encoding="utf-8")
    ports = wiring.orders.order_ports(channel, requested_by="benchmark")
    brought = measured(server, lambda: import_shipments(wiring.orders.shipment_reader().rows(file), ports))
    run = CountingRun()
    taken = measured(server, lambda: sync_orders.execute(make(run)))
    assert run.outcomes == {"ship applied": len(numbers)}, run.outcomes
    assert not ShipmentRecord.objects.exclude(state="told").exists()
    record.add(
        **{
            f"{path.value}_record_own_cpu_ms_a_shipment": 1000 * brought.cpu / len(numbers),
            f"{path.value}_seconds": taken.wall,
            f"{path.value}_sandbox_seconds": taken.sandbox,
            f"{path.value}_requests": taken.requests,
            f"{path.value}_own_cpu_ms_a_shipment": 1000 * taken.cpu / len(numbers),
            f"{path.value}_shipments_a_second_of_own_cpu": len(numbers) / taken.cpu,
        }
    )


def tell_many(channel: Channel, count: int) -> None:
    """Fill the hub with shipments of one order that the store was told of long ago."""
    order = Order.objects.filter(channel=channel).order_by("id").first()
    at = datetime(2020, 1, 1, tzinfo=UTC)
    for start in range(0, count, CHUNK):
        ShipmentRecord.objects.bulk_create(
            ShipmentRecord(
                channel=channel,
                order=order,
                code=f"OLD-{number}",
                state="told",
                carrier="UPS",
                tracking_number=f"OLD-{number}",
                cost=Decimal(1),
                shipped_at=at,
                synced_at=at,
                external_id=10**12 + number,
            )
            for number in range(start, start + CHUNK)
        )


if __name__ == "__main__":
    main()
