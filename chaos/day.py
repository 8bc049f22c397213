"""What happens: a merchant changes prices, shoppers buy, and in the middle of each round something goes wrong."""

import contextlib
import io
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos.comparison import compare
from chaos.world import PATIENCE_SECONDS, SHOPS, Worker, World, wait_until
from miva_sandbox.faults.rules import Rule

if TYPE_CHECKING:
    from tradepost.database.models import Run

FAULTS = ("kill", "freeze", "late", "twice", "database")
STOCK = 500
_AWAY_SECONDS = 10.0
_HEADER = "Handle,Title,Body (HTML),Vendor,Variant SKU,Variant Inventory Qty,Variant Price\n"
_UNSETTLED = ("queued", "running")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How hard it is made. `lost_answer_seconds`: of both channels; after that a request can't land any more."""

    seed: int = 1
    rounds: int = 4
    faults: tuple[str, ...] = FAULTS
    workers: int = 2
    articles: int = 24
    lease_seconds: int = 5
    lost_answer_seconds: int = 5
    latency_seconds: float = 0.3


@dataclass(slots=True)
class Report:
    """What was done and found. `gaps`: by fault, seconds from it to when the run was taken and to the next write."""

    setting: Setting
    faults: Counter[str] = field(default_factory=Counter)
    gaps: list[tuple[str, float | None, float | None]] = field(default_factory=list)
    figures: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)


def live(setting: Setting, folder: Path) -> Report:
    """Let a chaos happen in a folder, and compare what it leaves."""
    world = World(
        folder,
        workers=setting.workers,
        lease_seconds=setting.lease_seconds,
        latency_seconds=setting.latency_seconds,
    )
    try:
        return _Chaos(setting, world).lived()
    finally:
        world.close()


