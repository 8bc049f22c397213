"""Masking: what is secret or personal never gets into a log, whoever wrote the line."""

import json
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tradepost.security.log_context import log_fields
from tradepost.security.terminal import escaped

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
_SECRETS = r"[\w-]*(?:token|secret|password|passwd|signature|signing_key|api_key|authorization)[\w-]*"
_PERSONAL = (
    r"(?:[\w-]*_)?(?:(?:first|last|full)_?name|[fl]name|comp(?:any)?|addr(?:ess)?_?[12]?|street|city|zip|postal_?code"
    r"|phone(?:_?number)?|fax|mobile|e?-?mail)"
)
_PAIR = re.compile(
    rf"""(?P<name>["']?(?<![\w-])(?:{_SECRETS}|{_PERSONAL})["']?)"""
    r"""(?P<sign>\s*[=:]\s*)(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s,;&})\]]+)""",
    re.IGNORECASE,
)
# With a country's code, or as it is written in North America.
_PHONE = re.compile(r"(?<![\w.+-])(?:\+\d[\d ().-]{6,}\d|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}([ .-])\d{3}\1\d{4})(?![\w-])")
# PostgreSQL repeats the whole row that it refuses.
_FAILING_ROW = re.compile(r"(Failing row contains) \(.*", re.DOTALL)


def mask_text(text: str) -> str:
    """
    Replace what is secret or personal within a text.

    That is: logins, passwords in addresses, values under the names of secrets and of a person's data, e-mail addresses,
    phone numbers, and rows that the database refuses. A name or a street in the middle of a sentence is not found.
    """
    text = _LOGIN.sub(rf"\1 {MASK}", text)
    text = _USER_INFO.sub(rf"\1{MASK}@", text)
    text = _PAIR.sub(lambda found: f"{found['name']}{found['sign']}{MASK}", text)
    text = _FAILING_ROW.sub(rf"\1 {MASK}", text)
    text = _PHONE.sub(MASK, text)
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
        return [mask(element) for element in value]
    return value


class LogFormatter(logging.Formatter):
    """
    Writes a record as one line, with its trace indented below it: masked, and without anything that is no text.

    So nothing in a message can look like a line of its own.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(process)d %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 the standard library's name
        belongs_to = "".join(f"[{name} {value}] " for name, value in log_fields().items())
        record.message = belongs_to + escaped(mask_text(record.message))
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 the standard library's name
        return _indented(mask_text(super().formatException(ei)))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 the standard library's name
        return _indented(mask_text(stack_info))


class JsonLogFormatter(logging.Formatter):
    """Writes a record as one object of JSON, masked as the other does, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        trace = self.formatException(record.exc_info) if record.exc_info else record.exc_text or ""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            **log_fields(),
            "message": mask_text(record.getMessage()),
            **({"trace": mask_text(trace)} if trace else {}),
        }
        # What is no text is escaped by JSON itself, line ends among it.
        return json.dumps(line)


def _indented(text: str) -> str:
    return "\n".join(f"    {escaped(line)}" for line in text.split("\n"))
