"""
The address of a store's JSON API: what a person types about a domain and a folder, as one normalised endpoint.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlencode, urlsplit

from tradepost.domain.errors import AddressRefused

_SCRIPT = "json.mvc"
_SHOP_SCRIPT = "merchant.mvc"
_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one Miva domain answers; `folder` begins and ends with a slash, also when it is the root."""

    scheme: str
    host: str
    port: int
    folder: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"

    @property
    def url(self) -> str:
        return f"{self.origin}{self.folder}{_SCRIPT}"

    @property
    def graphics_url(self) -> str:
        """The web address that registered image paths are relative to."""
        return f"{self.origin}{self.folder}"

    def page_url(self, code: str, *, store_code: str) -> str:
        """The address of a product's page, as shoppers open it whatever short addresses the store has."""
        query = urlencode({"Store_Code": store_code, "Screen": "PROD", "Product_Code": code})
        return f"{self.origin}{self.folder}{_SHOP_SCRIPT}?{query}"

    def __str__(self) -> str:
        return self.url


def endpoint_of(domain: str, *, folder: str = "/mm5/", plain_http: bool = False) -> Endpoint:
    """
    Build the endpoint from a domain (with or without scheme, port, slash) and the store's folder.

    A full endpoint (`https://shop.example/mm5/json.mvc`) as the domain brings its own folder. HTTPS unless
    `plain_http`, whatever scheme was typed; the folder keeps its case. Raises AddressRefused with what to type.
    """
    typed = domain.strip()
    parts = _split(typed if "://" in typed else f"https://{typed}")
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        raise AddressRefused(f"The domain {domain!r} can't be used: only web addresses (https) can be called.")
    if scheme == "http" and not plain_http:
        raise AddressRefused(
            "The address begins with http://, so the token and all orders would travel unencrypted. "
            "Type https:// instead, or allow plain HTTP for this channel on purpose (--plain-http)."
        )
    if parts.username or parts.password:
        raise AddressRefused("Leave user and password out of the domain: they belong into the connection's own fields.")
    if parts.query or parts.fragment:
        raise AddressRefused(f"The domain {domain!r} has a '?' or '#' part: enter the host name alone.")
    if not parts.hostname or any(character.isspace() for character in typed):
        raise AddressRefused(f"The domain {domain!r} is no host name; enter one like shop.example.com.")
    if plain_http and "://" not in typed:
        scheme = "http"
    path = parts.path
    if path.casefold().endswith(_SCRIPT):
        path = path[: -len(_SCRIPT)]
    return Endpoint(
        scheme=scheme,
        host=_host(parts.hostname, domain),
        port=_port(parts, domain) or _DEFAULT_PORTS[scheme],
        folder=normalised_folder(path if path.strip("/") else folder),
    )


def normalised_folder(folder: str) -> str:
    """Return the folder with one slash on either side; `` and `/` are the root."""
    names = [name for name in folder.strip().replace("\\", "/").split("/") if name]
    if names and names[-1].casefold() == _SCRIPT:
        names.pop()
    for name in names:
        if (
            name in {".", ".."}
            or not name.isprintable()
            or any(character in "?#%:" or character.isspace() for character in name)
        ):
            raise AddressRefused(
                f"The folder {folder!r} can't be used; enter what Domain Settings show, like /mm5/.", field="folder"
            )
    return "/" + "".join(f"{name}/" for name in names)


def _host(name: str, domain: str) -> str:
    try:
        host = (name if name.isascii() else name.encode("idna").decode("ascii")).rstrip(".")
        is_good = bool(_HOST_NAME.fullmatch(host)) if ":" not in host else bool(ip_address(host))
    except ValueError:
        is_good = False
    if not is_good:
        raise AddressRefused(f"The domain {domain!r} is no host name; enter one like shop.example.com.")
    return host


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise AddressRefused(f"The address {address!r} can't be read: {error}.") from error


def _port(parts: SplitResult, domain: str) -> int | None:
    try:
        return parts.port
    except ValueError as error:
        raise AddressRefused(f"The port in {domain!r} is no number between 1 and 65535.") from error
