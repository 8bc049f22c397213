"""
From a channel's stored connection to a store that can be talked to: the one place where the pieces are put together.
"""

import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx2
import stamina

from tradepost.miva.store import MivaStore
from tradepost.miva.wire.address import endpoint_of
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.retrying import API
from tradepost.miva.wire.signing import Credentials, Digest
from tradepost.miva.wire.transport import HttpTransport, Limits, OpenTransport, RequestObserver


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreConnection:
    """
    What a channel knows about its store. `domain` may be a full endpoint.

    `web_server_login` (user, password) is for protected development stores only.
    """

    domain: str
    store_code: str
    token: str = field(repr=False)
    signing_key: str = field(default="", repr=False)
    folder: str = "/mm5/"
    digest: Digest = "sha256"
    plain_http: bool = False
    web_server_login: tuple[str, str] | None = field(default=None, repr=False)


def connect_client(
    connection: StoreConnection,
    *,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.time,
    retrying: stamina.RetryingCaller = API,
    observer: RequestObserver | None = None,
    certificates: ssl.SSLContext | None = None,
    open_transport: OpenTransport = httpx2.HTTPTransport,
) -> MivaClient:
    """
    Make a client; nothing is sent yet. `open_transport` decides where the store's name may lead.

    Raises AddressRefused and CredentialsRejected for what can't be used whatever the store says.
    """
    transport = HttpTransport(
        endpoint=endpoint_of(connection.domain, folder=connection.folder, plain_http=connection.plain_http),
        credentials=Credentials(connection.token, connection.signing_key, connection.digest),
        limits=limits or Limits(),
        clock=clock,
        observer=observer,
        web_server_login=connection.web_server_login,
        certificates=certificates,
        open_transport=open_transport,
    )
    return MivaClient(transport, store_code=connection.store_code.strip(), clock=clock, retrying=retrying)


def connect_store(connection: StoreConnection, *, observer: RequestObserver | None = None) -> MivaStore:
    """Make the port `Store` of a connection; nothing is sent yet."""
    return MivaStore(connect_client(connection, observer=observer))
