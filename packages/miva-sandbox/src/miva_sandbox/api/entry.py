"""
The door of the JSON API: HTTP rules, authentication, execution, and the log of it. Knows no web framework.

Nearly every failure is answered with HTTP 200 and `success: 0`, as a real store does.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from time import perf_counter
from typing import Any

import msgspec

from miva_sandbox.api import authentication, functions, multicall
from miva_sandbox.api.dispatch import Session
from miva_sandbox.api.responses import AccessDenied, ApiError, encode
from miva_sandbox.request_log import RequestLog
from miva_sandbox.state.domain import Domain

__all__ = ["Reply", "Session", "handle"]

# Importing the package is what registers the functions.
_REGISTERED = functions

_HEADER = "x-miva-api-authorization"


class LandsLateError(Exception):
    """The request is accepted, its work will be done later, and there is no answer of the store's."""


@dataclass(slots=True)
class Reply:
    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def handle(
    domain: Domain,
    log: RequestLog,
    *,
    method: str,
    headers: Mapping[str, str],
    body: bytes,
    address: str,
) -> tuple[Reply, Session | None]:
    """
    Answer one HTTP request; `headers` have lower-case names.

    The session, if it came to one, holds what is to be done once the answer is on its way.

    Raises LandsLateError for a request that the hooks keep back.
    """
    domain.agenda.request_arrives()
    started = perf_counter()
    session: Session | None = None
    # What is logged of a request that ends without an answer of the store's.
    reply = Reply(500, b"")
    try:
        root = _admit(domain, method, headers, body)
        caller = authentication.authenticate(domain, headers[_HEADER], body=body, root=root, address=address)
        session = Session(
            domain=domain,
            caller=caller,
            binary_is_base64=headers.get("x-miva-api-binary-encoding", "").strip().casefold() == "base64",
        )
        if (lateness := domain.hooks.lateness(root)) is not None:
            domain.agenda.postpone(partial(_land, session, log, root, headers), lateness)
            raise LandsLateError
        result = _execute(session, root, headers)
        reply = Reply(result.status, encode(result.answer))
        if result.content_range:
            reply.headers["Content-Range"] = result.content_range
        _report_unasked(session, root)
    except ApiError as error:
        reply = Reply(error.status, encode(error.answer()))
        if isinstance(error, multicall.RangeError):
            reply.headers["Content-Range"] = f"*/{multicall.total(root)}"
    finally:
        log.add(
            at=domain.clock.now(),
            caller=session.caller.name if session else "",
            status=reply.status,
            seconds=perf_counter() - started,
            bytes_in=len(body),
            bytes_out=len(reply.body),
            operations=session.operations if session else (),
        )
    reply.headers["Content-Type"] = "application/json; charset=utf-8"
    return reply, session


def _execute(session: Session, root: Mapping[str, Any], headers: Mapping[str, str]) -> multicall.Result:
    return multicall.execute(
        session,
        root,
        range_header=headers.get("range", ""),
        timeout_seconds=_timeout(headers.get("x-miva-api-timeout", "")),
    )


def _land(session: Session, log: RequestLog, root: Mapping[str, Any], headers: Mapping[str, str]) -> None:
    """Do the work of a request whose client is gone; the answer is nobody's, but the log has it."""
    started = perf_counter()
    with suppress(ApiError):
        _execute(session, root, headers)
        log.add(
            at=session.domain.clock.now(),
            caller=session.caller.name,
            status=200,
            seconds=perf_counter() - started,
            bytes_in=0,
            bytes_out=0,
            operations=session.operations,
        )
        for task in session.after_answer:
            task()


def _admit(domain: Domain, method: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """Check what comes before authentication, and decode the body."""
    if domain.settings.api_offline:
        raise ApiError("api_offline", "The API is currently offline", status=503)
    if _HEADER not in headers:
        # Without the header the address is the admin's own; how its refusal is worded is not public.
        raise ApiError("session_expired", "Your session has expired. Please log in again.")
    if method != "POST":
        raise AccessDenied("Invalid request method")
    if not headers.get("content-type", "").strip().casefold().startswith("application/json"):
        raise AccessDenied("Invalid request content type")
    return _decode(body)


_decoder = msgspec.json.Decoder(float_hook=Decimal)


def _decode(body: bytes) -> dict[str, Any]:
    """Decode the body; what is no JSON object counts as an object without members."""
    try:
        root = _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, ArithmeticError, ValueError):
        return {}
    return root if isinstance(root, dict) else {}


def _timeout(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else multicall.DEFAULT_TIMEOUT_SECONDS  # noqa: PLR2004 - no one waits that long


def _report_unasked(session: Session, root: Mapping[str, Any]) -> None:
    """Report members of the root that none of several calls wanted."""
    if multicall.is_single(root) or not all(operation.success for operation in session.operations):
        return
    for name in root:
        if name.casefold() not in session.asked:
            session.domain.lint.report("unknown parameter", "request", name)
