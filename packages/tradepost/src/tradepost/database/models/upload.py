"""Uploads: catalogue files that were given on a page, looked at, and then imported or not."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.run import Run
from tradepost.database.models.source import Source
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.files.fetched_file import LONGEST_FILE_NAME


class Upload(models.Model):
    """
    A file that is kept in the data folder until it was imported.

    `folder`: where below the folder of uploads, a name of its own. `encoding`: the one that it had; it is kept in
    UTF-8. `form`: the layout that was chosen; blank: as its header says. `is_full`: see `imports.ImportOptions`.
    `preview` and `imported_by`: the runs that said last what it would do, and that did it. `report`: what that one came
    to, as `import_report.as_kept` has it; `refused`: a header and the rows to mend, the first ones, as `refused_rows`
    has them. `problem`: why nothing of it could be used. `is_read`: its import has come to the end, so that the file is
    needed no more.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=LONGEST_FILE_NAME)
    folder = models.CharField(max_length=64, unique=True)
    size_bytes = models.BigIntegerField()
    checksum = models.CharField(max_length=64)
    encoding = models.CharField(max_length=24)
    form = enum_field(CatalogueForm, blank=True)
    is_full = models.BooleanField(null=True, blank=True)
    given_by = models.CharField(max_length=150, blank=True)
    given_at = models.DateTimeField(default=timezone.now)
    preview = models.ForeignKey(Run, on_delete=models.SET_NULL, related_name="+", null=True, blank=True)
    imported_by = models.ForeignKey(Run, on_delete=models.SET_NULL, related_name="uploads", null=True, blank=True)
    report = models.JSONField(default=dict, blank=True)
    refused = models.JSONField(default=list, blank=True)
    problem = models.TextField(blank=True)
    is_read = models.BooleanField(default=False)

    class Meta:
        constraints = [one_of("form", CatalogueForm, table="upload", or_blank=True)]
        indexes = [
            # What nobody has imported, and when its time is over.
            models.Index(fields=["given_at"], condition=Q(is_read=False), name="upload_not_read"),
        ]

    def __str__(self) -> str:
        return self.name
