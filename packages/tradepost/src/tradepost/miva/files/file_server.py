"""
A server that keeps files, as an image store needs it: one logged-in connection, whatever protocol it speaks.
"""

import hashlib
import socket
import ssl
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol, TypeAlias

from tradepost.domain.errors import (
    AddressRefused,
    CredentialsRejected,
    StorageRefused,
    StoreUnavailable,
    TradepostError,
)
from tradepost.operations.ports import FileProtocol

# As `socket.create_connection`: (host, port) and seconds.
Connect: TypeAlias = Callable[[tuple[str, int], float | None], socket.socket]

_LISTING_ENTRIES = 100_000
_LISTING_BYTES = 16 * 1024 * 1024
_LISTING_SECONDS = 180.0
_CONTENT_SECONDS = 180.0
_SLOWEST_BYTES_PER_SECOND = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileServerAddress:
    """
    Where to log in. `port` 0 is the protocol's own.

    `fingerprint` (SHA256:...) is a server certificate or host key that a person has confirmed; without one, FTPS
    wants a certificate that this machine trusts, and SFTP refuses every key, telling its fingerprint.
    """

    host: str
    user: str
    password: str = field(repr=False)
    protocol: FileProtocol = FileProtocol.FTPS
    port: int = 0
    fingerprint: str = ""
    connect_seconds: float = 10
    answer_seconds: float = 60

    @property
    def real_port(self) -> int:
        return self.port or self.protocol.default_port

    def unreachable(self, error: OSError | EOFError) -> TradepostError:
        """Word why no connection came about, with the cure."""
        where = f"{self.host}:{self.real_port}"
        if isinstance(error, socket.gaierror):
            return StoreUnavailable(
                f"The file server's host {self.host} is not known here: check how it is spelled, and that this "
                "machine can look up names."
            )
        if isinstance(error, ssl.SSLError):
            return AddressRefused(
                f"The file server at {where} does not begin with TLS ({error.reason or error}): choose another "
                "protocol, or the port that goes with it."
            )
        if isinstance(error, ConnectionRefusedError):
            return StoreUnavailable(
                f"No file server answers at {where}: check host, port and protocol (FTP, FTPS, SFTP)."
            )
        return StoreUnavailable(
            f"The file server at {where} can't be reached ({str(error) or 'it hung up'}): check host, port and "
            "protocol (FTP, FTPS, SFTP)."
        )

    def confirm(self, key: bytes, *, what: str) -> None:
        """Compare what the server shows with the confirmed fingerprint. Raises CredentialsRejected, naming both."""
        shown = fingerprint_of(key)
        if self.fingerprint and _bare(self.fingerprint) == _bare(shown):
            return
        if self.fingerprint:
            raise CredentialsRejected(
                f"{self.host} shows another {what} than the one that was confirmed ({shown} now). If the hoster has "
                "changed it, confirm the new one; otherwise somebody listens in."
            )
        raise CredentialsRejected(
            f"The {what} of {self.host} has the fingerprint {shown}: confirm it to connect (--fingerprint; of "
            "images: --ftp-fingerprint)."
        )


class ListingTooLong(StorageRefused):
    """A folder holds more than is read of any; the rest is still on its way, so the connection is of no use."""


class ListingBudget:
    """How much of one listing is taken. Servers are anybody's, and a listing has no length that is known before."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._entries = 0
        self._bytes = 0
        self._ends_at = time.monotonic() + _LISTING_SECONDS

    def take(self, *, size_bytes: int, entries: int = 0) -> None:
        """Count what has come. Raises ListingTooLong, StoreUnavailable when it takes too long."""
        self._bytes += size_bytes
        self._entries += entries
        if self._bytes > _LISTING_BYTES or self._entries > _LISTING_ENTRIES:
            raise ListingTooLong(
                f"The file server's listing of {self._folder} is longer than {_LISTING_ENTRIES:,} entries or "
                f"{_LISTING_BYTES // (1024 * 1024)} MB, and was not read to its end.",
                path=self._folder,
            )
        if time.monotonic() > self._ends_at:
            raise StoreUnavailable(
                f"The file server's listing of {self._folder} was not complete after {_LISTING_SECONDS:.0f} seconds."
            )


class ContentBudget:
    """
    What has come of a file's content, written on up to a limit: what a server says of its size is not believed.

    The time that it may take grows with what has come.
    """

    def __init__(self, path: str, into: BinaryIO, *, limit_bytes: int) -> None:
        self._path = path
        self._into = into
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._began_at = time.monotonic()

    def take(self, chunk: bytes) -> None:
        """Write on what has come. Raises StorageRefused beyond the limit, StoreUnavailable when it takes too long."""
        self._bytes += len(chunk)
        if self._bytes > self._limit_bytes:
            raise StorageRefused(
                f"{self._path} is larger than {self._limit_bytes // 1_000_000} MB, and was not read to its end.",
                path=self._path,
            )
        self._into.write(chunk)
        seconds = _CONTENT_SECONDS + self._bytes / _SLOWEST_BYTES_PER_SECOND
        if time.monotonic() - self._began_at > seconds:
            raise StoreUnavailable(f"{self._path} was not complete after {seconds:.0f} seconds.")


def fingerprint_of(key: bytes) -> str:
    return "SHA256:" + b64encode(hashlib.sha256(key).digest()).decode("ascii").rstrip("=")


def _bare(fingerprint: str) -> str:
    return fingerprint.strip().removeprefix("SHA256:").rstrip("=")


class FileServer(Protocol):
    """
    One connection; not for several threads at once. All paths are absolute.

    Raises StorageRefused (this path), StoreUnavailable (the connection is of no use any more), CredentialsRejected.
    """

    def size(self, path: str) -> int | None:
        """Return a file's size in bytes, None if there is no such file."""
        ...

    def entries(self, folder: str) -> dict[str, int | None]:
        """
        Return the names in a folder with their sizes; None for folders.

        Raises StorageRefused if there is none, ListingTooLong.
        """
        ...

    def get(self, path: str, into: BinaryIO, *, limit_bytes: int) -> None:
        """Copy a file. Raises StorageRefused for one beyond the limit; the connection is of no use then."""
        ...

    def put(self, path: str, content: bytes) -> None:
        """Write a file under exactly this name, replacing what is there."""
        ...

    def rename(self, path: str, new_path: str) -> None: ...

    def delete(self, path: str) -> None: ...

    def make_folder(self, path: str) -> None: ...

    def close(self) -> None: ...
