"""The table of channels, which stores are connected; their pages are in `channel_page` and `wizard`."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tradepost.database.models import Channel, Run, RunKind
from tradepost.domain.errors import NotAllowed
from tradepost.engine.plans import request_saved_plan
from tradepost.engine.runs import request_run
from tradepost.web.channels import channel_page, wizard
from tradepost.web.channels.adoption import adoption_page
from tradepost.web.channels.listing_rules import listing_rules_page
from tradepost.web.channels.order_rules import order_rules_page
from tradepost.web.channels.settings import settings_part
from tradepost.web.format import spoken
from tradepost.web.rights import asks, may
from tradepost.web.shell.standings import CHANNEL_COLOURS, channel_facts, state_of
from tradepost.web.site import site
from tradepost.web.tables.columns import column
from tradepost.web.tables.empty_list import EmptyList, NextStep
from tradepost.web.tables.keyset import KeysetChangeList
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable
from tradepost.web.today import first_steps


class ChannelList(KeysetChangeList):
    """Channels with how they stand, asked for once for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        facts = channel_facts(request)
        for row in self.result_list:
            row.standing = state_of(facts.get(row.pk))["state"]


@admin.register(Channel, site=site)
class ChannelTable(ReadOnlyTable):
    """Channels."""

    act = "channel list"
    list_display = ("name", "state", "store", "orders_fetched_at")
    empty = EmptyList(
        "No store is connected yet. Six short steps connect one, each with a test.",
        (
            NextStep("Connect a store", "tradepost_channel_add", "channel add"),
            NextStep("First steps", "first_steps", "overview show"),
        ),
    )
    actions = ("publish", "sync", "link", "get_orders", "sync_orders", "plan_publish", "plan_sync")

    @column("Store")
    def store(self, row: Channel) -> str:
        return ", ".join(f"{c.host} {c.store_code}".strip() for c in row.connections.all()) or "not connected"

    @column("State", label=CHANNEL_COLOURS)
    def state(self, row: Channel) -> str:
        return str(row.standing)  # type: ignore[attr-defined] # the list has it

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:  # noqa: ARG002 Django's form
        return ChannelList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        rows: QuerySet[Channel] = super().get_queryset(request)
        return rows.prefetch_related("connections")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 Django's form
        return may(request, "channel add")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:  # noqa: ARG002
        return wizard.begin(request)

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        return channel_page.channel_page(request, key)

    def own_pages(self) -> OwnPages:
        return {
            "first_steps": ("first-steps/", first_steps.first_steps),
            "first_product": ("first-steps/product/", first_steps.first_product),
            "first_publish": ("first-steps/product/<int:plan_id>/", first_steps.first_publish),
            "tradepost_channel_adopt": ("<int:channel_id>/adopt/", adoption_page),
            "tradepost_channel_go_live": ("<int:channel_id>/go-live/", channel_page.go_live),
            "tradepost_channel_setup": ("<int:channel_id>/set-up/<str:step>/", wizard.set_up),
            "tradepost_channel_listing_rules": ("<int:channel_id>/rules/listings/", listing_rules_page),
            "tradepost_channel_order_rules": ("<int:channel_id>/rules/orders/", order_rules_page),
            "tradepost_channel_settings": ("<int:channel_id>/settings/<str:part>/", settings_part),
        }

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
