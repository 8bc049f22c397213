"""
Web requests that go only where `addresses` allows it, and that end when their time is over.

A request's extension `deadline` (a moment of `time.monotonic`) bounds all of it: looking up, connecting, headers and
body, however slowly they drip.
"""

import math
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import httpcore2
import httpx2

from tradepost.security.addresses import first_reached

Addresses: TypeAlias = Callable[[str, int], Sequence[str]]


class CheckedTransport(httpx2.HTTPTransport):
    """Connects to what `addresses` returns for a host and port, and to nothing else. Threads may share it."""

    def __init__(
        self,
        *,
        addresses: Addresses,
        verify: ssl.SSLContext | None = None,
        limits: httpx2.Limits | None = None,
    ) -> None:
        limits = limits or httpx2.Limits(max_connections=100, max_keepalive_connections=20)
        self._time = _Time()
        # The one thing of httpx2's transport that has no argument; a test connects through it and would tell.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=verify or httpx2.create_ssl_context(trust_env=False),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Network(addresses, self._time),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        # A thread has one request at a time, and reads its answer itself.
        self._time.ends_at = request.extensions.get("deadline", math.inf)
        return super().handle_request(request)


class _Time(threading.local):
    """What is left for the request of this thread."""

    ends_at: float = math.inf

    def left(self, timeout: float | None, over: type[Exception]) -> float | None:
        """Return the shorter of a time-out and what is left, in seconds; raises `over` when nothing is."""
        if self.ends_at == math.inf:
            return timeout
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise over("the time for the whole request is over")
        return left if timeout is None else min(timeout, left)


class _Network(httpcore2.NetworkBackend):
    def __init__(self, addresses: Addresses, time_: _Time) -> None:
        self._addresses = addresses
        self._time = time_
        self._sockets = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> Any:
        try:
            numbers = self._addresses(host, port)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error

        def open_(number: str) -> _Stream:
            left = self._time.left(timeout, httpcore2.ConnectTimeout)
            stream = self._sockets.connect_tcp(number, port, left, local_address, socket_options)
            return _Stream(stream, self._time)

        return first_reached(numbers, open_, failures=(httpcore2.NetworkError, httpcore2.TimeoutException))


class _Stream:
    """A stream of httpcore2 with what is left of the request's time as the limit of every wait."""

    def __init__(self, stream: Any, time_: _Time) -> None:
        self._stream = stream
        self._time = time_

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        content: bytes = self._stream.read(max_bytes, self._time.left(timeout, httpcore2.ReadTimeout))
        return content

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._time.left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        left = self._time.left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._time)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
