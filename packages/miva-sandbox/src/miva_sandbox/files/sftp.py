"""
A real SFTP server over SSH, whose one user sees nothing above the store's root folder.

It needs the extra `sftp` (paramiko). The host key is made anew for each server, as nobody needs to trust it.
"""

import contextlib
import errno
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import paramiko
from paramiko import SFTPAttributes, SFTPHandle, SFTPServer, SFTPServerInterface
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)
from paramiko.sftp import SFTP_NO_SUCH_FILE, SFTP_OK, SFTP_PERMISSION_DENIED

from miva_sandbox.faults import ftp as ftp_faults
from miva_sandbox.faults.ftp import Trouble
from miva_sandbox.faults.rules import Faults

_STOP_TIMEOUT_SECONDS = 5
_AUTH_TIMEOUT_SECONDS = 20
_BACKLOG = 100

# What goes wrong on a connection is the client's to notice; standard error belongs to whoever runs the sandbox.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class SftpServer:
    """Serve `root` to one user. `port` is the real one once started, also if 0 was asked for."""

    def __init__(
        self,
        root: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        user: str,
        password: str,
        faults: Faults | None = None,
    ) -> None:
        self.root = root.resolve()
        self.host = host
        self.port = port
        self.host_key = paramiko.ECDSAKey.generate()
        self.faults = faults or Faults()
        self._user = user
        self._password = password
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._connections: list[paramiko.Transport] = []

    def start(self) -> Self:
        self._socket = socket.create_server((self.host, self.port), backlog=_BACKLOG)
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(
            target=self._accept, args=(self._socket,), name=f"sftp-{self.port}", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close all connections and wait for the thread. Idempotent."""
        if self._socket is None or self._thread is None:
            return
        # Closing alone would leave the thread in its accept.
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(_STOP_TIMEOUT_SECONDS)
        for connection in self._connections:
            connection.close()
        self._socket = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def admits(self, user: str, password: str) -> bool:
        if self.faults.take("ftp_refuse", "ftp", verb="PASS"):
            return False
        return secrets.compare_digest(user.encode(), self._user.encode()) and secrets.compare_digest(
            password.encode(), self._password.encode()
        )

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connected, _ = listening.accept()
            except OSError:
                return
            self._connections = [connection for connection in self._connections if connection.is_active()]
            connection = paramiko.Transport(connected)
            connection.auth_timeout = _AUTH_TIMEOUT_SECONDS
            connection.add_server_key(self.host_key)
            connection.set_subsystem_handler("sftp", SFTPServer, _SftpFiles, files=self, connection=connection)
            self._connections.append(connection)
            # With an event given the negotiation runs in the connection's own thread, and its failure stays there.
            connection.start_server(threading.Event(), _Login(self))


class _Login(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        del username
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        return AUTH_SUCCESSFUL if self._server.admits(username, password) else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        del chanid
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _SftpFiles(SFTPServerInterface):
    """The files below the root; every path is read from there, and links that lead out are not followed."""

    def __init__(
        self, server: Any, *arguments: Any, files: SftpServer, connection: paramiko.Transport, **further: Any
    ) -> None:
        super().__init__(server, *arguments, **further)
        self._files = files
        self._connection = connection

    def list_folder(self, path: str) -> Any:
        return self._try(path, self._list)

    def stat(self, path: str) -> Any:
        return self._try(path, lambda place: SFTPAttributes.from_stat(place.stat()))

    def lstat(self, path: str) -> Any:
        return self._try(path, lambda place: SFTPAttributes.from_stat(place.lstat()))

    def remove(self, path: str) -> Any:
        return self._try(path, Path.unlink)

    def mkdir(self, path: str, attr: SFTPAttributes) -> Any:
        del attr
        return self._try(path, Path.mkdir)

    def rmdir(self, path: str) -> Any:
        return self._try(path, Path.rmdir)

    def rename(self, oldpath: str, newpath: str) -> Any:
        """Rename, unless the new name is taken; that is what the protocol's older request says."""
        return self._try(oldpath, lambda old: self._try(newpath, lambda new: _renamed(old, new)))

    def posix_rename(self, oldpath: str, newpath: str) -> Any:
        return self._try(oldpath, lambda old: self._try(newpath, lambda new: _done(old.replace(new))))

    def chattr(self, path: str, attr: SFTPAttributes) -> Any:
        """Accept what clients set after an upload; the store keeps no modes or owners."""
        del attr
        return self._try(path, lambda place: _done(place.stat()))

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> Any:
        del attr
        return self._try(path, lambda place: self._open(path, place, flags))

    def _open(self, path: str, place: Path, flags: int) -> "_Handle":
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR))
        descriptor = os.open(place, flags & ~os.O_APPEND, 0o644)
        file = os.fdopen(descriptor, ("r+b" if flags & os.O_RDWR else "wb") if writes else "rb", buffering=0)
        verb = "STOR" if writes else "RETR"
        full = self._files.faults.take("ftp_full", "ftp", verb=verb, path=path) if writes else None
        return _Handle(
            file,
            flags,
            room=full.after_bytes if full is not None else None,
            trouble=ftp_faults.trouble(self._files.faults, verb=verb, path=path),
            connection=self._connection,
        )

    def _list(self, place: Path) -> list[SFTPAttributes]:
        return [SFTPAttributes.from_stat(entry.lstat(), entry.name) for entry in sorted(place.iterdir())]

    def _try(self, path: str, act: Callable[[Path], Any]) -> Any:
        """Do something to a place below the root; what returns nothing has succeeded."""
        try:
            place = self._files.root / path.lstrip("/")
            if not place.resolve().is_relative_to(self._files.root):
                return SFTP_PERMISSION_DENIED
            result = act(place)
        except OSError as error:
            return SFTPServer.convert_errno(error.errno or errno.EIO)
        except ValueError:  # a NUL in the name
            return SFTP_NO_SUCH_FILE
        return SFTP_OK if result is None else result


class _Handle(SFTPHandle):
    """An open file, on a disk that may be full after `room` bytes, on a line that may be slow or break."""

    def __init__(
        self, file: Any, flags: int, *, room: int | None, trouble: Trouble, connection: paramiko.Transport
    ) -> None:
        super().__init__(flags)
        self._connection = connection
        self.readfile = self.writefile = file
        self._room = room
        self._trouble = trouble
        self._moved = 0

    def stat(self) -> SFTPAttributes:
        return SFTPAttributes.from_stat(os.fstat(self.readfile.fileno()))

    def chattr(self, attr: SFTPAttributes) -> int:
        del attr
        return SFTP_OK

    def read(self, offset: int, length: int) -> Any:
        content = super().read(offset, length)
        # Clients ask for more than there is; what is at the end, or an error, takes no time.
        self._count(len(content) if isinstance(content, bytes) else 0)
        return content

    def write(self, offset: int, data: Any) -> int:
        self._count(len(data))
        if self._room is not None and offset + len(data) > self._room:
            super().write(offset, data[: max(0, self._room - offset)])
            return int(SFTPServer.convert_errno(errno.ENOSPC))
        return super().write(offset, data)

    def _count(self, size: int) -> None:
        self._moved += size
        if self._trouble.bytes_per_second:
            # Each connection has a thread of its own, so nobody else waits.
            time.sleep(size / self._trouble.bytes_per_second)
        after = self._trouble.breaks_after
        if after is not None and self._moved > after:
            self._connection.close()


def _done(_: object) -> int:
    return SFTP_OK


def _renamed(old: Path, new: Path) -> int:
    if new.exists():
        return int(SFTPServer.convert_errno(errno.EEXIST))
    old.rename(new)
    return SFTP_OK
