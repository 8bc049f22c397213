"""What the lines of a log belong to: a request to the back office, and a run; in whatever thread they are written."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_REQUEST: ContextVar[str] = ContextVar("request", default="")
_RUN: ContextVar[int | None] = ContextVar("run", default=None)


@contextmanager
def of_request(request_id: str) -> Iterator[None]:
    token = _REQUEST.set(request_id)
    try:
        yield
    finally:
        _REQUEST.reset(token)


@contextmanager
def of_run(run_id: int) -> Iterator[None]:
    token = _RUN.set(run_id)
    try:
        yield
    finally:
        _RUN.reset(token)


def log_fields() -> dict[str, str | int]:
    """Return what a line that is written now belongs to, by name."""
    fields: dict[str, str | int] = {}
    if request := _REQUEST.get():
        fields["request"] = request
    if (run := _RUN.get()) is not None:
        fields["run"] = run
    return fields
