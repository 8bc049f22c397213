"""
Many calls in one request: Operations at the root, Iterations at the root or inside an operation.

Operations are independent of each other; between two of them the clock is looked at, and a request that has taken
too long is answered with what is done so far (206), to be continued with a Range.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from miva_sandbox.api.dispatch import Session, called, run
from miva_sandbox.api.parameters import Parameters
from miva_sandbox.api.responses import ApiError

_RANGE = re.compile(r"\s*([0-9]*)\s*-\s*([0-9]*)\s*")
DEFAULT_TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Result:
    answer: Any
    status: int = 200
    content_range: str = ""


class RangeError(ApiError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message, status=416)


def execute(session: Session, root: Mapping[str, Any], *, range_header: str, timeout_seconds: int) -> Result:
    """Run whatever the root asks for. Raises ApiError for a Range that can't be met."""
    operations = _list(root, "Operations")
    if operations is None:
        return Result(_with_iterations(session, root, root))
    first, last = _range(range_header, total=len(operations))
    limit = session.domain.hooks.multicall_seconds
    timeout = timeout_seconds if limit is None else min(timeout_seconds, limit)
    started = monotonic()
    answers: list[Any] = []
    for operation in operations[first - 1 : last]:
        # Whole seconds, so that a time-out of 0 stops after each operation.
        if answers and int(monotonic() - started) >= timeout:
            return Result(answers, status=206, content_range=f"{len(answers)}/{len(operations)}")
        answers.append(_with_iterations(session, root, _members(operation)))
    return Result(answers)


def total(root: Mapping[str, Any]) -> int:
    return len(_list(root, "Operations") or ())


def calls(root: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], ...]]:
    """Yield the levels of parameters of each call that the root asks for, nearest first."""
    operations = _list(root, "Operations")
    for operation in [root] if operations is None else operations:
        levels = (root,) if operation is root else (_members(operation), root)
        iterations = _list(levels[0], "Iterations")
        for iteration in iterations if iterations is not None else [None]:
            yield levels if iteration is None else (_members(iteration), *levels)


def functions_of(root: Mapping[str, Any]) -> list[str]:
    """Return the functions that a request calls, whether or not there are such functions."""
    return [name for levels in calls(root) if (name := called(Parameters(*levels)))]


def is_single(root: Mapping[str, Any]) -> bool:
    return _list(root, "Operations") is None and _list(root, "Iterations") is None


def _with_iterations(session: Session, root: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
    levels = (operation,) if operation is root else (operation, root)
    iterations = _list(operation, "Iterations")
    if iterations is None:
        return run(session, *levels)
    return [run(session, _members(iteration), *levels) for iteration in iterations]


def _members(value: Any) -> Mapping[str, Any]:
    """Return an object's members; what is none has none."""
    return value if isinstance(value, dict) else {}


def _list(level: Mapping[str, Any], name: str) -> list[Any] | None:
    found = next((value for key, value in level.items() if key.casefold() == name.casefold()), None)
    return found if isinstance(found, list) else None


def _range(header: str, *, total: int) -> tuple[int, int]:
    """Return first and last position, 1-based and inclusive."""
    if not header.strip():
        return 1, total
    unit, _, ranges = header.partition("=")
    if unit.strip().casefold() != "operations":
        raise ApiError("MER-JSN-00028", "Unknown Unit Type")
    if "," in ranges:
        raise RangeError("MER-JSN-00031", "Multiple ranges are not supported")
    found = _RANGE.fullmatch(ranges)
    if found is None or (not found[1] and not found[2]):
        raise RangeError("MER-JSN-00032", "Range Not Satisfiable")
    first, last = _position(found[1], total, absent=1), _position(found[2], total, absent=total)
    if not 1 <= first <= total:
        raise RangeError("MER-JSN-00033", "Range Not Satisfiable")
    if not first <= last <= total:
        raise RangeError("MER-JSN-00034", "Range Not Satisfiable")
    return first, last


def _position(digits: str, total: int, *, absent: int) -> int:
    if not digits:
        return absent
    # int() refuses absurdly long numbers with an error of its own; they are out of bounds anyway.
    return int(digits) if len(digits.lstrip("0")) <= len(str(total)) else total + 1
