"""HTTPS: nothing is said to a server whose certificate is not trusted."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from miva_sandbox.files.certificate import self_signed
from tradepost.domain.errors import CredentialsRejected
from tradepost.miva.connect import StoreConnection, connect_client
from tradepost.miva.wire import functions


@pytest.fixture
def server(tmp_path):
    """A store over HTTPS with a certificate of its own making; notes what it was told."""
    certificate = self_signed()
    pem = tmp_path / "server.pem"
    key = certificate.key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    pem.write_bytes(key + certificate.certificate.public_bytes(Encoding.PEM))
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps({"success": 1, "data": {"id": 1, "code": "acme"}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    http = HTTPServer(("127.0.0.1", 0), Handler)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    http.handle_error = lambda *_: None
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield http.server_address[1], pem, told
    http.shutdown()
    thread.join()
    http.server_close()


def connection(port):
    return StoreConnection(domain=f"127.0.0.1:{port}", store_code="acme", token="x", signature_key="c2VjcmV0")


def test_a_certificate_that_is_not_trusted_gets_no_request(server):
    port, _, told = server

    with connect_client(connection(port)) as client, pytest.raises(CredentialsRejected, match="certificate"):
        client.call(functions.store_load())

    assert told == []


def test_a_certificate_that_this_machine_trusts_is_talked_to(server):
    port, pem, told = server
    trusting = ssl.create_default_context(cafile=pem)

    with connect_client(connection(port), certificates=trusting) as client:
        assert client.call(functions.store_load()).code == "acme"

    assert len(told) == 1
