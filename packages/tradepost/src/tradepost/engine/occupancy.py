"""
Who is at work on a data folder: any number of commands, one server, and nobody else while the database is replaced.

The locks are the operating system's, so that whoever dies, of whatever, leaves none behind.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tradepost.domain.errors import NotAllowed

_HUB, _SERVER = "hub.lock", "serve.lock"
# The files by which this process is at work on folders; closed by its end.
_held: dict[Path, int] = {}


def enter(folder: Path) -> None:
    """
    Be at work on a data folder until this process ends. Idempotent.

    Raises NotAllowed while its database is replaced or moved.
    """
    if folder in _held:
        return
    descriptor = _open(folder / _HUB)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise NotAllowed(
            f"The database of {folder} is being restored or moved; wait until that is done, and type the same again."
        ) from error
    _held[folder] = descriptor


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only one at work on a data folder. Raises NotAllowed while anybody else is."""
    held = _held.get(folder)
    descriptor = _open(folder / _HUB) if held is None else held
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotAllowed(
                f"A Tradepost is at work on {folder}{_server_of(folder)}. Stop 'tradepost serve' and its workers, wait "
                "until every command is done, and type the same again."
            ) from error
        yield
    finally:
        if held is None:
            os.close(descriptor)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


@contextmanager
def serving(folder: Path) -> Iterator[None]:
    """Be the one server of a data folder. Raises NotAllowed where there is one."""
    descriptor = _open(folder / _SERVER)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotAllowed(
                f"There is a server at work on {folder} already{_server_of(folder)}. End it first, or name another "
                "folder in TRADEPOST_DATA; two on one would get in each other's way."
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _server_of(folder: Path) -> str:
    """Name the process that serves, where one does and it can be known."""
    descriptor = _open(folder / _SERVER)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        number = os.pread(descriptor, 20, 0).decode("ascii", errors="replace").strip()
        return f" (process {number})" if number.isdecimal() else ""
    finally:
        os.close(descriptor)
    return ""
