"""Stock: what the store's orders took, without any person, and the entries of each listing's account."""

from django.db import models
from django.db.models import Q

from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.catalogue import VariantRecord
from tradepost.database.models.channel import Channel
from tradepost.database.models.listing import Listing
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.stock.stock import EntryKind


class Sighting(models.Model):
    """
    An order of the store, in any status, imported or not.

    `updated` and `placed` are the store's own times in seconds. One that `is_open` is asked for by number again.
    `fingerprint`: of all that the store shows of it. It `is_news` until the ledger was told what that means. `read_at`:
    when the reading began that saw it last, `gone_at`: when it was found to be deleted, `handed_over_at`: when a person
    or a warehouse took its pieces into their own count, all by the hub's clock.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="sightings")
    external_id = models.BigIntegerField()
    store_status = enum_field(StoreStatus)
    updated = models.BigIntegerField()
    placed = models.BigIntegerField(default=0)
    is_open = models.BooleanField()
    fingerprint = models.CharField(max_length=16, blank=True)
    is_news = models.BooleanField(default=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    sighted_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    handed_over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("store_status", StoreStatus, table="sighting"),
            models.UniqueConstraint(fields=["channel", "external_id"], name="sighting_once_per_order"),
        ]
        indexes = [
            # Those that are asked for by number.
            models.Index(fields=["channel", "external_id"], condition=Q(is_open=True), name="sighting_open"),
            # What the ledger was not told of.
            models.Index(fields=["channel", "external_id"], condition=Q(is_news=True), name="sighting_news"),
            # What a channel sold lately.
            models.Index(fields=["channel", "sighted_at"], name="sighting_lately"),
            # The newest, which are read again.
            models.Index(fields=["channel", "updated"], name="sighting_newest"),
            # Whether a channel hands orders over at all.
            models.Index(fields=["channel"], condition=Q(handed_over_at__isnull=False), name="sighting_handed_over"),
        ]

    def __str__(self) -> str:
        return f"order {self.external_id}"


class SightedPieces(models.Model):
    """
    The pieces of one product in one order, by the SKU or code that the order names.

    `taken` are out of the store's count; `on_delete` of them come back if the order is deleted. `known`: how many a
    statement knows of; the rest is reserved. `shipped_at`: when all were seen to have left the house, by the hub's
    clock.
    """

    sighting = models.ForeignKey(Sighting, on_delete=models.CASCADE, related_name="pieces")
    key = models.CharField(max_length=255)
    listing = models.ForeignKey(Listing, on_delete=models.SET_NULL, related_name="sighted", null=True, blank=True)
    variant = models.ForeignKey(VariantRecord, on_delete=models.SET_NULL, related_name="sold", null=True, blank=True)
    taken = models.BigIntegerField()
    on_delete = models.BigIntegerField()
    known = models.BigIntegerField(default=0)
    shipped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sighting", "key"], name="pieces_once_per_order_and_product")]
        indexes = [
            # The reservations of a variant, on all channels.
            models.Index(fields=["variant"], condition=Q(taken__gt=models.F("known")), name="pieces_reserved"),
            # Those whose product was no listing yet.
            models.Index(fields=["key"], condition=Q(listing__isnull=True), name="pieces_unmatched"),
        ]

    def __str__(self) -> str:
        return f"{self.taken} x {self.key}"


class StockEntry(models.Model):
    """Append only: what moved an account, and what it was then. `order_number` is the store's."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="stock_entries")
    kind = enum_field(EntryKind)
    amount = models.BigIntegerField()
    account = models.BigIntegerField(null=True, blank=True)
    order_number = models.BigIntegerField(null=True, blank=True)
    run_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [one_of("kind", EntryKind, table="stock_entry")]
        indexes = [models.Index(fields=["listing", "id"], name="stock_entry_of_listing")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
