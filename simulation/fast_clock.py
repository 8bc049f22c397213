"""
Processes in faster time: `tradepost` or `miva-sandbox` as they are, or `cancel` of `merchant`.

A day starts some hundred of them, and most of what each would need is to import the same modules once more. So one
process has imported them all, and forks: what is forked is a process of its own, with its own data, end and death.

The environment's SIMULATION_CLOCK names a file with `started`, `speed` and `jump`: seconds of the epoch, how many
seconds go by in one, and how many were leapt over; each process reads it when it starts. What the hub measures on a
clock that can't be moved (how long a lease is kept alive, how often somebody looks for work) stays as it is in real
seconds.
"""

import atexit
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ENVIRONMENT = "SIMULATION_CLOCK"
LONGEST_REQUEST = 65_536
# A module that runs something when it is imported.
_STARTERS = ("__main__", "wsgi")


def serve(requests: socket.socket) -> None:
    """
    Fork a process at each `{"words", "environment"}`, with its standard output and error, and answer with its id.

    `{"poll"}`, an id, is answered with the exit code, negative for a signal, or null. Ends with the other side, and
    ends what still lives then: whoever was to do that is gone.
    """
    clock = _Clock(time.time)
    clock.read()
    time.time = clock.now
    _import(clock)
    # What is shared stays shared.
    gc.freeze()
    living: set[int] = set()
    while True:
        message, handles, _, _ = socket.recv_fds(requests, LONGEST_REQUEST, 2)
        if not message:
            break
        request = json.loads(message)
        if "poll" in request:
            pid, status = os.waitpid(request["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
            living.discard(pid)
        else:
            answer = os.fork()
            if not answer:
                requests.close()
                _live(request["words"], request["environment"], handles, clock)
            living.add(answer)
        for handle in handles:
            os.close(handle)
        requests.send(json.dumps(answer).encode())
    for pid in living:
        os.kill(pid, signal.SIGKILL)


class _Clock:
    def __init__(self, real: Callable[[], float]) -> None:
        self._real = real
        self._started = self._jump = 0.0
        self.speed = 1.0

    def read(self) -> None:
        clock = json.loads(Path(os.environ[ENVIRONMENT]).read_text(encoding="ascii"))
        self._started, self.speed, self._jump = clock["started"], clock["speed"], clock["jump"]

    def now(self) -> float:
        return self._started + self._jump + (self._real() - self._started) * self.speed


def _import(clock: _Clock) -> None:
    """Import whatever a process may need, with the clock in its place before anybody takes it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradepost.settings")
    # Files of the hub are for nobody else, as its own commands have it.
    os.umask(0o077)
    import django  # noqa: PLC0415 - only now, as it takes the clock
    from django.utils import timezone  # noqa: PLC0415

    timezone.now = lambda: datetime.fromtimestamp(clock.now(), UTC)
    django.setup()
    for package in ("tradepost", "miva_sandbox"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith(_STARTERS):
                importlib.import_module(module.name)
    importlib.import_module("simulation.merchant")
    _keep_real(clock.speed)


def _keep_real(speed: float) -> None:
    """Leases live by beats in real seconds; schedules are looked at once in a minute of the fast clock."""
    from django.conf import settings  # noqa: PLC0415

    from tradepost.engine import run_handle, schedules  # noqa: PLC0415

    real = settings.TRADEPOST_LEASE_SECONDS
    settings.TRADEPOST_LEASE_SECONDS = real * speed
    beats = run_handle.RunHandle.kept_alive.__wrapped__.__kwdefaults__  # type: ignore[attr-defined] # of a decorator
    beats["every_seconds"] = real / run_handle.HEARTBEATS_IN_A_LEASE
    setattr(schedules, "_MINUTE_SECONDS", max(60 / speed, 0.2))  # noqa: B010 - in the product it is a whole number


def _live(words: Sequence[str], environment: dict[str, str], handles: Sequence[int], clock: _Clock) -> None:
    """Be the process that was asked for, to its end."""
    code = 1
    try:
        # Ctrl-C is for the simulation; what it started is ended by it.
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        for handle, place in ((nothing, 0), (handles[0], 1), (handles[1], 2)):
            os.dup2(handle, place)
            os.close(handle)
        sys.stdout, sys.stderr = (open(place, "w", encoding="utf-8", closefd=False) for place in (1, 2))  # noqa: SIM115
        os.environ.update(environment)
        clock.read()
        code = _run(list(words))
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001 - it is written down, and the process ends
        sys.excepthook(*sys.exc_info())
    finally:
        _end(code)


def _run(words: list[str]) -> int:
    command, *arguments = words
    sys.argv = words
    if command == "miva-sandbox":
        from miva_sandbox.cli import main as sandbox  # noqa: PLC0415

        return sandbox(arguments)
    if command == "cancel":
        from simulation.merchant import main as cancel  # noqa: PLC0415

        return cancel(arguments)
    from tradepost.cli import main as hub  # noqa: PLC0415

    _set_up_again()
    hub()
    return 0


def _set_up_again() -> None:
    """Let the hub open its log and migrate its database, as it does in a process that has no settings yet."""
    import django  # noqa: PLC0415

    from tradepost.cli import bootstrap  # noqa: PLC0415

    class NotYet:
        ready = False

    set_up = django.setup

    def set_up_once(set_prefix: bool = True) -> None:
        set_up(set_prefix)
        NotYet.ready = True

    django.setup = set_up_once
    opened: Any = bootstrap
    opened.apps = NotYet


def _end(code: int) -> None:
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as the interpreter does; we fork and leave
    atexit._run_exitfuncs()  # noqa: SLF001
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
