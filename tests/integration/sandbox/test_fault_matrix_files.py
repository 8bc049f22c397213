"""The fault matrix of files: each fault of transfers, over FTP and over SFTP, and what is left on the disk."""

import contextlib
import ftplib
import time
from io import BytesIO

import paramiko
import pytest

from miva_sandbox.faults import rules
from miva_sandbox.server import SandboxServer

IMAGE = "/htdocs/mm5/graphics/a.png"
# What the client libraries raise, whatever they make of a broken connection.
BROKEN = (OSError, EOFError, paramiko.SSHException)


class Ftp:
    refusal = ftplib.error_perm
    full = (ftplib.error_temp, r"^452 No space left")

    def __init__(self, sandbox):
        self._client = ftplib.FTP(timeout=60)
        self._client.connect("127.0.0.1", sandbox.ftp.port)
        self._login = (sandbox.ftp_user, sandbox.ftp_password)

    def login(self):
        self._client.login(*self._login)

    def send(self, content):
        self._client.storbinary(f"STOR {IMAGE}", BytesIO(content))

    def fetch(self):
        fetched = BytesIO()
        self._client.retrbinary(f"RETR {IMAGE}", fetched.write)
        return fetched.getvalue()

    def ask(self):
        self._client.pwd()

    def close(self):
        self._client.close()


class Sftp:
    refusal = paramiko.AuthenticationException
    # The refusal of a write, or what the client makes of it once it compares the sizes.
    full = (OSError, "Failure|size mismatch")

    def __init__(self, sandbox):
        self._transport = paramiko.Transport(("127.0.0.1", sandbox.sftp.port))
        self._login = {"username": sandbox.ftp_user, "password": sandbox.ftp_password}

    def login(self):
        if not self._transport.is_active():
            self._transport.start_client(timeout=60)
        self._transport.auth_password(**self._login)
        self._client = paramiko.SFTPClient.from_transport(self._transport)

    def send(self, content):
        self._client.putfo(BytesIO(content), IMAGE)

    def fetch(self):
        fetched = BytesIO()
        self._client.getfo(IMAGE, fetched, prefetch=False)
        return fetched.getvalue()

    def ask(self):
        self._client.listdir("/")

    def close(self):
        self._transport.close()


@pytest.fixture(scope="module")
def server():
    with SandboxServer(sftp_port=0) as started:
        yield started


@pytest.fixture
def image(server):
    return server.domain.files_root / "graphics/a.png"


@pytest.fixture
def sandbox(server, image):
    yield server
    server.faults.clear()
    server.faults.clear_log()
    image.unlink(missing_ok=True)


@pytest.fixture(params=[Ftp, Sftp])
def connection(request, sandbox):
    """A client that is connected, and has not logged in yet."""
    made = request.param(sandbox)
    yield made
    with contextlib.suppress(*BROKEN):
        made.close()


@pytest.fixture
def client(connection):
    connection.login()
    return connection


def switch_on(sandbox, kind, **members):
    """Let a fault strike once."""
    sandbox.faults.add(rules.read({"kind": kind, "times": 1, **members}))


def events(sandbox):
    return [(fault.kind, dict(fault.event)) for fault in sandbox.faults.log()]


def event(kind, verb):
    return kind, {"at": "ftp", "verb": verb, "path": IMAGE}


def test_there_are_no_faults_of_files_but_these():
    assert {kind for kind in rules.KINDS if kind.startswith("ftp_")} == {
        "ftp_refuse", "ftp_slow", "ftp_disconnect", "ftp_full",
    }  # fmt: skip


def test_a_refused_login_is_over_at_the_next(sandbox, connection, image):
    switch_on(sandbox, "ftp_refuse")

    with pytest.raises(connection.refusal):
        connection.login()

    assert events(sandbox) == [("ftp_refuse", {"at": "ftp", "verb": "PASS"})]
    connection.login()
    connection.send(b"content")
    assert image.read_bytes() == b"content"


def test_a_slow_upload_is_late_and_whole(sandbox, client, image):
    content = bytes(range(256)) * 20
    switch_on(sandbox, "ftp_slow", bytes_per_second=5120, verb="STOR")
    started = time.monotonic()

    client.send(content)

    assert time.monotonic() - started >= 0.5
    assert image.read_bytes() == content
    assert events(sandbox) == [event("ftp_slow", "STOR")]


def test_a_slow_download_is_late_and_whole(sandbox, client, image):
    content = bytes(range(256)) * 20
    image.write_bytes(content)
    switch_on(sandbox, "ftp_slow", bytes_per_second=5120, verb="RETR")
    started = time.monotonic()

    fetched = client.fetch()

    assert time.monotonic() - started >= 0.5
    assert fetched == image.read_bytes() == content
    assert events(sandbox) == [event("ftp_slow", "RETR")]


def test_a_broken_upload_leaves_a_part_and_ends_the_session(sandbox, client, image):
    content = b"x" * 8_000_000
    switch_on(sandbox, "ftp_disconnect", after_bytes=70_000, verb="STOR")

    with pytest.raises(BROKEN):
        client.send(content)

    with pytest.raises(BROKEN):
        client.ask()
    left = image.read_bytes()
    assert left == content[: len(left)]
    assert 0 < len(left) < len(content)
    assert events(sandbox) == [event("ftp_disconnect", "STOR")]


def test_a_broken_download_leaves_the_file_and_ends_the_session(sandbox, client, image):
    content = b"x" * 8_000_000
    image.write_bytes(content)
    switch_on(sandbox, "ftp_disconnect", after_bytes=70_000, verb="RETR")

    with pytest.raises(BROKEN):
        client.fetch()

    with pytest.raises(BROKEN):
        client.ask()
    assert image.read_bytes() == content
    assert events(sandbox) == [event("ftp_disconnect", "RETR")]


def test_a_full_disk_keeps_what_fitted_and_has_room_again_afterwards(sandbox, client, image):
    switch_on(sandbox, "ftp_full", after_bytes=10)
    raised, text = client.full

    with pytest.raises(raised, match=text):
        client.send(b"x" * 100)

    assert image.read_bytes() == b"x" * 10
    assert events(sandbox) == [event("ftp_full", "STOR")]
    client.send(b"y" * 100)
    assert image.read_bytes() == b"y" * 100
