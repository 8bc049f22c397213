"""The existence notes port: what the passes have read of a channel's store."""

from tradepost.database.models import Channel, ExistenceNote
from tradepost.operations.ports import ChangeWindow, StoreNotes, StoreStanding, Stretch


class DjangoExistenceNotes:
    """Implements `ports.ExistenceNotes` for one channel."""

    def __init__(self, channel_id: int) -> None:
        self._channel_id = channel_id

    def load(self) -> StoreNotes | None:
        note = ExistenceNote.objects.filter(channel_id=self._channel_id).first()
        if note is None:
            return None
        return StoreNotes(
            full_pass_at=note.full_pass_at,
            stretches=tuple(Stretch(up_to, products) for up_to, products in note.stretches),
            created=note.created,
            window=_window(note),
        )

    def save(self, notes: StoreNotes) -> None:
        window = notes.window
        ExistenceNote.objects.update_or_create(
            channel_id=self._channel_id,
            defaults={
                "full_pass_at": notes.full_pass_at,
                "stretches": [[stretch.up_to, stretch.products] for stretch in notes.stretches],
                "created": notes.created,
                "window_start": window.start if window else None,
                "window_latest": window.latest if window else None,
                "window_latest_id": window.latest_id if window else None,
                "window_products": window.products if window else None,
            },
        )

    def forget(self) -> None:
        ExistenceNote.objects.filter(channel_id=self._channel_id).delete()

    def standing(self) -> tuple[StoreStanding, str]:
        standing, doubt = Channel.objects.values_list("store_standing", "store_doubt").get(id=self._channel_id)
        return StoreStanding(standing), doubt

    def set_standing(self, standing: StoreStanding, reason: str = "") -> None:
        Channel.objects.filter(id=self._channel_id).update(store_standing=standing.value, store_doubt=reason)


def _window(note: ExistenceNote) -> ChangeWindow | None:
    start, latest = note.window_start, note.window_latest
    latest_id, products = note.window_latest_id, note.window_products
    if start is None or latest is None or latest_id is None or products is None:
        return None
    return ChangeWindow(start=start, latest=latest, latest_id=latest_id, products=products)
