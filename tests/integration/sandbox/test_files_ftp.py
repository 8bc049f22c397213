"""The sandbox's FTP server, met by the standard library's client over real sockets."""

import ftplib
import ssl
import time
from io import BytesIO

import pytest

from miva_sandbox.faults.rules import Faults, Rule
from miva_sandbox.files.certificate import self_signed
from miva_sandbox.files.ftp import FtpServer, Tls

USER, PASSWORD = "store", "s3cret"


@pytest.fixture
def server(tmp_path):
    (tmp_path / "htdocs/mm5/graphics").mkdir(parents=True)
    with FtpServer(tmp_path, user=USER, password=PASSWORD) as running:
        yield running


def connect(server):
    client = ftplib.FTP(timeout=60)
    client.connect("127.0.0.1", server.port)
    client.login(USER, PASSWORD)
    return client


def contents(client, path):
    received = BytesIO()
    client.retrbinary(f"RETR {path}", received.write)
    return received.getvalue()


def test_an_uploaded_file_lands_below_the_root_and_can_be_read_back(server, tmp_path):
    with connect(server) as client:
        client.cwd("/htdocs/mm5/graphics")
        client.mkd("is-images")

        client.storbinary("STOR is-images/tee.png", BytesIO(b"content"))

        assert contents(client, "/htdocs/mm5/graphics/is-images/tee.png") == b"content"
    assert (tmp_path / "htdocs/mm5/graphics/is-images/tee.png").read_bytes() == b"content"


def test_a_rename_puts_the_finished_upload_in_its_place(server, tmp_path):
    with connect(server) as client:
        client.storbinary("STOR tee.png.part", BytesIO(b"content"))

        client.rename("tee.png.part", "tee.png")

        assert (tmp_path / "tee.png").read_bytes() == b"content"
        assert not (tmp_path / "tee.png.part").exists()


def test_nothing_above_the_root_can_be_reached(server, tmp_path):
    (tmp_path.parent / "outside.txt").write_bytes(b"secret")

    with connect(server) as client, pytest.raises(ftplib.error_perm):
        contents(client, "/../outside.txt")


def test_a_link_that_leads_out_of_the_root_is_not_followed(server, tmp_path):
    (tmp_path.parent / "outside.txt").write_bytes(b"secret")
    (tmp_path / "link.txt").symlink_to(tmp_path.parent / "outside.txt")

    with connect(server) as client, pytest.raises(ftplib.error_perm):
        contents(client, "link.txt")


def test_a_wrong_password_is_refused(server):
    client = ftplib.FTP(timeout=60)
    client.connect("127.0.0.1", server.port)

    with client, pytest.raises(ftplib.error_perm, match="530"):
        client.login(USER, "wrong")


@pytest.mark.parametrize(
    "line", ["STOR", "RETR \x00", "CWD " + "a/" * 400, "PORT 1,2,3", "EPRT |9|x|y|", "\xff\xfe\x80"]
)
def test_nonsense_gets_a_refusal_and_the_connection_goes_on(server, line):
    with connect(server) as client:
        client.encoding = "latin-1"

        with pytest.raises(ftplib.error_perm):
            client.sendcmd(line)

        assert client.pwd() == "/"


def test_a_stopped_server_gives_its_port_back(tmp_path):
    first = FtpServer(tmp_path, user=USER, password=PASSWORD).start()
    first.stop()

    with FtpServer(tmp_path, port=first.port, user=USER, password=PASSWORD) as second, connect(second) as client:
        assert client.pwd() == "/"


class ResumingFTP(ftplib.FTP_TLS):
    """Resumes the control connection's TLS session on data connections; the standard client never does."""

    def ntransfercmd(self, cmd, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        secured = self.context.wrap_socket(connection, server_hostname=self.host, session=self.sock.session)
        return secured, size


def connect_tls(server, certificate, client_class):
    context = ssl.create_default_context(cadata=certificate.pem.decode())
    client = client_class(context=context, timeout=60)
    client.connect("127.0.0.1", server.port)
    client.login(USER, PASSWORD)
    client.prot_p()
    return client


@pytest.fixture(scope="module")
def certificate():
    return self_signed()


@pytest.mark.parametrize("client_class", [ftplib.FTP_TLS, ResumingFTP])
def test_explicit_tls_protects_login_and_transfers(tmp_path, certificate, client_class):
    tls = Tls(certificate=certificate, required=True)

    with (
        FtpServer(tmp_path, user=USER, password=PASSWORD, tls=tls) as server,
        connect_tls(server, certificate, client_class) as client,
    ):
        client.storbinary("STOR tee.png", BytesIO(b"content" * 50_000))

        assert contents(client, "tee.png") == b"content" * 50_000


def test_a_server_that_requires_tls_refuses_a_plain_login(tmp_path, certificate):
    tls = Tls(certificate=certificate, required=True)

    with FtpServer(tmp_path, user=USER, password=PASSWORD, tls=tls) as server:
        client = ftplib.FTP(timeout=60)
        client.connect("127.0.0.1", server.port)

        with client, pytest.raises(ftplib.error_perm, match="550"):
            client.login(USER, PASSWORD)


def test_a_server_that_insists_on_session_reuse_refuses_fresh_data_connections(tmp_path, certificate):
    tls = Tls(certificate=certificate, session_reuse=True)

    with FtpServer(tmp_path, user=USER, password=PASSWORD, tls=tls) as server:
        client = connect_tls(server, certificate, ftplib.FTP_TLS)

        # Which of the two connections the client hears of first is left to chance.
        with pytest.raises((ftplib.error_perm, OSError)):
            client.storbinary("STOR tee.png", BytesIO(b"content"))

        client.close()
        assert not (tmp_path / "tee.png").read_bytes()


def test_a_server_that_insists_on_session_reuse_takes_resumed_data_connections(tmp_path, certificate):
    tls = Tls(certificate=certificate, session_reuse=True)

    with (
        FtpServer(tmp_path, user=USER, password=PASSWORD, tls=tls) as server,
        connect_tls(server, certificate, ResumingFTP) as client,
    ):
        client.storbinary("STOR tee.png", BytesIO(b"content"))
        client.storbinary("STOR cup.png", BytesIO(b"content"))

        assert contents(client, "cup.png") == b"content"


@pytest.mark.parametrize("is_slow_to", ["STOR", "RETR"])
def test_a_slow_transfer_under_tls_arrives_whole(tmp_path, certificate, is_slow_to):
    faults = Faults()
    tls = Tls(certificate=certificate, required=True)

    with (
        FtpServer(tmp_path, user=USER, password=PASSWORD, tls=tls, faults=faults) as server,
        connect_tls(server, certificate, ftplib.FTP_TLS) as client,
    ):
        faults.add(Rule(kind="ftp_slow", bytes_per_second=100_000, verb=is_slow_to))
        started = time.monotonic()
        client.storbinary("STOR tee.png", BytesIO(b"content" * 5_000))

        assert contents(client, "tee.png") == b"content" * 5_000
        assert time.monotonic() - started >= 0.3
