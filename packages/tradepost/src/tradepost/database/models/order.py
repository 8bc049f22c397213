"""The ledger of imported orders, and the shipments that the merchant sends for them."""

from django.db import models
from django.db.models import Q

from tradepost.database.fields import MoneyField
from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.catalogue import VariantRecord
from tradepost.database.models.channel import Channel
from tradepost.database.models.listing import Listing
from tradepost.domain.orders.order import FRESH_STATES, LineOption, OrderState, PaymentState, StoreStatus, chosen_words
from tradepost.domain.orders.order_changes import Holds, OrderEventKind
from tradepost.domain.orders.order_rules import LONGEST_WORD
from tradepost.domain.orders.shipment import LONGEST_REFERENCE, ShipmentState


class Order(models.Model):
    """
    An order as it was imported; once per channel and the store's order number.

    Addresses, charges, discounts, payments and notes are JSON in the shape of the domain's `Address`, `StoreCharge`,
    `StoreDiscount`, `StorePayment` and texts. `customer_id` is the store's, 0 for a guest.
    `hold_reason`, `hold_asked` and `hold_released` are the domain's `Holds`; `held_by`: the person who asked, blank
    where the hub did; `held_since`: since when it is on hold, null where it is not. `closed_reason`: why it is
    cancelled, where the store's state does not say it.
    `telling_since`: when a request was sent that tells the store of it, until its answer was heard.
    `opened_at`: when somebody first looked at it or decided something about it; `shipped_at`: when it was wholly
    shipped.
    `tags`, `service`, `carrier` and `fulfiller` are what the channel's rules made of it; `rules_done`: the domain's
    `RuleDone`s.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="orders")
    external_id = models.BigIntegerField()
    state = enum_field(OrderState, default=OrderState.OPEN.value)
    hold_reason = models.TextField(blank=True)
    hold_asked = models.TextField(blank=True)
    hold_released = models.TextField(blank=True)
    held_by = models.CharField(max_length=150, blank=True)
    held_since = models.DateTimeField(null=True, blank=True)
    closed_reason = models.TextField(blank=True)
    store_status = enum_field(StoreStatus)
    placed_at = models.DateTimeField()
    imported_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    telling_since = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    anonymised_at = models.DateTimeField(null=True, blank=True)
    ship_to = models.JSONField(default=dict)
    bill_to = models.JSONField(default=dict)
    charges = models.JSONField(default=list, blank=True)
    notes = models.JSONField(default=list, blank=True)
    total = MoneyField()
    currency = models.CharField(max_length=8, blank=True)
    shipping_method = models.CharField(max_length=255, blank=True)
    payment_state = enum_field(PaymentState, default=PaymentState.PENDING.value)
    customer_id = models.BigIntegerField(default=0)
    discounts = models.JSONField(default=list, blank=True)
    payments = models.JSONField(default=list, blank=True)
    custom_fields = models.JSONField(default=dict, blank=True)
    tags = models.JSONField(default=list, blank=True)
    service = models.CharField(max_length=LONGEST_WORD, blank=True)
    carrier = models.CharField(max_length=LONGEST_WORD, blank=True)
    fulfiller = models.CharField(max_length=LONGEST_WORD, blank=True)
    rules_done = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            one_of("state", OrderState, table="order"),
            one_of("payment_state", PaymentState, table="order"),
            one_of("store_status", StoreStatus, table="order"),
            models.UniqueConstraint(fields=["channel", "external_id"], name="order_once_per_channel"),
            models.CheckConstraint(
                condition=~Q(state=OrderState.ON_HOLD.value) | ~Q(hold_reason="") | ~Q(hold_asked=""),
                name="order_hold_has_a_reason",
            ),
        ]
        indexes = [
            # unacknowledged: orders that the store is to be told about.
            models.Index(
                fields=["channel", "id"],
                condition=Q(acknowledged_at__isnull=True, state__in=["open", "on_hold"]),
                name="order_unacknowledged",
            ),
            # fresh: those that nobody has worked on yet; of those that are open they are few.
            models.Index(
                fields=["channel", "-id"],
                condition=Q(opened_at__isnull=True, state__in=[state.value for state in FRESH_STATES]),
                name="order_untouched",
            ),
            # Those of which it may not be known any more who bought.
            models.Index(
                fields=["channel", "imported_at"],
                condition=Q(anonymised_at__isnull=True, state__in=["closed", "cancelled"]),
                name="order_with_person",
            ),
            # Lists, newest first.
            models.Index(fields=["channel", "-placed_at", "-id"], name="order_by_date"),
            models.Index(fields=["channel", "state", "-id"], name="order_by_state"),
            models.Index(fields=["channel", "store_status", "-id"], name="order_by_store_status"),
        ]

    def __str__(self) -> str:
        return str(self.external_id)

    @property
    def holds(self) -> Holds:
        return Holds(by_rules=self.hold_reason, asked=self.hold_asked, released=self.hold_released)

    @property
    def why(self) -> str:
        """Why it is in its state: what holds it, or what closed it."""
        return self.holds.reason if self.state == OrderState.ON_HOLD.value else self.closed_reason


class OrderEvent(models.Model):
    """
    Something that happened to an order after its import; append only.

    `fields`: [{name, before, after}], which may hold a person's data, and are nowhere else but in the order itself.
    `by`: the person who asked for it, blank where the store or the hub did it.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    what = enum_field(OrderEventKind)
    reason = models.TextField(blank=True)
    by = models.CharField(max_length=150, blank=True)
    fields = models.JSONField(default=list, blank=True)
    run_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [one_of("what", OrderEventKind, table="order_event")]
        indexes = [models.Index(fields=["order", "id"], name="order_event_of_order")]

    def __str__(self) -> str:
        return f"{self.what} {self.order_id}"


