"""Texts of elements and attributes as values. `Unreadable` says in the store's words what is wrong with one."""

import base64
import binascii
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from miva_sandbox.provisioning.document import Element
from miva_sandbox.state.columns import INTEGER_MAX, code_fault
from miva_sandbox.state.store import Store

_GRAMS = {"oz": Decimal("28.349523125"), "lb": Decimal("453.59237"), "g": Decimal(1), "kg": Decimal(1000)}
_DECIMAL = re.compile(r"(-?)(\d*)(?:\.(\d*))?")
_INTEGER = re.compile(r"-?\d+")
_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d\d))?(?:(Z)|([+-])(\d\d):(\d\d))", re.IGNORECASE
)
_TRUE = frozenset({"yes", "true", "1"})
_FALSE = frozenset({"no", "false", "0"})
_MAX_DIGITS = 8


class Unreadable(Exception):
    """`is_whole` marks a text that is the whole message, without the name of the element before it."""

    def __init__(self, text: str, *, is_whole: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.is_whole = is_whole


def decoded(element: Element) -> str:
    """Return an element's text, trimmed, or decoded if it says that it is encoded."""
    encoding = element.attribute("encoding")
    if encoding is None:
        return element.text
    return content(element).decode("utf-8", "replace")


def content(element: Element) -> bytes:
    """Return the bytes of an element with `encoding="base64"`."""
    encoding = element.attribute("encoding")
    if encoding is None or encoding.lower() != "base64":
        raise Unreadable("encoding must be one of: base64", is_whole=True)
    try:
        return base64.b64decode("".join(element.text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable("Value is not valid base64") from error


def code(text: str, store: Store) -> str:
    fault = code_fault(text, strict=store.strict_codes)
    if fault:
        raise Unreadable(fault)
    return text


def boolean(text: str) -> bool:
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise Unreadable("Boolean values must be Yes/No, True/False, or 0/1")


def integer(text: str) -> int:
    # The length is looked at first: a number of a million digits takes its time to read.
    if not _INTEGER.fullmatch(text) or not text.isascii():
        raise Unreadable("Please enter a whole number")
    if len(text.lstrip("-0")) > len(str(INTEGER_MAX)) or abs(int(text)) > INTEGER_MAX:
        raise Unreadable("Please specify a number no greater than 2147483647")
    return int(text)


def decimal(text: str, *, left: int = _MAX_DIGITS, right: int = _MAX_DIGITS) -> Decimal:
    """Read a plain decimal with so many digits at most on the sides of the point."""
    match = _DECIMAL.fullmatch(text)
    if match is None or not text.isascii() or not (match[2] or match[3]):
        raise Unreadable("Please enter a number")
    for side, digits, limit in (("left", match[2].lstrip("0"), left), ("right", (match[3] or "").rstrip("0"), right)):
        if len(digits) > limit:
            noun = "digit" if limit == 1 else "digits"
            raise Unreadable(f"Please specify a number with {limit} {noun} or less to the {side} of the decimal point")
    return Decimal(f"{match[1]}{match[2] or 0}.{match[3] or 0}")


def word(text: str, choices: tuple[str, ...]) -> str:
    """Return the choice as the list writes it, however the text does."""
    for choice in choices:
        if choice.lower() == text.lower():
            return choice
    raise Unreadable(",".join(choices))


def converted_weight(value: Decimal, *, unit: str, store: Store) -> Decimal:
    """Convert a weight to the store's unit, rounded to 8 decimals."""
    if unit.lower() not in _GRAMS:
        raise Unreadable(f"unit must be one of: {','.join(_GRAMS)}", is_whole=True)
    own = _GRAMS.get(str(store.settings["wtunitcode"]).lower(), _GRAMS["lb"])
    weight = round(value * _GRAMS[unit.lower()] / own, _MAX_DIGITS)
    if abs(weight) >= Decimal(10) ** _MAX_DIGITS:
        raise Unreadable("The converted weight is outside the range of supported precision", is_whole=True)
    return weight


def date(element: Element, *, now: int) -> int:
    """Return epoch seconds from one of the three forms: seconds, RFC 3339, or Day, Month, Year... in local time."""
    if element.children("Day") or element.children("Month") or element.children("Year") or _is_relative(element):
        return _structured(element, now=now)
    text = element.text
    if text.isascii() and text.isdigit() and len(text) <= len(str(INTEGER_MAX)):
        return int(text)
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise Unreadable("Invalid Date/Time", is_whole=True)
    try:
        offset = timedelta() if match[8] else timedelta(hours=int(match[10]), minutes=int(match[11]))
        zone = timezone(-offset if match[9] == "-" else offset)
        year, month, day, hour, minute, second = (int(match[part]) for part in range(1, 7))
        return int(datetime(year, month, day, hour, minute, second, tzinfo=zone).timestamp())
    except (ValueError, OverflowError) as error:
        raise Unreadable("Invalid Date/Time", is_whole=True) from error


def _is_relative(element: Element) -> bool:
    return (element.attribute("relative") or "").lower() in _TRUE


def _structured(element: Element, *, now: int) -> int:
    parts: dict[str, int | None] = {}
    for name in ("Day", "Month", "Year", "Hour", "Minute", "Second"):
        found = element.children(name)
        parts[name] = integer(found[0].text) if found else None
    try:
        if _is_relative(element):
            return _offset(now, {name: value or 0 for name, value in parts.items()})
        year, month, day = parts["Year"], parts["Month"], parts["Day"]
        if year is None or month is None or day is None:
            raise Unreadable("Invalid Date/Time", is_whole=True)
        hour = 12 if parts["Hour"] is None else parts["Hour"]
        moment = datetime(year, month, day, hour, parts["Minute"] or 0, parts["Second"] or 0)  # noqa: DTZ001 - the server's local time is meant
        return int(time.mktime(moment.timetuple()))
    except (ValueError, OverflowError) as error:
        raise Unreadable("Invalid Date/Time", is_whole=True) from error


def _offset(now: int, parts: dict[str, int]) -> int:
    base = datetime.fromtimestamp(now, UTC)
    months = base.month - 1 + parts["Month"]
    year, month = base.year + parts["Year"] + months // 12, months % 12 + 1
    day = min(base.day, _days_of(year, month))
    moment = base.replace(year=year, month=month, day=day) + timedelta(
        days=parts["Day"], hours=parts["Hour"], minutes=parts["Minute"], seconds=parts["Second"]
    )
    return int(moment.timestamp())


def _days_of(year: int, month: int) -> int:
    following = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return (following - timedelta(days=1)).day
