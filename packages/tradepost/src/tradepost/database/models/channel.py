"""A channel is our record of one connected store: its settings, its schedules and its connections."""

from datetime import timedelta
from enum import StrEnum

from django.db import models

from tradepost.database.fields import MoneyField
from tradepost.database.models.allowed import choices, enum_field, one_of
from tradepost.domain.brake import USUAL_AT_LEAST, USUAL_PERCENT
from tradepost.domain.channels.schedule import Schedule, ScheduledOperation
from tradepost.domain.channels.setup import SetupStep
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.orders.acknowledgement import LONGEST_CODE, LONGEST_VALUE, USUAL_VALUE
from tradepost.domain.orders.order import AcknowledgeMode, ShipmentPath
from tradepost.domain.stock.stock import StockMode
from tradepost.operations.ports import FileProtocol, StoreStanding


class Channel(models.Model):
    """
    One connected store.

    `rules` holds the fields of `ContentRules` that differ from their defaults; `order_statuses` and `payment_states`
    lists of values; `carrier_map` the merchant's word, casefolded, to the store's tracking type. `orders_compared`: the
    `OrderCriteria` by which the ledger was last compared with the whole store. `orders_proof`: what the last
    comparison of all came to, an `OrderProof`. A channel that `is_local` may call private addresses, one that
    `is_paused` executes no runs, and of one that `is_look_only` every run but an adoption is a preview.
    `time_zone`: the IANA name of the zone that its schedules are read in. `refusal`: why the store lets nobody in
    with this channel's token; until `refused_until` no schedule tries it. `store_doubt`: why the store may be
    another one than the one that the listings were linked to. `restored_from`: the database was put back, moved or
    copied since, and nobody has said what came after this moment; `restored_why` says which of them.
    `known_orders`: numbers of orders that are not in the ledger and were handed over by then. `setup_step`: the
    step at which a person is who sets it up; blank once that is done.
    """

    name = models.CharField(max_length=100, unique=True)
    is_local = models.BooleanField(default=False)
    is_paused = models.BooleanField(default=False)
    is_look_only = models.BooleanField(default=False)
    setup_step = enum_field(SetupStep, blank=True, default="")
    time_zone = models.CharField(max_length=64, default="UTC")
    store_standing = enum_field(StoreStanding, default=StoreStanding.KNOWN.value)
    store_doubt = models.TextField(blank=True)
    refusal = models.TextField(blank=True)
    refused_until = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    restored_from = models.DateTimeField(null=True, blank=True)
    restored_why = models.TextField(blank=True)
    known_orders = models.JSONField(default=list, blank=True)

    rules = models.JSONField(default=dict, blank=True)
    requires_product_type = models.BooleanField(default=True)
    linking_priority = enum_field(LinkingPriority, default=LinkingPriority.SKU.value)
    batch_size = models.PositiveIntegerField(default=50)
    requests_at_once = models.PositiveIntegerField(default=3)
    delist_parent_with_last_variant = models.BooleanField(default=True)
    lowest_price = MoneyField(null=True, blank=True)
    highest_price = MoneyField(null=True, blank=True)
    allows_zero_prices = models.BooleanField(default=False)
    sells_without_stock = models.BooleanField(default=False)
    # Without an image server, images travel inside the documents that publish.
    sends_images_itself = models.BooleanField(default=False)
    # The pages of the store that were told which image they show: values of `ImagePage`.
    image_pages = models.JSONField(default=list, blank=True)
    # The lines of the last look at the connections: name, is_good, words.
    findings = models.JSONField(default=list, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    brake_percent = models.PositiveIntegerField(default=USUAL_PERCENT)
    brake_at_least = models.PositiveIntegerField(default=USUAL_AT_LEAST)
    # By group of fields, those that differ from `domain.listings.drift.USUAL_POLICIES`.
    drift_policies = models.JSONField(default=dict, blank=True)

    order_statuses = models.JSONField(default=list, blank=True)
    look_back_days = models.PositiveIntegerField(default=7)
    payment_states = models.JSONField(default=list, blank=True)
    payload_days = models.PositiveIntegerField(default=90)
    personal_days = models.PositiveIntegerField(default=365)
    acknowledge_mode = enum_field(AcknowledgeMode, default=AcknowledgeMode.NONE.value)
    acknowledge_field = models.CharField(max_length=LONGEST_CODE, blank=True)
    acknowledge_value = models.CharField(max_length=LONGEST_VALUE, default=USUAL_VALUE)
    acknowledge_queue = models.CharField(max_length=LONGEST_CODE, blank=True)
    shipment_path = enum_field(ShipmentPath, default=ShipmentPath.PROVISION.value)
    carrier_map = models.JSONField(default=dict, blank=True)
    # The domain's `OrderRule`s, in the order in which they were made.
    order_rules = models.JSONField(default=list, blank=True)
    # The domain's `ListingRule`s, in the order in which they are asked.
    listing_rules = models.JSONField(default=list, blank=True)
    # Up to this product (id) listings follow the settings as they are; null where all do.
    wanted_up_to = models.BigIntegerField(null=True, blank=True)
    # Whether what is new in the catalogue is listed where no rule says so.
    lists_new = models.BooleanField(default=True)
    orders_fetched_at = models.DateTimeField(null=True, blank=True)
    orders_compared = models.JSONField(default=dict, blank=True)
    orders_proof = models.JSONField(default=dict, blank=True)
    orders_proven_at = models.DateTimeField(null=True, blank=True)

    stock_mode = enum_field(StockMode, default=StockMode.UNKNOWN.value)
    basket_hours = models.PositiveIntegerField(default=26)
    lost_answer_seconds = models.PositiveIntegerField(default=180)
    # How far the orders were sighted: the store's own numbers and times; see `domain.stock.stock.SightingPlace`.
    sighted_first_id = models.BigIntegerField(null=True, blank=True)
    sighted_id = models.BigIntegerField(default=0)
    sighted_updated = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["name"]
        constraints = [
            one_of("store_standing", StoreStanding, table="channel"),
            one_of("acknowledge_mode", AcknowledgeMode, table="channel"),
            one_of("linking_priority", LinkingPriority, table="channel"),
            one_of("stock_mode", StockMode, table="channel"),
            one_of("shipment_path", ShipmentPath, table="channel"),
            one_of("setup_step", SetupStep, table="channel", or_blank=True),
            models.CheckConstraint(condition=~models.Q(name=""), name="channel_has_a_name"),
            models.CheckConstraint(condition=models.Q(batch_size__gte=1), name="channel_batch_size_positive"),
            models.CheckConstraint(
                condition=models.Q(lowest_price__isnull=True)
                | models.Q(highest_price__isnull=True)
                | models.Q(lowest_price__lte=models.F("highest_price")),
                name="channel_price_limits_in_order",
            ),
            models.CheckConstraint(condition=models.Q(brake_percent__lte=100), name="channel_brake_is_a_share"),
        ]

    def __str__(self) -> str:
        return self.name


class Scheduled(models.Model):
    """What is started every so many minutes, or by a cron expression. `next_at`: when it is due; null is off."""

    every_minutes = models.PositiveIntegerField(default=0)
    cron = models.CharField(max_length=100, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(every_minutes=0, cron="", next_at__isnull=True)
                | models.Q(every_minutes__gt=0, cron="", next_at__isnull=False)
                | (models.Q(every_minutes=0, next_at__isnull=False) & ~models.Q(cron="")),
                name="%(class)s_is_off_or_has_a_next_time",
            ),
        ]
        indexes = [
            # The minute tick's look at what is due.
            models.Index(fields=["next_at"], condition=models.Q(next_at__isnull=False), name="%(class)s_due"),
        ]

    @property
    def schedule(self) -> Schedule:
        every = self.every_minutes
        return Schedule(every=timedelta(minutes=every) if every else None, cron=self.cron)


