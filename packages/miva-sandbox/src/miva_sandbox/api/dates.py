"""A moment as parameters give it: epoch seconds, RFC 3339 text, or an object with its parts."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from miva_sandbox.state.numbers import plain

_YEARS = (1970, 2038)
_INT_MAX = 2**31 - 1
_PARTS = {"year": _YEARS, "month": (1, 12), "day": (1, 31), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}
_DEFAULTS = {"hour": 0, "minute": 0, "second": 0}
_ZONE = re.compile(r"-?[0-9]{1,2}(?:\.(?:0|5|50|75))?")


class NotADate(ValueError):
    """`member` names the part of a structured date that is at fault, blank for the whole."""

    def __init__(self, message: str, *, member: str = "") -> None:
        super().__init__(message)
        self.member = member


def read(value: Any) -> int:
    """Return epoch seconds. The store's own zone is UTC here. Raises NotADate."""
    if isinstance(value, dict):
        return _from_parts({str(name).casefold(): part for name, part in value.items()})
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text:
        raise NotADate("The value may not be blank")
    if re.fullmatch(r"-?[0-9]{1,12}", text):
        seconds = int(text)
        if seconds > _INT_MAX:
            raise NotADate(f"Please specify a number no greater than {_INT_MAX}")
        return seconds
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise NotADate("Invalid date/time") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp())


def _from_parts(parts: dict[str, Any]) -> int:
    found: dict[str, int] = {}
    for name, (low, high) in _PARTS.items():
        if name not in parts and name not in _DEFAULTS:
            raise NotADate("Missing required parameter", member=name)
        text = str(parts.get(name, _DEFAULTS.get(name)))
        if not re.fullmatch(r"[0-9]{1,4}", text):
            raise NotADate("Please enter a whole number", member=name)
        if not low <= int(text) <= high:
            raise NotADate(f"Please specify a number between {low} and {high}", member=name)
        found[name] = int(text)
    try:
        zone = _zone(parts.get("timezone", 0))
        moment = datetime(**found, tzinfo=zone)
    except ValueError as error:
        raise NotADate("Invalid date/time", member=getattr(error, "member", "")) from None
    return int(moment.timestamp())


def _zone(value: Any) -> timezone:
    text = plain(value) if hasattr(value, "as_tuple") else str(value)
    if not _ZONE.fullmatch(text) or not -12 <= float(text) <= 14:  # noqa: PLR2004 - hours from UTC
        raise NotADate("Please specify a number between -12 and 14", member="timezone")
    return timezone(timedelta(hours=float(text)))
