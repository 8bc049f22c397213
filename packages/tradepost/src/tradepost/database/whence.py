"""
From where something is done, for the audit trail.

It is set once where something comes in, by the pages for each request and by the command line for its process, and
carried beside the calls: none of those between would use it (ADR 32).
"""

from contextvars import ContextVar

_LONGEST = 100
_whence: ContextVar[str] = ContextVar("whence", default="")


def come_from(place: str) -> None:
    """Say that what this thread does next is asked for from an address or a machine."""
    _whence.set(place[:_LONGEST])


def whence() -> str:
    return _whence.get()