class _Chaos:
    def __init__(self, setting: Setting, world: World) -> None:
        # Only now, as its settings are the world's.
        from tradepost.cli.bootstrap import open_hub  # noqa: PLC0415

        open_hub()
        self._setting, self._world = setting, world
        self._chance = random.Random(setting.seed)  # noqa: S311 - it is to be repeated
        self._prices = {f"ART-{number:03}": 1000 for number in range(setting.articles)}
        self._sold: Counter[str] = Counter()
        self._report = Report(setting)

    def lived(self) -> Report:
        for name in SHOPS:
            self._connect(name)
        self._import()
        self._world.start_workers()
        self._ask("publish")
        self._settle()
        for number in range(self._setting.rounds):
            self._round(self._setting.faults[number % len(self._setting.faults)])
        # What a run could not finish is due again, as after every night.
        for kind in ("get_orders", "sync", "get_orders", "sync"):
            self._ask(kind)
            self._settle()
        found = compare(
            {name: self._world.folder / name for name in SHOPS},
            self._world.database,
            prices=self._prices,
            left={code: STOCK - self._sold[code] for code in self._prices},
        )
        self._report.figures, self._report.differences = found
        return self._report

    # --- a round ----------------------------------------------------------------------------------------------------

    def _round(self, fault: str) -> None:
        for code in self._prices:
            self._prices[code] = self._chance.randrange(500, 5000)
        for name in SHOPS:
            self._buy(name)
        self._import()
        asked = [*self._ask("get_orders"), *self._ask("sync")]
        victim = self._victim(asked)
        self._report.faults[fault] += 1
        strike: Mapping[str, Callable[[Run, Worker], None]] = {
            "kill": self._kill,
            "freeze": self._freeze,
            "late": self._kill_with_request_on_its_way,
            "twice": self._call_twice,
            "database": self._take_database_away,
        }
        strike[fault](*victim)
        self._settle()

    def _victim(self, asked: "list[Run]") -> "tuple[Run, Worker]":
        """Wait until a worker has begun to write prices, and name both."""
        from tradepost.database.models import Run  # noqa: PLC0415

        by_pid = {worker.pid: worker for worker in self._world.workers}
        found: list[tuple[Run, Worker]] = []

        def is_found() -> bool:
            syncs = Run.objects.filter(pk__in=[run.pk for run in asked if run.kind == "sync"])
            if not syncs.filter(state__in=_UNSETTLED).exists():
                # All were too quick: whoever is next will do.
                found.append((syncs.latest("pk"), self._world.workers[0]))
                return True
            for run in syncs.filter(state="running").exclude(owner=""):
                worker = by_pid.get(int(run.owner.split("/")[1]))
                if worker is not None:
                    found.append((run, worker))
            return bool(found)

        wait_until(is_found, "a worker has a sync")
        time.sleep(self._chance.random() * 3 * self._setting.latency_seconds)
        return self._chance.choice(found)

    def _kill(self, run: "Run", worker: Worker) -> None:
        worker.send(signal.SIGKILL)
        self._measure("kill", run)

    def _freeze(self, run: "Run", worker: Worker) -> None:
        worker.send(signal.SIGSTOP)
        try:
            self._measure("freeze", run)
        finally:
            worker.send(signal.SIGCONT)

    def _kill_with_request_on_its_way(self, run: "Run", worker: Worker) -> None:
        """Let the store take a request that writes, kill who sent it, and let the work be done a while later."""
        from tradepost.database.models import Run  # noqa: PLC0415

        faults = self._world.stores[run.of].faults
        ended = Run.objects.filter(pk=run.pk).exclude(state__in=_UNSETTLED)
        late = Rule(
            kind="lands_late",
            function=self._last_write(run.of),
            times=1,
            requests=0,
            seconds=self._setting.lost_answer_seconds / 2,
        )
        rule = faults.add(late)
        wait_until(lambda: ended.exists() or any(each.rule == rule for each in faults.log()), "a request is on its way")
        worker.send(signal.SIGKILL)
        faults.remove(rule)
        self._measure("late", run)

    def _call_twice(self, run: "Run", _worker: Worker) -> None:
        """Call for a run as often as there are workers and more, past all that keeps jobs apart."""
        from procrastinate.contrib.django import app  # noqa: PLC0415

        from tradepost.database.runs.job_queue import EXECUTE_RUN, RUNS  # noqa: PLC0415

        for _ in range(2 * self._setting.workers):
            app.configure_task(EXECUTE_RUN, queue=RUNS).defer(run_id=run.pk)

    def _take_database_away(self, _run: "Run", _worker: Worker) -> None:
        from django.db import connections  # noqa: PLC0415

        connections.close_all()
        self._world.take_database_away(seconds=_AWAY_SECONDS)

    def _measure(self, fault: str, run: "Run") -> None:
        """Wait until somebody else has the run, and until it has written, or needed not to; note how long it took."""
        from tradepost.database.models import Run  # noqa: PLC0415

        began = time.monotonic()
        name = run.of
        taken = Run.objects.filter(pk=run.pk, attempt__gt=run.attempt)
        ended = Run.objects.filter(pk=run.pk).exclude(state__in=_UNSETTLED)
        wait_until(lambda: taken.exists() or ended.exists(), "another worker has the run")
        taken_after = time.monotonic() - began if taken.exists() else None
        # What the one before had on its way has landed by now, or does so before the other writes.
        writes = self._writes(name)
        wait_until(lambda: self._writes(name) > writes or ended.exists(), "the run writes again or has ended")
        written_after = time.monotonic() - began if self._writes(name) > writes else None
        self._report.gaps.append((fault, taken_after, written_after))

    def _writes(self, name: str) -> int:
        requests = self._world.stores[name].log.requests()
        return sum(any(operation.changes for operation in request.operations) for request in requests)

    def _last_write(self, name: str) -> str:
        """Return the function by which the store was written to last."""
        return next(
            operation.function
            for request in reversed(self._world.stores[name].log.requests())
            for operation in request.operations
            if operation.changes
        )

    # --- what people do ---------------------------------------------------------------------------------------------

    def _connect(self, name: str) -> None:
        from tradepost.database.models import Channel, ScheduleRecord  # noqa: PLC0415

        store = self._world.stores[name]
        os.environ |= {"TRADEPOST_TOKEN": store.full.token, "TRADEPOST_SIGNATURE_KEY": store.full.signature_key}
        place = ("--domain", store.endpoint, "--store-code", store.store.code, "--plain-http", "--local")
        self._command("channel", "add", name, *place)
        brake = ("--brake-percent", "100", "--brake-at-least", "100000")
        self._command("channel", "set", name, "--stock-mode", "basket", "--acknowledge", "note", *brake)
        # Less than a command takes: nothing here lands as late as it may in earnest.
        Channel.objects.filter(name=name).update(lost_answer_seconds=self._setting.lost_answer_seconds)
        ScheduleRecord.objects.filter(channel__name=name).update(every_minutes=0, cron="", next_at=None)

    def _import(self) -> None:
        file = self._world.folder / "catalogue.csv"
        rows = (
            f"{code.lower()},{code},,Acme,{code},{STOCK},{cents / 100:.2f}\n" for code, cents in self._prices.items()
        )
        file.write_text(_HEADER + "".join(rows), encoding="utf-8")
        self._command("catalogue", "import", str(file))

    def _buy(self, name: str) -> None:
        from tradepost.cli.hub.demo.shopper import Purchase, buy  # noqa: PLC0415

        store = self._world.stores[name]
        basket = Counter({code: self._chance.randint(1, 3) for code in self._chance.sample(sorted(self._prices), 2)})
        purchases = [Purchase(code, (), quantity) for code, quantity in basket.items()]
        buy(store.storefront, store_code=store.store.code, purchases=purchases, name="Jane Doe")
        self._sold += basket

    def _ask(self, kind: str) -> "list[Run]":
        from tradepost.database.models import Channel  # noqa: PLC0415
        from tradepost.engine.runs import request_run  # noqa: PLC0415

        return [request_run(channel.pk, kind) for channel in Channel.objects.order_by("pk")]

    def _settle(self) -> None:
        from tradepost.database.models import Run  # noqa: PLC0415

        wait_until(lambda: not Run.objects.filter(state__in=_UNSETTLED).exists(), "all runs have ended")

    def _command(self, *words: str) -> None:
        from tradepost.cli import top_command  # noqa: PLC0415
        from tradepost.cli.exit_codes import run  # noqa: PLC0415

        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = run(top_command(), arguments=words)
        if code:
            raise RuntimeError(f"'tradepost {' '.join(words)}' ended with {code}: {said.getvalue()}")


def in_json(report: Report) -> dict[str, Any]:
    return {
        "seed": report.setting.seed,
        "faults": dict(report.faults),
        "gaps": report.gaps,
        "figures": report.figures,
        "differences": report.differences,
    }


__all__ = ["FAULTS", "PATIENCE_SECONDS", "Report", "Setting", "in_json", "live"]
