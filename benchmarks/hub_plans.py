"""
A plan of 10,000 prices: saved, half of it approved, three products edited on the store meanwhile, carried out, undone.

In the end every price on the store is what it was before, but for those three, and the reports say so.
"""

import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import hub
from hub import measured
from recording import Record, peak_mb, size_asked
from sandbox_process import SandboxProcess, sandbox

from tradepost import wiring
from tradepost.database.models import Channel, PlannedChange, Run
from tradepost.domain import changes
from tradepost.domain.plan import Unit
from tradepost.engine import plans
from tradepost.engine.runs import request_run, run_now
from tradepost.miva.connect import connect_store
from tradepost.miva.store import MivaStore
from tradepost.operations.channels.channels import change_channel
from tradepost.operations.ports import ChannelProfile, StoreConnection
from tradepost.operations.selection import UNDOES

LISTINGS = size_asked(10_000)
EDITED = 3
_AT_ONCE = 500


def connection(server: SandboxProcess, *, token: str) -> StoreConnection:
    facts = server.facts
    return StoreConnection(
        domain=facts["endpoint"],
        store_code=facts["store_code"],
        token=facts[f"{token}token"],
        signature_key=facts[f"{token}signature_key"],
        plain_http=True,
    )


def connect(server: SandboxProcess, channel: Channel) -> None:
    """Let runs of the channel reach the store with exactly the eight functions."""

    def with_store(profile: ChannelProfile) -> ChannelProfile:
        return replace(profile, store=connection(server, token="hub_"))

    change_channel(channel.pk, with_store, wiring.channels.channel_ports(requested_by="benchmark"))


def prices(store: MivaStore) -> dict[int, Decimal]:
    """Read back what every product costs, with all rights."""
    places = [*range(1, LISTINGS + 1, _AT_ONCE), LISTINGS + 1]
    parts = (store.products_by_id(range(start, end)) for start, end in pairwise(places))
    return {number: product.price for part in parts for number, product in part.items()}


def edit(store: MivaStore, codes: Sequence[str]) -> None:
    """Somebody at the store gives products prices of their own."""
    made = [
        changes.price_changed(code, before=None, after=Decimal(1), is_parent=False, listing_id=None) for code in codes
    ]
    assert not any(answer.complaints for answer in store.provision([Unit(each.subject.key, (each,)) for each in made]))


def counted(run: Run, outcome: str) -> int:
    return int(sum(row["count"] for row in run.counts if row["outcome"] == outcome))


def main() -> None:
    record = Record(
        f"hub_plans_{LISTINGS}",
        note="A single run, with the token that has exactly the eight functions; prices are read back with all rights.",
    )
    hub.migrate()
    channel = hub.new_channel(batch_size=100)
    hub.fill(channel, LISTINGS)
    with sandbox() as server, closing(connect_store(connection(server, token=""))) as store:
        server.control("/seed", products=LISTINGS)
        connect(server, channel)
        before = prices(store)
        with hub.connection.cursor() as cursor:
            cursor.execute("UPDATE tradepost_listing SET wanted_price = proven_price + 100")
        runs: dict[str, Run] = {}

        def carry_out(name: str, run: Run) -> None:
            taken = measured(server, lambda: runs.update({name: run_now(run)}))
            assert runs[name].state == "completed", (runs[name].state, runs[name].error)
            record.add(
                **{
                    f"{name}_seconds": taken.wall,
                    f"{name}_cpu_ms_a_change": taken.cpu * 1000 / LISTINGS,
                    f"{name}_store_seconds": taken.sandbox,
                    f"{name}_requests": taken.requests,
                }
            )

        carry_out("save", plans.request_saved_plan(channel.pk, "sync", requested_by="benchmark"))
        plan_id = runs["save"].pk
        rows = list(PlannedChange.objects.filter(plan_id=plan_id).order_by("pk").select_related("change"))
        assert len(rows) == LISTINGS
        half = rows[: LISTINGS // 2]
        plans.approve(plan_id, plans.Choice(ids=[row.pk for row in half]), who="benchmark")
        edited = [row.change.subject_key for row in half[:EDITED]]
        edit(store, edited)
        carry_out("apply", plans.apply(plan_id, who="benchmark"))
        done = len(half) - EDITED
        assert (counted(runs["apply"], "applied"), counted(runs["apply"], "skipped")) == (done, LISTINGS - done), runs[
            "apply"
        ].counts
        between = prices(store)
        assert sum(between[number] != price for number, price in before.items()) == len(half)
        carry_out("undo", request_run(channel.pk, "undo", options={UNDOES: runs["apply"].pk}))
        assert counted(runs["undo"], "applied") == done, runs["undo"].counts
        after = prices(store)
        assert sum(after[number] != price for number, price in before.items()) == EDITED
        record.add(peak_mb=peak_mb(os.getpid()))
    record.write()


if __name__ == "__main__":
    main()
