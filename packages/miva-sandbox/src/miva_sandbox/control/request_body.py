"""The body of a request to the control API, and the members of its object."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request

Body = Mapping[str, Any]

_BODY_LIMIT_BYTES = 16 * 1024 * 1024
_MOST = 10_000_000
# Seconds; some three thousand years, which dates still have a name for.
_FARTHEST = 1e11


class RefusedError(ValueError):
    """What is asked can't be done, in a sentence for whoever asked."""


async def read(request: Request) -> dict[str, Any]:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > _BODY_LIMIT_BYTES:
            raise RefusedError("The body is too large")
    if request.method != "POST":
        return {}
    # Browsers send this type across origins only after asking, and nobody answers their question.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise RefusedError("Send a JSON object, with Content-Type: application/json")
    try:
        # It refuses half a surrogate pair, which no database takes.
        body = msgspec.json.decode(content or b"{}")
    except (ValueError, RecursionError):
        raise RefusedError("The body is no JSON") from None
    if not isinstance(body, dict):
        raise RefusedError("The body must be a JSON object")
    return body


def text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise RefusedError(f"{name} must be a text")
    return value


def number(body: Body, name: str, *, low: float = -_FARTHEST) -> float:
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= _FARTHEST:
        raise RefusedError(f"{name} must be a number" + (f" from {low}" if low > -_FARTHEST else ""))
    return value


def whole(body: Body, name: str, *, default: int = 0, low: int = 0) -> int:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= _MOST:
        raise RefusedError(f"{name} must be a whole number from {low} to {_MOST}")
    return value


def texts(body: Body, name: str) -> list[str]:
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise RefusedError(f"{name} must be a list of texts")
    return value
