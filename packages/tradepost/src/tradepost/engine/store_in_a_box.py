"""A store in a box: a sandbox as a child process, which does not outlive whoever has started it."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from tradepost.domain.errors import NotAllowed, StoreUnavailable

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class StoreInABox:
    """What the sandbox says of itself. `token` has all rights; `hub_token` those that a merchant gives to a hub."""

    endpoint: str
    store_code: str
    token: str
    signature_key: str
    hub_token: str
    hub_signature_key: str
    storefront: str
    ftp_host: str
    ftp_port: int
    ftp_user: str
    ftp_password: str


_ANYWHERE = ("--port", "0", "--ftp-port", "0")


@dataclass(slots=True)
class RunningBox:
    """A store in a box, and the process that it is."""

    box: StoreInABox
    process: "subprocess.Popen[bytes]"

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        """Idempotent."""
        _stop(self.process)


@contextmanager
def store_in_a_box(state: Path) -> Iterator[StoreInABox]:
    """
    Start a sandbox that keeps its state in a folder; stop it when the block is left, however that happens.

    Raises as `start_box` does.
    """
    with _signals_unwind():
        running = start_box(state)
        try:
            yield running.box
        finally:
            running.stop()


def start_box(state: Path) -> RunningBox:
    """
    Start a sandbox that keeps its state in a folder; whoever asks has to stop it.

    Raises NotAllowed where the sandbox is not installed, StoreUnavailable when it does not answer in time.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "sandbox.log").open("ab") as log:
        process = subprocess.Popen(  # noqa: S603 our own command, found beside this interpreter
            [_command(), "serve", *_ANYWHERE, "--state", str(state), "--page-images", "main", "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            # Ctrl-C goes to the whole foreground group: only we hear it, and we stop the store when we are done.
            start_new_session=True,
        )
    try:
        return RunningBox(_announced(process, log=state / "sandbox.log"), process)
    except BaseException:
        _stop(process)
        raise


def is_installed() -> bool:
    return _found() is not None


def _found() -> str | None:
    return shutil.which("miva-sandbox", path=str(Path(sys.executable).parent)) or shutil.which("miva-sandbox")


def _command() -> str:
    command = _found()
    if command is None:
        message = "The store in a box is not installed: pip install 'tradepost[demo]'."
        raise NotAllowed(message)
    return command


def _announced(process: "subprocess.Popen[bytes]", *, log: Path) -> StoreInABox:
    assert process.stdout is not None
    deadline = time.monotonic() + _START_SECONDS
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not piece:
            message = f"The sandbox store did not start; {log} says why."
            raise StoreUnavailable(message)
        line += piece
    facts = json.loads(line)
    return StoreInABox(**{name: facts[name] for name in StoreInABox.__slots__})


def _stop(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


@contextmanager
def _signals_unwind() -> Iterator[None]:
    """Let a polite request to stop unwind the stack as Ctrl-C does, or the child would be left behind."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
