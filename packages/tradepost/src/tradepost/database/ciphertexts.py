"""The port of all that is encrypted: which columns that are, and whose each ciphertext is."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import models

from tradepost.database.models import Connection, ConsumerTargetRecord, NoticePlace, ShipmentSourceRecord, Source
from tradepost.operations.ports import Ciphertext

# Table -> its column with a ciphertext; a test looks for others.
ENCRYPTED: Mapping[type[models.Model], str] = {
    Connection: "secrets",
    ConsumerTargetRecord: "secret",
    NoticePlace: "address",
    ShipmentSourceRecord: "secret",
    Source: "secret",
}
_BY_NAME = {table.__name__: table for table in ENCRYPTED}


def place_of_connection(channel_id: int, kind: str) -> str:
    return f"{kind} of channel {channel_id}"


def place_of_target(consumer_id: int) -> str:
    return f"target of consumer {consumer_id}"


def place_of_shipments(channel_id: int, name: str) -> str:
    return f"shipments of channel {channel_id} from {name}"


def place_of_source(name: str) -> str:
    return f"source {name}"


def place_of_notices(name: str) -> str:
    return f"notices to {name}"


def has_secrets() -> bool:
    return any(_rows(table).exists() for table in ENCRYPTED)


class DjangoCiphertexts:
    """Implements `ports.Ciphertexts`."""

    def all(self) -> Iterator[Ciphertext]:
        for table, column in ENCRYPTED.items():
            for row in _rows(table).order_by("pk").iterator(chunk_size=100):
                yield Ciphertext(table.__name__, row.pk, bytes(getattr(row, column)), _owner(row))

    def replace(self, old: Ciphertext, secret: bytes) -> bool:
        table = _BY_NAME[old.table]
        column = ENCRYPTED[table]
        return bool(_rows(table).filter(pk=old.row, **{column: old.secret}).update(**{column: secret}))


def _rows(table: type[models.Model]) -> "models.QuerySet[Any]":
    return table._default_manager.exclude(**{ENCRYPTED[table]: b""})  # noqa: SLF001 - Django documents it as public


def _owner(row: Any) -> str:
    match row:
        case Connection():
            return f"the {row.kind} of '{row.channel}'"
        case ConsumerTargetRecord():
            return f"the target of consumer '{row.consumer.name}'"
        case NoticePlace():
            return f"the address of '{row}', where people are told"
        case ShipmentSourceRecord():
            return f"the shipments of '{row.channel}' from '{row.name}'"
        case _:
            return f"the source '{row}'"
