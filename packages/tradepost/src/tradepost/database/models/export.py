"""Consumers of orders: who takes them over, what they were given, and what they have not confirmed."""

from django.db import models
from django.db.models import Q

from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.channel import Channel
from tradepost.database.models.order import Order
from tradepost.domain.files.file_address import LONGEST_ADDRESS
from tradepost.domain.orders.order_delivery import Confirmation
from tradepost.domain.orders.order_export import ExportForm


class Consumer(models.Model):
    """
    A warehouse or an ERP that takes a channel's orders over.

    `cursor`: the number of the last batch that it has confirmed; `given`: of the last one that was made. `events_seen`:
    up to here every event of an order was told.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="consumers")
    name = models.CharField(max_length=64)
    form = enum_field(ExportForm)
    cursor = models.BigIntegerField(default=0)
    given = models.BigIntegerField(default=0)
    events_seen = models.BigIntegerField(default=0)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            one_of("form", ExportForm, table="consumer"),
            models.UniqueConstraint(fields=["channel", "name"], name="consumer_once_per_channel"),
            models.CheckConstraint(condition=Q(cursor__lte=models.F("given")), name="consumer_confirms_what_was_given"),
        ]

    def __str__(self) -> str:
        return self.name


class ConsumerTargetRecord(models.Model):
    """
    Where a consumer's batches are brought. `secret` is encrypted; see `database.orders.targets`. `delivered`: the
    cursor of the last batch that arrived there.
    """

    consumer = models.OneToOneField(Consumer, on_delete=models.CASCADE, primary_key=True, related_name="target")
    address = models.CharField(max_length=LONGEST_ADDRESS)
    confirmation = enum_field(Confirmation)
    fingerprint = models.CharField(max_length=100, blank=True)
    secret = models.BinaryField(default=b"")
    delivered = models.BigIntegerField(default=0)

    class Meta:
        db_table = "tradepost_consumertarget"
        verbose_name = "consumer target"
        constraints = [one_of("confirmation", Confirmation, table="consumer_target")]

    def __str__(self) -> str:
        return self.address


class OpenBatch(models.Model):
    """The batch that a consumer has not confirmed, as it is given until then; with its confirmation it is gone."""

    consumer = models.OneToOneField(Consumer, on_delete=models.CASCADE, primary_key=True, related_name="open_batch")
    cursor = models.BigIntegerField()
    content = models.TextField()
    orders = models.IntegerField()
    changes = models.IntegerField()
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.consumer_id} {self.cursor}"


class ConsumedOrder(models.Model):
    """
    An order that a consumer was given: first and last with these batches. `event_id`: the last event that it was told.
    """

    consumer = models.ForeignKey(Consumer, on_delete=models.CASCADE, related_name="consumed")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+")
    first_batch = models.BigIntegerField()
    last_batch = models.BigIntegerField()
    event_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consumer", "order"], name="consumed_once_per_consumer")]
        indexes = [
            # The orders that are handed over with a batch, and those that it has.
            models.Index(fields=["consumer", "first_batch"], name="consumed_by_first_batch"),
            models.Index(fields=["consumer", "last_batch"], name="consumed_by_last_batch"),
        ]

    def __str__(self) -> str:
        return f"{self.consumer_id} {self.order_id}"
