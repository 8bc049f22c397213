"""Masking: what is secret or personal never gets into a log, whoever wrote the line."""

import logging
import re
from collections.abc import Mapping
from typing import Any

MASK = "***"

# Names whose values are never shown. Parts of names, so that `ftp_password` and `Bill_FirstName` are covered.
_SECRET_NAMES = re.compile(
    r"token|secret|password|passwd|signature|signing|api[_-]?key|private[_-]?key|authorization|cookie|session_?id"
    r"|x-miva-api|e?-?mail|phone|fname|lname|first_?name|last_?name|company|addr|street|city|zip|postal|ship_to|bill_to"
    r"|customer",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# `MIVA <token>` and `MIVA-HMAC-SHA256 <token>:<signature>`, or any bearer and basic login.
_LOGIN = re.compile(r"\b(MIVA(?:-HMAC-SHA(?:1|256))?|SSH-[A-Z0-9-]+|Bearer|Basic)\s+[A-Za-z0-9+/=_:.-]{8,}")
_USER_INFO = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^/\s:@]+:[^/\s@]+@", re.IGNORECASE)
# name=value, "name": "value" and name: value within a text.
_PAIR = re.compile(
    r"""(?P<name>["']?[\w-]*(?:token|secret|password|passwd|signature|signing_key|api_key|authorization)[\w-]*["']?)"""
    r"""(?P<sign>\s*[=:]\s*)(?P<value>"[^"]*"|'[^']*'|[^\s,;&})\]]+)""",
    re.IGNORECASE,
)


def mask_text(text: str) -> str:
    """Replace logins, secrets by name, passwords in addresses and e-mail addresses within a text."""
    text = _LOGIN.sub(rf"\1 {MASK}", text)
    text = _USER_INFO.sub(rf"\1{MASK}@", text)
    text = _PAIR.sub(lambda found: f"{found['name']}{found['sign']}{MASK}", text)
    return _EMAIL.sub(MASK, text)


def mask(value: Any, *, name: str = "") -> Any:
    """Replace what is secret in a value of any shape; `name` is the key it stands under."""
    if name and _SECRET_NAMES.search(name):
        return MASK if value not in (None, "", b"") else value
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return {key: mask(one, name=str(key)) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask(one) for one in value]
    return value


class MaskingFilter(logging.Filter):
    """Masks records of the standard library's logging, with their traces."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask_text(record.getMessage())
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask_text(record.exc_text)
        return True
