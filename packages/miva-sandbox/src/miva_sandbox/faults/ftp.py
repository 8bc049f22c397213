"""FTP transfers on which rules strike: slow ones, broken connections, a full disk, a refused login."""

import errno
import logging
import sys
from dataclasses import dataclass
from typing import Any

from miva_sandbox.faults.rules import Faults

_log = logging.getLogger("pyftpdlib")
_PIECES_PER_SECOND = 20


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls the transfer that is about to begin."""

    bytes_per_second: int = 0
    breaks_after: int | None = None


def trouble(faults: Faults, *, verb: str, path: str) -> Trouble:
    """Ask the rules what becomes of a transfer."""
    slow = faults.take("ftp_slow", "ftp", verb=verb, path=path)
    broken = faults.take("ftp_disconnect", "ftp", verb=verb, path=path)
    return Trouble(slow.bytes_per_second if slow is not None else 0, broken.after_bytes if broken is not None else None)


class _FullFile:
    """A file on a disk that takes so many bytes more, and no more."""

    def __init__(self, file: Any, *, room: int) -> None:
        self._file = file
        self._room = room

    def write(self, chunk: bytes) -> None:
        fitting = chunk[: self._room]
        self._file.write(fitting)
        self._room -= len(fitting)
        if len(fitting) < len(chunk):
            raise OSError(errno.ENOSPC, "No space left on device")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def filesystem(base: type[Any], faults: Faults) -> type[Any]:
    """Make a file system class that asks the rules what becomes of each file that is opened."""

    class Files(base):  # type: ignore[misc]  # a class that is handed in; the library has no types
        def open(self, filename: str, mode: str) -> Any:
            is_upload = bool(set(mode) & set("wa+"))
            event = {"verb": "STOR" if is_upload else "RETR", "path": self.fs2ftp(filename)}
            self.cmd_channel.trouble = trouble(faults, **event)
            file = super().open(filename, mode)
            full = faults.take("ftp_full", "ftp", **event) if is_upload else None
            return file if full is None else _FullFile(file, room=full.after_bytes)

    return Files


def data_channel(base: type[Any], throttled: type[Any]) -> type[Any]:
    """Make a data channel class out of the server's own and the library's throttled one."""
    parents = (throttled,) if issubclass(throttled, base) else (throttled, base)

    class DataChannel(*parents):  # type: ignore[misc]  # a class that is handed in; the library has no types
        # Buffers of a fixed size: the limit is known only once the transfer begins.
        auto_sized_buffers = False

        @property
        def _trouble(self) -> Trouble:
            found: Trouble = getattr(self.cmd_channel, "trouble", Trouble())
            return found

        @property
        def read_limit(self) -> int:
            return self._trouble.bytes_per_second

        write_limit = read_limit

        @property
        def _most_at_once(self) -> int | None:
            limit = self._trouble.bytes_per_second
            return max(1, limit // _PIECES_PER_SECOND) if limit else None

        def recv(self, buffer_size: int) -> bytes:
            most = self._most_at_once
            received: bytes = super().recv(buffer_size if most is None else min(buffer_size, most))
            return received

        def send(self, data: bytes) -> int:
            sent: int = super().send(data[: self._most_at_once])
            self._break()
            return sent

        def _throttle_bandwidth(self, len_chunk: int, max_speed: int) -> None:
            """Rest after each piece; the library's own lets a whole second's worth pass before it looks."""
            if len_chunk and not self._closed:
                self.del_channel()
                self._cancel_throttler()
                self._throttler = self.ioloop.call_later(len_chunk / max_speed, self._go_on, _errback=self.handle_error)

        def _go_on(self) -> None:
            self.add_channel(events=self.ioloop.READ if self.receive else self.ioloop.WRITE)

        def handle_read_event(self) -> None:
            super().handle_read_event()
            self._break()

        def handle_error(self) -> None:
            cause = getattr(sys.exc_info()[1], "__cause__", None)
            if isinstance(cause, OSError) and cause.errno == errno.ENOSPC:
                # The library would say "426 None".
                self._resp = ("452 No space left on device; transfer aborted.", _log.warning)
                self.close()
                return
            super().handle_error()

        def _break(self) -> None:
            after = self._trouble.breaks_after
            if after is not None and self.get_transmitted_bytes() > after:
                channel = self.cmd_channel
                channel.trouble = Trouble()
                self.close()
                channel.close()

    return DataChannel


def authorizer(base: type[Any], failure: type[Exception], faults: Faults) -> Any:
    """Make an authorizer that refuses whom the rules refuse, whatever the password."""

    class Authorizer(base):  # type: ignore[misc]  # a class that is handed in; the library has no types
        def validate_authentication(self, username: str, password: str, handler: Any) -> None:
            if faults.take("ftp_refuse", "ftp", verb="PASS"):
                raise failure("Authentication failed.")
            super().validate_authentication(username, password, handler)

    return Authorizer()
