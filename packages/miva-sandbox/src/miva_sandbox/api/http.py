"""The JSON API as an ASGI application: reads the request's bytes, runs the synchronous core in a thread, answers."""

from email.utils import formatdate

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from miva_sandbox.api import entry
from miva_sandbox.request_log import RequestLog
from miva_sandbox.state.domain import Domain

_BODY_LIMIT_BYTES = 256 * 1024 * 1024


class TooLargeError(Exception):
    """The body is larger than a web server takes."""


class ApiEndpoint:
    def __init__(self, domain: Domain, log: RequestLog) -> None:
        self._domain = domain
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await read_body(request)
        except ClientDisconnect:
            return
        except TooLargeError:
            await too_large(scope, receive, send)
            return
        reply, session = await to_thread.run_sync(self._handle, request, body)
        reply.headers["Date"] = formatdate(self._domain.clock.now(), usegmt=True)
        await Response(reply.body, reply.status, reply.headers)(scope, receive, send)
        for task in session.after_answer if session else ():
            await to_thread.run_sync(task)

    def _handle(self, request: Request, body: bytes) -> tuple[entry.Reply, entry.Session | None]:
        return entry.handle(
            self._domain,
            self._log,
            method=request.method,
            headers=request.headers,
            body=body,
            address=request.client.host if request.client else "",
        )


# A web server refuses before the store sees anything, so there is no JSON.
too_large = PlainTextResponse("Request entity too large", status_code=413)


async def read_body(request: Request) -> bytes:
    """Raises TooLargeError, ClientDisconnect."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared[:20]) > _BODY_LIMIT_BYTES:
        raise TooLargeError
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > _BODY_LIMIT_BYTES:
            raise TooLargeError
        chunks.append(chunk)
    return b"".join(chunks)
