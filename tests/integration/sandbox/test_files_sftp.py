"""The sandbox's SFTP server, met by paramiko's client over real sockets."""

from io import BytesIO

import httpx2
import paramiko
import pytest

from miva_sandbox.faults.rules import Faults, Rule
from miva_sandbox.files.sftp import SftpServer
from miva_sandbox.server import SandboxServer

USER, PASSWORD = "store", "s3cret"


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def server(tmp_path, faults):
    (tmp_path / "root/htdocs/mm5/graphics").mkdir(parents=True)
    with SftpServer(tmp_path / "root", user=USER, password=PASSWORD, faults=faults) as running:
        yield running


@pytest.fixture
def client(server):
    transport = paramiko.Transport(("127.0.0.1", server.port))
    transport.connect(username=USER, password=PASSWORD, hostkey=server.host_key)
    with paramiko.SFTPClient.from_transport(transport) as connected:
        yield connected
    transport.close()


def test_an_uploaded_file_is_renamed_listed_and_read_back(client, server):
    client.mkdir("/htdocs/mm5/graphics/is-images")
    client.putfo(BytesIO(b"content" * 50_000), "/htdocs/mm5/graphics/is-images/tee.png.part")

    client.rename("/htdocs/mm5/graphics/is-images/tee.png.part", "/htdocs/mm5/graphics/is-images/tee.png")

    assert client.listdir("/htdocs/mm5/graphics/is-images") == ["tee.png"]
    assert client.open("/htdocs/mm5/graphics/is-images/tee.png").read() == b"content" * 50_000
    assert (server.root / "htdocs/mm5/graphics/is-images/tee.png").stat().st_size == 350_000


def test_a_file_is_overwritten_and_removed(client, server):
    client.putfo(BytesIO(b"old content"), "a.png")
    client.putfo(BytesIO(b"new"), "a.png")
    content = (server.root / "a.png").read_bytes()

    client.remove("a.png")

    assert content == b"new"
    assert not (server.root / "a.png").exists()


def test_a_rename_onto_a_file_is_refused_unless_it_is_the_posix_one(client, server):
    client.putfo(BytesIO(b"a"), "a.png")
    client.putfo(BytesIO(b"b"), "b.png")

    with pytest.raises(OSError):
        client.rename("a.png", "b.png")

    client.posix_rename("a.png", "b.png")
    assert (server.root / "b.png").read_bytes() == b"a"


@pytest.mark.parametrize("path", ["../outside.txt", "/../outside.txt", "link.txt", "/htdocs/../../outside.txt"])
def test_nothing_above_the_root_can_be_reached(client, server, path):
    outside = server.root.parent / "outside.txt"
    outside.write_bytes(b"secret")
    (server.root / "link.txt").symlink_to(outside)

    with pytest.raises(OSError):
        client.open(path).read()


@pytest.mark.parametrize("path", ["nul\x00name", "none.png", "a" * 5000])
def test_a_name_that_cannot_be_is_refused_and_the_session_goes_on(client, path):
    with pytest.raises(OSError):
        client.stat(path)

    assert client.listdir("/") == ["htdocs"]


def test_a_wrong_password_is_refused(server):
    transport = paramiko.Transport(("127.0.0.1", server.port))

    with pytest.raises(paramiko.AuthenticationException):
        transport.connect(username=USER, password="wrong")

    transport.close()


def test_a_full_disk_keeps_what_fitted_and_refuses_the_rest(client, server, faults):
    faults.add(Rule(kind="ftp_full", after_bytes=10, times=1))

    with pytest.raises(OSError):
        client.putfo(BytesIO(b"x" * 100), "a.png")

    assert (server.root / "a.png").read_bytes() == b"x" * 10


def test_a_broken_connection_ends_the_session(client, server, faults):
    faults.add(Rule(kind="ftp_disconnect", after_bytes=10, verb="STOR"))

    with pytest.raises((OSError, EOFError, paramiko.SSHException)):
        client.putfo(BytesIO(b"x" * 100), "a.png")

    with pytest.raises((OSError, EOFError, paramiko.SSHException)):
        client.listdir("/")


def test_an_image_sent_by_sftp_is_served_by_http():
    with SandboxServer(sftp_port=0) as sandbox:
        transport = paramiko.Transport(("127.0.0.1", sandbox.sftp.port))
        transport.connect(username=sandbox.ftp_user, password=sandbox.ftp_password)
        with paramiko.SFTPClient.from_transport(transport) as client:
            client.putfo(BytesIO(b"content"), "/htdocs/mm5/graphics/tee.png")
        transport.close()

        assert httpx2.get(f"{sandbox.storefront}graphics/tee.png").content == b"content"
