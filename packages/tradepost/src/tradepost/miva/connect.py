"""
From a channel's connections to a store and an image server that can be talked to: the one place where the pieces are
put together.
"""

import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

import httpx2
import stamina

from tradepost.domain.errors import AddressRefused, StorageRefused, TradepostError
from tradepost.domain.orders.acknowledgement import Acknowledgement
from tradepost.miva.check import check_connection
from tradepost.miva.files.file_server import Connect, FileServerAddress
from tradepost.miva.files.image_folder import ImageFolder
from tradepost.miva.files.image_store import MivaImageStore, connect_images
from tradepost.miva.files.provisioned_images import ProvisionedImages
from tradepost.miva.store import MivaStore
from tradepost.miva.wire.address import Endpoint, endpoint_of
from tradepost.miva.wire.client import MivaClient
from tradepost.miva.wire.retrying import API, AT_ONCE, FILES
from tradepost.miva.wire.side_by_side import DEFAULT_AT_ONCE
from tradepost.miva.wire.signing import Credentials
from tradepost.miva.wire.transport import HttpTransport, Limits, OpenTransport, Permit, RequestObserver, always
from tradepost.operations.ports import ImageCheck, ImageConnection, ProbeCheck, StoreCheck, StoreConnection


class CheckHost(Protocol):
    def __call__(self, host: str, *, port: int, is_local: bool) -> None:
        """Raise AddressRefused for a host that must not be called."""


def connect_client(
    connection: StoreConnection,
    *,
    limits: Limits | None = None,
    clock: Callable[[], float] = time.time,
    retrying: stamina.RetryingCaller = API,
    observer: RequestObserver | None = None,
    certificates: ssl.SSLContext | None = None,
    open_transport: OpenTransport = httpx2.HTTPTransport,
    only_reads: bool = False,
    permit: Permit = always,
) -> MivaClient:
    """
    Make a client; nothing is sent yet. `open_transport` decides where the store's name may lead, and `permit` is asked
    right before each request.

    One that `only_reads` refuses to send what writes.

    Raises AddressRefused and CredentialsRejected for what can't be used whatever the store says.
    """
    transport = HttpTransport(
        endpoint=_endpoint(connection),
        credentials=Credentials(connection.token, connection.signature_key, connection.digest),
        limits=limits or Limits(),
        clock=clock,
        observer=observer,
        permit=permit,
        web_server_login=(connection.web_user, connection.web_password) if connection.web_user else None,
        certificates=certificates,
        open_transport=open_transport,
    )
    store_code = connection.store_code.strip()
    return MivaClient(transport, store_code=store_code, clock=clock, retrying=retrying, only_reads=only_reads)


def connect_store(connection: StoreConnection, *, observer: RequestObserver | None = None) -> MivaStore:
    """Make the port `Store` of a connection; nothing is sent yet."""
    return MivaStore(connect_client(connection, observer=observer))


def _private(host: str, *, is_local: bool) -> frozenset[str]:
    return frozenset({host.lower()} if is_local else ())


