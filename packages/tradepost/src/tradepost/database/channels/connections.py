"""Connections: addresses in plain columns, and secrets in one encrypted blob that is only ever written by people."""

import json
from collections.abc import Mapping
from typing import Any

from tradepost.database.models import Channel, Connection, ConnectionKind, ExistenceNote
from tradepost.operations.ports import Cipher


def save_connection(
    channel: Channel, kind: ConnectionKind, *, secrets: Mapping[str, str], cipher: Cipher, **address: Any
) -> Connection:
    """
    Create or change the channel's connection of this kind.

    `address`: columns of `Connection`. `secrets`: those given replace the stored ones of the same name, the others
    stay, so that a form may leave a password blank. What was noted of the store is forgotten: it may be another one.
    """
    connection, is_new = Connection.objects.get_or_create(channel=channel, kind=kind, defaults=address)
    kept = {} if is_new else secrets_of(connection, cipher)
    for column, value in address.items():
        setattr(connection, column, value)
    connection.secrets = cipher.encrypt(json.dumps({**kept, **secrets}))
    connection.tested_at = None
    connection.test_result = ""
    connection.save()
    if kind is ConnectionKind.STORE_API:
        ExistenceNote.objects.filter(channel=channel).delete()
    return connection


def secrets_of(connection: Connection, cipher: Cipher) -> dict[str, str]:
    """Raises Reconfigure when the key does not fit."""
    if not connection.secrets:
        return {}
    secrets: dict[str, str] = json.loads(cipher.decrypt(bytes(connection.secrets)))
    return secrets


def connection_of(channel: Channel, kind: ConnectionKind) -> Connection | None:
    return channel.connections.filter(kind=kind).first()
