"""What is remembered of files that are fetched, whatever is in them: seen, taken, put away."""

from collections.abc import Mapping
from datetime import datetime

from tradepost.database.models import FileRecord
from tradepost.domain.files.fetched_file import KnownFile

Key = Mapping[str, object]
"""Source, name and checksum of a file, and what its table has besides."""


def known_file(table: type[FileRecord], key: Key) -> KnownFile | None:
    row = table._default_manager.filter(**key).first()  # noqa: SLF001 - Django documents it as public
    if row is None:
        return None
    return KnownFile(
        is_taken=row.taken_at is not None,
        is_refused=bool(row.problem),
        is_put_away=row.put_away_at is not None,
    )


def note_seen(table: type[FileRecord], key: Key, *, size_bytes: int, at: datetime) -> None:
    """Remember a file instead of what was seen, and not taken, under its name before."""
    files = table._default_manager  # noqa: SLF001
    of_name = {column: value for column, value in key.items() if column != "checksum"}
    files.filter(**of_name, taken_at__isnull=True).exclude(checksum=key["checksum"]).delete()
    files.get_or_create(**key, defaults={"size_bytes": size_bytes, "seen_at": at})


def note_put_away(table: type[FileRecord], key: Key, *, at: datetime) -> None:
    table._default_manager.filter(**key).update(put_away_at=at)  # noqa: SLF001
