"""What existence passes note of a store, for the next one to count instead of read."""

from django.db import models

from tradepost.database.models.channel import Channel


class ExistenceNote(models.Model):
    """
    One channel's notes, written as a whole by the pass that read them.

    `stretches`: [[highest id, products], ...] in ascending order, one for each 1,000 products of the store.
    `window_*` and `created` are times of the store's own clock, `full_pass_at` is the hub's.
    """

    channel = models.OneToOneField(Channel, on_delete=models.CASCADE, related_name="existence_note")
    full_pass_at = models.DateTimeField()
    stretches = models.JSONField(default=list)
    created = models.BigIntegerField(default=0)
    window_start = models.BigIntegerField(null=True)
    window_latest = models.BigIntegerField(null=True)
    window_latest_id = models.BigIntegerField(null=True)
    window_products = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    window_start__isnull=True,
                    window_latest__isnull=True,
                    window_latest_id__isnull=True,
                    window_products__isnull=True,
                )
                | models.Q(
                    window_start__isnull=False,
                    window_latest__isnull=False,
                    window_latest_id__isnull=False,
                    window_products__isnull=False,
                ),
                name="existence_note_window_whole",
            )
        ]

    def __str__(self) -> str:
        return f"existence notes of channel {self.channel_id}"
