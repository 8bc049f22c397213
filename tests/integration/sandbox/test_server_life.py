"""How a sandbox starts and ends: quickly, with whatever is going on, and with nothing left behind."""

import asyncio
import socket
import threading
import time
from pathlib import Path

import httpx2
import pytest

from miva_sandbox.faults.rules import Rule
from miva_sandbox.server import SandboxServer


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path, monkeypatch):
    """Threads, open files and temporary folders are counted before and after."""
    with SandboxServer(control_port=0, sftp_port=0):
        pass  # what is made only once is made now
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    threads, files = threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    yield

    until = time.monotonic() + 60
    while threading.active_count() > threads and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() == threads
    assert len(list(Path("/proc/self/fd").iterdir())) == files
    assert list(tmp_path.iterdir()) == []


def address(url):
    return "127.0.0.1", int(url.rsplit(":", 1)[1])


def test_it_stops_at_once_under_clients_that_do_nothing(monkeypatch):
    slept, sleep = [], asyncio.sleep

    async def noted(seconds, result=None):
        slept.append(seconds)
        return await sleep(seconds, result)

    monkeypatch.setattr("asyncio.sleep", noted)
    with SandboxServer(control_port=0, sftp_port=0) as sandbox:
        clients = [
            socket.create_connection(place)
            for place in (
                address(sandbox.address),
                address(sandbox.control),
                ("127.0.0.1", sandbox.ftp.port),
                ("127.0.0.1", sandbox.sftp.port),
            )
        ]
        idle = httpx2.Client(verify=False)
        idle.get(sandbox.storefront)

    # Ticks of a tenth of a second, of which each server would have two, are what must not be there.
    assert [seconds for seconds in slept if seconds > 0] == []
    idle.close()
    for client in clients:
        client.close()


@pytest.mark.parametrize("round_", range(2))
def test_it_stops_under_clients_that_are_just_coming_in(round_):
    with SandboxServer() as sandbox:
        clients = [socket.create_connection(address(sandbox.address)) for _ in range(20)]
        for client in clients:
            client.sendall(b"POST /mm5/json.mvc HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhal")

    for client in clients:
        client.close()


def test_it_does_not_wait_for_a_request_that_a_rule_holds_back():
    sandbox = SandboxServer().start()
    sandbox.faults.add(Rule(kind="latency", seconds=60))
    ends = []

    def ask():
        with pytest.raises(httpx2.TransportError) as caught:
            httpx2.post(sandbox.endpoint, content=b"{}", timeout=30, verify=False)
        ends.append(caught.value)

    client = threading.Thread(target=ask)
    client.start()
    while not sandbox.faults.log():
        time.sleep(0.005)
    started = time.monotonic()

    sandbox.stop()

    client.join(60)
    assert len(ends) == 1
    assert time.monotonic() - started < 60


def test_a_server_that_was_never_started_can_be_stopped():
    SandboxServer(control_port=0).stop()


@pytest.mark.parametrize("name", ["port", "ftp_port", "sftp_port", "control_port"])
def test_a_port_that_is_taken_is_an_error_that_leaves_nothing(name):
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        SandboxServer(**{name: other.getsockname()[1]}).start()


def test_a_state_directory_is_used_again_at_once(tmp_path_factory):
    state: Path = tmp_path_factory.mktemp("state")

    tokens = []
    for _ in range(3):
        with SandboxServer(state=state) as sandbox:
            tokens.append(sandbox.full.token)

    assert len(set(tokens)) == 1
