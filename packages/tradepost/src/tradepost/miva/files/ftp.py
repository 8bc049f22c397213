"""FTP, explicit FTPS and implicit FTPS with the standard library's client."""

import ftplib
import io
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO

from tradepost.domain.errors import CredentialsRejected, StorageRefused, StoreUnavailable, TradepostError
from tradepost.miva.files.file_server import (
    Connect,
    ContentBudget,
    FileServerAddress,
    ListingBudget,
    fingerprint_of,
)
from tradepost.operations.ports import FileProtocol

_NO_SPACE = frozenset({"452", "552"})
_SIGN_IN = frozenset({"530", "532", "534"})
_BROKEN = frozenset({"421", "425", "426", "450", "451"})
_UNKNOWN_COMMAND = frozenset({"500", "502", "504"})
_LISTED = re.compile(r"^(?P<kind>[-dl])\S+\s+\d+\s+\S+\s+\S+\s+(?P<size>[0-9]{1,18})\s+\S+\s+\S+\s+\S+\s(?P<name>.+)$")
_SIZE = re.compile(r"[0-9]{1,18}")
_REPLY_LINES = 1000


class FtpFiles:
    """A logged-in FTP connection, in binary mode; data connections are passive."""

    def __init__(self, address: FileServerAddress, *, connect: Connect = socket.create_connection) -> None:
        """Connect and log in. Raises CredentialsRejected, StoreUnavailable."""
        self._lists_by_machine = True
        with _explained("", during="the login"):
            self._ftp = _open(address, connect)

    def size(self, path: str) -> int | None:
        """See the protocol."""
        try:
            with _explained(path, during="a look-up"):
                return self._ftp.size(path)
        except StorageRefused:
            return None

    def entries(self, folder: str) -> dict[str, int | None]:
        """See the protocol."""
        with _explained(folder, during="a listing"):
            # Some servers list nothing at all for a folder that is not there.
            self._ftp.cwd(folder)
            if self._lists_by_machine:
                try:
                    return dict(_facts(line) for line in self._lines("MLSD", folder) if not _is_self(line))
                except ftplib.error_perm as error:
                    if str(error)[:3] not in _UNKNOWN_COMMAND:
                        raise
                    self._lists_by_machine = False
            found = (_LISTED.match(line) for line in self._lines("LIST", folder))
            return {entry["name"]: None if entry["kind"] == "d" else int(entry["size"]) for entry in found if entry}

    def _lines(self, command: str, folder: str) -> list[str]:
        received = io.BytesIO()
        budget = ListingBudget(folder)

        def take(chunk: bytes) -> None:
            budget.take(size_bytes=len(chunk), entries=chunk.count(b"\n"))
            received.write(chunk)

        self._ftp.retrbinary(command, take)
        # Names are anybody's; one that is no UTF-8 must not hide the others.
        return received.getvalue().decode("utf-8", "surrogateescape").splitlines()

    def get(self, path: str, into: BinaryIO, *, limit_bytes: int) -> None:
        """See the protocol."""
        budget = ContentBudget(path, into, limit_bytes=limit_bytes)
        with _explained(path, during="a download"):
            self._ftp.retrbinary(f"RETR {path}", budget.take, blocksize=262_144)

    def put(self, path: str, content: bytes) -> None:
        """See the protocol."""
        with _explained(path, during="an upload"):
            self._ftp.storbinary(f"STOR {path}", io.BytesIO(content), blocksize=262_144)

    def rename(self, path: str, new_path: str) -> None:
        """See the protocol."""
        with _explained(new_path, during="a rename"):
            self._ftp.rename(path, new_path)

    def delete(self, path: str) -> None:
        """See the protocol."""
        with _explained(path, during="a deletion"):
            self._ftp.delete(path)

    def make_folder(self, path: str) -> None:
        """See the protocol."""
        with _explained(path, during="making a folder"):
            self._ftp.mkd(path)

    def close(self) -> None:
        # No QUIT: the connection may be dead, and its timeout is long.
        with suppress(OSError, EOFError):
            self._ftp.close()


def _is_self(line: str) -> bool:
    return "type=cdir" in line.casefold() or "type=pdir" in line.casefold()


def _facts(line: str) -> tuple[str, int | None]:
    """Read one line of MLSD: `type=file;size=12; name`."""
    facts, _, name = line.partition(" ")
    values = dict(fact.casefold().split("=", 1) for fact in facts.split(";") if "=" in fact)
    size = values.get("size", "")
    return name, int(size) if values.get("type", "file") == "file" and _SIZE.fullmatch(size) else None


def _open(address: FileServerAddress, connect: Connect) -> ftplib.FTP:
    ftp = _client(address, connect)
    try:
        try:
            ftp.connect(address.host, address.real_port, timeout=address.connect_seconds)
        except ssl.SSLCertVerificationError:
            raise
        except (OSError, EOFError) as error:
            raise address.unreachable(error) from error
        assert ftp.sock is not None
        ftp.sock.settimeout(address.answer_seconds)
        # The data connections take theirs from here.
        ftp.timeout = address.answer_seconds
        if isinstance(ftp, _FtpTls):
            ftp.secure()
        try:
            ftp.login(address.user, address.password)
        except ftplib.error_perm as error:
            raise CredentialsRejected(
                f"{address.host} refuses the login of {address.user}: {_words(error)}. "
                "Check user, password and protocol."
            ) from None
        if isinstance(ftp, _FtpTls):
            ftp.prot_p()
        ftp.voidcmd("TYPE I")  # sizes are asked for in bytes
    except ssl.SSLCertVerificationError as error:
        ftp.close()
        raise CredentialsRejected(
            f"The certificate of {address.host} is not trusted by this machine ({error.verify_message}). It has the "
            f"fingerprint {_shown_fingerprint(address, connect)}: confirm it (--fingerprint; of images: "
            "--ftp-fingerprint), or ask the hoster "
            "for its host name."
        ) from error
    except BaseException:
        ftp.close()
        raise
    return ftp


