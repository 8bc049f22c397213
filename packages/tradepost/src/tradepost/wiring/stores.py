"""The stores of channels and where their images go; what is noted of each request."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial

from prometheus_client import Histogram

from tradepost.database.channels.connections import image_connection_of, store_connection_of
from tradepost.database.models import Channel
from tradepost.domain.errors import AddressRefused, NotAllowed
from tradepost.miva.capabilities import MIVA
from tradepost.miva.connect import MivaConnector
from tradepost.miva.files.file_server import Connect
from tradepost.miva.files.look_only import LookOnlyImages
from tradepost.miva.wire.functions import THE_EIGHT
from tradepost.miva.wire.transport import OpenTransport, RequestSeen, always
from tradepost.operations.ports import ActiveRun, Capabilities, ImageStore, Store, StoreConnection
from tradepost.security.addresses import check_host, checked_addresses, connect
from tradepost.security.log_context import of_run
from tradepost.security.transport import CheckedTransport
from tradepost.wiring.secrets import cipher

_logger = logging.getLogger(__name__)

STORE_REQUESTS = Histogram(
    "tradepost_store_request_seconds",
    "How long requests to stores took, by what became of them.",
    ["outcome"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)


@contextmanager
def open_store(channel: Channel, run: ActiveRun | None = None) -> Iterator[Store]:
    """
    Open a channel's store; nothing is sent yet, and for a run only as long as it is still ours.

    Raises NotAllowed, AddressRefused, Reconfigure.
    """
    connection = store_connection_of(channel, cipher=cipher())
    if connection is None:
        raise NotAllowed(f"The channel '{channel.name}' has no connection to a store yet.")
    opened = connector(run).open_store(
        connection,
        is_local=channel.is_local,
        requests_at_once=channel.requests_at_once,
        only_reads=channel.is_look_only,
        permit=always if run is None else run.hold,
    )
    with closing(opened) as store:
        yield store


@contextmanager
def store_at(connection: StoreConnection, *, is_local: bool) -> Iterator[Store]:
    """Open a store that no channel is needed for; nothing is sent yet. Raises AddressRefused, CredentialsRejected."""
    with closing(connector().open_store(connection, is_local=is_local)) as store:
        yield store


@contextmanager
def open_image_store(channel: Channel, run: ActiveRun | None = None) -> Iterator[ImageStore | None]:
    """
    Open where a channel's images go: its image server, or the store itself; None for neither.

    Raises AddressRefused, Reconfigure.
    """
    connection = image_connection_of(channel, cipher=cipher())
    opened: ImageStore
    store = store_connection_of(channel, cipher=cipher()) if channel.sends_images_itself else None
    if connection is not None:
        opened = connector().open_images(connection, is_local=channel.is_local)
    elif store is not None:
        permit = always if run is None else run.hold
        opened = connector(run).open_own_images(store, is_local=channel.is_local, permit=permit)
    else:
        yield None
        return
    with closing(opened) as images:
        yield LookOnlyImages(images) if channel.is_look_only else images


def page_in_shop(channel: Channel, code: str) -> str:
    """Return the address of a product's page in the shop; blank for a channel that has no connection."""
    connection = store_connection_of(channel, cipher=None)
    if connection is None:
        return ""
    try:
        return connector().page_address(connection, code)
    except AddressRefused:
        return ""


def capabilities() -> Capabilities:
    """Say what channels can do; there is one type of them."""
    return MIVA


def needed_functions() -> Sequence[str]:
    """Name the functions of the store's API that a token has to be given."""
    return THE_EIGHT


def connector(run: ActiveRun | None = None) -> MivaConnector:
    return MivaConnector(
        check_host=check_host,
        transport_for=_transport_for,
        connect_for=connect_for,
        observer=_note_request if run is None else partial(_note_request_of, run.id),
    )


def _transport_for(private_hosts: frozenset[str]) -> OpenTransport:
    addresses = partial(checked_addresses, private_hosts=private_hosts)
    return partial(CheckedTransport, addresses=addresses)


def connect_for(private_hosts: frozenset[str]) -> Connect:
    return partial(connect, private_hosts=private_hosts)


def _note_request_of(run_id: int, seen: RequestSeen) -> None:
    # Requests have threads of their own, which do not know for whom they work.
    with of_run(run_id):
        _note_request(seen)


def _note_request(seen: RequestSeen) -> None:
    STORE_REQUESTS.labels(seen.error or "answered").observe(seen.seconds)
    _logger.info(
        "Request %s: %.3f s, %d bytes out, %d in, status %s %s",
        "+".join(sorted(set(seen.functions))),
        seen.seconds,
        seen.sent_bytes,
        seen.received_bytes,
        seen.status,
        seen.error,
    )
