"""
The shapes of an answer, and the errors that become one.

ApiError                plain: error_code, error_message
├── FieldError          one parameter is wrong (MER-JSN-00018)
├── InputErrors         parameters failed validation (MER-JSN-00023)
├── ListErrors          some of many records failed (MER-JSN-00045)
└── DataError           plain, with `data` beside it
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from miva_sandbox.state.numbers import UNITS

Answer = dict[str, Any]
Row = dict[str, Any]
"""One record of an answer."""

_encoder = msgspec.json.Encoder(decimal_format="number")


def encode(answer: Any) -> bytes:
    return _encoder.encode(answer)


def number(units: int | None, *, decimals: int = UNITS) -> int | Decimal:
    """Write scaled units as the shortest JSON number: 19.9, 7, 0."""
    if not units:
        return 0
    scale: int = 10**decimals
    whole, rest = divmod(abs(units), scale)
    if not rest:
        return whole if units > 0 else -whole
    # By hand, as a page writes thousands of them and decimal arithmetic takes twice as long.
    return Decimal(f"{'-' if units < 0 else ''}{whole}.{rest:0{decimals}d}".rstrip("0"))


def done(**members: Any) -> Answer:
    return {"success": 1, **members}


def data(value: Any) -> Answer:
    return {"success": 1, "data": value}


def page(rows: Sequence[Any], *, total_count: int, start_offset: int) -> Answer:
    return data({"total_count": total_count, "start_offset": start_offset, "data": rows})


class ApiError(Exception):
    """`status` is the HTTP status; nearly every error of a Miva store is a 200."""

    def __init__(self, code: str, message: str, *, status: int = 200) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status

    def answer(self) -> Answer:
        return {"success": 0, "error_code": self.code, "error_message": self.message}


class AccessDenied(ApiError):
    def __init__(self, message: str = "Access denied") -> None:
        super().__init__("access_denied", message)


def _field_members(errors: Sequence[tuple[str, str]]) -> Answer:
    name, message = errors[0]
    return {
        "validation_error": True,
        "error_field": name,
        "error_field_message": message,
        "input_errors": True,
        "error_fields": [{"error_field": name, "error_message": message} for name, message in errors],
    }


class FieldError(ApiError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__("MER-JSN-00018", f"Invalid value for field '{field}': {message}")
        self.errors = [(field, message)]

    def answer(self) -> Answer:
        return super().answer() | _field_members(self.errors)


class InputErrors(ApiError):
    """`errors` are (field path, message); at least one."""

    def __init__(self, errors: Sequence[tuple[str, str]]) -> None:
        super().__init__("MER-JSN-00023", "One or more parameters are invalid")
        self.errors = list(errors)

    def answer(self) -> Answer:
        return super().answer() | _field_members(self.errors)


class ListErrors(ApiError):
    """`errors` are (identifier, code, message); the other `processed` records were processed."""

    def __init__(
        self,
        errors: Sequence[tuple[str, str, str]],
        *,
        processed: int,
        code: str = "MER-JSN-00045",
        warnings: Sequence[tuple[str, str, str]] = (),
    ) -> None:
        super().__init__(code, "Multiple errors found.")
        self.errors = list(errors)
        self.processed = processed
        self.warnings = list(warnings)

    def answer(self) -> Answer:
        members: Answer = {
            "list_error": True,
            "processed": self.processed,
            "errors": [
                {"identifier": identifier, "error_code": code, "error_message": message}
                for identifier, code, message in self.errors
            ],
        }
        if self.warnings:
            members["warnings"] = warning_members(self.warnings)
        return super().answer() | members


class DataError(ApiError):
    def __init__(self, code: str, message: str, *, data: Any) -> None:
        super().__init__(code, message)
        self.data = data

    def answer(self) -> Answer:
        return super().answer() | {"data_error": True, "data": self.data}


def warning_members(warnings: Sequence[tuple[str, str, str]]) -> list[dict[str, str]]:
    return [{"identifier": identifier, "code": code, "message": message} for identifier, code, message in warnings]
