"""The sources port: where the catalogue comes from, and what is remembered of the files there."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from tradepost.database.ciphertexts import place_of_source
from tradepost.database.fetched_files import known_file, note_put_away, note_seen
from tradepost.database.models import Source, SourceFile
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.files.fetched_file import KnownFile
from tradepost.domain.stock.stock import Counting, Stating
from tradepost.operations.ports import (
    CatalogueSource,
    Cipher,
    FileId,
    ImportedFile,
    SourceAddress,
    SourceSettings,
)

_KEPT_REPORTS = 100
_MINUTE = timedelta(minutes=1)


class DjangoSources:
    """Implements `ports.CatalogueSources`."""

    def __init__(self, *, cipher: Callable[[], Cipher]) -> None:
        self._cipher = cipher

    def names(self) -> list[str]:
        return list(Source.objects.order_by("name").values_list("name", flat=True))

    def read(self, name: str, *, with_secret: bool = False) -> CatalogueSource | None:
        row = Source.objects.filter(name=name).first()
        if row is None:
            return None
        secret = ""
        if with_secret and row.secret:
            secret = self._cipher().decrypt(bytes(row.secret), place=place_of_source(name))
        return CatalogueSource(
            row.pk,
            settings_of_source(row),
            SourceAddress(row.address, row.fingerprint, secret) if row.address else None,
            row.is_local,
            row.schedule,
            row.time_zone,
            row.next_at,
            row.tag,
            timedelta(minutes=row.expected_minutes) if row.expected_minutes else None,
            row.files.aggregate(last=Max("taken_at"))["last"] or row.made_at,
        )

    def keep(self, source: CatalogueSource, *, keeps_secret: bool) -> CatalogueSource:
        at = source.at or SourceAddress("")
        every = source.schedule.every
        columns: dict[str, Any] = {
            **source_columns(source.settings),
            "address": at.address,
            "fingerprint": at.fingerprint,
            "is_local": source.is_local,
            "every_minutes": every // _MINUTE if every else 0,
            "cron": source.schedule.cron,
            "next_at": source.next_at,
            "time_zone": source.time_zone,
            "expected_minutes": source.expected // _MINUTE if source.expected else 0,
        }
        if not keeps_secret:
            # Never what was meant for another address.
            place = place_of_source(source.name)
            columns |= {"secret": self._cipher().encrypt(at.secret, place=place) if at.secret else b"", "tag": ""}
        Source.objects.update_or_create(name=source.name, defaults=columns)
        kept = self.read(source.name)
        assert kept is not None
        return kept

    def remove(self, name: str) -> bool:
        return Source.objects.filter(name=name).delete()[0] > 0

    def known(self, file: FileId) -> KnownFile | None:
        found = known_file(SourceFile, _key(file))
        if found is None or not found.is_taken:
            return found
        of_name = SourceFile.objects.filter(source_id=file.source_id, name=file.name, taken_at__isnull=False)
        last = of_name.order_by("-taken_at", "-pk").values_list("checksum", flat=True).first()
        return replace(found, is_last=last == file.checksum)

    def note_seen(self, file: FileId, *, size_bytes: int, at: datetime) -> None:
        note_seen(SourceFile, _key(file), size_bytes=size_bytes, at=at)

    def note_taken(self, imported: ImportedFile, *, run_id: int, at: datetime) -> None:
        columns = {
            "taken_at": at,
            "put_away_at": None,
            "run_id": run_id,
            "problem": imported.problem,
            "reports": [
                {"line": report.line, "level": report.level.value, "message": report.message}
                for report in imported.reports[:_KEPT_REPORTS]
            ],
            **{
                name: getattr(imported, name)
                for name in ("rows", "created", "updated", "unchanged", "absent", "refused")
            },
        }
        SourceFile.objects.update_or_create(
            **_key(imported.id),
            defaults=columns,
            create_defaults={**columns, "size_bytes": imported.size_bytes, "seen_at": at},
        )
        Source.objects.filter(pk=imported.id.source_id).update(tag=imported.tag)

    def note_put_away(self, file: FileId, *, at: datetime) -> None:
        note_put_away(SourceFile, _key(file), at=at)

    def note_problem(self, source_id: int, problem: str, *, at: datetime) -> None:
        of_it = Source.objects.filter(pk=source_id)
        if not problem:
            of_it.exclude(problem="").update(problem="", problem_at=None)
            return
        of_it.filter(problem_at__isnull=True).update(problem_at=at)
        of_it.update(problem=problem)


def settings_of_source(source: Source) -> SourceSettings:
    return SourceSettings(
        source.name,
        Counting(source.counts),
        timedelta(minutes=source.lag_minutes),
        source.digest,
        source.counted_column,
        source.orders_column,
        Stating(source.states),
        CatalogueForm(source.form) if source.form else None,
        source.is_full,
    )


def source_columns(settings: SourceSettings) -> dict[str, Any]:
    return {
        "counts": settings.counts.value,
        "lag_minutes": settings.lag // _MINUTE,
        "digest": settings.digest,
        "counted_column": settings.counted_column,
        "orders_column": settings.orders_column,
        "states": settings.states.value,
        "form": settings.form.value if settings.form else "",
        "is_full": settings.is_full,
    }


def _key(file: FileId) -> dict[str, object]:
    return {"source_id": file.source_id, "name": file.name, "checksum": file.checksum}
