"""The store inventory port: set-up items and image files that are known to be on the store."""

from collections.abc import Collection, Iterable, Mapping

from tradepost.database.models import SetupRecord, StoreFile
from tradepost.operations.ports import SetupItem, SetupKind


class DjangoStoreInventory:
    """Implements `ports.StoreInventory` for one channel."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id

    def known_setup(self) -> set[tuple[SetupKind, str]]:
        rows = SetupRecord.objects.filter(channel_id=self._channel_id).values_list("kind", "code")
        return {(SetupKind(kind), code) for kind, code in rows}

    def add_setup(self, items: Iterable[SetupItem]) -> None:
        SetupRecord.objects.bulk_create(
            [SetupRecord(channel_id=self._channel_id, kind=item.kind, code=item.code) for item in items],
            ignore_conflicts=True,
        )

    def known_files(self, paths: Collection[str]) -> dict[str, int]:
        rows = StoreFile.objects.filter(channel_id=self._channel_id, path__in=list(paths))
        return dict(rows.values_list("path", "size_bytes"))

    def add_files(self, sizes: Mapping[str, int]) -> None:
        StoreFile.objects.bulk_create(
            [StoreFile(channel_id=self._channel_id, path=path, size_bytes=size) for path, size in sizes.items()],
            update_conflicts=True,
            unique_fields=["channel", "path"],
            update_fields=["size_bytes"],
        )
