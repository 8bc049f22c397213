"""Addresses: whether one that a person or a file named may be called from here."""

import ipaddress
import socket
from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from tradepost.domain.errors import AddressRefused

Resolve = Callable[[str, int], Collection[str]]
_PORTS = {"http": 80, "https": 443}


def check_web_address(address: str, *, is_local: bool = False) -> None:
    """
    Refuse a web address that must not be fetched; ask again after every redirect. Raises AddressRefused.

    Only http and https, without a login in it, and only hosts all of whose addresses are public: a name may point
    into the network that this server stands in. `is_local` is for a channel that is marked as local: it may call
    private and loopback addresses, too.
    """
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise AddressRefused(f"{address!r} is no web address: {error}.") from error
    if parts.scheme.lower() not in _PORTS:
        raise AddressRefused(f"{address!r} can't be fetched: only http and https addresses are.")
    if parts.username is not None or parts.password is not None:
        raise AddressRefused("An address with a user name in it is not fetched.")
    if not parts.hostname:
        raise AddressRefused(f"{address!r} names no host.")
    check_host(parts.hostname, port=port or _PORTS[parts.scheme.lower()], is_local=is_local)


def check_host(host: str, *, port: int, is_local: bool = False, resolve: Resolve | None = None) -> None:
    """Refuse a host that has any address that is not public, unless the channel is local. Raises AddressRefused."""
    for text in (resolve or _resolve)(host, port):
        number = ipaddress.ip_address(text.partition("%")[0])
        if isinstance(number, ipaddress.IPv6Address) and number.ipv4_mapped is not None:
            number = number.ipv4_mapped
        # Python counts ::1 among the reserved ones.
        if number.is_multicast or number.is_unspecified or (number.is_reserved and not number.is_loopback):
            raise AddressRefused(f"{host} can't be called: {text} is no address of a server.")
        if is_local:
            continue
        if not number.is_global:
            raise AddressRefused(
                f"{host} is {text}, which is inside a private network. If that is meant, mark the channel as local."
            )


def _resolve(host: str, port: int) -> Collection[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        # No answer is no danger: the call itself fails in a moment and is told as what it is, a store out of reach.
        if isinstance(error, socket.gaierror):
            return []
        raise AddressRefused(f"{host!r} is no name of a host.") from error
    return {str(entry[4][0]) for entry in found}