class ScheduleRecord(Scheduled):
    """
    When an operation of a channel is started; one without a row is off. While it is paused (`paused_at`: since when) it
    keeps its times and starts nothing.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="schedules")
    operation = enum_field(ScheduledOperation)
    paused_at = models.DateTimeField(null=True, blank=True)

    class Meta(Scheduled.Meta):
        constraints = [
            *Scheduled.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(paused_at__isnull=True) | models.Q(next_at__isnull=False),
                name="schedule_paused_is_not_off",
            ),
            one_of("operation", ScheduledOperation, table="schedule"),
            models.UniqueConstraint(fields=["channel", "operation"], name="schedule_once_per_operation"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.schedule}"


class ConnectionKind(StrEnum):
    STORE_API = "store_api"
    IMAGE_FTP = "image_ftp"


class StoreProtocol(StrEnum):
    HTTPS = "https"
    HTTP = "http"


class Connection(models.Model):
    """
    The address and credentials of a channel's store API or image server.

    `host`: a domain, for a store API also with scheme and port. `folder`: the store's folder (`/mm5/`), or the base
    directory of the image server. `digest`: how requests are signed. `fingerprint`: a server's key that a person has
    confirmed. `secrets`: {name: value} as JSON, encrypted; see `database.connections`.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="connections")
    kind = enum_field(ConnectionKind)
    protocol = models.CharField(max_length=24, choices=[*choices(StoreProtocol), *choices(FileProtocol)])
    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField(null=True, blank=True)
    folder = models.CharField(max_length=255, blank=True)
    sub_folder = models.CharField(max_length=255, blank=True)
    store_code = models.CharField(max_length=64, blank=True)
    user = models.CharField(max_length=255, blank=True)
    digest = models.CharField(max_length=8, default="sha256", choices=[("sha256", "SHA-256"), ("sha1", "SHA-1")])
    fingerprint = models.CharField(max_length=100, blank=True)
    secrets = models.BinaryField(default=b"")
    tested_at = models.DateTimeField(null=True, blank=True)
    test_result = models.TextField(blank=True)

    class Meta:
        constraints = [
            one_of("kind", ConnectionKind, table="connection"),
            models.UniqueConstraint(fields=["channel", "kind"], name="connection_once_per_channel_and_kind"),
            models.CheckConstraint(
                condition=models.Q(kind=ConnectionKind.STORE_API.value, protocol__in=[*map(str, StoreProtocol)])
                | models.Q(kind=ConnectionKind.IMAGE_FTP.value, protocol__in=[*map(str, FileProtocol)]),
                name="connection_protocol_fits_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.host}"
