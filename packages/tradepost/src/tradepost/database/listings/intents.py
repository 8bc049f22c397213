"""The intents port: what the hub was about to create on the store."""

from collections.abc import Collection

from tradepost.database.models import Intent
from tradepost.domain.codes import code_key


class DjangoIntents:
    """Implements `ports.Intents` for one channel."""

    def __init__(self, channel_id: int, *, run_id: int | None = None) -> None:
        self._channel_id = channel_id
        self._run_id = run_id

    def open(self, codes: Collection[str]) -> None:
        Intent.objects.bulk_create(
            [
                Intent(channel_id=self._channel_id, code=code, code_key=code_key(code), run_id=self._run_id)
                for code in codes
            ],
            ignore_conflicts=True,
        )

    def open_among(self, codes: Collection[str]) -> set[str]:
        keys = [code_key(code) for code in codes]
        return set(
            Intent.objects.filter(channel_id=self._channel_id, code_key__in=keys).values_list("code_key", flat=True)
        )

    def close(self, codes: Collection[str]) -> None:
        keys = [code_key(code) for code in codes]
        Intent.objects.filter(channel_id=self._channel_id, code_key__in=keys).delete()
