"""What adopting a store reads of it, before anything is decided: a table to work on, and no fact of the hub."""

from django.db import models

from tradepost.database.models.channel import Channel


class OutlineRecord(models.Model):
    """
    A product of a store that is being adopted, as in `ports.OutlineRow`.

    `root_key`: the code key of the product that it belongs to, at this `place` of its page; blank where it belongs to
    none. `parts`: the code keys of what is behind its own variants. What `is_taken` is in the catalogue and not settled
    yet.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="outlines", db_index=False)
    external_id = models.BigIntegerField()
    code = models.CharField(max_length=255)
    code_key = models.CharField(max_length=255)
    sku = models.CharField(max_length=255)
    created = models.BigIntegerField(default=0)
    product_type = models.CharField(max_length=255, blank=True)
    parent_code = models.CharField(max_length=255, blank=True)
    parent_key = models.CharField(max_length=255, blank=True)
    root_key = models.CharField(max_length=255, blank=True)
    place = models.IntegerField(default=0)
    parts = models.JSONField(default=list)
    is_page = models.BooleanField(default=False)
    has_bundles = models.BooleanField(default=False)
    is_taken = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "external_id"], name="outline_once_per_product"),
        ]
        indexes = [
            # place: who is named as a parent, or stands on a page.
            models.Index(fields=["channel", "code_key"], name="outline_by_code"),
            # families: the variants of roots.
            models.Index(fields=["channel", "root_key", "external_id"], name="outline_by_root"),
            # known: what would have the same SKU.
            models.Index(fields=["channel", "sku"], name="outline_by_sku"),
            # unsettled.
            models.Index(
                fields=["channel", "external_id"], condition=models.Q(is_taken=True), name="outline_unsettled"
            ),
        ]

    def __str__(self) -> str:
        return self.code
