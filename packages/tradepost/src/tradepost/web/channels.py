"""The table of channels: which stores are connected, and how their last check went. Secrets are never shown."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from tradepost.database.models import Channel, Connection, Run, RunKind, ScheduleRecord
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listing_rules import ListingRules
from tradepost.domain.listing_rules import rules_of as listing_rules_of
from tradepost.domain.order_rules import in_order, rules_of
from tradepost.domain.schedule import spoken_time
from tradepost.engine.plans import request_saved_plan
from tradepost.engine.runs import request_run
from tradepost.web.columns import column
from tradepost.web.format import NOTHING, spoken
from tradepost.web.read_only import ReadOnlyRows, ReadOnlyTable
from tradepost.web.rights import asks
from tradepost.web.site import site


class Connections(ReadOnlyRows):
    """Addresses of a channel's store API and image server."""

    model = Connection
    fields = ("kind", "protocol", "host", "port", "folder", "store_code", "user", "tested_at", "test_result")
    readonly_fields = fields


class ChannelSchedules(ReadOnlyRows):
    """When a channel's operations are started without a person; 'tradepost channel schedule' changes it."""

    model = ScheduleRecord
    fields = ("name", "started", "next_start")
    readonly_fields = fields
    ordering = ("pk",)
    verbose_name = "schedule"
    verbose_name_plural = "schedules"

    @column("Operation")
    def name(self, row: ScheduleRecord) -> str:
        return spoken(row.operation)

    @column("Started")
    def started(self, row: ScheduleRecord) -> str:
        return str(row.schedule)

    @column("Next")
    def next_start(self, row: ScheduleRecord) -> str:
        if row.next_at is None:
            return NOTHING
        if row.channel.is_paused:
            return "not while the channel is paused"
        return spoken_time(row.next_at, now=timezone.now(), time_zone=row.channel.time_zone)


@admin.register(Channel, site=site)
class ChannelTable(ReadOnlyTable):
    """Channels."""

    act = "channel list"
    list_display = (
        "name",
        "store",
        "acknowledging",
        "orders_fetched_at",
        "is_paused",
        "is_look_only",
        "store_standing",
        "is_local",
    )
    inlines = (ChannelSchedules, Connections)
    exclude = ("rules", "carrier_map", "order_rules", "listing_rules", "orders_proof")
    readonly_fields = ("rules_for_orders", "rules_for_listings")
    actions = ("publish", "sync", "link", "get_orders", "sync_orders", "plan_publish", "plan_sync")

    @column("Store")
    def store(self, row: Channel) -> str:
        return ", ".join(f"{c.host} {c.store_code}".strip() for c in row.connections.all()) or "not connected"

    @column("Rules for orders")
    def rules_for_orders(self, row: Channel) -> str:
        """What 'tradepost orders set-rule' has set, in the order in which it is asked."""
        found = in_order(rules_of(row.order_rules))
        return "; ".join(f"{rule.name}, for {rule.conditions}: {rule.deeds}" for rule in found) or NOTHING

    @column("Rules for listings")
    def rules_for_listings(self, row: Channel) -> str:
        """What 'tradepost listings set-rule' has set, in the order in which it is asked."""
        found = ListingRules.of(listing_rules_of(row.listing_rules)).in_order
        return "; ".join(f"{rule.name}, for {rule.conditions}: {rule.deeds}" for rule in found) or NOTHING

    @column("Acknowledges by")
    def acknowledging(self, row: Channel) -> str:
        return spoken(row.acknowledge_mode)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        rows: QuerySet[Channel] = super().get_queryset(request)
        return rows.prefetch_related("connections")

    # --- starting runs; the executor of the server takes them from the queue ---

    @asks("listings publish", "Publish what is due")
    def publish(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        self._start(request, queryset, RunKind.PUBLISH)

    @asks("listings sync", "Sync prices, quantities and status")
    def sync(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        self._start(request, queryset, RunKind.SYNC)

    @asks("listings link", "Link to products on the store")
    def link(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        self._start(request, queryset, RunKind.LINK)

    @asks("orders get", "Get orders")
    def get_orders(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        self._start(request, queryset, RunKind.GET_ORDERS)

    @asks("orders sync", "Send shipments")
    def sync_orders(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        self._start(request, queryset, RunKind.SYNC_ORDERS)

    # --- previews; each has a page, where it is approved and carried out ---

    @asks("plans save", "Preview a publish")
    def plan_publish(self, request: HttpRequest, queryset: QuerySet[Channel]) -> HttpResponse | None:
        return self._plan(request, queryset, RunKind.PUBLISH)

    @asks("plans save", "Preview a sync")
    def plan_sync(self, request: HttpRequest, queryset: QuerySet[Channel]) -> HttpResponse | None:
        return self._plan(request, queryset, RunKind.SYNC)

    def _plan(self, request: HttpRequest, queryset: QuerySet[Channel], kind: RunKind) -> HttpResponse | None:
        plans: list[Run] = []
        for channel in queryset.filter(archived_at__isnull=True):
            try:
                plans.append(request_saved_plan(channel.pk, kind, requested_by=request.user.get_username()))
            except NotAllowed as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
        if len(plans) == 1:
            return redirect("admin:tradepost_savedplan_change", plans[0].pk)
        return redirect("admin:tradepost_savedplan_changelist") if plans else None

    def _start(self, request: HttpRequest, queryset: QuerySet[Channel], kind: RunKind) -> None:
        for channel in queryset.filter(archived_at__isnull=True):
            try:
                run = request_run(channel.pk, kind, requested_by=request.user.get_username())
            except NotAllowed as refusal:
                self.message_user(request, str(refusal), messages.WARNING)
                continue
            self.message_user(request, f"Run {run.pk} ({spoken(kind)}) is queued for {channel.name}.", messages.SUCCESS)
