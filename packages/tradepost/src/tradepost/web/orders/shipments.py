"""Shipments, the files that they came in, and orders that could not be read: tables beside that of orders."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from tradepost import wiring
from tradepost.database.models import Channel, FetchedFile, ParkedOrderRecord, RunKind, ShipmentRecord
from tradepost.operations.orders.fetch_shipments import settle_files
from tradepost.operations.orders.order_requests import retry_parked
from tradepost.operations.orders.shipments import retry_shipments
from tradepost.web.format import NOTHING, SHIPMENT_COLOURS, spoken
from tradepost.web.orders import shipment_sources as sources
from tradepost.web.orders.deeds import start_run
from tradepost.web.orders.shipment_files import shipment_file
from tradepost.web.rights import asks, need
from tradepost.web.site import site
from tradepost.web.tables.columns import ChannelFilter, ChoicesDropdownFilter, YesNoFilter, asking, column
from tradepost.web.tables.empty_list import EmptyList, NextStep
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable
from tradepost.web.tables.row_numbers import needed_row_number

Row = TypeVar("Row", ParkedOrderRecord, FetchedFile, ShipmentRecord)
MOST_AT_ONCE = 1_000


def _by_channel(rows: "QuerySet[Row]") -> Iterator[tuple[Channel, Sequence[Row]]]:
    """Part the rows that were chosen, at most so many, by the channel that each is of."""
    chosen = list(rows.select_related("channel").order_by("channel_id", "pk")[:MOST_AT_ONCE])
    for channel, of_channel in groupby(chosen, key=lambda row: row.channel):
        yield channel, list(of_channel)


@admin.register(ParkedOrderRecord, site=site)
class ParkedOrderTable(ReadOnlyTable):
    """Orders of stores that can't be imported, and why."""

    act = "orders parked"
    channel_path = "channel"
    actions = ("retry",)
    empty = EmptyList("Every order of the store could be read.")
    list_display = ("parked_number", "reason", "first_at", "last_at")
    list_display_links = ("parked_number",)
    list_filter = (("channel", ChannelFilter),)
    list_select_related = ("channel",)
    fieldsets = (
        (None, {"fields": ("channel", "number", "reason", "first_at", "last_at", "version")}),
        ("As the store sent it", {"fields": ("payload",)}),
    )

    @asks("orders retry", "Try again")
    def retry(self, request: HttpRequest, queryset: QuerySet[ParkedOrderRecord]) -> None:
        for channel, rows in _by_channel(queryset):
            ports = wiring.orders.order_ports(channel, requested_by=request.user.get_username())
            if retry_parked([row.number for row in rows], ports):
                start_run(request, channel, RunKind.GET_ORDERS, "tries them again")

    @column("Order", two_lines=True)
    def parked_number(self, row: ParkedOrderRecord) -> list[str]:
        return [row.number, row.channel.name]


@admin.register(FetchedFile, site=site)
class FetchedFileTable(ReadOnlyTable):
    """Files of shipments that were fetched, and what was refused of them."""

    act = "shipments files"
    channel_path = "channel"
    empty = EmptyList(
        "No file of shipments was fetched yet. Say where whoever ships for you writes them, and they are taken from "
        "there by themselves.",
        (
            NextStep("Where shipments come from", "shipment_sources", "shipments sources"),
            NextStep("Ship from a file", "tradepost_shipmentrecord_file", "shipments import"),
        ),
    )
    list_display = ("file", "taken_at", "recorded", "known", "refused", "is_settled", "what_was_refused")
    list_display_links = ("file",)
    list_filter = (("channel", ChannelFilter), ("is_open", asking("With rows to put right", YesNoFilter)))
    list_select_related = ("channel", "source")
    actions = ("settle",)
    fieldsets = (
        (None, {"fields": ("channel", "source", "name", "size_bytes", "seen_at", "taken_at", "put_away_at")}),
        ("What came of it", {"fields": ("recorded", "known", "refused", "is_settled", "what_was_refused")}),
    )
    readonly_fields = ("is_settled", "what_was_refused")

    @column("File", two_lines=True)
    def file(self, row: FetchedFile) -> list[str]:
        return [row.name, f"{row.channel.name}, {row.source.name}"]

    @asks("shipments settle", "It is dealt with")
    def settle(self, request: HttpRequest, queryset: QuerySet[FetchedFile]) -> None:
        for channel, rows in _by_channel(queryset):
            ports = wiring.orders.order_ports(channel, requested_by=request.user.get_username())
            settled = settle_files([row.pk for row in rows], ports, wiring.orders.shipment_sources_of(channel))
            words = "1 file is" if len(settled) == 1 else f"{len(settled)} files are"
            self.message_user(request, f"{words} dealt with.", messages.SUCCESS if settled else messages.INFO)

    @column("Dealt with", boolean=True)
    def is_settled(self, row: FetchedFile) -> bool:
        return not row.is_open

    @column("What was refused")
    def what_was_refused(self, row: FetchedFile) -> str:
        return row.what_was_refused or NOTHING


