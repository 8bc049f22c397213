"""Sources of the catalogue: where its files come from, what they mean, and which were taken."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.channel import Scheduled
from tradepost.database.models.fetch import FileRecord
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.files.file_address import LONGEST_ADDRESS
from tradepost.domain.stock.stock import Counting, Stating


class Source(Scheduled):
    """
    Where a part of the catalogue comes from, and what its files mean.

    `counts`: see `domain.stock.stock.Counting`, and for one by column `counted_column`. `orders_column`: the one that
    says up to which order was counted. `lag_minutes`: how old what it says may be when it is read. `digest`: of the
    last file that was read to its end. `states`: see `domain.stock.stock.Stating`. `is_full`: what a file does not have
    is not in the catalogue any more. `form`: the layout; blank: as a file's header says.

    `address`: where its files are fetched from; blank where they are only imported by hand. `secret` is encrypted; see
    `database.catalogue.sources`. `is_local`: its host may be inside the network. `tag`: what a web address called what
    was taken last. `expected_minutes`: how often something new has to come; 0: whenever. `problem`: what keeps it from
    coming in since `problem_at`; blank where nothing does.
    """

    name = models.CharField(max_length=64, unique=True)
    counts = enum_field(Counting, default=Counting.CHANGED.value)
    lag_minutes = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    counted_column = models.CharField(max_length=255, blank=True)
    orders_column = models.CharField(max_length=255, blank=True)
    states = enum_field(Stating, default=Stating.FIRST.value)
    is_full = models.BooleanField(default=False)
    form = enum_field(CatalogueForm, blank=True)
    address = models.CharField(max_length=LONGEST_ADDRESS, blank=True)
    fingerprint = models.CharField(max_length=100, blank=True)
    secret = models.BinaryField(default=b"")
    is_local = models.BooleanField(default=False)
    tag = models.CharField(max_length=200, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    expected_minutes = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    problem = models.TextField(blank=True)
    problem_at = models.DateTimeField(null=True, blank=True)

    class Meta(Scheduled.Meta):
        constraints = [
            *Scheduled.Meta.constraints,
            one_of("counts", Counting, table="source"),
            one_of("states", Stating, table="source"),
            one_of("form", CatalogueForm, table="source", or_blank=True),
            models.CheckConstraint(condition=Q(next_at__isnull=True) | ~Q(address=""), name="source_has_an_address"),
        ]

    def __str__(self) -> str:
        return self.name


class SourceFile(FileRecord):
    """A file of a source that was fetched. `reports`: [{line, level, message}], the first causes."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="files")
    rows = models.IntegerField(default=0)
    created = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    absent = models.IntegerField(default=0)

    class Meta:
        verbose_name = "file of a source"
        constraints = [
            models.UniqueConstraint(fields=["source", "name", "checksum"], name="source_file_once_per_content"),
        ]

    @classmethod
    def taken_of(cls, source_id: int, *, behind: int | None = None) -> "models.QuerySet[SourceFile]":
        """The files of a source that were taken, the last one first; `behind`: those that come behind this one."""
        rows = cls.objects.filter(source_id=source_id, taken_at__isnull=False).order_by("-taken_at", "-pk")
        last = None if behind is None else rows.filter(pk=behind).first()
        if last is None:
            return rows
        return rows.filter(Q(taken_at__lt=last.taken_at) | Q(taken_at=last.taken_at, pk__lt=last.pk))

    @property
    def what_was_refused(self) -> str:
        return self.problem or "; ".join(each["message"] for each in self.reports if each["level"] == "refused")
