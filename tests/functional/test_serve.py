"""`tradepost serve` as a process: how it ends, and how it says what is in its way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from tradepost.cli.demo.store_in_a_box import StoreInABox
from tradepost.database.models import Channel, Run
from tradepost.engine.runs import request_run

TRADEPOST = Path(sys.executable).parent / "tradepost"


class Server:
    """A `tradepost serve` that this test started."""

    def __init__(self, *, url: str, data: Path, options: tuple[str, ...] = ("--port", "0")) -> None:
        self.process = subprocess.Popen(
            [TRADEPOST, "serve", *options],
            env={**os.environ, "DATABASE_URL": url, "TRADEPOST_DATA": str(data)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for_address(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Tradepost is at "), self.process.communicate()
        return line.split()[-1]

    def end(self, signal_number: int) -> tuple[int, str]:
        """Send a signal; return exit code and what was said on standard error."""
        self.process.send_signal(signal_number)
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start_server(**how) -> Server:
        started.append(Server(**how))
        return started[-1]

    yield start_server
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
        server.process.communicate()


@pytest.fixture
def store() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def box(store: SandboxServer) -> StoreInABox:
    return StoreInABox(
        endpoint=store.endpoint,
        store_code=store.store.code,
        token=store.full.token,
        signing_key=store.full.signing_key,
        hub_token=store.hub.token,
        hub_signing_key=store.hub.signing_key,
        storefront=store.storefront,
        ftp_host=store.ftp.host,
        ftp_port=store.ftp.port,
        ftp_user=store.ftp_user,
        ftp_password=store.ftp_password,
    )


def wait_until(is_so: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_in_seconds_while_a_store_is_silent_and_the_next_start_goes_on_with_its_run(
    *, connected, store: SandboxServer, sqlite, tmp_path, start, signal_number
):
    silence = store.faults.add(Rule(kind="latency", seconds=3600.0))
    run = request_run(Channel.objects.get().pk, "get_orders")
    server = start(url=sqlite, data=tmp_path / "hub")
    server.wait_for_address()
    wait_until(store.faults.log)

    begun = time.monotonic()
    code, said = server.end(signal_number)
    seconds = time.monotonic() - begun
    queued = Run.objects.get(pk=run.pk)
    store.faults.remove(silence)
    successor = start(url=sqlite, data=tmp_path / "hub")
    wait_until(lambda: Run.objects.get(pk=run.pk).finished_at)

    assert (code, seconds < 30) == (0, True), (seconds, said)
    assert said == f"Run {run.pk}: queued again, as the store has not answered. The next start goes on with it.\n"
    assert (queued.state, queued.owner, queued.lease_until, queued.attempt) == ("queued", "", None, 1)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.error) == ("completed", 2, "")
    assert successor.end(signal_number) == (0, "")
