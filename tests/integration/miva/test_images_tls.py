"""FTPS: explicit and implicit TLS, confirmed certificates, and data connections that resume the session."""

import socket
import ssl
import threading

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from miva_sandbox.files.certificate import self_signed
from miva_sandbox.files.ftp import FtpServer, Tls
from tradepost.domain.errors import CredentialsRejected
from tradepost.miva.files.file_server import fingerprint_of
from tradepost.operations.ports import FileProtocol

PATH = "graphics/is-images/mug-1-0123abcd.png"


@pytest.fixture(scope="module")
def certificate():
    return self_signed()


@pytest.fixture
def serve(root, certificate):
    servers = []

    def start(**settings):
        tls = Tls(certificate=certificate, **settings)
        servers.append(FtpServer(root, user="store", password="s3cret", tls=tls).start())
        return servers[-1].port

    yield start
    for server in servers:
        server.stop()


def shown(certificate):
    return fingerprint_of(certificate.certificate.public_bytes(Encoding.DER))


@pytest.mark.parametrize("session_reuse", [False, True])
def test_a_confirmed_certificate_encrypts_login_and_data(serve, open_image_store, certificate, session_reuse):
    port = serve(required=True, session_reuse=session_reuse)
    images = open_image_store(port, protocol=FileProtocol.FTPS, fingerprint=shown(certificate))

    images.upload(PATH, b"content" * 100_000)

    assert images.sizes([PATH]) == {PATH: 700_000}
    assert images.has_folder()


def test_an_unknown_certificate_is_refused_with_its_fingerprint(serve, open_image_store, certificate):
    images = open_image_store(serve(), protocol=FileProtocol.FTPS)

    with pytest.raises(CredentialsRejected) as raised:
        images.sizes([PATH])

    assert shown(certificate) in str(raised.value)


def test_another_certificate_than_the_confirmed_one_is_refused(serve, open_image_store):
    images = open_image_store(serve(), protocol=FileProtocol.FTPS, fingerprint=shown(self_signed()))

    with pytest.raises(CredentialsRejected, match="listens in"):
        images.sizes([PATH])


def test_a_server_without_tls_gets_no_password(ftp, open_image_store):
    images = open_image_store(ftp.port, protocol=FileProtocol.FTPS)

    with pytest.raises(CredentialsRejected, match="offers no TLS"):
        images.sizes([PATH])


class ImplicitTls(threading.Thread):
    """TLS from the first byte, and then a refusal of whoever logs in."""

    def __init__(self, context):
        super().__init__(daemon=True)
        self.context = context
        self.received = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        plain, _ = self.listener.accept()
        with self.listener, self.context.wrap_socket(plain, server_side=True) as connection:
            connection.sendall(b"220 hello\r\n")
            self.received.append(connection.recv(1000).decode())
            connection.sendall(b"530 nobody comes in\r\n")


def test_implicit_tls_begins_with_the_connection(open_image_store, certificate, tmp_path):
    pem = tmp_path / "server.pem"
    key = certificate.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    pem.write_bytes(key + certificate.certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = ImplicitTls(context)

    with pytest.raises(CredentialsRejected, match="Check user"):
        open_image_store(server.port, protocol=FileProtocol.FTPS_IMPLICIT, fingerprint=shown(certificate)).sizes([PATH])

    server.join(60)
    assert server.received == ["USER store\r\n"]
