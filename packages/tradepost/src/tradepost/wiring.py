"""Wiring: the one place where ports are joined to what implements them."""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol, cast

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.channels.channels import settings_of
from tradepost.database.channels.connections import connection_of, save_connection, secrets_of
from tradepost.database.listings.intents import DjangoIntents
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.listings.store_inventory import DjangoStoreInventory
from tradepost.database.models import Channel, Connection, ConnectionKind, Transport
from tradepost.database.orders.orders import DjangoOrders
from tradepost.domain.errors import NotAllowed
from tradepost.images.library import ImageLibrary
from tradepost.miva.connect import StoreConnection, connect_client
from tradepost.miva.files.file_server import FileServerAddress, Mode
from tradepost.miva.files.image_folder import ImageFolder
from tradepost.miva.files.image_store import MivaImageStore, connect_images
from tradepost.miva.store import MivaStore
from tradepost.miva.wire.address import endpoint_of
from tradepost.miva.wire.signing import Digest
from tradepost.miva.wire.transport import RequestSeen
from tradepost.operations import get_orders, link, publish, sync, sync_orders
from tradepost.operations.import_catalogue import ImportPorts
from tradepost.operations.ports import ActiveRun, Clock, Ports
from tradepost.security.addresses import check_host, check_web_address, checked_addresses, connect
from tradepost.security.encryption import FernetCipher
from tradepost.security.transport import CheckedTransport

_logger = logging.getLogger(__name__)


class Operation(Protocol):
    def __call__(self, ports: Ports, *, only: Collection[int] | None = None) -> None: ...


OPERATIONS: Mapping[str, Operation] = {
    "publish": publish.execute,
    "sync": sync.execute,
    "link": link.execute,
    "get_orders": get_orders.execute,
    "sync_orders": sync_orders.execute,
}


@contextmanager
def ports_for(channel: Channel, run: ActiveRun, *, clock: Clock = timezone.now) -> Iterator[Ports]:
    """
    Give an operation all it needs on a channel, and close what was opened.

    Raises NotAllowed without a store connection, AddressRefused, Reconfigure when the key does not fit.
    """
    with ExitStack() as stack:
        store = stack.enter_context(open_store(channel))
        image_store = stack.enter_context(open_image_store(channel))
        channel_settings = settings_of(channel)
        connection = connection_of(channel, ConnectionKind.IMAGE_FTP)
        if connection is not None:
            # One folder, told once: where the files go is what the store is told.
            rules = replace(channel_settings.rules, image_folder=_image_folder(connection).registered)
            channel_settings = replace(channel_settings, rules=rules)
        yield Ports(
            channel=channel_settings,
            store=store,
            image_store=image_store,
            source_images=source_images(channel),
            listings=DjangoListings(channel.pk, clock=clock, run_id=run.id),
            intents=DjangoIntents(channel.pk, clock=clock, run_id=run.id),
            inventory=DjangoStoreInventory(channel.pk),
            orders=DjangoOrders(channel.pk),
            run=run,
            clock=clock,
        )


def import_ports(channel: Channel | None, *, reads_files: bool, clock: Clock = timezone.now) -> ImportPorts:
    """
    Give an import what it needs; without a channel it is of the catalogue alone.

    `reads_files`: images may be files of this machine; only for a file that was named at the command line.
    """
    return ImportPorts(
        catalogue=DjangoCatalogue(),
        listings=None if channel is None else DjangoListings(channel.pk, clock=clock),
        source_images=source_images(channel),
        transaction=transaction.atomic,
        clock=clock,
        reads_files=reads_files,
    )


def source_images(channel: Channel | None) -> ImageLibrary:
    """
    Make the library of source images, of a channel or of the catalogue alone.

    Any catalogue may name any address, so of a local channel, too, only the hosts of its own store and image server
    may be inside the network.
    """
    own = [] if channel is None else [connection_of(channel, kind) for kind in ConnectionKind]
    hosts = {connection.host.lower() for connection in own if connection is not None}
    addresses = partial(
        checked_addresses,
        private_hosts=hosts if channel is not None and channel.is_local else (),
        cure=" Images are fetched from there only if that is the host of a local channel's own store or image server.",
    )
    return ImageLibrary(
        Path(settings.DATA_DIR) / "images",
        check_address=check_web_address,
        open_transport=partial(CheckedTransport, addresses=addresses),
    )


def cipher() -> FernetCipher:
    return FernetCipher.of_folder(Path(settings.DATA_DIR), keys=settings.TRADEPOST_ENCRYPTION_KEYS)


