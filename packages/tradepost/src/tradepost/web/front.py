"""
What stands in front of the pages: a number for each request, and the answers for machines that watch the hub.

Those are given here, before Django looks at a request: they need no login and no session, are asked for by whatever
name a container has, and are not redirected to https. Health says nothing secret, and metrics ask for their own token.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

from django.conf import settings
from django.db import close_old_connections
from prometheus_client import CONTENT_TYPE_LATEST

from tradepost.engine.health import OK, readiness
from tradepost.engine.metrics import metrics
from tradepost.security.log_context import of_request

Headers: TypeAlias = list[tuple[str, str]]
Application: TypeAlias = Callable[..., Iterable[bytes]]
WsgiAnswer: TypeAlias = tuple[HTTPStatus, str, bytes]

_JSON, _TEXT = "application/json", "text/plain; charset=utf-8"


class Front:
    """A WSGI application. `pages`: the back office; None where there is none, as in a worker."""

    def __init__(self, pages: Application | None) -> None:
        self._pages = pages

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request_id = secrets.token_hex(6)

        def start(status: str, headers: Headers, *rest: Any) -> Any:
            return start_response(status, [*headers, ("X-Request-Id", request_id)], *rest)

        with of_request(request_id):
            answer = _ANSWERS.get(environ.get("PATH_INFO", ""))
            if answer is not None:
                return _given(answer, environ, start)
            if self._pages is not None:
                return self._pages(environ, start)
        return _sent(start, HTTPStatus.NOT_FOUND, _TEXT, b"There are no pages here.")


def _given(
    answer: Callable[[dict[str, Any]], WsgiAnswer],
    environ: dict[str, Any],
    start: Callable[..., Any],
) -> Iterable[bytes]:
    if environ.get("REQUEST_METHOD") not in {"GET", "HEAD"}:
        return _sent(start, HTTPStatus.METHOD_NOT_ALLOWED, _TEXT, b"Only GET.")
    # As Django does round its own requests: a connection that broke meanwhile is opened anew.
    close_old_connections()
    try:
        return _sent(start, *answer(environ))
    finally:
        close_old_connections()


def _live(_environ: dict[str, Any]) -> WsgiAnswer:
    return HTTPStatus.OK, _JSON, b'{"process": "ok"}'


def _ready(_environ: dict[str, Any]) -> WsgiAnswer:
    parts = readiness()
    status = HTTPStatus.OK if set(parts.values()) == {OK} else HTTPStatus.SERVICE_UNAVAILABLE
    return status, _JSON, json.dumps(parts).encode()


def _metrics(environ: dict[str, Any]) -> WsgiAnswer:
    token = settings.TRADEPOST_METRICS_TOKEN
    if not token:
        return HTTPStatus.NOT_FOUND, _TEXT, b"Metrics are off. TRADEPOST_METRICS_TOKEN switches them on."
    given = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1", "replace")
    if not hmac.compare_digest(given, f"Bearer {token}".encode()):
        return HTTPStatus.UNAUTHORIZED, _TEXT, b"Metrics ask for the bearer token of TRADEPOST_METRICS_TOKEN."
    return HTTPStatus.OK, CONTENT_TYPE_LATEST, metrics()


_ANSWERS: dict[str, Callable[[dict[str, Any]], WsgiAnswer]] = {
    "/health/live": _live,
    "/health/ready": _ready,
    "/metrics": _metrics,
}


def _sent(start: Callable[..., Any], status: HTTPStatus, kind: str, body: bytes) -> Sequence[bytes]:
    headers: Headers = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]
    if status is HTTPStatus.UNAUTHORIZED:
        headers.append(("WWW-Authenticate", "Bearer"))
    start(f"{status.value} {status.phrase}", headers)
    return [body]
