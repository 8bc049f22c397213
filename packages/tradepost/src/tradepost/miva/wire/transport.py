"""
One signed request to a store and its answer's bytes: pooled connections, a limit for every wait and for the whole,
and no answer taken that is not Miva's. Repeating is not decided here.
"""

import email.utils
import logging
import socket
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

import httpx2
import msgspec

from tradepost.domain.errors import (
    AddressRefused,
    AnswerLost,
    CredentialsRejected,
    StoreUnavailable,
    TradepostError,
    UnexpectedAnswer,
)
from tradepost.miva.wire.address import Endpoint
from tradepost.miva.wire.answers import refused_by_status
from tradepost.miva.wire.signing import Credentials

_logger = logging.getLogger(__name__)

_STORE_MULTI_CALL_SECONDS = 60  # what a store does without the header


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How long to wait, in seconds, and how much to take.

    `multi_call` is when the store stops a multi-call and hands back what it has; `read` has to be longer, as nothing
    comes before that.
    """

    connect: float = 10
    read: float = 90
    write: float = 60
    pool: float = 60
    whole: float = 240
    multi_call: int = 45
    connections: int = 4
    answer_bytes: int = 64 * 1024 * 1024  # unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSeen:
    """What may be told about a request: never its content."""

    functions: tuple[str, ...]
    seconds: float
    sent_bytes: int
    received_bytes: int
    status: int | None
    error: str = ""


class OpenTransport(Protocol):
    """Makes the connections; a request's extension `deadline` (of `time.monotonic`) may end it."""

    def __call__(self, *, verify: ssl.SSLContext, limits: httpx2.Limits) -> httpx2.BaseTransport: ...


class Permit(Protocol):
    def __call__(self) -> None:
        """Raise where nothing may be sent any more; called from the thread that is about to send."""


def always() -> None:
    """Permit everything."""


class RequestObserver(Protocol):
    def __call__(self, seen: RequestSeen, /) -> None:
        """Take note of one request; called from the thread that sent it."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class HttpTransport:
    """The connections to one store. Threads may share it."""

    def __init__(
        self,
        *,
        endpoint: Endpoint,
        credentials: Credentials,
        limits: Limits,
        clock: Callable[[], float],
        observer: RequestObserver | None = None,
        permit: Permit = always,
        web_server_login: tuple[str, str] | None = None,
        certificates: ssl.SSLContext | None = None,
        open_transport: OpenTransport = httpx2.HTTPTransport,
    ) -> None:
        self._credentials = credentials
        self._limits = limits
        self._clock = clock
        self._observer = observer
        self._permit = permit
        self._endpoint = endpoint
        self.clock_difference_seconds: float | None = None
        connections = httpx2.Limits(
            max_connections=limits.connections,
            max_keepalive_connections=limits.connections,
            # Shorter than the 5 s after which web servers usually close: a request on a connection that is just
            # being closed would be one whose fate nobody knows.
            keepalive_expiry=4,
        )
        # Behind a proxy of the environment it is the proxy that connects, and its owner who says where to.
        is_proxied = _is_proxied(endpoint)
        certificates = certificates or _trusted(is_needed=is_proxied or endpoint.scheme == "https")
        self._client = httpx2.Client(
            auth=httpx2.BasicAuth(*web_server_login) if web_server_login else None,
            headers={"User-Agent": "Tradepost", "Accept": "application/json"},
            timeout=httpx2.Timeout(connect=limits.connect, read=limits.read, write=limits.write, pool=limits.pool),
            limits=connections,
            transport=None if is_proxied else open_transport(verify=certificates, limits=connections),
            verify=certificates,
            follow_redirects=False,
            trust_env=is_proxied,
        )

    def send(self, members: Mapping[str, Any], *, functions: Sequence[str], operations: range | None = None) -> Reply:
        """
        Sign and send the members with a fresh timestamp; `operations` continues a multi-call (1-based, as a range).

        Raises StoreUnavailable if the store has certainly done nothing, AnswerLost if nobody knows, and what the permit
        raises.
        """
        body = msgspec.json.encode({"Miva_Request_Timestamp": int(self._clock()), **members})
        # Behind the timestamp: whoever is stopped between the two, for however long, is refused by one of them.
        self._permit()
        headers = {
            "Content-Type": "application/json",
            "X-Miva-API-Authorization": self._credentials.authorization(body),
        }
        if "Operations" in members and self._limits.multi_call != _STORE_MULTI_CALL_SECONDS:
            headers["X-Miva-API-Timeout"] = str(self._limits.multi_call)
        if operations is not None:
            headers["Range"] = f"Operations={operations.start}-{operations.stop - 1}"
        started = time.monotonic()
        reply: Reply | None = None
        problem = ""
        try:
            reply = self._exchange(body, headers, started)
            self._raise_refused(reply)
        except TradepostError as error:
            problem = type(error).__name__
            raise
        else:
            return reply
        finally:
            self._tell(
                RequestSeen(
                    functions=tuple(functions),
                    seconds=time.monotonic() - started,
                    sent_bytes=len(body),
                    received_bytes=len(reply.body) if reply else 0,
                    status=reply.status if reply else None,
                    error=problem,
                )
            )

    def fetch(self, path: str, *, at_most: int) -> tuple[int, bytes]:
        """Get a file below the store's folder as a browser does, without the token. Raises StoreUnavailable."""
        deadline = {"deadline": time.monotonic() + self._limits.whole}
        try:
            with self._client.stream(
                "GET",
                f"{self._endpoint.graphics_url}{path}",
                headers={"Accept": "*/*"},
                follow_redirects=True,
                extensions=deadline,
            ) as response:
                content = b""
                for chunk in response.iter_bytes():
                    content += chunk
                    if len(content) >= at_most:
                        break
                return response.status_code, content[:at_most]
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise StoreUnavailable(f"the store's web server gave no answer to that ({error})") from error

    def _exchange(self, body: bytes, headers: dict[str, str], started: float) -> Reply:
        try:
            deadline = {"deadline": started + self._limits.whole}
            with self._client.stream(
                "POST", self._endpoint.url, content=body, headers=headers, extensions=deadline
            ) as response:
                self._compare_clocks(response.headers.get("date", ""))
                return Reply(response.status_code, response.headers, self._read(response, started))
        except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise StoreUnavailable(
                f"The store at {self._endpoint.origin} can't be reached: no connection in time."
            ) from error
        except (httpx2.ConnectError, httpx2.ProxyError) as error:
            raise _unreachable(self._endpoint, _root(error)) from error
        except httpx2.TimeoutException as error:
            raise AnswerLost("The store did not answer in time.") from error
        except httpx2.DecodingError as error:
            raise AnswerLost("The store's answer is damaged: it can't be unpacked.") from error
        except httpx2.HTTPError as error:
            raise AnswerLost(f"The connection broke in the middle of a request: {error}.{self._doubt}") from error

    @property
    def _doubt(self) -> str:
        """What may be wrong where somebody answers who does not speak as expected."""
        if self._endpoint.scheme == "https":
            return ""
        return f" {self._endpoint.origin} may want https: leave out http:// and plain HTTP."

    def _read(self, response: httpx2.Response, started: float) -> bytes:
        chunks: list[bytes] = []
        size = 0
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._limits.answer_bytes:
                raise UnexpectedAnswer(
                    f"The store's answer is larger than {_size(self._limits.answer_bytes)}, which no answer of Miva's "
                    "is: the rest of it was not read."
                )
            if time.monotonic() - started > self._limits.whole:
                raise AnswerLost(f"The store's answer took longer than {self._limits.whole:.0f} s.")
        return b"".join(chunks)

    def _raise_refused(self, reply: Reply) -> None:
        refused = refused_by_status(reply.status, reply.headers, reply.body)
        if refused is None:
            return
        if reply.status == HTTPStatus.BAD_REQUEST and self._doubt:
            raise AddressRefused(f"{refused}{self._doubt}") from refused
        raise refused

    def _compare_clocks(self, date: str) -> None:
        try:
            store = email.utils.parsedate_to_datetime(date).timestamp()
        except (TypeError, ValueError):
            return
        self.clock_difference_seconds = store - self._clock()

    def _tell(self, seen: RequestSeen) -> None:
        _logger.debug(
            "%s: %s in %.3f s, %d bytes sent, %d received%s",
            "+".join(sorted(set(seen.functions))),
            seen.status or "no answer",
            seen.seconds,
            seen.sent_bytes,
            seen.received_bytes,
            f", {seen.error}" if seen.error else "",
        )
        if self._observer is not None:
            self._observer(seen)

    def close(self) -> None:
        self._client.close()


