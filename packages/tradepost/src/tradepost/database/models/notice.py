"""Notices: what people were told, the places where they are told, and the messages that are on their way."""

from django.db import models
from django.db.models import Q

from tradepost.database.models.allowed import enum_field, one_of
from tradepost.domain.people.notices import NoticeEvent


class NoticePlace(models.Model):
    """
    Where somebody is told. `address` is encrypted; `shown` is as much of it as anybody may see.

    `events`: those that are told there; none means all. `is_local`: its host may be inside the network. `digest_at`:
    the time of day, in `time_zone`, at which everything is told at once; blank: at once. `failure`: why the last
    message could not be sent, since `failing_since`.
    """

    name = models.CharField(max_length=64, unique=True)
    address = models.BinaryField()
    shown = models.CharField(max_length=255)
    events = models.JSONField(default=list, blank=True)
    is_local = models.BooleanField(default=False)
    digest_at = models.CharField(max_length=5, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    digest_next_at = models.DateTimeField(null=True, blank=True)
    digest_from = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """A cause that people are told of; see `domain.people.notices`. `over_at`: when it was found to be so no more."""

    event = enum_field(NoticeEvent)
    key = models.CharField(max_length=255)
    words = models.TextField()
    opened_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("event", NoticeEvent, table="notice"),
            models.UniqueConstraint(
                fields=["event", "key"], condition=Q(over_at__isnull=True), name="notice_open_once"
            ),
        ]
        indexes = [
            # What a digest tells.
            models.Index(fields=["opened_at"], name="notice_opened"),
            # What is over for long.
            models.Index(fields=["over_at"], condition=Q(over_at__isnull=False), name="notice_over"),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.key}"


class NoticeMessage(models.Model):
    """
    A letter to a place, on its way or sent. `due_at`: when it is tried next; null: it was sent, or given up. Who sends
    it moves `due_at` on first, so that nobody else does meanwhile.
    """

    place = models.ForeignKey(NoticePlace, on_delete=models.CASCADE, related_name="messages")
    title = models.TextField()
    body = models.TextField()
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)

    class Meta:
        indexes = [
            # What is to be sent.
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="message_due"),
            # What was sent long ago.
            models.Index(fields=["made_at"], condition=Q(due_at__isnull=True), name="message_done"),
        ]

    def __str__(self) -> str:
        return self.title
