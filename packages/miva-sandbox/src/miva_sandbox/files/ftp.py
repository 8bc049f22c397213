"""
A real FTP server in a thread of its own, whose one user sees nothing above the store's root folder.

With a certificate it offers explicit TLS (AUTH TLS) beside plain FTP; it can insist on TLS, and on data connections
that resume the TLS session of their control connection, as many hosting servers do.
"""

import logging
import socket
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from OpenSSL import SSL

from miva_sandbox.faults import ftp as ftp_faults
from miva_sandbox.faults.rules import Faults
from miva_sandbox.files.certificate import Certificate

with warnings.catch_warnings():
    # The library lives on asyncore, and brings a copy of its own where Python has dropped it.
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyftpdlib.authorizers import AuthenticationFailed, DummyAuthorizer
    from pyftpdlib.filesystems import AbstractedFS
    from pyftpdlib.handlers import DTPHandler, FTPHandler, ThrottledDTPHandler, TLS_DTPHandler, TLS_FTPHandler
    from pyftpdlib.ioloop import AsyncChat, IOLoop
    from pyftpdlib.servers import FTPServer as _Acceptor

_ALL_RIGHTS = "elradfmwMT"
_IDLE_TIMEOUT_SECONDS = 300
_STOP_TIMEOUT_SECONDS = 5

# The library prints to standard error unless somebody listens; standard error belongs to whoever runs the sandbox.
logging.getLogger("pyftpdlib").addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """`required` refuses plain logins and transfers; `session_reuse` refuses full handshakes on data connections."""

    certificate: Certificate
    required: bool = False
    session_reuse: bool = False


class FtpServer:
    """Serve `root` to one user. `port` is the real one once started, also if 0 was asked for."""

    def __init__(
        self,
        root: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        user: str,
        password: str,
        tls: Tls | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.root = root
        self.host = host
        self.port = port
        self._user = user
        self._password = password
        self._tls = tls
        self._faults = faults or Faults()
        self._authorizer: Any = None
        self._thread: threading.Thread | None = None
        self._line: socket.socket | None = None

    def start(self) -> Self:
        loop = IOLoop()
        try:
            acceptor = _Acceptor((self.host, self.port), self._handler(), ioloop=loop)
        except OSError:
            loop.close()
            raise
        self.port = acceptor.address[1]
        # Only a connection wakes the loop; so it has one of its own.
        self._line, other_end = socket.socketpair()
        other_end.setblocking(False)
        self._thread = threading.Thread(
            target=_serve, args=(loop, _Stopping(other_end, ioloop=loop)), name=f"ftp-{self.port}", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close all connections and wait for the thread. Idempotent."""
        if self._thread is None or self._line is None:
            return
        self._line.close()
        self._thread.join(_STOP_TIMEOUT_SECONDS)
        self._thread = None

    def allow(self, rights: str) -> None:
        """Let the user do this alone from now on, in the letters of pyftpdlib: `elr` reads, with `w` it writes, too."""
        self._authorizer.user_table[self._user]["perm"] = rights

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _handler(self) -> type[FTPHandler]:
        authorizer = ftp_faults.authorizer(DummyAuthorizer, AuthenticationFailed, self._faults)
        authorizer.add_user(self._user, self._password, str(self.root), perm=_ALL_RIGHTS)
        self._authorizer = authorizer
        settings: dict[str, Any] = {
            "authorizer": authorizer,
            "abstracted_fs": ftp_faults.filesystem(_FtpFiles, self._faults),
            "banner": "Store files.",
            "timeout": _IDLE_TIMEOUT_SECONDS,
            "auth_failed_timeout": 0,
        }
        if self._tls is None:
            settings["dtp_handler"] = ftp_faults.data_channel(DTPHandler, ThrottledDTPHandler)
            return type("Handler", (FTPHandler,), settings)
        data = _ResumedDataChannel if self._tls.session_reuse else TLS_DTPHandler
        settings |= {
            "dtp_handler": ftp_faults.data_channel(data, ThrottledDTPHandler),
            "ssl_context": _context(self._tls.certificate),
            "tls_control_required": self._tls.required,
            "tls_data_required": self._tls.required,
        }
        return type("TlsHandler", (TLS_FTPHandler,), settings)


class _Stopping(AsyncChat):  # type: ignore[misc]  # the library has no types
    """The loop's end of a line on which nothing is said; when the other end hangs up, the loop is to stop."""

    is_asked_for = False

    def handle_close(self) -> None:
        self.is_asked_for = True
        self.close()


def _serve(loop: IOLoop, stopping: _Stopping) -> None:
    until_next_call: float | None = None
    while not stopping.is_asked_for:
        until_next_call = loop.loop(timeout=until_next_call, blocking=False)
    loop.close()


class _FtpFiles(AbstractedFS):  # type: ignore[misc]  # the library has no types
    def validpath(self, path: str) -> bool:
        try:
            return bool(super().validpath(path))
        except ValueError:  # a NUL in the name would end the connection
            return False


class _ResumedDataChannel(TLS_DTPHandler):  # type: ignore[misc]  # the library has no types
    def handle_ssl_established(self) -> None:
        # pyOpenSSL keeps the answer to itself; the binding below it has it.
        if not getattr(SSL, "_lib").SSL_session_reused(self.socket._ssl):  # noqa: B009, SLF001
            self._resp = ("522 SSL connection failed: session reuse required.", logging.getLogger("pyftpdlib").warning)
            self.close()


def _context(certificate: Certificate) -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.use_certificate(certificate.certificate)
    context.use_privatekey(certificate.key)
    # Without an id OpenSSL refuses to resume any session.
    context.set_session_id(b"miva-sandbox")
    context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
    return context
