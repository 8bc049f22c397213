"""Runs: each execution of an operation on a channel, or of a source, with its lease, progress and report."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Max, Q

from tradepost.database.models.allowed import enum_field, one_of
from tradepost.database.models.channel import Channel
from tradepost.database.models.source import Source
from tradepost.domain.plan import Action, Outcome, Proof, RunState, Side, SubjectKind

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


class RunKind(StrEnum):
    """The operations; a `request` is what a person asked for, done at once and kept for the history."""

    PUBLISH = "publish"
    SYNC = "sync"
    LINK = "link"
    SET_TYPE = "set_type"
    UNDO = "undo"
    ADOPT = "adopt"
    GET_ORDERS = "get_orders"
    SYNC_ORDERS = "sync_orders"
    RECONCILE_ORDERS = "reconcile_orders"
    DELIVER_ORDERS = "deliver_orders"
    FETCH_SHIPMENTS = "fetch_shipments"
    IMPORT = "import"
    REQUEST = "request"


class Trigger(StrEnum):
    PERSON = "person"
    SCHEDULE = "schedule"
    CHAIN = "chain"  # a run before it left something to do


class Run(models.Model):
    """
    One execution of an operation.

    It is about a channel, or about a source of the catalogue.

    `lane`: runs of one lane exclude each other on a channel; publish, sync and link share theirs, and so do get and
    sync orders. `scope`: the listing ids it is limited to, or null for all that is due. `scope_key`: tells equal
    requests, so that they join. `error_kind`: the class of `domain.errors` that ended it. `counts`: rows of `Counts`.
    `cursors`: {part of the work: last key}. `reference`: the id under which the log has the trace of an unexpected
    error. A dry run changes nothing, so it waits for nobody; `planned` counts what it planned, as rows of {subject,
    action, count}, and of its changes the first ones are kept, or all where it is a saved plan. `brake`: a `Braking`,
    where the brake held something back; `needs_answer`: nobody has said yet what is to become of it. `released_by`: who
    let this run go beyond the brake. `is_forgotten`: it is too long ago for an undo, so the values of its changes are
    kept no more. `writes_from`: it was left by an owner whose last request may land until then.
    """

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="runs", null=True, blank=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs", null=True, blank=True)
    kind = enum_field(RunKind)
    lane = models.CharField(max_length=24)
    trigger = enum_field(Trigger)
    requested_by = models.CharField(max_length=150, blank=True)
    state = enum_field(RunState, default=RunState.QUEUED.value)
    is_dry = models.BooleanField(default=False)
    scope = models.JSONField(null=True, blank=True)
    options = models.JSONField(default=dict, blank=True)
    scope_key = models.CharField(max_length=32)

    owner = models.CharField(max_length=100, blank=True)
    attempt = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    writes_from = models.DateTimeField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)

    cursors = models.JSONField(default=dict, blank=True)
    done = models.IntegerField(default=0)
    total = models.IntegerField(null=True, blank=True)
    label = models.CharField(max_length=200, blank=True)
    counts = models.JSONField(default=list, blank=True)
    planned = models.JSONField(default=list, blank=True)
    error = models.TextField(blank=True)
    error_kind = models.CharField(max_length=40, blank=True)
    reference = models.CharField(max_length=32, blank=True)
    brake = models.JSONField(default=dict, blank=True)
    needs_answer = models.BooleanField(default=False)
    released_by = models.CharField(max_length=150, blank=True)
    is_forgotten = models.BooleanField(default=False)

    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("kind", RunKind, table="run"),
            one_of("trigger", Trigger, table="run"),
            one_of("state", RunState, table="run"),
            # A run of a kind is in the lane of its kind: this also holds one running run per channel and kind.
            models.UniqueConstraint(
                fields=["channel", "lane"],
                condition=Q(state=RunState.RUNNING.value, is_dry=False),
                name="run_one_running_per_lane",
            ),
            models.UniqueConstraint(
                fields=["channel", "kind", "scope_key"],
                condition=Q(state=RunState.QUEUED.value),
                name="run_queued_once_per_scope",
            ),
            models.UniqueConstraint(
                fields=["source", "lane"],
                condition=Q(state=RunState.RUNNING.value, is_dry=False, source__isnull=False),
                name="run_one_running_per_source",
            ),
            models.UniqueConstraint(
                fields=["source", "kind", "scope_key"],
                condition=Q(state=RunState.QUEUED.value, source__isnull=False),
                name="run_queued_once_per_source",
            ),
            models.CheckConstraint(
                condition=Q(channel__isnull=False, source__isnull=True) | Q(channel__isnull=True, source__isnull=False),
                name="run_of_a_channel_or_a_source",
            ),
            models.CheckConstraint(
                condition=~Q(state=RunState.RUNNING.value) | (Q(lease_until__isnull=False) & ~Q(owner="")),
                name="run_running_has_an_owner",
            ),
        ]
        indexes = [
            # The executor's look at what waits, and at what was left behind.
            models.Index(fields=["state", "id"], condition=Q(state__in=["queued", "running"]), name="run_unfinished"),
            models.Index(fields=["channel", "-id"], name="run_by_channel"),
            # The list of those that did not go well.
            models.Index(
                fields=["-id"],
                condition=Q(state__in=["failed", "completed_with_errors", "stopped"]),
                name="run_problem",
            ),
            # What is too long ago to be undone.
            models.Index(
                fields=["finished_at"],
                condition=Q(is_forgotten=False, finished_at__isnull=False),
                name="run_not_forgotten",
            ),
            # What whoever is next on a channel has to wait for.
            models.Index(fields=["channel", "lane"], condition=Q(writes_from__isnull=False), name="run_writes_from"),
            # What a channel's people have to answer.
            models.Index(fields=["channel", "id"], condition=Q(needs_answer=True), name="run_needs_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @classmethod
    def failing(cls, *, since: datetime) -> "models.QuerySet[Run]":
        """The last run of each kind since then, where it failed; not of channels that are out of use."""
        # None of these is forgotten, and the index says so.
        settled = cls.objects.filter(is_forgotten=False, finished_at__isnull=False, finished_at__gte=since)
        last = (
            settled.filter(is_dry=False).order_by().values("channel_id", "source_id", "kind").annotate(last=Max("id"))
        )
        failed = cls.objects.filter(id__in=last.values("last"), state=RunState.FAILED.value, channel__archived_at=None)
        return failed.order_by("id")

    @property
    def of(self) -> str:
        """The name of the channel or source that it is about."""
        return str(self.source if self.channel is None else self.channel)


class AmongFields(models.Func):
    """Whether a field of this name is among those of a change: `filter(AmongFields("fields", "price"))`."""

    output_field = models.BooleanField()
    conditional = True

    def __init__(self, fields: str, name: str, **extra: Any) -> None:
        super().__init__(models.F(fields), models.Value(name), **extra)

    def as_sqlite(
        self,
        compiler: "SQLCompiler",
        connection: "BaseDatabaseWrapper",  # noqa: ARG002 Django's form
        **_: Any,
    ) -> tuple[str, tuple[str | int, ...]]:
        rows = "SELECT 1 FROM json_each({}) AS field WHERE json_extract(field.value, '$.name') = {}"
        return self._exists(rows, compiler)

    def as_postgresql(
        self,
        compiler: "SQLCompiler",
        connection: "BaseDatabaseWrapper",  # noqa: ARG002 Django's form
        **_: Any,
    ) -> tuple[str, tuple[str | int, ...]]:
        return self._exists("SELECT 1 FROM jsonb_array_elements({}) AS field WHERE field ->> 'name' = {}", compiler)

    def _exists(self, rows: str, compiler: "SQLCompiler") -> tuple[str, tuple[str | int, ...]]:
        fields, name = (compiler.compile(each) for each in self.get_source_expressions())
        return f"EXISTS ({rows.format(fields[0], name[0])})", (*fields[1], *name[1])


class RunChange(models.Model):
    """
    A change that a run planned or made, and what became of it: report, history and audit trail in one.

    A blank `outcome` means that it was only planned. `fields`: [{name, before, after}]. `listing_id` is a plain
    number, so that history outlives the listing.
    """

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="changes")
    attempt = models.IntegerField()
    unit = models.CharField(max_length=255, blank=True)
    subject_kind = enum_field(SubjectKind)
    subject_key = models.CharField(max_length=255)
    subject_label = models.TextField(blank=True)
    side = enum_field(Side)
    action = enum_field(Action)
    outcome = enum_field(Outcome, blank=True)
    proof = enum_field(Proof, blank=True)
    fields = models.JSONField(default=list, blank=True)
    reason = models.TextField(blank=True)
    message = models.TextField(blank=True)
    listing_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            one_of("outcome", Outcome, table="run_change", or_blank=True),
            one_of("proof", Proof, table="run_change"),
        ]
        indexes = [
            # A listing's history, newest first.
            models.Index(
                fields=["listing_id", "-id"], condition=Q(listing_id__isnull=False), name="run_change_by_listing"
            ),
            # An order's or a file's history, by its number or path.
            models.Index(fields=["subject_kind", "subject_key", "-id"], name="run_change_by_subject"),
            # A run's report: what was rejected, failed or is unknown.
            models.Index(fields=["run", "outcome", "id"], name="run_change_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject_key}"

    @classmethod
    def history_of(cls, listing_id: int) -> "models.QuerySet[RunChange]":
        """Return what was done to a listing, newest first; what a preview planned was not done, and is no history."""
        return cls.objects.filter(listing_id=listing_id, run__is_dry=False).order_by("-pk")