def _shown_fingerprint(address: FileServerAddress, connect: Connect) -> str:
    """Look at the certificate of a server that is not trusted; nothing is said to it but hello."""
    ftp = _FtpTls(address, connect, _trusting())
    try:
        ftp.connect(address.host, address.real_port, timeout=address.connect_seconds)
        ftp.begin_tls()
        assert isinstance(ftp.sock, ssl.SSLSocket)
        return fingerprint_of(ftp.sock.getpeercert(binary_form=True) or b"")
    finally:
        ftp.close()


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _client(address: FileServerAddress, connect: Connect) -> "_Ftp | _FtpTls":
    if address.protocol is FileProtocol.FTP:
        return _Ftp(connect)
    # What is trusted by its fingerprint is compared on every connection.
    return _FtpTls(address, connect, _trusting() if address.fingerprint else ssl.create_default_context())


class _Ftp(ftplib.FTP):
    """Connects by `connect`, and takes no reply without end."""

    _connect: Connect
    _lines_of_reply = 0

    def __init__(self, connect: Connect) -> None:
        super().__init__(encoding="utf-8")
        self._connect = connect

    def connect(self, host: str = "", port: int = 0, timeout: float = -999, source_address: Any = None) -> str:  # noqa: ARG002 - the library's
        self.host = host
        self.port = port
        self.sock = self._wrapped(self._connect((host, port), timeout))
        self.af = self.sock.family
        self.file = self.sock.makefile("r", encoding=self.encoding)
        self.welcome = self.getresp()
        return self.welcome

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        return connection

    def getmultiline(self) -> str:
        self._lines_of_reply = 0
        return super().getmultiline()

    def getline(self) -> str:
        self._lines_of_reply += 1
        if self._lines_of_reply > _REPLY_LINES:
            raise ftplib.error_proto(f"a reply of more than {_REPLY_LINES} lines")  # noqa: S321 - an error, no call
        return super().getline()


class _FtpTls(_Ftp, ftplib.FTP_TLS):
    def __init__(self, address: FileServerAddress, connect: Connect, context: ssl.SSLContext) -> None:
        ftplib.FTP_TLS.__init__(self, context=context, encoding="utf-8")  # noqa: S321 - under TLS
        self._connect = connect
        self._address = address
        self._is_implicit = address.protocol is FileProtocol.FTPS_IMPLICIT

    def _wrapped(self, connection: socket.socket) -> socket.socket:
        if not self._is_implicit:
            return connection
        return self.context.wrap_socket(connection, server_hostname=self.host)

    def secure(self) -> None:
        """Bring the control connection under TLS before anything secret is said, and look who is there."""
        self.begin_tls()
        self._confirm(self.sock)

    def begin_tls(self) -> None:
        if self._is_implicit:
            return
        try:
            self.auth()
        except ftplib.error_perm as error:
            raise CredentialsRejected(
                f"{self.host} offers no TLS ({_words(error)}). Choose implicit TLS or SFTP if the hoster has it; "
                "plain FTP sends the password unencrypted."
            ) from None

    def _confirm(self, connection: Any) -> None:
        if self._address.fingerprint:
            self._address.confirm(connection.getpeercert(binary_form=True) or b"", what="certificate")

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        plain, size = super(ftplib.FTP_TLS, self).ntransfercmd(cmd, rest)
        # Many servers take a data connection only with the control connection's TLS session, to know that it is ours.
        assert isinstance(self.sock, ssl.SSLSocket)
        wrapped = self.context.wrap_socket(plain, server_hostname=self.host, session=self.sock.session)
        self._confirm(wrapped)
        return wrapped, size


@contextmanager
def _explained(path: str, *, during: str) -> Iterator[None]:
    """Turn what the library raises into what the caller should do."""
    try:
        yield
    except TradepostError:
        raise
    except (ftplib.error_perm, ftplib.error_temp) as error:
        raise _refusal(error, path, during) from error
    except (ftplib.Error, OSError, EOFError, ValueError) as error:  # ValueError: numbers of absurd length, too
        raise StoreUnavailable(
            f"The file server was lost during {during}: {str(error) or 'connection closed'}."
        ) from error


def _refusal(error: Exception, path: str, during: str) -> TradepostError:
    code = str(error)[:3]
    if code in _NO_SPACE:
        return StorageRefused(f"No space is left on the file server: {_words(error)}.", path=path)
    if code in _BROKEN:
        return StoreUnavailable(f"The file server gave up during {during}: {_words(error)}.")
    if code in _SIGN_IN or not path:
        return CredentialsRejected(f"The file server refuses {during}: {_words(error)}.")
    return StorageRefused(f"The file server refuses {during} of {path}: {_words(error)}.", path=path)


def _words(error: Exception) -> str:
    return str(error).splitlines()[0].strip().rstrip(".")[:200]
