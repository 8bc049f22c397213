"""`tradepost serve` as a process: how it ends, and how it says what is in its way."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit
from urllib.request import urlopen

import httpx2
import pytest
from django.utils import timezone
from waitress.adjustments import Adjustments

from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer
from people import person
from tradepost.cli.hub import serve, web_server
from tradepost.database.models import AuditEntry, Channel, Run, ScheduleRecord
from tradepost.engine import executor, rhythm
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
def store(shell, tmp_path) -> Iterator[SandboxServer]:
    (tmp_path / "hub").chmod(0o700)
    with SandboxServer() as server:
        yield server


def wait_until(is_so: Callable[[], object], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_what_serve_waits_for_when_it_is_to_end_is_less_than_ten_seconds():
    waited = executor.STOP_SECONDS + 2 * rhythm.STOP_SECONDS + serve.WEB_STOP_SECONDS
    assert waited < 10


class ClosedUnderIt:
    """A web server that is about to wait for its sockets when these are closed."""

    def run(self) -> None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))


def test_sockets_that_are_closed_are_no_error_when_it_is_to_end_and_one_at_any_other_time():
    ending = threading.Event()
    with pytest.raises(OSError, match="Bad file descriptor"):
        serve.run_web(ClosedUnderIt(), ending)
    ending.set()
    serve.run_web(ClosedUnderIt(), ending)


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_in_seconds_while_a_store_is_silent_and_the_next_start_goes_on_with_its_run(
    *, connected, store: SandboxServer, sqlite, tmp_path, start, signal_number
):
    silence = store.faults.add(Rule(kind="latency", seconds=3600.0))
    run = request_run(Channel.objects.get().pk, "get_orders")
    server = start(url=sqlite, data=tmp_path / "hub")
    server.wait_for_address()
    wait_until(store.faults.log)

    code, said = server.end(signal_number)
    queued = Run.objects.get(pk=run.pk)
    store.faults.remove(silence)
    successor = start(url=sqlite, data=tmp_path / "hub")
    wait_until(lambda: Run.objects.get(pk=run.pk).finished_at)

    # The store is silent for an hour: whoever waited for it would not have ended.
    assert code == 0
    assert said == f"Run {run.pk}: queued again, as the store has not answered. The next start goes on with it.\n"
    assert (queued.state, queued.owner, queued.lease_until, queued.attempt) == ("queued", "", None, 1)
    run.refresh_from_db()
    assert (run.state, run.attempt, run.error) == ("completed", 2, "")
    assert successor.end(signal_number) == (0, "")


def test_serve_starts_what_a_schedule_missed_and_ends_in_good_order(*, connected, store, sqlite, tmp_path, start):
    connected("channel", "schedule", "shop", "get_orders", "--every", "1m")
    missed = timezone.now() - timedelta(hours=3)
    ScheduleRecord.objects.exclude(operation="get_orders").update(every_minutes=0, cron="", next_at=None)
    ScheduleRecord.objects.filter(operation="get_orders").update(next_at=missed)

    server = start(url=sqlite, data=tmp_path / "hub")
    server.wait_for_address()
    wait_until(lambda: Run.objects.filter(trigger="schedule", finished_at__isnull=False))
    ended = server.end(signal.SIGTERM)

    run = Run.objects.filter(trigger="schedule").earliest("pk")
    assert (run.kind, run.state, run.requested_by, ended) == ("get_orders", "completed", "", (0, ""))
    due = ScheduleRecord.objects.get(operation="get_orders").next_at
    assert timezone.now() - timedelta(minutes=1) < due
    assert (due - missed) % timedelta(minutes=1) == timedelta(0)


def open_to_others(folder: Path) -> Iterator[str]:
    """Name what somebody else can reach below a folder and look into."""
    for path in folder.iterdir():
        mode = path.lstat().st_mode & 0o077
        if mode:
            yield path.name
        if mode and path.is_dir():
            yield from open_to_others(path)


def test_what_is_written_into_an_open_folder_is_for_its_owner_only_and_the_folder_is_complained_of(tmp_path):
    folder = tmp_path / "it's open"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "hub").mkdir(mode=0o755)
    before = os.umask(0o022)
    try:
        demo = subprocess.run(
            [TRADEPOST, "demo", "--state", folder, "--json"], capture_output=True, text=True, check=True, timeout=100
        )
    finally:
        os.umask(before)

    assert demo.stderr.splitlines() == [
        (
            "Other users of this machine can look into the data folder, where keys and customers' addresses are. "
            f"Close it by typing: chmod -R go= '{folder.parent}/it'\"'\"'s open/hub'"
        )
    ]
    assert list(open_to_others(folder)) == ["hub"]
    assert (folder / "hub" / "tradepost.log").exists()
    assert list((folder / "store").iterdir())


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_command_that_is_told_to_end_does_so_in_seconds_without_a_trace_and_its_run_goes_on_later(
    *, connected, store: SandboxServer, sqlite, tmp_path, signal_number
):
    silence = store.faults.add(Rule(kind="latency", seconds=3600.0))
    command = subprocess.Popen(
        [TRADEPOST, "orders", "get"],
        env={**os.environ, "DATABASE_URL": sqlite, "TRADEPOST_DATA": str(tmp_path / "hub")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until(store.faults.log)

    command.send_signal(signal_number)
    out, said = command.communicate(timeout=60)
    store.faults.remove(silence)
    later = connected("orders", "get")

    assert (command.returncode, out, said) == (130, "", "Stopped.\n")
    assert later.code == 0
    assert [run.finished_at for run in Run.objects.all() if run.finished_at is None] == []


def test_an_address_with_https_and_no_proxy_to_believe_is_explained_at_start(sqlite, tmp_path):
    (tmp_path / "hub").mkdir(mode=0o700)
    ended = subprocess.run(
        [TRADEPOST, "serve", "--port", "0"],
        env={
            **os.environ,
            "DATABASE_URL": sqlite,
            "TRADEPOST_DATA": str(tmp_path / "hub"),
            "TRADEPOST_ADDRESS": "https://hub.example.com",
        },
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("TRADEPOST_ADDRESS is https://hub.example.com, but this server speaks plain http")
    assert "Set TRADEPOST_TRUSTED_PROXY to the address that the proxy comes from" in ended.stderr


@pytest.mark.parametrize("preload", ["", "1"])
def test_browsers_are_told_to_come_by_https_only_and_have_it_built_in_only_if_that_is_asked(
    sqlite, tmp_path, start, monkeypatch, preload
):
    person("vera")
    (tmp_path / "hub").mkdir(mode=0o700)
    monkeypatch.setenv("TRADEPOST_ADDRESS", "https://hub.example.com")
    monkeypatch.setenv("TRADEPOST_TRUSTED_PROXY", "127.0.0.1")
    monkeypatch.setenv("TRADEPOST_HSTS_PRELOAD", preload)
    server = start(url=sqlite, data=tmp_path / "hub")
    proxied = {"Host": "hub.example.com", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}

    with httpx2.Client(base_url=server.wait_for_address(), headers=proxied) as client:
        page = client.get("/login/")
    server.end(signal.SIGTERM)

    told = "max-age=31536000; includeSubDomains" + ("; preload" if preload else "")
    assert (page.status_code, page.headers["Strict-Transport-Security"]) == (200, told)


def test_visitors_who_send_nothing_or_only_a_beginning_keep_no_page_from_others(sqlite, tmp_path, start):
    (tmp_path / "hub").mkdir(mode=0o700)
    server = start(url=sqlite, data=tmp_path / "hub")
    address = urlsplit(server.wait_for_address())

    with ExitStack() as held:
        for number in range(150):
            slow = held.enter_context(socket.create_connection((address.hostname, address.port)))
            slow.sendall(
                b"" if number % 2 else b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx"
            )
        with urlopen(f"{address.geturl()}login/", timeout=60) as page:
            assert page.status == 200

    assert server.end(signal.SIGTERM) == (0, "")


def test_a_part_of_a_request_is_no_sign_of_life_and_a_whole_one_is():
    class Queue:
        active_channels: ClassVar = {}

        def add_task(self, task) -> None:
            pass

    visitor, ours = socket.socketpair()
    with visitor, ours:
        channel = web_server.WholeRequests(Queue(), ours, ("", 0), Adjustments(), map={})
        seen = []
        for part in (b"GET / HTTP/1.1\r\n", b"Host: localhost\r\n", b"\r\n"):
            visitor.sendall(part)
            channel.last_activity = 0
            channel.handle_read()
            seen.append(channel.last_activity > 0)

    # It begins, it goes on for ever, or it is there.
    assert seen == [True, False, True]


def test_a_trusted_proxy_says_from_where_a_visitor_comes_and_nobody_else_does(sqlite, tmp_path, start, monkeypatch):
    person("vera")
    (tmp_path / "hub").mkdir(mode=0o700)
    form = {"username": "nobody", "password": "x"}
    for trusted in ("127.0.0.1", "192.0.2.1"):
        monkeypatch.setenv("TRADEPOST_TRUSTED_PROXY", trusted)
        server = start(url=sqlite, data=tmp_path / "hub")
        with httpx2.Client(base_url=server.wait_for_address(), headers={"X-Forwarded-For": "198.51.100.7"}) as client:
            client.get("/login/")
            token = client.cookies["csrftoken"]
            client.post("/login/", data={**form, "csrfmiddlewaretoken": token})
        server.end(signal.SIGTERM)

    assert list(AuditEntry.objects.order_by("pk").values_list("event", "who", "whence")) == [
        ("login_failed", "nobody known", "198.51.100.7"),
        ("login_failed", "nobody known", "127.0.0.1"),
    ]
