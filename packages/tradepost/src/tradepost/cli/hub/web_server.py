"""The web server of `tradepost serve`: its limits, so that nobody keeps pages from others, and the proxy in front."""

import os
from typing import Any

from waitress.channel import HTTPChannel  # type: ignore[import-untyped] # the package has no types
from waitress.server import create_server  # type: ignore[import-untyped] # see above

from tradepost.domain.errors import NotAllowed
from tradepost.domain.files.fetched_file import LARGEST_UPLOAD_BYTES

THREADS = 8
# Threads answer whole requests only, so slow visitors cost a connection and no thread. These are so many, with room
# below the usual limit of 1,024 open files for databases and stores.
CONNECTIONS = 500
# A connection without a whole request for so long is closed.
TIMEOUT_SECONDS = 60
# A catalogue file that is given on a page is the largest, with room for what a form is beside it.
LARGEST_REQUEST_BYTES = LARGEST_UPLOAD_BYTES + 1_000_000
LARGEST_HEAD_BYTES = 64_000
PROXY = "TRADEPOST_TRUSTED_PROXY"


class WholeRequests(HTTPChannel):  # type: ignore[misc] # see above
    """A connection for which a part of a request is no sign of life: who sends it byte by byte has no longer time."""

    last_activity: float

    def handle_read(self) -> None:
        is_begun, before = self.request is not None, self.last_activity
        super().handle_read()
        if is_begun and self.request is not None:
            self.last_activity = before


def listen(*, host: str, port: int, application: str) -> Any:
    """Make the server of the back office. `application`: its dotted name. Raises NotAllowed when the port is taken."""
    from django.utils.module_loading import import_string

    try:
        server = create_server(
            import_string(application),
            host=host,
            port=port,
            threads=THREADS,
            ident="Tradepost",
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            channel_timeout=TIMEOUT_SECONDS,
            cleanup_interval=10,
            max_request_body_size=LARGEST_REQUEST_BYTES,
            max_request_header_size=LARGEST_HEAD_BYTES,
            clear_untrusted_proxy_headers=True,
            **_behind_proxy(os.environ.get(PROXY, "")),
        )
    except OSError as error:
        message = (
            f"Can't listen on {host}:{port}: {error.strerror or error}. End the program that listens there, or choose "
            "another address with --host or --port."
        )
        raise NotAllowed(message) from error
    # A name with an IPv4 and an IPv6 address is listened to on both, by a server each.
    for each in [server, *getattr(server, "map", {}).values()]:
        if hasattr(each, "channel_class"):
            each.channel_class = WholeRequests
    return server


def port_of(server: Any) -> int:
    port: int = server.effective_listen[0][1] if hasattr(server, "effective_listen") else server.effective_port
    return port


def refuse_endless_redirects() -> None:
    """Raise NotAllowed where every page would lead to itself: by https only, and nobody is believed that it was."""
    from django.conf import settings

    if settings.SECURE_SSL_REDIRECT and not os.environ.get(PROXY):
        raise NotAllowed(
            f"TRADEPOST_ADDRESS is {settings.TRADEPOST_ADDRESS}, but this server speaks plain http, and {PROXY} does "
            "not name the proxy in front of it that speaks https: every page would lead to itself for ever. Set "
            f"{PROXY} to the address that the proxy comes from, for example 127.0.0.1, or leave TRADEPOST_ADDRESS out."
        )


def _behind_proxy(address: str) -> dict[str, Any]:
    """Believe a proxy in front, and only that one, when it says from where and by what a visitor came."""
    headers = {"x-forwarded-for", "x-forwarded-proto"}
    return {"trusted_proxy": address, "trusted_proxy_count": 1, "trusted_proxy_headers": headers} if address else {}
