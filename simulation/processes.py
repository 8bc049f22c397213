"""The processes of a simulation: the store, the hub's servers, and commands beside them."""

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from simulation import fast_clock

_STOP_SECONDS, _COMMAND_SECONDS = 20, 120


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


class Processes:
    """One process that has imported everything, and forks those of a day."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._requests, self._log = ours, (folder / "processes.log").open("ab")
        with theirs:
            self._server = subprocess.Popen(  # noqa: S603 - our own code
                [sys.executable, "-m", "simulation.fast_clock", str(theirs.fileno())],
                cwd=Path(__file__).parent.parent,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(self, words: Sequence[str], environment: Mapping[str, str]) -> "Process":
        reading, writing = os.pipe()
        try:
            request = {"words": list(words), "environment": dict(environment)}
            pid = self._ask(request, [writing, self._log.fileno()])
        finally:
            os.close(writing)
        return Process(pid, reading, self)

    def exit_code(self, pid: int) -> int | None:
        code: int | None = self._ask({"poll": pid})
        return code

    def close(self) -> None:
        self._requests.close()
        self._server.wait()
        self._log.close()

    def _ask(self, request: Mapping[str, Any], handles: Sequence[int] = ()) -> Any:
        socket.send_fds(self._requests, [json.dumps(request).encode()], handles)
        answer = self._requests.recv(100)
        if not answer:
            raise RuntimeError("The process that forks the others has ended; processes.log says why.")
        return json.loads(answer)


class Process:
    """One that was forked. `code`: as it ended, negative for a signal."""

    def __init__(self, pid: int, output: int, processes: Processes) -> None:
        self._pid, self._output, self._processes = pid, output, processes
        self.code: int | None = None

    def line(self) -> bytes:
        """Wait for a whole line of what it prints; what it printed when it ended sooner."""
        found = b""
        while not found.endswith(b"\n") and (byte := os.read(self._output, 1)):
            found += byte
        return found

    def output(self, *, until: float) -> bytes | None:
        """Wait for all that it prints and for its end; None if that is not before a time."""
        found: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while selector.select(max(0.0, until - time.monotonic())):
                part = os.read(self._output, 65_536)
                if not part:
                    return b"".join(found) if self.has_ended(until=until) else None
                found.append(part)
        return None

    def send(self, number: signal.Signals) -> None:
        if not self.has_ended(until=0):
            os.kill(self._pid, number)

    def has_ended(self, *, until: float) -> bool:
        while self.code is None:
            self.code = self._processes.exit_code(self._pid)
            if self.code is None:
                if time.monotonic() > until:
                    return False
                time.sleep(0.02)
        return True

    def end(self, number: signal.Signals) -> None:
        """Ask it to end, kill it if it does not, and bury it."""
        self.send(number)
        if not self.has_ended(until=time.monotonic() + _STOP_SECONDS):
            self.send(signal.SIGKILL)
            self.has_ended(until=time.monotonic() + _STOP_SECONDS)
        os.close(self._output)


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
    _processes: Processes = field(init=False)

    def __post_init__(self) -> None:
        environment = {
            fast_clock.ENVIRONMENT: str(self.clock.file),
            "TRADEPOST_DATA": str(self.folder / "hub"),
            "DATABASE_URL": self.database,
            "PYTHONWARNINGS": "ignore",
        }
        self._processes = Processes(self.folder, environment)

    # --- the store --------------------------------------------------------------------------------------------------

    def start_store(self, *, mode: str) -> None:
        """Start the sandbox; again at the same address, with the state that it had."""
        place = self.facts.get("ports", {"--port": "0", "--ftp-port": "0", "--control-port": "0"})
        options = ["--state", str(self.folder / "store"), "--inventory-mode", mode, "--json"]
        process = self._start("miva-sandbox", "serve", *options, *(word for pair in place.items() for word in pair))
        self._store = process
        line = process.line()
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
            self._store.end(signal.SIGTERM)
            self._store = None

    # --- the hub ----------------------------------------------------------------------------------------------------

    def start_server(self) -> None:
        process = self._start("tradepost", "serve", "--port", "0")
        self._servers.append(process)
        if not process.line():
            raise RuntimeError(f"The hub did not start; {self.folder / 'processes.log'} says why.")

    def kill_server(self, number: int) -> None:
        """Kill one without a warning, and start another."""
        self._servers.pop(number % len(self._servers)).end(signal.SIGKILL)
        self.kills += 1
        self.start_server()

    def stop_servers(self) -> None:
        for process in self._servers:
            process.end(signal.SIGTERM)
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
        seconds = _COMMAND_SECONDS if kill_after is None else kill_after
        out = process.output(until=time.monotonic() + seconds)
        self.kills += out is None
        process.end(signal.SIGKILL)
        assert process.code is not None
        return process.code, (out or b"").decode()

    def close(self) -> None:
        self.stop_servers()
        self.stop_store()
        self._processes.close()

    def _start(self, *words: str) -> Process:
        secrets = {
            "TRADEPOST_TOKEN": self.facts.get("used_token", ""),
            "TRADEPOST_SIGNATURE_KEY": self.facts.get("used_signature_key", ""),
        }
        return self._processes.start(words, secrets)


def _port(address: str) -> str:
    return address.rsplit(":", 1)[1].split("/", maxsplit=1)[0]
