"""The sources port: where shipments are fetched from, and what is remembered of the files there."""

from collections.abc import Callable, Sequence
from datetime import datetime

from tradepost.database.ciphertexts import place_of_shipments
from tradepost.database.fetched_files import known_file, note_put_away, note_seen
from tradepost.database.models import FetchedFile, ShipmentSourceRecord
from tradepost.domain.files.fetched_file import KnownFile
from tradepost.operations.ports import Cipher, FileId, ShipmentSource, SourceAddress, TakenFile

_KEPT_REPORTS = 100


class DjangoShipmentSources:
    """Implements `ports.ShipmentSources` for one channel."""

    def __init__(self, channel_id: int, *, cipher: Callable[[], Cipher]) -> None:
        self._channel_id = channel_id
        self._cipher = cipher

    def set_source(self, name: str, at: SourceAddress) -> None:
        columns = {
            "address": at.address,
            "fingerprint": at.fingerprint,
            # Never what was meant for another address.
            "secret": self._cipher().encrypt(at.secret, place=self._place(name)) if at.secret else b"",
            "tag": "",
        }
        ShipmentSourceRecord.objects.update_or_create(channel_id=self._channel_id, name=name, defaults=columns)

    def remove_source(self, name: str) -> bool:
        return ShipmentSourceRecord.objects.filter(channel_id=self._channel_id, name=name).delete()[0] > 0

    def sources(self) -> list[ShipmentSource]:
        return [
            ShipmentSource(
                row.pk,
                row.name,
                SourceAddress(
                    row.address,
                    row.fingerprint,
                    self._cipher().decrypt(bytes(row.secret), place=self._place(row.name)) if row.secret else "",
                ),
                row.tag,
            )
            for row in ShipmentSourceRecord.objects.filter(channel_id=self._channel_id).order_by("id")
        ]

    def known(self, file: FileId) -> KnownFile | None:
        return known_file(FetchedFile, self._key(file))

    def note_seen(self, file: FileId, *, size_bytes: int, at: datetime) -> None:
        note_seen(FetchedFile, self._key(file), size_bytes=size_bytes, at=at)

    def note_taken(self, taken: TakenFile, *, run_id: int, at: datetime) -> None:
        is_open = bool(taken.problem or taken.refused)
        if not is_open:
            of_name = FetchedFile.objects.filter(source_id=taken.id.source_id, name=taken.id.name, is_open=True)
            of_name.update(is_open=False)
        columns = {
            "taken_at": at,
            "put_away_at": None,
            "run_id": run_id,
            "recorded": taken.recorded,
            "known": taken.known,
            "refused": taken.refused,
            "problem": taken.problem,
            "reports": [
                {"line": report.line, "level": report.level.value, "message": report.message}
                for report in taken.reports[:_KEPT_REPORTS]
            ],
            "is_open": is_open,
        }
        FetchedFile.objects.update_or_create(
            **self._key(taken.id),
            defaults=columns,
            create_defaults={**columns, "size_bytes": taken.size_bytes, "seen_at": at},
        )
        ShipmentSourceRecord.objects.filter(pk=taken.id.source_id).update(tag=taken.tag)

    def note_put_away(self, file: FileId, *, at: datetime) -> None:
        note_put_away(FetchedFile, self._key(file), at=at)

    def settle(self, ids: Sequence[int] | None) -> list[int]:
        found = FetchedFile.objects.filter(channel_id=self._channel_id, is_open=True)
        if ids is not None:
            found = found.filter(pk__in=list(ids))
        settled = list(found.order_by("pk").values_list("pk", flat=True))
        FetchedFile.objects.filter(pk__in=settled).update(is_open=False)
        return settled

    def _place(self, name: str) -> str:
        return place_of_shipments(self._channel_id, name)

    def _key(self, file: FileId) -> dict[str, object]:
        return {
            "channel_id": self._channel_id,
            "source_id": file.source_id,
            "name": file.name,
            "checksum": file.checksum,
        }
