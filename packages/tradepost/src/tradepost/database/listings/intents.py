"""The intents port: what the hub was about to create on the store."""

from collections.abc import Collection

from tradepost.database import sql
from tradepost.database.models import Intent
from tradepost.domain.listings.codes import code_key
from tradepost.operations.ports import Clock, OpenIntent


class DjangoIntents:
    """Implements `ports.Intents` for one channel."""

    def __init__(self, channel_id: int, *, clock: Clock, run_id: int | None = None) -> None:
        self._channel_id = channel_id
        self._clock = clock
        self._run_id = run_id

    def open(self, codes: Collection[str]) -> None:
        at = self._clock()
        rows = [
            {
                "channel_id": self._channel_id,
                "code": code,
                "code_key": code_key(code),
                "run_id": self._run_id,
                "opened_at": at,
            }
            for code in codes
        ]
        sql.upsert(Intent, rows, unique=("channel_id", "code_key"), keep=("code",))

    def open_among(self, codes: Collection[str]) -> set[str]:
        keys = [code_key(code) for code in codes]
        return set(
            Intent.objects.filter(channel_id=self._channel_id, code_key__in=keys).values_list("code_key", flat=True)
        )

    def all_open(self, *, after: int, limit: int) -> list[OpenIntent]:
        found = Intent.objects.filter(channel_id=self._channel_id, id__gt=after).order_by("id")[:limit]
        return [OpenIntent(intent.pk, intent.code, intent.opened_at) for intent in found]

    def close(self, codes: Collection[str]) -> None:
        keys = [code_key(code) for code in codes]
        Intent.objects.filter(channel_id=self._channel_id, code_key__in=keys).delete()
