"""
What all benchmarks share: how figures are taken, and how they are recorded with the machine that they were taken on.

Wall time says what somebody waits; CPU time is what remains comparable when other work shares the machine.
"""

import json
import os
import platform
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from threading import Event, Thread
from typing import Any

RESULTS = Path(__file__).parent / "results"
_TICKS = os.sysconf("SC_CLK_TCK")
_PACKAGES = ("tradepost", "django", "httpx2", "lxml", "msgspec", "starlette", "uvicorn")


@dataclass
class Record:
    """The figures of one benchmark. `aim` says in words what was hoped for, `note` what to know when reading them."""

    name: str
    aim: str = ""
    note: str = ""
    figures: dict[str, Any] = field(default_factory=dict)

    def add(self, **figures: float | str) -> None:
        for name, value in figures.items():
            shown = float(f"{value:.4g}") if isinstance(value, float) else value
            self.figures[name] = shown
            print(f"{self.name}: {name} = {shown}", flush=True)

    def write(self) -> None:
        RESULTS.mkdir(exist_ok=True)
        content = {
            "benchmark": self.name,
            "taken": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": machine(),
            "versions": versions(),
            "aim": self.aim,
            "note": self.note,
            "figures": self.figures,
        }
        (RESULTS / f"{self.name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "processor": model or platform.machine(),
        "cores": os.cpu_count(),
        "memory_mb": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "load_average_at_the_end": round(os.getloadavg()[0], 1),
    }


def versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    return found | {name: version(name) for name in _PACKAGES}


def size_asked(usual: int) -> int:
    """How many a benchmark is to be of: the first argument, or what is usual."""
    return int(sys.argv[1]) if len(sys.argv) > 1 else usual


def timed(times: int, act: Callable[[], object]) -> list[float]:
    """Return the wall seconds of each of a number of calls."""
    taken: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return taken


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def cpu_seconds(pid: int) -> float:
    """The CPU time of a process so far, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def own_cpu_seconds() -> float:
    """The CPU time of this process so far, and of those that it has started and that have ended."""
    return sum(os.times()[:4])


def forget_peak(pid: int) -> None:
    """Let `peak_mb` begin anew: what a piece of work needs is not what was needed to prepare it."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="utf-8")


def peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    kilobytes = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
    return int(kilobytes) / 1024


@dataclass
class ChildrenSeen:
    """What was seen of the processes that this one has started; `peak_mb`: the most that one of them had."""

    peak_mb: float = 0.0

    def look(self) -> None:
        own = Path("/proc/self/cmdline").read_bytes()
        for task in Path("/proc/self/task").iterdir():
            # Any of them may end meanwhile. Before it begins with what it is for, it is a copy of this one.
            with suppress(OSError, StopIteration):
                for pid in map(int, (task / "children").read_text(encoding="ascii").split()):
                    if Path(f"/proc/{pid}/cmdline").read_bytes() != own:
                        self.peak_mb = max(self.peak_mb, peak_mb(pid))


@contextmanager
def children_seen() -> Iterator[ChildrenSeen]:
    """Look ten times a second at the processes that this one starts."""
    seen, is_over = ChildrenSeen(), Event()

    def watch() -> None:
        while not is_over.wait(0.1):
            seen.look()

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()