@admin.register(ShipmentRecord, site=site)
class ShipmentTable(ReadOnlyTable):
    """Shipments, and why those that wait or are parked are not on the store."""

    act = "shipments list"
    channel_path = "channel"
    empty = EmptyList(
        "Nothing was shipped yet. Ship an order on its page, or many at once from a file.",
        (
            NextStep("Orders to ship", "tradepost_order_changelist", "orders list"),
            NextStep("Ship from a file", "tradepost_shipmentrecord_file", "shipments import"),
        ),
    )
    list_display = ("shipment", "state_label", "carrier", "tracking_number", "shipped_at", "last_error")
    list_display_links = ("shipment",)
    list_filter = (("channel", ChannelFilter), ("state", ChoicesDropdownFilter))
    list_select_related = ("channel",)
    search_fields = ("code",)
    search_help_text = "A shipment's code, or its tracking number"
    actions = ("retry",)

    @column("Shipment", two_lines=True)
    def shipment(self, row: ShipmentRecord) -> list[str]:
        return [row.code, row.channel.name]

    @column("State", label=SHIPMENT_COLOURS)
    def state_label(self, row: ShipmentRecord) -> str:
        return spoken(row.state)

    def own_pages(self) -> OwnPages:
        return {
            "tradepost_shipmentrecord_file": ("file/", shipment_file),
            "shipment_sources": ("sources/", sources.sources_page),
            "shipment_source_show": ("sources/<int:source_id>/", sources.source_page),
            "shipment_source_forget": ("sources/<int:source_id>/forget/", sources.forget_source),
            "shipment_source_add": ("sources/add/<int:channel_id>/", sources.add_source_page),
            "shipment_source_fetch": ("sources/fetch/<int:channel_id>/", sources.fetch_now),
        }

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """A shipment is shown on the page of its order."""
        need(request, self.act)
        row = get_object_or_404(ShipmentRecord, pk=needed_row_number(key))
        return redirect(f"{reverse('admin:tradepost_order_change', args=[row.order_id])}#{row.code}")

    @asks("shipments retry", "Send again, over whatever the store has of it")
    def retry(self, request: HttpRequest, queryset: QuerySet[ShipmentRecord]) -> None:
        for channel, rows in _by_channel(queryset):
            ports = wiring.orders.order_ports(channel, requested_by=request.user.get_username())
            retried = retry_shipments([row.code for row in rows], ports)
            if left := len(rows) - len(retried):
                self.message_user(request, f"{left} of them are neither parked nor suppressed.", messages.WARNING)
            if retried:
                start_run(request, channel, RunKind.SYNC_ORDERS, f"sends {len(retried)} again")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django's form
        queryset: QuerySet[ShipmentRecord],
        search_term: str,
    ) -> tuple[QuerySet[ShipmentRecord], bool]:
        term = search_term.strip()
        return (queryset.filter(Q(code=term) | Q(tracking_number=term)) if term else queryset), False
