"""
A call's parameters, read in Miva's way: names in any case, texts trimmed, and four classes of reaction to a value
that is absent or blank.

Each reader returns None for an absent optional parameter, and raises InputErrors with Miva's own texts.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from miva_sandbox.api.responses import InputErrors
from miva_sandbox.state.numbers import plain

MISSING = "Missing required parameter"
BLANK = "Value may not be blank"
BLANK_IF_GIVEN = "If specified, the value may not be blank"
BLANK_NUMBER = "The value may not be blank"
INT_MAX = 2**31 - 1
_DIGITS_MAX = 400

_WHOLE = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_BOOLEANS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_WEIGHT_UNITS = {
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
    "g": Decimal(1),
    "kg": Decimal(1000),
}


def as_text(value: Any) -> str:
    """Write a scalar as the server's text; structures and null have none."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        # Written out in full, 1e999999999 would fill the memory; no column holds it anyway.
        return plain(value) if abs(value.adjusted()) < _DIGITS_MAX else str(value)
    return ""


class Parameters:
    """
    Named values looked up in several levels, the nearest first: iteration, operation, root.

    `asked` collects the case-folded names that somebody asked for, so that what nobody wanted can be reported.
    """

    def __init__(self, *levels: Mapping[str, Any], path: str = "", base64_binary: bool = False) -> None:
        self._values: dict[str, Any] = {}
        for level in reversed(levels):
            self._values |= {name.casefold(): value for name, value in level.items()}
        self._path = path
        self._base64_binary = base64_binary
        self.asked: set[str] = set()
        self.children: list[Parameters] = []

    def has(self, name: str) -> bool:
        self.asked.add(name.casefold())
        return name.casefold() in self._values

    def raw(self, name: str) -> Any:
        """Return the value as JSON gave it; None also if it is absent."""
        self.asked.add(name.casefold())
        return self._values.get(name.casefold())

    def field(self, name: str) -> str:
        """Return the name that error messages call a parameter by."""
        return f"{self._path}{name}"

    def refuse(self, name: str, message: str) -> InputErrors:
        return InputErrors([(self.field(name), message)])

    def unasked(self) -> list[str]:
        """List what was sent and not asked for, with its path, in lists of objects too."""
        names = [f"{self._path}{name}" for name in self._values if name not in self.asked]
        for child in self.children:
            names += child.unasked()
        return names

    # --- texts ---

    def text(self, name: str, *, required: bool = False, blank: bool = True, limit: int = 0) -> str | None:
        """Read a text. `blank` says whether it may be blank, `limit` how many characters it may have."""
        if not self.has(name):
            if required:
                raise self.refuse(name, MISSING)
            return None
        value = as_text(self.raw(name))
        if not value and not blank:
            raise self.refuse(name, BLANK if required else BLANK_IF_GIVEN)
        if limit and len(value) > limit:
            raise self.refuse(name, f"Value must be {limit} characters or less")
        return value

    def required_text(self, name: str, *, blank: bool = False, limit: int = 0) -> str:
        return self.text(name, required=True, blank=blank, limit=limit) or ""

    def word(self, name: str, choices: Sequence[str], *, separator: str = ", ", required: bool = False) -> str | None:
        """Read one of the words, in any case; returns it as it stands in `choices`."""
        if not self.has(name):
            if required:
                raise self.refuse(name, MISSING)
            return None
        value = as_text(self.raw(name)).casefold()
        for choice in choices:
            if choice.casefold() == value:
                return choice
        raise self.refuse(name, f"Must be one of: {separator.join(choices)}")

    # --- numbers ---

    def integer(self, name: str, *, required: bool = False, low: int = -INT_MAX - 1, high: int = INT_MAX) -> int | None:
        if not self.has(name):
            if required:
                raise self.refuse(name, MISSING)
            return None
        return self._integer(name, self.raw(name), low, high)

    def required_integer(self, name: str, *, low: int = -INT_MAX - 1, high: int = INT_MAX) -> int:
        return self.integer(name, required=True, low=low, high=high) or 0

    def _integer(self, name: str, raw: Any, low: int, high: int) -> int:
        value = as_text(raw)
        if not value:
            raise self.refuse(name, BLANK_NUMBER)
        if not _WHOLE.fullmatch(value):
            raise self.refuse(name, "Please enter a whole number")
        # No number of more digits fits; int() refuses really long ones with an error of its own.
        found = int(value) if len(value) <= 20 else high + 1  # noqa: PLR2004
        if found > high and high == INT_MAX:
            raise self.refuse(name, f"Please specify a number no greater than {INT_MAX}")
        if not low <= found <= high:
            raise self.refuse(name, f"Please specify a number between {low} and {high}")
        return found

    def decimal(
        self, name: str, *, required: bool = False, negative: bool = True, left: int = 8, right: int = 8
    ) -> Decimal | None:
        if not self.has(name):
            if required:
                raise self.refuse(name, MISSING)
            return None
        return self._decimal(name, as_text(self.raw(name)), negative=negative, left=left, right=right)

    def _decimal(self, name: str, value: str, *, negative: bool, left: int, right: int) -> Decimal:
        if not value:
            raise self.refuse(name, BLANK_NUMBER)
        if not _NUMBER.fullmatch(value):
            raise self.refuse(name, "Please enter a number")
        if value.startswith("-") and not negative:
            raise self.refuse(name, "Please enter a non-negative number")
        whole, _, fraction = value.lstrip("-").partition(".")
        if len(whole.lstrip("0")) > left:
            raise self.refuse(
                name, f"Please specify a number with {left} digits or less to the left of the decimal point"
            )
        if len(fraction.rstrip("0")) > right:
            raise self.refuse(
                name, f"Please specify a number with {right} digits or less to the right of the decimal point"
            )
        try:
            return Decimal(value)
        except InvalidOperation:  # pragma: no cover - the pattern admits only numbers
            raise self.refuse(name, "Please enter a number") from None

    def weight(self, name: str, *, unit: str, negative: bool = True) -> Decimal | None:
        """Read a weight: a number in the store's `unit`, or {"unit", "value"}, converted to it."""
        value = self.raw(name)
        if not isinstance(value, dict):
            return self.decimal(name, negative=negative)
        inner = Parameters(value, path=f"{self.field(name)}:")
        given = inner.word("unit", tuple(_WEIGHT_UNITS), required=True) or unit
        number = inner.decimal("value", required=True, negative=negative) or Decimal(0)
        if given == unit or unit not in _WEIGHT_UNITS:
            return number
        return (number * _WEIGHT_UNITS[given] / _WEIGHT_UNITS[unit]).quantize(Decimal("1e-8"))

    def boolean(self, name: str, *, required: bool = False) -> bool | None:
        if not self.has(name):
            if required:
                raise self.refuse(name, MISSING)
            return None
        value = as_text(self.raw(name)).casefold()
        if value not in _BOOLEANS:
            raise self.refuse(name, "Boolean values must be Yes/No, True/False, or 0/1")
        return _BOOLEANS[value]

    # --- lists and bytes ---

    def items(self, name: str, *, required: bool = False) -> list[Any] | None:
        """Read a list: a JSON array, or the old form, a text parted by `|`."""
        if not self.has(name):
            if required:
                raise self.refuse(name, MISSING)
            return None
        value = self.raw(name)
        if isinstance(value, list):
            return value
        text = as_text(value)
        return text.split("|") if text else []

    def integers(self, name: str, *, required: bool = False) -> list[int] | None:
        found = self.items(name, required=required)
        if found is None:
            return None
        return [self._integer(f"{name}[{index}]", value, -INT_MAX - 1, INT_MAX) for index, value in enumerate(found, 1)]

    def objects(self, name: str) -> "list[Parameters] | None":
        """Read a list of objects, each as Parameters whose error paths start with `name[n]:`, n from 1."""
        value = self.raw(name)
        if not isinstance(value, list):
            return None
        found = [
            Parameters(
                element if isinstance(element, dict) else {},
                path=f"{self.field(name)}[{index}]:",
                base64_binary=self._base64_binary,
            )
            for index, element in enumerate(value, 1)
        ]
        self.children += found
        return found

    def object(self, name: str) -> "Parameters | None":
        """Read one object as Parameters whose error paths start with `name:`."""
        value = self.raw(name)
        if not isinstance(value, dict):
            return None
        found = Parameters(value, path=f"{self.field(name)}:", base64_binary=self._base64_binary)
        self.children.append(found)
        return found

    def mapping(self, name: str) -> dict[str, Any] | None:
        value = self.raw(name)
        return value if isinstance(value, dict) else None

    def binary(self, name: str) -> bytes | None:
        """Read bytes in the encoding that the request's header names: base64, or one character a byte."""
        if not self.has(name):
            return None
        value = self.raw(name)
        if not isinstance(value, str):
            raise self.refuse(name, BLANK_IF_GIVEN)
        try:
            return base64.b64decode(value, validate=False) if self._base64_binary else value.encode("latin-1")
        except (binascii.Error, UnicodeEncodeError, ValueError):
            raise self.refuse(name, "Unable to decode binary data") from None

    def expect(self, names: Iterable[str]) -> None:
        """Count parameters as asked for that the function knows but does not need this time."""
        self.asked.update(name.casefold() for name in names)
