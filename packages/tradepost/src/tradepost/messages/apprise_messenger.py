"""Letters by Apprise: e-mail, web addresses and what else it reaches, each behind one address."""

from collections.abc import Callable
from typing import Any, Protocol

from tradepost.domain.errors import NotAllowed, Retry
from tradepost.domain.people.notices import Letter

_HELP = (
    "For example mailtos://user:password@mail.example.com?to=me@example.com for e-mail, or "
    "jsons://hooks.example.com/path for a web address. Apprise's own pages list all that it reaches."
)
_LONGEST_FAILURE = 300


class CheckNoticeHost(Protocol):
    """Refuses a host that may not be called; see `security.addresses`."""

    def __call__(self, host: str, *, port: int, is_local: bool) -> None: ...


class AppriseMessenger:
    """
    Implements `ports.Messenger`. `check_host` refuses hosts inside the network, `masked` takes what is secret or
    personal out of a failure's words.
    """

    def __init__(self, *, check_host: CheckNoticeHost, masked: Callable[[str], str]) -> None:
        self._check_host = check_host
        self._masked = masked

    def shown(self, address: str) -> str:
        place = _place(address)
        host = _host(place)
        return f"{_scheme(address)}://{host}" if host else _scheme(address)

    def send(self, address: str, letter: Letter, *, is_local: bool) -> None:
        # It knows more than a hundred services, and takes a second to load them.
        from apprise import Apprise, LogCapture, NotifyFormat, NotifyType, logging  # noqa: PLC0415

        place = _place(address)
        if host := _host(place):
            self._check_host(host, port=int(getattr(place, "port", None) or 0), is_local=is_local)
        carrier = Apprise()
        carrier.add(place)
        with LogCapture(level=logging.WARNING, fmt="%(message)s") as log:  # type: ignore[no-untyped-call]
            is_sent = carrier.notify(
                body=letter.body, title=letter.title, notify_type=NotifyType.INFO, body_format=NotifyFormat.TEXT
            )
            words = " ".join(log.getvalue().split())
        if not is_sent:
            reason = self._masked(words)[:_LONGEST_FAILURE] or "it says no more about it"
            raise Retry(f"The message could not be sent: {reason}")


def _place(address: str) -> Any:
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415 see above

    # A web address that leads on elsewhere might lead inside.
    asset = AppriseAsset(app_id="Tradepost", app_desc="Tradepost", http_redirects=False, secure_logging=True)
    place = Apprise.instantiate(address, asset=asset, suppress_exceptions=True)
    if place is None:
        raise NotAllowed(f"That is no address that a message could be sent to. {_HELP}")
    return place


def _host(place: Any) -> str:
    """The host that is called, where the address names one; of a service there stands a key, which no one is asked."""
    if not any("{host}" in template for template in place.templates):
        return ""
    return str(getattr(place, "smtp_host", "") or getattr(place, "host", "") or "")


def _scheme(address: str) -> str:
    return address.partition(":")[0].strip().lower()
