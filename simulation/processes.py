"""The processes of a simulation: the store, the hub's servers, and commands beside them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulation import fast_clock

_START_SECONDS, _STOP_SECONDS, _COMMAND_SECONDS = 60, 20, 120
Process = subprocess.Popen[bytes]


@dataclass(slots=True)
class Clock:
    """The fast clock of all processes that are started from now on."""

    file: Path
    started: float
    speed: float
    jump: float = 0.0

    def write(self) -> None:
        self.file.write_text(json.dumps({"started": self.started, "speed": self.speed, "jump": self.jump}))

    def leap(self, seconds: float) -> None:
        self.jump += seconds
        self.write()

    def real(self, seconds: float) -> float:
        """How long that is outside."""
        return seconds / self.speed


@dataclass(slots=True)
class World:
    """
    A folder with a store and a hub in it. `facts`: what the sandbox said of itself when it started first.

    `kills` and `restarts` count what was done to processes.
    """

    folder: Path
    clock: Clock
    database: str
    facts: dict[str, Any] = field(default_factory=dict)
    kills: int = 0
    restarts: int = 0
    _store: Process | None = None
    _servers: list[Process] = field(default_factory=list)

    # --- the store --------------------------------------------------------------------------------------------------

    def start_store(self, *, mode: str) -> None:
        """Start the sandbox; again at the same address, with the state that it had."""
        place = self.facts.get("ports", {"--port": "0", "--ftp-port": "0", "--control-port": "0"})
        options = ["--state", str(self.folder / "store"), "--inventory-mode", mode, "--json"]
        process = self._start("miva-sandbox", "serve", *options, *(word for pair in place.items() for word in pair))
        self._store = process
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"The sandbox did not start; {self.folder / 'processes.log'} says why.")
        if not self.facts:
            self.facts = json.loads(line)
            self.facts["ports"] = {
                "--port": _port(self.facts["storefront"]),
                "--ftp-port": str(self.facts["ftp_port"]),
                "--control-port": _port(self.facts["control"]),
            }

    def restart_store(self, *, mode: str) -> None:
        self.stop_store()
        self.start_store(mode=mode)
        self.restarts += 1

    def stop_store(self) -> None:
        if self._store is not None:
            _end(self._store)
            self._store = None

    # --- the hub ----------------------------------------------------------------------------------------------------

    def start_server(self) -> None:
        process = self._start("tradepost", "serve", "--port", "0")
        self._servers.append(process)
        assert process.stdout is not None
        if not process.stdout.readline():
            raise RuntimeError(f"The hub did not start; {self.folder / 'processes.log'} says why.")

    def kill_server(self, number: int) -> None:
        """Kill one without a warning, and start another."""
        process = self._servers.pop(number % len(self._servers))
        process.kill()
        _bury(process)
        self.kills += 1
        self.start_server()

    def stop_servers(self) -> None:
        for process in self._servers:
            _end(process)
        self._servers.clear()

    def command(self, *words: str, kill_after: float | None = None) -> tuple[int, str]:
        """
        Type a command of the hub; return its exit code, -9 where it was killed, and what it printed.

        `kill_after`: so many seconds it is let live.
        """
        return self._run("tradepost", *words, kill_after=kill_after)

    def cancel(self, order: int, lines: Sequence[int]) -> bool:
        """Cancel an order on the store by hand; whether the store said yes."""
        facts = json.dumps({name: self.facts[name] for name in ("endpoint", "token", "signature_key", "store_code")})
        return self._run("cancel", facts, *map(str, (order, *lines)))[0] == 0

    def _run(self, *words: str, kill_after: float | None = None) -> tuple[int, str]:
        process = self._start(*words)
        try:
            out, _ = process.communicate(timeout=_COMMAND_SECONDS if kill_after is None else kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            out, _ = process.communicate()
            self.kills += 1
        return process.returncode, out.decode()

    def close(self) -> None:
        self.stop_servers()
        self.stop_store()

    def _start(self, *words: str) -> Process:
        environment = {
            **os.environ,
            fast_clock.ENVIRONMENT: str(self.clock.file),
            "TRADEPOST_DATA": str(self.folder / "hub"),
            "DATABASE_URL": self.database,
            "TRADEPOST_TOKEN": self.facts.get("used_token", ""),
            "TRADEPOST_SIGNATURE_KEY": self.facts.get("used_signature_key", ""),
            "PYTHONWARNINGS": "ignore",
        }
        with (self.folder / "processes.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 - our own commands
                [sys.executable, "-m", "simulation.fast_clock", *words],
                cwd=Path(__file__).parent.parent,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl-C is for us; what we started is ended by us.
                start_new_session=True,
            )


def _port(address: str) -> str:
    return address.rsplit(":", 1)[1].split("/", maxsplit=1)[0]


def _end(process: Process) -> None:
    process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if process.poll() is None:
        process.kill()
    _bury(process)


def _bury(process: Process) -> None:
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
