"""
Addresses: whether one that a person or a file named may be called from here.

A name is looked up once, every address it has is judged, and the connection goes to one of those: a name that points
elsewhere at the second look (DNS rebinding) leads nowhere.
"""

import ipaddress
import socket
from collections.abc import Callable, Collection, Sequence
from typing import TypeAlias, TypeVar
from urllib.parse import urlsplit

from tradepost.domain.errors import AddressRefused

IpAddress: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Collection[str]]
T = TypeVar("T")

_PORTS = {"http": 80, "https": 443}
_ADDRESSES_TRIED = 4

# Listed here and not asked of Python, whose versions differ. Source: IANA's registries of special-purpose addresses.
_NO_SERVER = [
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "ff00::/8")
]  # fmt: skip
_NOT_PUBLIC_V4 = [
    ipaddress.IPv4Network(text)
    for text in (
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    )
]  # fmt: skip
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
# Tunnels (Teredo in 2001::/23, and 6to4) lead wherever their IPv4 address does, and no server is reached by them alone.
_NOT_PUBLIC_V6 = [
    ipaddress.IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
]  # fmt: skip
# What these lead to is an IPv4 address, and judged as one.
_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def check_web_address(address: str) -> None:
    """
    Refuse what is no address of the web: only http and https, without a login in it. Raises AddressRefused.

    Nothing is looked up; where the host's name leads is judged when it is connected to.
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
    if not parts.hostname or port == 0:
        raise AddressRefused(f"{address!r} names no host.")


def check_host(host: str, *, port: int, is_local: bool = False, resolve: Resolve | None = None) -> None:
    """
    Refuse a host that has any address that is not public, unless the channel is local. Raises AddressRefused.

    An early no, for the person who typed it: what counts is `connect`. A name that is not known is left to that.
    """
    try:
        numbers = (resolve or _resolve)(host, port)
    except OSError:
        return
    _check(host, numbers, is_local=is_local, cure=" If that is meant, allow it with '--local'.")


def checked_addresses(
    host: str, port: int, *, private_hosts: Collection[str] = (), cure: str = "", resolve: Resolve | None = None
) -> Sequence[str]:
    """
    Look a host up, once, and return the addresses that may be connected to, best first.

    `private_hosts` (lower case) may be at private and loopback addresses; `cure` ends the sentence of a refusal.
    Raises AddressRefused, OSError for a name that is not known.
    """
    numbers = list(dict.fromkeys((resolve or _resolve)(host, port)))
    if not numbers:
        raise socket.gaierror(socket.EAI_NONAME, f"{host} has no address")
    _check(host, numbers, is_local=host.lower().rstrip(".") in private_hosts, cure=cure)
    return numbers[:_ADDRESSES_TRIED]


def connect(
    address: tuple[str, int],
    timeout: float | None = None,
    *,
    private_hosts: Collection[str] = (),
    cure: str = "",
    resolve: Resolve | None = None,
) -> socket.socket:
    """
    Connect as `socket.create_connection` does, but only where `checked_addresses` allows it.

    Raises AddressRefused, OSError.
    """
    host, port = address
    numbers = checked_addresses(host, port, private_hosts=private_hosts, cure=cure, resolve=resolve)
    return first_reached(numbers, lambda number: socket.create_connection((number, port), timeout), failures=OSError)


def first_reached(
    numbers: Sequence[str], open_: Callable[[str], T], *, failures: type[Exception] | tuple[type[Exception], ...]
) -> T:
    """Open the first address at which it works; raises what the last one failed with."""
    for number in numbers[:-1]:
        try:
            return open_(number)
        except failures:
            continue
    return open_(numbers[-1])


def _check(host: str, numbers: Collection[str], *, is_local: bool, cure: str) -> None:
    for text in numbers:
        meant = _meant(ipaddress.ip_address(text.partition("%")[0]))
        if any(_is_in(number, _NO_SERVER) for number in meant):
            raise AddressRefused(f"{host} can't be called: {text} is no address of a server.")
        if not is_local and not all(_is_public(number) for number in meant):
            where = host if host == text else f"{host} is {text}, which"
            raise AddressRefused(f"{where} is inside a private network.{cure}")


def _meant(number: IpAddress) -> list[IpAddress]:
    """Return the addresses that are reached by one: itself, or an IPv4 address inside it, or both."""
    if isinstance(number, ipaddress.IPv4Address):
        return [number]
    if number in _MAPPED or number in _NAT64:
        return [ipaddress.IPv4Address(int(number) & 0xFFFF_FFFF)]
    embedded = [number.sixtofour, *(number.teredo or ())]
    return [number, *(inner for inner in embedded if inner is not None)]


def _is_public(number: IpAddress) -> bool:
    if isinstance(number, ipaddress.IPv4Address):
        return not _is_in(number, [*_NO_SERVER, *_NOT_PUBLIC_V4])
    return number in _PUBLIC_V6 and not _is_in(number, _NOT_PUBLIC_V6)


def _is_in(number: IpAddress, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    return any(number in network for network in networks)


def _resolve(host: str, port: int) -> Collection[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise AddressRefused(f"{host!r} is no name of a host.") from error
    return [str(entry[4][0]) for entry in found]
