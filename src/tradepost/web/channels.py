"""The table of channels: which stores are connected, and how their last check went. Secrets are never shown."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from tradepost.database.models import Channel, Connection
from tradepost.web.columns import column
from tradepost.web.reading import ReadOnlyRows, ReadOnlyTable
from tradepost.web.site import site
from tradepost.web.wording import spoken


class Connections(ReadOnlyRows):
    """Addresses of a channel's store API and image server."""

    model = Connection
    fields = ("kind", "protocol", "host", "port", "folder", "store_code", "user", "tested_at", "test_result")
    readonly_fields = fields


@admin.register(Channel, site=site)
class ChannelTable(ReadOnlyTable):
    """Channels."""

    list_display = ("name", "store", "acknowledging", "orders_fetched_at", "is_local")
    inlines = (Connections,)
    exclude = ("rules", "carrier_map")

    @column("Store")
    def store(self, row: Channel) -> str:
        return ", ".join(f"{c.host} {c.store_code}".strip() for c in row.connections.all()) or "not connected"

    @column("Acknowledges by")
    def acknowledging(self, row: Channel) -> str:
        return spoken(row.acknowledge_mode)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Channel]:
        rows: QuerySet[Channel] = super().get_queryset(request)
        return rows.prefetch_related("connections")
