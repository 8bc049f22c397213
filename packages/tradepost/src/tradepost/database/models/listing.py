"""Listings, and what else the hub knows of a store: events of links, open intents, set-up and files."""

from django.db import models
from django.db.models import F, Q

from tradepost.database.fields import MoneyField
from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.catalogue import ProductRecord, VariantRecord
from tradepost.database.models.channel import Channel
from tradepost.domain.catalogue import Kind
from tradepost.domain.listing import Attention, Health, Link, Pending

_SOLD = ("variant", "simple")


class Listing(models.Model):
    """
    One product or variant on one channel, joining our id and the store's.

    `wanted_*` are computed by the domain when the catalogue or an order changes them; `proven_*` were read on the
    store, or answered by it. What the store should have by now is `proven_quantity` less `sold_since_proven`, the
    pieces in this channel's orders placed after `proven_quantity_at`.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="listings")
    product = models.ForeignKey(ProductRecord, on_delete=models.PROTECT, related_name="listings")
    variant = models.ForeignKey(VariantRecord, on_delete=models.PROTECT, related_name="listings", null=True, blank=True)
    parent = models.ForeignKey("self", on_delete=models.CASCADE, related_name="children", null=True, blank=True)
    kind = enum_field(Kind)
    code = models.CharField(max_length=50)
    code_key = models.CharField(max_length=50)
    sku = models.CharField(max_length=255)

    health = enum_field(Health, default=Health.NOT_LISTED.value)
    link = enum_field(Link, default=Link.UNLINKED.value)
    pending = enum_field(Pending, default=Pending.NONE.value, blank=True)
    is_paused = models.BooleanField(default=False)
    # That we hid it outlives unlinking: a link that finds it sold out knows why.
    was_hidden = models.BooleanField(default=False)
    external_id = models.BigIntegerField(null=True, blank=True)

    wanted_price = MoneyField()
    proven_price = MoneyField(null=True, blank=True)
    wanted_quantity = models.IntegerField(null=True, blank=True)
    proven_quantity = models.IntegerField(null=True, blank=True)
    proven_quantity_at = models.DateTimeField(null=True, blank=True)
    # Big, like `sold_since`: pieces of many lines, each of which may be as many as an integer holds.
    sold_since_proven = models.BigIntegerField(default=0)
    proven_fingerprints = models.JSONField(default=dict, blank=True)
    overwrite_groups = models.JSONField(default=list, blank=True)
    # Published without images that the catalogue has: the next publish tries again.
    awaits_images = models.BooleanField(default=False)

    attention = enum_field(Attention, blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    proven_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", Kind, table="listing"),
            one_of("pending", Pending, table="listing"),
            one_of("attention", Attention, table="listing", or_blank=True),
            models.CheckConstraint(
                condition=Q(health__in=["not_listed", "delisted"], link="unlinked")
                | Q(health__in=["listed", "hidden"], link__in=["linked", "broken"]),
                name="listing_health_fits_link",
            ),
            models.CheckConstraint(
                condition=Q(link="unlinked", external_id__isnull=True)
                | Q(link__in=["linked", "broken"], external_id__isnull=False),
                name="listing_external_id_iff_linked",
            ),
            models.CheckConstraint(
                condition=Q(kind="parent", variant__isnull=True, parent__isnull=True)
                | Q(kind="simple", variant__isnull=False, parent__isnull=True)
                | Q(kind="variant", variant__isnull=False, parent__isnull=False),
                name="listing_kind_fits_relations",
            ),
            models.CheckConstraint(condition=~Q(code="") & ~Q(code_key=""), name="listing_has_a_code"),
            models.CheckConstraint(
                condition=Q(proven_quantity__isnull=True) | Q(proven_quantity_at__isnull=False),
                name="listing_proven_quantity_is_dated",
            ),
            models.UniqueConstraint(fields=["channel", "code_key"], name="listing_code_once_per_channel"),
            models.UniqueConstraint(
                fields=["channel", "sku"], condition=Q(kind__in=_SOLD), name="listing_sku_once_per_channel"
            ),
            # Also serves `linked`: the existence pass, by ascending store id.
            models.UniqueConstraint(
                fields=["channel", "external_id"],
                condition=Q(external_id__isnull=False),
                name="listing_external_id_once_per_channel",
            ),
            models.UniqueConstraint(
                fields=["channel", "variant"],
                condition=Q(variant__isnull=False),
                name="listing_variant_once_per_channel",
            ),
            models.UniqueConstraint(
                fields=["channel", "product"], condition=Q(kind="parent"), name="listing_parent_once_per_product"
            ),
        ]
        indexes = [
            # publish_due: products that have something to publish or overwrite, or are due for images.
            models.Index(
                fields=["channel", "product"],
                condition=(Q(pending__in=["publish", "overwrite"]) | Q(awaits_images=True)) & Q(is_paused=False),
                name="listing_due_publish",
            ),
            # due(DELIST), due(HIDE), due(UNHIDE).
            models.Index(
                fields=["channel", "pending", "id"],
                condition=Q(pending__in=["hide", "unhide", "delist"], is_paused=False),
                name="listing_due_status",
            ),
            # due(PRICE).
            models.Index(
                fields=["channel", "id"],
                condition=Q(link="linked")
                & (
                    Q(proven_price__isnull=True)
                    | Q(wanted_price__lt=F("proven_price"))
                    | Q(wanted_price__gt=F("proven_price"))
                ),
                name="listing_due_price",
            ),
            # due(DECREASE); a first quantity counts as one. Health and link are the same in all its rows, and stand
            # in it so that SQLite prefers it to `listing_by_health`, which has nearly every listing.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(link="linked", health="listed", wanted_quantity__isnull=False)
                & (
                    Q(proven_quantity__isnull=True)
                    | Q(wanted_quantity__lt=F("proven_quantity") - F("sold_since_proven"))
                ),
                name="listing_due_decrease",
            ),
            # due(INCREASE); columns as above.
            models.Index(
                fields=["channel", "health", "link", "id"],
                condition=Q(
                    link="linked",
                    health="listed",
                    wanted_quantity__gt=F("proven_quantity") - F("sold_since_proven"),
                ),
                name="listing_due_increase",
            ),
            # The list of what needs a person, newest first.
            models.Index(fields=["channel", "attention", "id"], condition=~Q(attention=""), name="listing_attention"),
            # Lists and counts by health; broken links are found by their attention.
            models.Index(fields=["channel", "health", "id"], name="listing_by_health"),
        ]

    def __str__(self) -> str:
        return self.code


class LinkEvent(models.Model):
    """Append only: when a listing was joined to a product of the store, or let go of it."""

    listing = models.ForeignKey(Listing, on_delete=models.CASCADE, related_name="link_events")
    link = enum_field(Link)
    external_id = models.BigIntegerField(null=True, blank=True)
    run_id = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [one_of("link", Link, table="link_event")]

    def __str__(self) -> str:
        return f"{self.link} {self.external_id}"


class Intent(models.Model):
    """A code that was absent on the store and that we are about to create there; gone once it is proven."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="intents")
    code = models.CharField(max_length=50)
    code_key = models.CharField(max_length=50)
    run_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "code_key"], name="intent_once_per_code")]

    def __str__(self) -> str:
        return self.code


class SetupRecord(models.Model):
    """Something the store needs once and is known to have: a custom field, a category."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="setup_records")
    kind = models.CharField(max_length=24)
    code = models.CharField(max_length=50)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "kind", "code"], name="setup_once_per_code")]

    def __str__(self) -> str:
        return f"{self.kind} {self.code}"


class StoreFile(models.Model):
    """An image file that was uploaded to the store and seen there."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="files")
    path = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "path"], name="file_once_per_path")]

    def __str__(self) -> str:
        return self.path
