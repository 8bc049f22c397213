"""Web requests over real sockets: where they go, and when they end."""

import socket
import ssl
import threading
import time
from functools import partial

import httpx2
import pytest

from tradepost.domain.errors import AddressRefused
from tradepost.security.addresses import checked_addresses
from tradepost.security.transport import CheckedTransport

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.fixture
def server():
    """A server that writes what `server.write` does to each connection; `server.heard` is what was sent to it."""

    class Server:
        heard: list[bytes] = []
        stop = threading.Event()

        def write(self, connection):
            connection.sendall(ANSWER)

        def serve(self):
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        self.heard.append(connection.recv(10_000))
                        self.write(connection)
                    except OSError:
                        continue

    listening = socket.create_server(("127.0.0.1", 0))
    server = Server()
    server.heard, server.stop = [], threading.Event()
    server.port = listening.getsockname()[1]
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.stop.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join()


def client_for(host="shop.example", *, resolve=lambda host, port: ["127.0.0.1"]):
    addresses = partial(checked_addresses, private_hosts={host}, resolve=resolve)
    return httpx2.Client(transport=CheckedTransport(addresses=addresses), trust_env=False)


def test_the_connection_goes_to_the_address_that_was_judged_and_asks_for_the_name(server):
    asked = []

    def resolve(host, port):
        asked.append((host, port))
        return ["127.0.0.1"]

    with client_for(resolve=resolve) as client:
        answer = client.get(f"http://shop.example:{server.port}/x")

    assert answer.text == "hello"
    assert asked == [("shop.example", server.port)]
    assert f"Host: shop.example:{server.port}".encode() in server.heard[0]


def test_a_name_that_points_inwards_is_refused_before_anything_is_sent(server):
    with client_for("other.example") as client, pytest.raises(AddressRefused, match="private network"):
        client.get(f"http://shop.example:{server.port}/x")

    assert server.heard == []


def test_a_name_that_is_not_known_fails_as_a_connection_that_fails():
    def resolve(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "not known")

    with client_for(resolve=resolve) as client, pytest.raises(httpx2.ConnectError, match="not known"):
        client.get("http://shop.example/x")


def test_the_certificate_is_asked_for_by_the_name(server):
    # A client's hello tells the name that it wants to see a certificate of.
    def write(connection):
        connection.sendall(b"no TLS here")

    server.write = write

    with client_for() as client, pytest.raises(httpx2.ConnectError):
        client.get(f"https://shop.example:{server.port}/x")

    assert b"shop.example" in server.heard[0]


@pytest.mark.parametrize("part", ["headers", "body"])
def test_an_answer_that_drips_ends_with_the_deadline(server, part):
    def drip(connection):
        begin = b"HTTP/1.1 200 OK\r\nX: " if part == "headers" else b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
        connection.sendall(begin)
        while not server.stop.wait(0.05):
            connection.sendall(b"x")

    server.write = drip

    with client_for() as client, pytest.raises(httpx2.ReadTimeout):
        # Each wait is far shorter than its own time-out.
        client.get(f"http://shop.example:{server.port}/x", timeout=100, extensions={"deadline": time.monotonic() + 0.5})


def test_a_deadline_that_has_passed_sends_nothing(server):
    with client_for() as client, pytest.raises(httpx2.ConnectTimeout):
        client.get(f"http://shop.example:{server.port}/x", extensions={"deadline": time.monotonic() - 1})

    assert server.heard == []


def test_a_deadline_is_its_requests_alone(server):
    with client_for() as client:
        with pytest.raises(httpx2.ConnectTimeout):
            client.get(f"http://shop.example:{server.port}/x", extensions={"deadline": time.monotonic() - 1})
        answer = client.get(f"http://shop.example:{server.port}/x")

    assert answer.status_code == 200


def test_certificates_are_checked_unless_told_otherwise():
    transport = CheckedTransport(addresses=lambda host, port: [])

    assert transport._pool._ssl_context.verify_mode is ssl.CERT_REQUIRED
