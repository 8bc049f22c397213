"""Where a consumer's batches are brought: a folder of this machine, a file server, or an address of the web."""

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from tradepost.domain.errors import NotAllowed, quoted
from tradepost.domain.order_export import ExportForm

FOLDER = "folder"
WEB = frozenset({"https", "http"})
FILE_SERVERS = frozenset({"ftp", "ftps", "ftps-implicit", "sftp"})
LONGEST_ADDRESS = 1000


class Confirmation(StrEnum):
    """Who confirms what was delivered: the consumer, by `orders confirm`, or the delivery itself."""

    CONSUMER = "consumer"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class DeliveryAddress:
    """`protocol`: `folder`, `https`, `http`, or how files travel. `path`: absolute; of a web address all behind it."""

    protocol: str
    host: str
    port: int
    user: str
    path: str


def delivery_address(text: str) -> DeliveryAddress:
    """Read an address: an absolute folder, `sftp://user@host/folder` or `https://host/path`. Raises NotAllowed."""
    if len(text) > LONGEST_ADDRESS or any(not mark.isprintable() for mark in text):
        raise _no_address(text)
    if text.startswith("/"):
        return DeliveryAddress(FOLDER, "", 0, "", text)
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
        return DeliveryAddress(protocol, parts.hostname, port, "", f"{path}?{parts.query}" if parts.query else path)
    folder = PurePosixPath("/", unquote(parts.path).lstrip("/"))
    return DeliveryAddress(protocol, parts.hostname, port, unquote(parts.username or ""), str(folder))


def file_name(*, channel: str, consumer: str, cursor: int, content: bytes, form: ExportForm) -> str:
    """
    Name a batch's file. It has the content's hash in it: one name never has two contents.

    Names sort as the batches follow each other.
    """
    return f"orders-{_plain(channel)}-{_plain(consumer)}-{cursor:08d}-{sha256(content).hexdigest()[:8]}.{form}"


def _plain(name: str) -> str:
    return "".join(mark if mark.isascii() and mark.isalnum() else "_" for mark in name)[:40]


def _no_address(text: str) -> NotAllowed:
    return NotAllowed(
        f"{quoted(text)} is no address to deliver to: write an absolute folder, sftp://user@host/folder (or ftp, ftps, "
        "ftps-implicit), or https://host/path."
    )
