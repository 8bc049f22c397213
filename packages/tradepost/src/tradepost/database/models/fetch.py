"""Where shipments are fetched from, and which files were seen and taken there."""

from django.db import models
from django.db.models import Q

from tradepost.database.models.channel import Channel
from tradepost.domain.files.fetched_file import LONGEST_FILE_NAME
from tradepost.domain.files.file_address import LONGEST_ADDRESS


class ShipmentSourceRecord(models.Model):
    """
    A warehouse's place for files of shipments. `secret` is encrypted; see `database.orders.shipment_sources`. `tag`:
    what a web address called what was taken last.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="shipment_sources")
    name = models.CharField(max_length=64)
    address = models.CharField(max_length=LONGEST_ADDRESS)
    fingerprint = models.CharField(max_length=100, blank=True)
    secret = models.BinaryField(default=b"")
    tag = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "tradepost_shipmentsource"
        verbose_name = "shipment source"
        constraints = [
            models.UniqueConstraint(fields=["channel", "name"], name="shipment_source_once_per_channel"),
        ]

    def __str__(self) -> str:
        return self.name


class FileRecord(models.Model):
    """
    A file that was fetched: seen, then taken, then put away. Of another content it is another one.

    `problem`: why nothing of it could be used. `reports`: [{line, level, message}] of its rows, the first ones.
    `run_id`: the run that took it, a plain number.
    """

    name = models.CharField(max_length=LONGEST_FILE_NAME)
    checksum = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    seen_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)
    put_away_at = models.DateTimeField(null=True, blank=True)
    run_id = models.BigIntegerField(null=True, blank=True)
    refused = models.IntegerField(default=0)
    problem = models.TextField(blank=True)
    reports = models.JSONField(default=list, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class FetchedFile(FileRecord):
    """A file of shipments. `is_open`: something was refused, and nobody has said that it is dealt with."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="fetched_files")
    source = models.ForeignKey(ShipmentSourceRecord, on_delete=models.CASCADE, related_name="files")
    recorded = models.IntegerField(default=0)
    known = models.IntegerField(default=0)
    is_open = models.BooleanField(default=False)

    class Meta:
        verbose_name = "fetched file"
        constraints = [
            models.UniqueConstraint(fields=["source", "name", "checksum"], name="fetched_file_once_per_content"),
        ]
        indexes = [
            # What is counted where people look.
            models.Index(fields=["channel"], condition=Q(is_open=True), name="fetched_file_open"),
        ]

    @property
    def what_was_refused(self) -> str:
        return self.problem or "; ".join(f"line {each['line']}: {each['message']}" for each in self.reports)
