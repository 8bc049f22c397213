"""The request log: each request with its operations, what they changed and how long the sandbox itself took."""

import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

from miva_sandbox.state.changes import Changed

_CAPACITY = 10_000


@dataclass(slots=True)
class Operation:
    """One function call, with the rows of the store's database that it changed, by table."""

    function: str
    store: str
    seconds: float = 0.0
    success: bool = False
    error_code: str = ""
    error_message: str = ""
    changes: Mapping[str, Changed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """`seconds` is the time between the last byte of the request and the first byte of the answer."""

    number: int
    at: int
    caller: str
    status: int
    seconds: float
    bytes_in: int
    bytes_out: int
    operations: Sequence[Operation] = field(default_factory=tuple)


class RequestLog:
    """The latest requests in memory, and all of them in a file if there is one; safe for threads."""

    def __init__(self, path: Path | None = None, *, stream: TextIO | None = None) -> None:
        self._requests: deque[Request] = deque(maxlen=_CAPACITY)
        self._lock = threading.Lock()
        self._number = 0
        self._seconds = 0.0
        self._stream = path.open("a", encoding="utf-8") if path else stream
        self._owns_stream = path is not None

    def add(
        self,
        *,
        at: int,
        caller: str,
        status: int,
        seconds: float,
        bytes_in: int,
        bytes_out: int,
        operations: Sequence[Operation],
    ) -> None:
        with self._lock:
            self._number += 1
            self._seconds += seconds
            request = Request(
                self._number, at, caller, status, round(seconds, 6), bytes_in, bytes_out, tuple(operations)
            )
            self._requests.append(request)
            if self._stream is not None:
                self._stream.write(json.dumps(as_json(request)) + "\n")
                self._stream.flush()

    def requests(self) -> list[Request]:
        with self._lock:
            return list(self._requests)

    @property
    def total_seconds(self) -> float:
        """The time taken by all requests since the last clear, those that have left the memory included."""
        with self._lock:
            return self._seconds

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()
            self._seconds = 0.0

    def close(self) -> None:
        if self._owns_stream and self._stream is not None:
            self._stream.close()


def as_json(request: Request) -> dict[str, Any]:
    found = asdict(request)
    for operation in found["operations"]:
        operation["seconds"] = round(operation["seconds"], 6)
    return found
