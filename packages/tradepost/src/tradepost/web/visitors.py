"""Who comes, and from where: the address of a visitor, and what a page may ask of the visitor's browser."""

import ipaddress
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tradepost.database.whence import come_from

Answer = Callable[[HttpRequest], HttpResponse]

# Nothing that a browser can do beside showing pages is of use here.
_NOTHING = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "hid",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)
_OF_ONE_NETWORK = 64


def address_of(request: HttpRequest) -> str:
    """Return a visitor's address: of the connection, or what a trusted proxy in front said, which the server checks."""
    return str(request.META.get("REMOTE_ADDR", ""))


def address_in_limits(request: HttpRequest) -> str | None:
    """
    Return the address that failed logins are counted by; named in the settings.

    Who has an IPv6 address has a network of them.
    """
    try:
        address = ipaddress.ip_address(address_of(request))
    except ValueError:
        return None
    if address.version == 6:  # noqa: PLR2004 - as it is called
        return str(ipaddress.ip_network((address, _OF_ONE_NETWORK), strict=False).network_address)
    return str(address)


def know_whence(answer: Answer) -> Answer:
    """Tell the audit trail from where what a request does comes."""

    def answer_known(request: HttpRequest) -> HttpResponse:
        come_from(address_of(request))
        return answer(request)

    return answer_known


def permissions_policy(answer: Answer) -> Answer:
    def answer_modestly(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.headers.setdefault("Permissions-Policy", _NOTHING)
        return response

    return answer_modestly