class OrderPayload(models.Model):
    """An order as the store sent it when it was last read, without anything of a card; kept for some time only."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="payload")
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="+")
    record = models.TextField()
    kept_at = models.DateTimeField()

    class Meta:
        indexes = [
            # Those that were kept long enough.
            models.Index(fields=["channel", "kept_at"], name="order_payload_by_age"),
        ]

    def __str__(self) -> str:
        return f"order {self.order_id}"


class ParkedOrderRecord(models.Model):
    """
    An order of the store that can't be read or held: it is not in the ledger, and keeps no other one out of it.

    `number` as the store writes it, `external_id` where it is one. `fingerprint`: of the look that found it so, blank
    when it is to be tried again as if it had never been; `version`: of the hub that could not take it. `payload`: the
    record, cut where it is long.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="parked_orders")
    number = models.CharField(max_length=64)
    external_id = models.BigIntegerField(null=True, blank=True)
    reason = models.TextField()
    fingerprint = models.CharField(max_length=16, blank=True)
    version = models.CharField(max_length=40)
    payload = models.TextField(blank=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        db_table = "tradepost_parkedorder"
        verbose_name = "parked order"
        constraints = [models.UniqueConstraint(fields=["channel", "number"], name="parked_order_once_per_channel")]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """A line as on the store; `listing` and `variant` are what it was matched to, for `listed_price` at that time."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    line_id = models.BigIntegerField()
    code = models.CharField(max_length=255, blank=True)
    sku = models.CharField(max_length=255, blank=True)
    name = models.TextField(blank=True)
    quantity = models.IntegerField()
    price = MoneyField()
    total = MoneyField()
    store_status = enum_field(StoreStatus)
    external_product_id = models.BigIntegerField(default=0)
    shipment_id = models.BigIntegerField(default=0)
    options = models.JSONField(default=list, blank=True)
    part_codes = models.JSONField(default=list, blank=True)
    is_product = models.BooleanField(default=True)
    listed_price = MoneyField(null=True, blank=True)
    listing = models.ForeignKey(Listing, on_delete=models.SET_NULL, related_name="order_lines", null=True, blank=True)
    variant = models.ForeignKey(
        VariantRecord, on_delete=models.SET_NULL, related_name="order_lines", null=True, blank=True
    )

    class Meta:
        constraints = [
            one_of("store_status", StoreStatus, table="order_line"),
            models.UniqueConstraint(fields=["order", "line_id"], name="order_line_once"),
        ]
        indexes = [
            # look_again_at: items that no listing was known for.
            models.Index(
                fields=["sku"], condition=Q(listing__isnull=True, is_product=True), name="order_line_unknown_sku"
            ),
            models.Index(
                fields=["code"], condition=Q(listing__isnull=True, is_product=True), name="order_line_unknown_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.sku or self.code}"

    @property
    def chosen(self) -> str:
        return chosen_words(LineOption(**option) for option in self.options)


class ShipmentRecord(models.Model):
    """
    A package that the merchant sent; `code` is ours and never changes, `reference` is whoever packs' own name for it.

    `synced_at` is when the store was proven to have it as it is here; a change of the shipment clears it. `proven`: how
    the store had it when it was last seen, the domain's `Tracking`. `sending_since`: when a request was begun whose end
    nobody knows; as long as it stands, the store may have it. `joined_to`: the shipment that stands for it on a store
    that ships whole lines. `last_error`: why it is parked, or not on the store yet.
    """

    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="shipments")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    code = models.CharField(max_length=50, unique=True)
    reference = models.CharField(max_length=LONGEST_REFERENCE, blank=True)
    state = enum_field(ShipmentState, default=ShipmentState.WAITING.value)
    carrier = models.CharField(max_length=100)
    tracking_number = models.CharField(max_length=100)
    cost = MoneyField()
    shipped_at = models.DateTimeField()
    external_id = models.BigIntegerField(null=True, blank=True)
    joined_to = models.ForeignKey("self", on_delete=models.PROTECT, related_name="+", null=True, blank=True)
    proven = models.JSONField(null=True, blank=True)
    sending_since = models.DateTimeField(null=True, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        verbose_name = "shipment"
        constraints = [
            one_of("state", ShipmentState, table="shipment"),
            models.CheckConstraint(condition=~Q(tracking_number=""), name="shipment_has_a_tracking_number"),
            models.CheckConstraint(
                condition=~Q(state=ShipmentState.TOLD.value) | Q(external_id__isnull=False, synced_at__isnull=False),
                name="shipment_told_is_on_the_store",
            ),
            models.UniqueConstraint(
                fields=["order", "external_id"],
                condition=Q(external_id__isnull=False, joined_to__isnull=True),
                name="shipment_once_per_external_id",
            ),
            models.UniqueConstraint(
                fields=["order", "reference"], condition=~Q(reference=""), name="shipment_once_per_reference"
            ),
        ]
        indexes = [
            # shipments_due, and how many are not told yet.
            models.Index(fields=["channel", "id"], condition=Q(state="waiting"), name="shipment_due"),
            models.Index(fields=["channel", "id"], condition=Q(state="parked"), name="shipment_parked"),
            # Searches.
            models.Index(fields=["tracking_number"], name="shipment_by_tracking_number"),
            # placed_or_shipped: those of a time.
            models.Index(fields=["shipped_at"], name="shipment_by_date"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def is_on_store(self) -> bool:
        """Whether the store was proven to have it, and was not found without it since."""
        is_missing = self.state == ShipmentState.PARKED.value and self.proven is None
        return self.external_id is not None and not is_missing


class ShipmentLineRecord(models.Model):
    """How many pieces of an order line are in a shipment."""

    shipment = models.ForeignKey(ShipmentRecord, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="shipment_lines")
    quantity = models.IntegerField()

    class Meta:
        db_table = "tradepost_shipmentline"
        verbose_name = "shipment line"
        constraints = [
            models.UniqueConstraint(fields=["shipment", "line"], name="shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shipment_line_has_pieces"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.line_id}"