def _unreachable(endpoint: Endpoint, cause: BaseException) -> TradepostError:
    """Word why no connection came about, with the cure; nothing was sent."""
    where = f"{endpoint.host}:{endpoint.port}"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return CredentialsRejected(
            "The store's certificate is not trusted by this machine, so nothing was sent: "
            f"{cause}. Check the domain, or renew the certificate."
        )
    if isinstance(cause, ssl.SSLError):
        return AddressRefused(
            f"{where} does not speak https ({cause.reason or cause}), so nothing was sent: check domain and port. "
            "Plain HTTP is for tests only, and has to be allowed on purpose (--plain-http)."
        )
    if isinstance(cause, socket.gaierror):
        return StoreUnavailable(
            f"The store can't be reached: the host {endpoint.host} is not known here. Check how the domain is spelled, "
            "and that this machine can look up names."
        )
    if isinstance(cause, ConnectionRefusedError):
        return StoreUnavailable(
            f"The store can't be reached: nothing answers at {where}. Check domain and port, and that the store's web "
            "server is up."
        )
    return StoreUnavailable(f"The store at {where} can't be reached: {cause}.")


def _size(size_bytes: int) -> str:
    megabytes, rest = divmod(size_bytes, 1024 * 1024)
    return f"{size_bytes} bytes" if rest else f"{megabytes} MB"


def _is_proxied(endpoint: Endpoint) -> bool:
    # A proxy has no business between here and a store on this machine.
    if endpoint.host in {"localhost", "127.0.0.1", "::1"}:
        return False
    proxies = urllib.request.getproxies()
    return bool({endpoint.scheme, "all"} & proxies.keys()) and not urllib.request.proxy_bypass(endpoint.host)


def _trusted(*, is_needed: bool) -> ssl.SSLContext:
    """Trust whom this machine trusts; to load that takes longer than a request, so plain HTTP does without."""
    return ssl.create_default_context() if is_needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _raise_refused(reply: Reply) -> None:
    refused = refused_by_status(reply.status, reply.headers, reply.body)
    if refused is not None:
        raise refused


def _root(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error
