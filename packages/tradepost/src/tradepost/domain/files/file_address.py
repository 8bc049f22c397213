"""Where files are exchanged with others: a folder of this machine, a file server, or an address of the web."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from tradepost.domain.errors import NotAllowed, quoted

FOLDER = "folder"
WEB = frozenset({"https", "http"})
FILE_SERVERS = frozenset({"ftp", "ftps", "ftps-implicit", "sftp"})
LONGEST_ADDRESS = 1000


@dataclass(frozen=True, slots=True)
class FileAddress:
    """`protocol`: `folder`, `https`, `http`, or how files travel. `path`: absolute; of a web address all behind it."""

    protocol: str
    host: str
    port: int
    user: str
    path: str


def file_address(text: str) -> FileAddress:
    """Read an address: an absolute folder, `sftp://user@host/folder` or `https://host/path`. Raises NotAllowed."""
    if len(text) > LONGEST_ADDRESS or any(not mark.isprintable() for mark in text):
        raise _no_address(text)
    if text.startswith("/"):
        return FileAddress(FOLDER, "", 0, "", text)
    try:
        parts = urlsplit(text)
        port = parts.port or 0
    except ValueError:
        raise _no_address(text) from None
    protocol = parts.scheme.lower()
    if protocol not in WEB | FILE_SERVERS or not parts.hostname:
        raise _no_address(text)
    if parts.password is not None or (protocol in WEB and parts.username is not None):
        raise NotAllowed("A password does not belong into the address: it is asked for, or read from a file.")
    if protocol in WEB:
        path = parts.path or "/"
        return FileAddress(protocol, parts.hostname, port, "", f"{path}?{parts.query}" if parts.query else path)
    folder = PurePosixPath("/", unquote(parts.path).lstrip("/"))
    return FileAddress(protocol, parts.hostname, port, unquote(parts.username or ""), str(folder))


def _no_address(text: str) -> NotAllowed:
    return NotAllowed(
        f"{quoted(text)} is no address for files: write an absolute folder, sftp://user@host/folder (or ftp, ftps, "
        "ftps-implicit), or https://host/path."
    )
