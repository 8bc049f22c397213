"""A started sandbox in memory, and a small signing client of our own for it."""

import base64
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from miva_sandbox.server import SandboxServer
from miva_sandbox.state.tokens import Token


class Client:
    """Signs and sends; `call` answers with the decoded body, `post` with the whole HTTP response."""

    def __init__(self, server: SandboxServer, token: Token) -> None:
        self.server = server
        self.token = token
        # Plain HTTP alone: loading the machine's certificates takes longer than most of the tests.
        self.http = httpx2.Client(timeout=30, verify=False)

    def call(self, function: str, **parameters: Any) -> Any:
        return self.send({"Function": function, "Store_Code": self.server.store.code, **parameters})

    def rows(self, function: str, **parameters: Any) -> list[dict[str, Any]]:
        """Call a list function and return its page; anything but success fails the test."""
        answer = self.call(function, **parameters)
        assert answer["success"] == 1, answer
        return answer["data"]["data"]

    def provision(self, xml: str) -> list[dict[str, Any]]:
        """Execute tags and return the messages; none means no complaint."""
        answer = self.call("Provision_Store", XML=xml)
        assert answer["success"] == 1, answer
        return answer["data"]

    def send(self, body: dict[str, Any], **headers: str) -> Any:
        return json.loads(self.post(body, **headers).content, parse_float=Decimal)

    def post(self, body: dict[str, Any], **headers: str) -> httpx2.Response:
        content = json.dumps({"Miva_Request_Timestamp": self.server.domain.clock.now(), **body}).encode()
        return self.http.post(
            self.server.endpoint,
            content=content,
            headers={
                "Content-Type": "application/json",
                "X-Miva-API-Authorization": self.sign(content),
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    def sign(self, content: bytes) -> str:
        digest = hmac.new(base64.b64decode(self.token.signature_key), content, hashlib.sha256).digest()
        return f"MIVA-HMAC-SHA256 {self.token.token}:{base64.b64encode(digest).decode()}"


@pytest.fixture
def sandbox():
    with SandboxServer() as server:
        yield server


@pytest.fixture
def client(sandbox):
    """A client with every right."""
    made = Client(sandbox, sandbox.full)
    yield made
    made.http.close()


@pytest.fixture
def hub_client(sandbox):
    """A client with the eight functions that a hub needs, and no group."""
    made = Client(sandbox, sandbox.hub)
    yield made
    made.http.close()


@pytest.fixture
def call(client):
    return client.call