class MivaConnector:
    """
    Implements `ports.Connector`, and opens what it has looked at.

    `check_host` is asked before each first call. `transport_for` and `connect_for` are given the hosts that may lead
    into this network, and make what connects, which looks again where a name leads.
    """

    def __init__(
        self,
        *,
        check_host: CheckHost,
        transport_for: Callable[[frozenset[str]], OpenTransport],
        connect_for: Callable[[frozenset[str]], Connect],
        observer: RequestObserver | None = None,
    ) -> None:
        self._check_host = check_host
        self._transport_for = transport_for
        self._connect_for = connect_for
        self._observer = observer

    def open_store(
        self,
        connection: StoreConnection,
        *,
        is_local: bool,
        requests_at_once: int = DEFAULT_AT_ONCE,
        only_reads: bool = False,
        permit: Permit = always,
    ) -> MivaStore:
        """
        Make the port `Store` of one that may be called; nothing is sent yet. `permit` is asked before each request.

        Raises AddressRefused, Reconfigure.
        """
        client = self._client(connection, is_local=is_local, retrying=API, only_reads=only_reads, permit=permit)
        return MivaStore(client, requests_at_once=requests_at_once)

    def _client(
        self,
        connection: StoreConnection,
        *,
        is_local: bool,
        retrying: stamina.RetryingCaller,
        only_reads: bool = False,
        permit: Permit = always,
    ) -> MivaClient:
        endpoint = _endpoint(connection)
        self._check_host(endpoint.host, port=endpoint.port, is_local=is_local)
        open_transport = self._transport_for(_private(endpoint.host, is_local=is_local))
        return connect_client(
            connection,
            observer=self._observer,
            retrying=retrying,
            open_transport=open_transport,
            only_reads=only_reads,
            permit=permit,
        )

    def open_images(
        self, connection: ImageConnection, *, is_local: bool, retrying: stamina.RetryingCaller = FILES
    ) -> MivaImageStore:
        """Make the port `ImageStore` of a server that may be called; nothing is opened yet. Raises AddressRefused."""
        address = FileServerAddress(
            host=connection.host,
            user=connection.user,
            password=connection.password,
            protocol=connection.protocol,
            port=connection.port,
            fingerprint=connection.fingerprint,
        )
        self._check_host(address.host, port=address.real_port, is_local=is_local)
        connect = self._connect_for(_private(address.host, is_local=is_local))
        return connect_images(address, folder=image_folder_of(connection), retrying=retrying, connect=connect)

    def open_own_images(
        self,
        connection: StoreConnection,
        *,
        is_local: bool,
        retrying: stamina.RetryingCaller = API,
        permit: Permit = always,
    ) -> ProvisionedImages:
        """Make the port `ImageStore` of a store that writes its files itself. Raises AddressRefused, Reconfigure."""
        return ProvisionedImages(self._client(connection, is_local=is_local, retrying=retrying, permit=permit))

    def files_address(self, connection: StoreConnection) -> str:
        """Return the web address below which the store shows its files. Raises AddressRefused."""
        return _endpoint(connection).graphics_url

    def page_address(self, connection: StoreConnection, code: str) -> str:
        """Return the web address of a product's page in the shop. Raises AddressRefused."""
        return _endpoint(connection).page_url(code, store_code=connection.store_code)

    def settled_store(self, connection: StoreConnection) -> StoreConnection:
        """See the port."""
        endpoint = _endpoint(connection)
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        return replace(
            connection,
            domain=f"{endpoint.scheme}://{host}:{endpoint.port}",
            folder=endpoint.folder,
            plain_http=endpoint.scheme == "http",
        )

    def settled_images(self, connection: ImageConnection) -> ImageConnection:
        """See the port."""
        host, port = _file_server(connection)
        return replace(connection, host=host, port=port, directory=image_folder_of(connection).base_directory)

    def look_at_store(
        self,
        connection: StoreConnection,
        *,
        is_local: bool,
        type_field: str,
        image_type: str,
        acknowledgement: Acknowledgement,
    ) -> StoreCheck:
        """See the port."""
        with self._client(connection, is_local=is_local, retrying=AT_ONCE) as client:
            return check_connection(
                client, type_field=type_field, image_type=image_type, acknowledgement=acknowledgement
            )

    def look_at_images(
        self,
        connection: ImageConnection,
        *,
        store: StoreConnection | None,
        is_local: bool,
        make_folder: bool,
        only_reads: bool,
    ) -> ImageCheck:
        """See the port."""
        usual = store.folder if store is not None else _USUAL_FOLDER
        with self.open_images(connection, is_local=is_local, retrying=AT_ONCE) as images:
            if images.has_folder():
                if only_reads:
                    return ImageCheck(has_folder=True)
                probe = self._probe(images, store, is_local=is_local)
                directory = images.detect_base_directory(folder=usual) if probe.is_shown is False else None
                return ImageCheck(has_folder=True, directory=directory or "", probe=probe)
            if not images.has_base_directory():
                return ImageCheck(has_folder=False, directory=images.detect_base_directory(folder=usual) or "")
            if only_reads or not make_folder:
                return ImageCheck(has_folder=False)
            images.make_folder()
            return ImageCheck(has_folder=True, was_made=True, probe=self._probe(images, store, is_local=is_local))

    def _probe(self, images: MivaImageStore, store: StoreConnection | None, *, is_local: bool) -> ProbeCheck:
        try:
            with images.probe() as (path, content):
                if store is None:
                    return ProbeCheck(reason="the channel has no store connection")
                return self._shown(store, path, content, is_local=is_local)
        except StorageRefused as refused:
            return ProbeCheck(refusal=str(refused))

    def _shown(self, store: StoreConnection, path: str, content: bytes, *, is_local: bool) -> ProbeCheck:
        address = f"{_endpoint(store).graphics_url}{path}"
        try:
            with self._client(store, is_local=is_local, retrying=AT_ONCE) as client:
                status, shown = client.web_file(path, at_most=len(content) + 1)
        except TradepostError as error:
            return ProbeCheck(address=address, reason=str(error))
        if status == HTTPStatus.OK:
            return ProbeCheck(address=address, is_shown=shown == content)
        if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
            return ProbeCheck(address=address, is_shown=False)
        return ProbeCheck(address=address, reason=f"its web server answers with HTTP {status}")


# Where a store's folder is looked for on its image server where nothing says it: what nearly all stores have.
_USUAL_FOLDER = "/mm5/"


def _file_server(connection: ImageConnection) -> tuple[str, int]:
    """Return host and port of what may be typed as a hoster's mail has it: `ftp://ftp.example.com:2121/htdocs`."""
    typed = connection.host.strip()
    if ":" in typed.replace("://", "").partition(":")[2]:
        return typed, connection.port  # the number of an IPv6 host
    try:
        parts = urlsplit(typed if "://" in typed else f"//{typed}")
        port = parts.port or connection.port
    except ValueError as error:
        raise AddressRefused(f"The server {typed!r} can't be read: {error}.", field="host") from error
    return parts.hostname or "", port


def image_folder_of(connection: ImageConnection) -> ImageFolder:
    return ImageFolder(base_directory=connection.directory, sub_folder=connection.folder)


def _endpoint(connection: StoreConnection) -> Endpoint:
    return endpoint_of(connection.domain, folder=connection.folder, plain_http=connection.plain_http)
