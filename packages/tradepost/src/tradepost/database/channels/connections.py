"""Connections: addresses in plain columns, and secrets in one encrypted blob that is only ever written by people."""

import json
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from tradepost.database.ciphertexts import place_of_connection
from tradepost.database.models import (
    Channel,
    Connection,
    ConnectionKind,
    ExistenceNote,
    StoreProtocol,
)
from tradepost.domain.errors import Reconfigure
from tradepost.operations.ports import Cipher, Digest, FileProtocol, ImageConnection, StoreConnection


def save_store_connection(channel: Channel, connection: StoreConnection, *, cipher: Callable[[], Cipher]) -> None:
    """Keep how a channel's store is reached; its domain is scheme, host and port."""
    address = urlsplit(connection.domain)
    _save(
        channel,
        ConnectionKind.STORE_API,
        cipher=cipher,
        secrets={
            "token": connection.token,
            "signature_key": connection.signature_key,
            "web_password": connection.web_password,
        },
        protocol=StoreProtocol(address.scheme).value,
        host=address.hostname or "",
        port=address.port,
        folder=connection.folder,
        store_code=connection.store_code,
        user=connection.web_user,
        digest=connection.digest,
    )


def store_connection_of(channel: Channel, *, cipher: Cipher | None) -> StoreConnection | None:
    """Return how the channel's store is reached; without a cipher, with blanks for secrets. Raises Reconfigure."""
    connection = _of(channel, ConnectionKind.STORE_API)
    if connection is None:
        return None
    secrets = {} if cipher is None else _secrets(connection, cipher)
    host = f"[{connection.host}]" if ":" in connection.host else connection.host
    return StoreConnection(
        domain=f"{connection.protocol}://{host}:{connection.port}",
        folder=connection.folder,
        store_code=connection.store_code,
        token=secrets.get("token", ""),
        signature_key=secrets.get("signature_key", ""),
        digest=cast("Digest", connection.digest),
        plain_http=connection.protocol == StoreProtocol.HTTP,
        web_user=connection.user,
        web_password=secrets.get("web_password", ""),
    )


def save_image_connection(channel: Channel, connection: ImageConnection, *, cipher: Callable[[], Cipher]) -> None:
    """Keep how a channel's image server is reached."""
    _save(
        channel,
        ConnectionKind.IMAGE_FTP,
        cipher=cipher,
        secrets={"password": connection.password},
        protocol=connection.protocol.value,
        host=connection.host,
        port=connection.port or None,
        folder=connection.directory,
        sub_folder=connection.folder,
        user=connection.user,
        fingerprint=connection.fingerprint,
    )


def image_connection_of(channel: Channel, *, cipher: Cipher | None) -> ImageConnection | None:
    """Return how the channel's images travel; without a cipher, with a blank for the password. Raises Reconfigure."""
    connection = _of(channel, ConnectionKind.IMAGE_FTP)
    if connection is None:
        return None
    return ImageConnection(
        host=connection.host,
        user=connection.user,
        password="" if cipher is None else _secrets(connection, cipher).get("password", ""),
        protocol=FileProtocol(connection.protocol),
        port=connection.port or 0,
        directory=connection.folder,
        folder=connection.sub_folder,
        fingerprint=connection.fingerprint,
    )


def has_image_connection(channel: Channel) -> bool:
    return channel.connections.filter(kind=ConnectionKind.IMAGE_FTP).exists()


def forget_connection(channel: Channel, kind: ConnectionKind) -> None:
    channel.connections.filter(kind=kind.value).delete()


def _of(channel: Channel, kind: ConnectionKind) -> Connection | None:
    return channel.connections.filter(kind=kind).first()


def _save(
    channel: Channel, kind: ConnectionKind, *, secrets: Mapping[str, str], cipher: Callable[[], Cipher], **columns: Any
) -> None:
    """Create or change the channel's connection of this kind; nothing is written where nothing differs."""
    stored = _of(channel, kind)
    given = {name: value for name, value in secrets.items() if value}
    if stored is not None and not given and all(getattr(stored, name) == value for name, value in columns.items()):
        return
    connection = stored or Connection(channel=channel, kind=kind.value)
    for column, value in columns.items():
        setattr(connection, column, value)
    if given:
        connection.secrets = _encrypted(connection, given, cipher())
    connection.tested_at = None
    connection.test_result = ""
    connection.save()

    if kind is ConnectionKind.STORE_API:
        Channel.objects.filter(pk=channel.pk).update(refusal="", refused_until=None)
    # What was noted of the store is forgotten: it may be another one now.
    ExistenceNote.objects.filter(channel=channel).delete()


def _encrypted(connection: Connection, given: Mapping[str, str], cipher: Cipher) -> bytes:
    try:
        kept = _secrets(connection, cipher)
    except Reconfigure:
        # The key that they were stored under is lost: entering them again is the cure, and begins anew.
        kept = {}
    return cipher.encrypt(json.dumps({**kept, **given}), place=_place(connection))


def _secrets(connection: Connection, cipher: Cipher) -> dict[str, str]:
    """Raises Reconfigure when the key does not fit."""
    if not connection.secrets:
        return {}
    secrets: dict[str, str] = json.loads(cipher.decrypt(bytes(connection.secrets), place=_place(connection)))
    return secrets


def _place(connection: Connection) -> str:
    return place_of_connection(connection.channel_id, connection.kind)
