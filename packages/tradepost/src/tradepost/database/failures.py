"""
Failures of the hub's own database and disk: what is in the way, and the cure, as one sentence for an operator.

They come as exceptions of Django, of a driver or of the operating system, and are told apart here only.
"""

import errno
import sqlite3
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.utils import Error as DjangoDatabaseError

from tradepost.domain.errors import HubUnusable

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_AGAIN = "Then start it again: what was begun goes on where it stopped."
_FULL = "The disk with {where} is full. Free some space. " + _AGAIN

_BUSY = (
    "Another program holds the database {where} for longer than can be waited for. End it, or wait until it is done: a "
    "backup, or a database shell, for example. " + _AGAIN
)
_READ_ONLY = (
    "The database {where} may only be read. Let the user that runs Tradepost write to the file and to its folder."
)
_RESTORE = (
    "Stop Tradepost, and put a backup in its place: 'tradepost database restore BACKUP --replace' keeps this one."
)

_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_CORRUPT: "The database {where} is damaged. " + _RESTORE,
    sqlite3.SQLITE_NOTADB: "The file {where} is no SQLite database, or is damaged. " + _RESTORE,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_CANTOPEN: (
        "The database {where} can't be opened. Check that its folder exists, and that the user that runs Tradepost may "
        "write there."
    ),
    sqlite3.SQLITE_IOERR: (
        "The disk with {where} can't be read or written ({words}). Check the disk, and whether it is full. " + _AGAIN
    ),
}

# By the code that PostgreSQL gives to an error (its manual, appendix A).
_POSTGRES = {
    "53100": "The disk of the database server {where} is full. Free some space there. " + _AGAIN,
    "53300": "The database server {where} takes no more connections. Allow more of them, or end other programs. "
    + _AGAIN,
    "55P03": "Another program holds what is needed in the database {where}. End it, or wait until it is done. "
    + _AGAIN,
    "25P03": "This program stood still in the middle of its work for so long that the database {where} let go of it, "
    "as others waited. Nothing of what it had begun there was kept. " + _AGAIN,
    "57014": "The database was stopped, as this took it longer than a page may take. Narrow the search or the filter.",
    "25006": "The database {where} may only be read. Name the server that may be written to in DATABASE_URL.",
    "42501": "The login of DATABASE_URL may not use what is needed in {where}: {words}. Grant it, or name the owner.",
    "XX001": "The database {where} is damaged: {words}. Put a backup into a new one: 'tradepost database restore'.",
}
_AWAY = "The database {where} can't be reached: {words}. Start its server, or correct DATABASE_URL. " + _AGAIN
# Connections, logins, names of databases, a server that is shut down, and a process that stood still in a transaction;
# these come without a code, too.
_AWAY_CODES = ("08", "25P03", "28", "3D", "57P")


def explain(error: BaseException) -> HubUnusable | None:
    """Return what the operator is told about a failure of our own database or disk; None for any other error."""
    for cause in _causes(error):
        sentence = _sentence(cause)
        if sentence:
            explained = HubUnusable(sentence)
            explained.__cause__ = error
            return explained
    return None


def is_away(error: BaseException) -> bool:
    """Whether the server of our own database can't be reached, or has ended the connection: it may come back."""
    return any(_is_of_driver(cause) and _ends_connection(cause) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _sentence(error: BaseException) -> str:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the higher bits say it more precisely than we need
        return _SQLITE.get(code, "").format(where=_where(), words=error)
    if isinstance(error, DjangoDatabaseError):
        return ""  # what it was raised from says more
    if isinstance(error, ImproperlyConfigured) and "psycopg" in str(error):
        return "DATABASE_URL names PostgreSQL, and its driver is not installed. Type: pip install 'tradepost[postgres]'"
    if _is_of_driver(error):
        return _postgres_sentence(error)
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return _FULL.format(where=error.filename or settings.DATA_DIR)
    if isinstance(error, OSError) and error.errno in _NOT_WRITABLE and error.filename:
        return f"{error.filename} can't be used: {error.strerror}. Let the user that runs Tradepost read and write it."
    return ""


def _postgres_sentence(error: Any) -> str:
    code = getattr(error, "sqlstate", None) or ""
    words = " ".join(str(error).split())
    template = _POSTGRES.get(code) or (_AWAY if _ends_connection(error) else "")
    return template.format(where=_where(), words=words.rstrip("."))


def _is_of_driver(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] == "psycopg"


def _ends_connection(error: Any) -> bool:
    code = getattr(error, "sqlstate", None) or ""
    return code.startswith(_AWAY_CODES) or (not code and type(error).__name__ == "OperationalError")


def _where() -> str:
    return name_of_database(DEFAULT_DB_ALIAS)


def name_of_database(alias: str) -> str:
    """Name a database, never with its password."""
    database = connections[alias].settings_dict
    if connections[alias].vendor == "sqlite":
        return str(database["NAME"])
    return f"{database['NAME']} on {database.get('HOST') or 'this machine'}"
