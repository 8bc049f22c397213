"""
Faults on the wire: an ASGI application round the JSON API's own, that delays, refuses, cuts and drops.

Answers are held back whole, so that a rule can still decide what becomes
of them once the work is done.
"""

import asyncio
import json
from collections.abc import Sequence

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from miva_sandbox.api import multicall
from miva_sandbox.api.entry import LandsLateError
from miva_sandbox.api.http import TooLargeError, read_body, too_large
from miva_sandbox.faults.interruptions import EngineTimeoutError
from miva_sandbox.faults.rules import Faults, Rule
from miva_sandbox.provisioning import run as provision
from miva_sandbox.state.domain import Domain

_OFFLINE = b'{"success":0,"error_code":"api_offline","error_message":"The API is currently offline"}'
_HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_TITLES = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Unavailable"}
_CONNECTION = "miva_sandbox.connection"
_TIMED_OUT_SECONDS = 60.0
_TICKS_PER_SECOND = 20


class FaultyTransport:
    def __init__(self, app: ASGIApp, domain: Domain, faults: Faults) -> None:
        self._app = app
        self._domain = domain
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._faults.is_quiet:
            await self._app(scope, receive, send)
            return
        try:
            body = await read_body(Request(scope, receive))
        except ClientDisconnect:
            return
        except TooLargeError:
            await too_large(scope, receive, send)
            return
        await _Exchange(self._domain, self._faults, scope, send, receive, body).run(self._app)


class _Exchange:
    """One request and its answer, with all that befalls them."""

    def __init__(  # noqa: PLR0917 - what ASGI gives, and what it is for
        self, domain: Domain, faults: Faults, scope: Scope, send: Send, receive: Receive, body: bytes
    ) -> None:
        self._domain = domain
        self._faults = faults
        self._scope = scope
        self._send = send
        self._receive = receive
        self._body = body
        self._body_was_read = False
        self._event = {"functions": functions_of(body)}
        self._start: Message = {"type": "http.response.start", "status": 500, "headers": []}
        self._answer = b""
        self._seconds_off = 0.0

    async def run(self, app: ASGIApp) -> None:
        if await self._before():
            return
        if (rule := self._take("clock")) is not None:
            self._clock_is_off(rule.seconds or 0.0)
        try:
            await app(self._scope, self._replay, self._collect)
        except EngineTimeoutError:
            await self._html(504, "504 Gateway Time-out")
        except LandsLateError:
            await self._drop()
        finally:
            self._clock_is_off(0.0)

    async def _before(self) -> bool:
        """Do what happens before the store sees the request; True if it never does."""
        if (rule := self._take("latency")) is not None:
            await asyncio.sleep(self._faults.delay(rule))
        if self._take("drop_before"):
            await self._drop()
            return True
        if (rule := self._take("error")) is not None:
            await self._html(rule.status, _TITLES.get(rule.status, f"{rule.status} Error"))
            return True
        if self._take("api_offline"):
            await self._reply(503, b"application/json; charset=utf-8", _OFFLINE)
            return True
        if (rule := self._take("edit")) is not None:
            await to_thread.run_sync(self._edit, rule)
        if (rule := self._take("stop_early")) is not None:
            self._stop_early(int(rule.seconds or 0))
        return False

    def _take(self, kind: str) -> Rule | None:
        return self._faults.take(kind, "request", **self._event)

    def _edit(self, rule: Rule) -> None:
        stores = list(self._domain.stores.values())
        store = self._domain.find_store(rule.store) if rule.store else stores[0]
        if store is not None:
            provision(store, rule.xml)

    def _stop_early(self, seconds: int) -> None:
        headers = [pair for pair in self._scope["headers"] if pair[0] != b"x-miva-api-timeout"]
        self._scope = {**self._scope, "headers": [*headers, (b"x-miva-api-timeout", str(seconds).encode())]}

    def _clock_is_off(self, seconds: float) -> None:
        self._domain.clock.move(seconds - self._seconds_off)
        self._seconds_off = seconds

    async def _replay(self) -> Message:
        if self._body_was_read:
            return await self._receive()
        self._body_was_read = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _collect(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._answer += message.get("body", b"")
        if not message.get("more_body", False):
            # Right again before the answer is out, as the client's next request may come at once.
            self._clock_is_off(0.0)
            await self._after()

    async def _after(self) -> None:
        """Do what happens once the work is done and the answer is there."""
        if (rule := self._take("timeout")) is not None:
            await asyncio.sleep(_TIMED_OUT_SECONDS if rule.seconds is None else max(0.0, rule.seconds))
            await self._drop()
        elif self._take("drop_after"):
            await self._drop()
        elif (rule := self._take("cut")) is not None:
            await self._send(self._start)
            await self._send(_part(self._answer[: rule.after_bytes], more=True))
            await self._drop(flushed=True)
        elif (rule := self._take("bandwidth")) is not None and rule.bytes_per_second:
            await self._trickle(rule.bytes_per_second)
        else:
            await self._send(self._start)
            await self._send(_part(self._answer, more=False))

    async def _trickle(self, bytes_per_second: int) -> None:
        await self._send(self._start)
        step = max(1, bytes_per_second // _TICKS_PER_SECOND)
        for position in range(0, len(self._answer), step):
            piece = self._answer[position : position + step]
            await asyncio.sleep(len(piece) / bytes_per_second)
            await self._send(_part(piece, more=True))
        await self._send(_part(b"", more=False))

    async def _html(self, status: int, title: str) -> None:
        await self._reply(status, b"text/html", _HTML.format(title).encode())

    async def _reply(self, status: int, content_type: bytes, body: bytes) -> None:
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        await self._send(_part(body, more=False))

    async def _drop(self, *, flushed: bool = False) -> None:
        """
        Close the connection under the client.

        ASGI has no word for that; the connection itself does.
        """
        connection = self._scope[_CONNECTION]
        if flushed:
            connection.close()
        else:
            connection.abort()
        await _disconnected(self._receive)


def connection_in_scope(app: ASGIApp) -> ASGIApp:
    """
    Wrap a whole application, so that what is inside can find the connection of a request.

    The server's own `send` belongs to an object that holds it; further inside, `send` is somebody else's.
    """

    async def outermost(scope: Scope, receive: Receive, send: Send) -> None:
        connection = getattr(getattr(send, "__self__", None), "transport", None)
        try:
            await app({**scope, _CONNECTION: connection}, receive, send)
        except asyncio.CancelledError:
            # The server is stopped while a rule keeps a request waiting: that is no error of the application's.
            if connection is None:
                raise
            connection.abort()
            await _disconnected(receive)

    return outermost


async def _disconnected(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is gone; only then nothing more is expected of it."""
    while (await receive())["type"] != "http.disconnect":
        pass


def functions_of(body: bytes) -> Sequence[str]:
    """Return the functions that a request calls; none for what can't be read."""
    try:
        root = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(root, dict):
        return ()
    return multicall.functions_of(root)


def _part(body: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
