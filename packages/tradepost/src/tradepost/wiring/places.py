"""Folders, web addresses and file servers where files are exchanged."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from tradepost.domain.errors import AddressRefused
from tradepost.domain.files.fetched_file import CATALOGUE_ENDINGS
from tradepost.domain.files.file_address import FOLDER, WEB, file_address
from tradepost.exports.folder import LocalFolder
from tradepost.exports.one_file import OneFile
from tradepost.exports.web import WebAddress
from tradepost.miva.files.file_server import FileServerAddress
from tradepost.miva.files.image_store import SERVERS
from tradepost.miva.files.server_folder import ServerFolder
from tradepost.operations.ports import ConsumerTarget, ExchangePlace, FilePlace, FileProtocol, SourceAddress, Target
from tradepost.security.addresses import checked_addresses
from tradepost.security.transport import CheckedTransport
from tradepost.wiring.stores import connect_for


@contextmanager
def open_source(source: SourceAddress, *, is_local: bool) -> Iterator[FilePlace]:
    """Open where shipments are fetched from; nothing is asked yet. Raises NotAllowed, AddressRefused."""
    with _open_place(source.address, secret=source.secret, fingerprint=source.fingerprint, is_local=is_local) as place:
        yield place


@contextmanager
def open_target(target: ConsumerTarget, *, is_local: bool) -> Iterator[Target]:
    """Open where a consumer's batches are brought; nothing is sent yet. Raises NotAllowed, AddressRefused."""
    with _open_place(target.address, secret=target.secret, fingerprint=target.fingerprint, is_local=is_local) as place:
        yield place


@contextmanager
def open_catalogue_address(at: SourceAddress, *, is_local: bool) -> Iterator[FilePlace]:
    """Open where files of a catalogue are: a folder, or the one file that the address names. Raises as opening does."""
    address = file_address(at.address)
    file = ""
    if address.protocol not in WEB and address.path.lower().endswith(CATALOGUE_ENDINGS):
        folder, _, file = at.address.rpartition("/")
        at = replace(at, address=folder or "/")
    with open_source(at, is_local=is_local) as place:
        yield OneFile(place, unquote(file) if address.protocol != FOLDER else file) if file else place


def try_place(at: SourceAddress, *, is_local: bool, takes: bool) -> str:
    """
    See whether files can be exchanged there, and leave nothing behind; returns what was seen, as a sentence.

    `takes`: it is to take files, else to give them. Raises NotAllowed, AddressRefused, StorageRefused,
    StoreUnavailable, CredentialsRejected.
    """
    with _open_place(at.address, secret=at.secret, fingerprint=at.fingerprint, is_local=is_local) as place:
        opened: ExchangePlace = place
        return opened.try_out(takes=takes)


@contextmanager
def _open_place(
    text: str, *, secret: str, fingerprint: str, is_local: bool
) -> Iterator[LocalFolder | ServerFolder | WebAddress]:
    """Open where files are exchanged; nothing is sent yet. Raises NotAllowed, AddressRefused."""
    address = file_address(text)
    if address.protocol == FOLDER:
        yield LocalFolder(Path(address.path))
        return
    private_hosts = frozenset({address.host.lower()}) if is_local else frozenset()
    if address.protocol in WEB:
        if address.protocol == "http" and not is_local:
            raise AddressRefused("Files travel to and from https addresses only, unless the channel is a local one.")
        addresses = partial(checked_addresses, private_hosts=private_hosts)
        transport = partial(CheckedTransport, addresses=addresses)
        yield WebAddress(text, token=secret, open_transport=transport)
        return
    server = FileServerAddress(
        host=address.host,
        user=address.user,
        password=secret,
        protocol=FileProtocol(address.protocol),
        port=address.port,
        fingerprint=fingerprint,
    )
    open_files = partial(SERVERS[server.protocol], server, connect=connect_for(private_hosts))
    yield ServerFolder(open_files, folder=address.path)