def save_store_connection(channel: Channel, connection: StoreConnection) -> Connection:
    """Keep a channel's store API connection; blank secrets leave the stored ones as they are. Raises AddressRefused."""
    endpoint = endpoint_of(connection.domain, folder=connection.folder, plain_http=connection.plain_http)
    user, password = connection.web_server_login or ("", "")
    secrets = {
        "token": connection.token,
        "signing_key": connection.signing_key,
        "web_server_password": password,
    }
    return save_connection(
        channel,
        ConnectionKind.STORE_API,
        cipher=cipher(),
        secrets={name: value for name, value in secrets.items() if value},
        protocol=Transport(endpoint.scheme).value,
        host=endpoint.host,
        port=endpoint.port,
        folder=endpoint.folder,
        store_code=connection.store_code,
        user=user,
        digest=connection.digest,
    )


def save_image_connection(channel: Channel, address: FileServerAddress, folder: ImageFolder) -> Connection:
    """Keep a channel's image server connection; a blank password leaves the stored one as it is."""
    return save_connection(
        channel,
        ConnectionKind.IMAGE_FTP,
        cipher=cipher(),
        secrets={"password": address.password} if address.password else {},
        protocol=Transport(address.mode).value,
        host=address.host,
        port=address.port or None,
        folder=folder.base_directory,
        sub_folder=folder.sub_folder,
        user=address.user,
        fingerprint=address.fingerprint,
    )


def store_connection(channel: Channel) -> StoreConnection:
    """Return what the channel knows about its store, secrets included. Raises NotAllowed where there is nothing."""
    connection = connection_of(channel, ConnectionKind.STORE_API)
    if connection is None:
        raise NotAllowed(f"The channel '{channel.name}' has no connection to a store yet.")
    secrets = secrets_of(connection, cipher())
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    return StoreConnection(
        domain=f"{connection.protocol}://{host}:{connection.port}",
        folder=connection.folder,
        store_code=connection.store_code,
        token=secrets.get("token", ""),
        signing_key=secrets.get("signing_key", ""),
        digest=cast("Digest", connection.digest),
        plain_http=connection.protocol == Transport.HTTP,
        web_server_login=(connection.user, secrets.get("web_server_password", "")) if connection.user else None,
    )


@contextmanager
def open_store(channel: Channel) -> Iterator[MivaStore]:
    """Open a channel's store; nothing is sent yet. Raises NotAllowed, AddressRefused, Reconfigure."""
    connection = store_connection(channel)
    endpoint = endpoint_of(connection.domain, folder=connection.folder, plain_http=connection.plain_http)
    check_host(endpoint.host, port=endpoint.port, is_local=channel.is_local)
    addresses = partial(checked_addresses, private_hosts=_private(endpoint.host, channel))
    store = MivaStore(
        connect_client(
            connection, observer=_note_request, open_transport=partial(CheckedTransport, addresses=addresses)
        )
    )
    try:
        yield store
    finally:
        store.close()


@contextmanager
def open_image_store(channel: Channel) -> Iterator[MivaImageStore | None]:
    """Open a channel's image server; None where it has none. Raises AddressRefused, Reconfigure."""
    connection = connection_of(channel, ConnectionKind.IMAGE_FTP)
    if connection is None:
        yield None
        return
    address = _image_address(connection, password=secrets_of(connection, cipher()).get("password", ""))
    check_host(address.host, port=address.real_port, is_local=channel.is_local)
    images = connect_images(
        address,
        folder=_image_folder(connection),
        connect=partial(connect, private_hosts=_private(address.host, channel)),
    )
    try:
        yield images
    finally:
        images.close()


def _private(host: str, channel: Channel) -> frozenset[str]:
    return frozenset({host.lower()} if channel.is_local else ())


def change_image_password(channel: Channel, password: str) -> None:
    """Keep a new password for a channel's image server. Raises NotAllowed where it has none."""
    connection = connection_of(channel, ConnectionKind.IMAGE_FTP)
    if connection is None:
        raise NotAllowed(f"The channel '{channel.name}' has no image server.")
    save_image_connection(channel, _image_address(connection, password=password), _image_folder(connection))


def _image_address(connection: Connection, *, password: str) -> FileServerAddress:
    return FileServerAddress(
        host=connection.host,
        user=connection.user,
        password=password,
        mode=cast("Mode", connection.protocol),
        port=connection.port or 0,
        fingerprint=connection.fingerprint,
    )


def _image_folder(connection: Connection) -> ImageFolder:
    return ImageFolder(base_directory=connection.folder, sub_folder=connection.sub_folder)


def _note_request(seen: RequestSeen) -> None:
    _logger.info(
        "Request %s: %.3f s, %d bytes out, %d in, status %s %s",
        "+".join(sorted(set(seen.functions))),
        seen.seconds,
        seen.sent_bytes,
        seen.received_bytes,
        seen.status,
        seen.error,
    )
