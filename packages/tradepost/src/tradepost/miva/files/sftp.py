"""SFTP, by the optional library paramiko."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from stat import S_ISDIR
from typing import TYPE_CHECKING, BinaryIO

from tradepost.domain.errors import CredentialsRejected, NotAllowed, StorageRefused, StoreUnavailable
from tradepost.miva.files.file_server import Connect, ContentBudget, FileServerAddress, ListingBudget

if TYPE_CHECKING:
    import paramiko

_CHUNK_BYTES = 262_144
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class SftpFiles:
    """A logged-in SFTP connection."""

    def __init__(self, address: FileServerAddress, *, connect: Connect = socket.create_connection) -> None:
        """Connect and log in. Raises CredentialsRejected, StoreUnavailable, NotAllowed without the library."""
        try:
            import paramiko  # noqa: PLC0415 - optional
        except ImportError as error:
            raise NotAllowed("SFTP needs one more library: install tradepost[sftp].") from error
        try:
            connection = connect((address.host, address.real_port), address.connect_seconds)
        except OSError as error:
            raise address.unreachable(error) from error
        self._transport = paramiko.Transport(connection)
        try:
            self._log_in(address, paramiko.AuthenticationException)
            self._sftp = _channel(self._transport, address)
        except (paramiko.SSHException, OSError, EOFError) as error:
            self._transport.close()
            raise StoreUnavailable(f"The file server was lost during the login: {error}.") from error
        except BaseException:
            self._transport.close()
            raise

    def _log_in(self, address: FileServerAddress, refused: type[Exception]) -> None:
        self._transport.start_client(timeout=address.connect_seconds)
        address.confirm(self._transport.get_remote_server_key().asbytes(), what="host key")
        try:
            self._transport.auth_password(address.user, address.password)
        except refused:
            raise CredentialsRejected(
                f"{address.host} refuses the login of {address.user}: check user and password."
            ) from None

    def size(self, path: str) -> int | None:
        """See the protocol."""
        try:
            with _explained(path, during="a look-up"):
                return self._sftp.stat(path).st_size
        except StorageRefused:
            return None

    def entries(self, folder: str) -> dict[str, int | None]:
        """See the protocol."""
        with _explained(folder, during="a listing"):
            budget = ListingBudget(folder)
            found: dict[str, int | None] = {}
            for entry in self._sftp.listdir_iter(folder):
                budget.take(size_bytes=len(entry.filename), entries=1)
                found[entry.filename] = None if S_ISDIR(entry.st_mode or 0) else entry.st_size
            return found

    def get(self, path: str, into: BinaryIO, *, limit_bytes: int) -> None:
        """See the protocol."""
        budget = ContentBudget(path, into, limit_bytes=limit_bytes)
        with _explained(path, during="a download"), self._sftp.open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                budget.take(chunk)

    def put(self, path: str, content: bytes) -> None:
        """See the protocol."""
        with _explained(path, during="an upload"), self._sftp.open(path, "wb") as file:
            file.set_pipelined(pipelined=True)
            file.write(content)

    def rename(self, path: str, new_path: str) -> None:
        """See the protocol."""
        with _explained(new_path, during="a rename"):
            self._sftp.rename(path, new_path)

    def delete(self, path: str) -> None:
        """See the protocol."""
        with _explained(path, during="a deletion"):
            self._sftp.remove(path)

    def make_folder(self, path: str) -> None:
        """See the protocol."""
        with _explained(path, during="making a folder"):
            self._sftp.mkdir(path)

    def close(self) -> None:
        with suppress(OSError, EOFError):
            self._transport.close()


def _channel(transport: "paramiko.Transport", address: FileServerAddress) -> "paramiko.SFTPClient":
    sftp = transport.open_sftp_client()
    if sftp is None:
        raise StoreUnavailable(f"The file server {address.host} offers no SFTP.")
    channel = sftp.get_channel()
    if channel is not None:
        channel.settimeout(address.answer_seconds)
    return sftp


@contextmanager
def _explained(path: str, *, during: str) -> Iterator[None]:
    """Turn what the library raises into what the caller should do; it tells refusals as OSError."""
    import paramiko  # noqa: PLC0415 - optional

    try:
        yield
    except (TimeoutError, ConnectionError, EOFError) as error:
        raise StoreUnavailable(f"The file server was lost during {during}: {str(error) or 'no answer'}.") from error
    except OSError as error:
        if str(error) == "Socket is closed":
            raise StoreUnavailable(f"The file server was lost during {during}.") from error
        if error.errno in _NO_SPACE:
            raise StorageRefused(f"No space is left on the file server: {error}.", path=path) from error
        # The protocol's plain "Failure" is what most servers answer on a full disk, too.
        raise StorageRefused(f"The file server refuses {during} of {path}: {error}.", path=path) from error
    except paramiko.SSHException as error:
        raise StoreUnavailable(f"The file server was lost during {during}: {error}.") from error
