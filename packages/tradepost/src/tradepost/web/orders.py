"""The table of orders, as they were imported, with lines and shipments."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from tradepost import wiring
from tradepost.database.models import FetchedFile, Order, OrderEvent, OrderLine, ParkedOrderRecord, ShipmentRecord
from tradepost.database.models.fulfilment import fresh, with_fulfilment
from tradepost.operations.order_requests import open_order
from tradepost.web.columns import ChoicesDropdownFilter, DropdownFilter, RelatedDropdownFilter, column
from tradepost.web.format import NOTHING, ORDER_COLOURS, SHIPMENT_COLOURS, field_lines, money, spoken
from tradepost.web.read_only import ReadOnlyRows, ReadOnlyTable
from tradepost.web.rights import may
from tradepost.web.site import site

if TYPE_CHECKING:
    from tradepost.database.models.fulfilment import WithFulfilment

LARGEST_ID = 2**63 - 1


class Lines(ReadOnlyRows):
    """What was ordered, and the listing that it was matched to."""

    model = OrderLine
    verbose_name_plural = "lines"
    fields = (
        "sku",
        "code",
        "name",
        "options_chosen",
        "quantity",
        "line_price",
        "line_total",
        "store_status",
        "listing",
    )
    readonly_fields = fields

    @column("Options")
    def options_chosen(self, row: OrderLine) -> str:
        return row.chosen or NOTHING

    @column("Price")
    def line_price(self, row: OrderLine) -> str:
        return money(row.price)

    @column("Total")
    def line_total(self, row: OrderLine) -> str:
        return money(row.total)


class Shipments(ReadOnlyRows):
    """What was sent, and whether the store was proven to know it."""

    model = ShipmentRecord
    verbose_name_plural = "shipments"
    fields = ("code", "state", "carrier", "tracking_number", "shipped_at", "synced_at", "last_error")
    readonly_fields = fields


class Events(ReadOnlyRows):
    """What happened to the order since its import."""

    model = OrderEvent
    verbose_name_plural = "events"
    fields = ("at", "what", "by", "reason", "differences")
    readonly_fields = fields
    ordering = ("id",)

    @column("Before and after")
    def differences(self, row: OrderEvent) -> str:
        return "; ".join(field_lines(row.fields)) or NOTHING


@admin.register(ParkedOrderRecord, site=site)
class ParkedOrderTable(ReadOnlyTable):
    """Orders of stores that can't be imported, and why."""

    act = "orders parked"
    channel_path = "channel"
    list_display = ("parked_number", "reason", "first_at", "last_at")
    list_display_links = ("parked_number",)
    list_filter = (("channel", RelatedDropdownFilter),)
    list_select_related = ("channel",)
    fieldsets = (
        (None, {"fields": ("channel", "number", "reason", "first_at", "last_at", "version")}),
        ("As the store sent it", {"fields": ("payload",)}),
    )

    @column("Order", two_lines=True)
    def parked_number(self, row: ParkedOrderRecord) -> list[str]:
        return [row.number, row.channel.name]


@admin.register(FetchedFile, site=site)
class FetchedFileTable(ReadOnlyTable):
    """Files of shipments that were fetched, and what was refused of them."""

    act = "shipments files"
    channel_path = "channel"
    list_display = ("file", "taken_at", "recorded", "known", "refused", "is_settled", "what_was_refused")
    list_display_links = ("file",)
    list_filter = (("channel", RelatedDropdownFilter), "is_open")
    list_select_related = ("channel", "source")
    fieldsets = (
        (None, {"fields": ("channel", "source", "name", "size_bytes", "seen_at", "taken_at", "put_away_at")}),
        ("What came of it", {"fields": ("recorded", "known", "refused", "is_settled", "what_was_refused")}),
    )
    readonly_fields = ("is_settled", "what_was_refused")

    @column("File", two_lines=True)
    def file(self, row: FetchedFile) -> list[str]:
        return [row.name, f"{row.channel.name}, {row.source.name}"]

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
    list_display = ("shipment", "state_label", "carrier", "tracking_number", "shipped_at", "last_error")
    list_display_links = ("shipment",)
    list_filter = (("channel", RelatedDropdownFilter), ("state", ChoicesDropdownFilter))
    list_select_related = ("channel",)
    search_fields = ("code",)
    search_help_text = "A shipment's code, or its tracking number"
    fieldsets = (
        (None, {"fields": ("order", "code", "reference", "state_label", "last_error")}),
        ("Tracking", {"fields": ("carrier", "tracking_number", "cost", "shipped_at", "synced_at")}),
    )
    readonly_fields = ("state_label",)

    @column("Shipment", two_lines=True)
    def shipment(self, row: ShipmentRecord) -> list[str]:
        return [row.code, row.channel.name]

    @column("State", label=SHIPMENT_COLOURS)
    def state_label(self, row: ShipmentRecord) -> str:
        return spoken(row.state)

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django's form
        queryset: QuerySet[ShipmentRecord],
        search_term: str,
    ) -> tuple[QuerySet[ShipmentRecord], bool]:
        term = search_term.strip()
        return (queryset.filter(Q(code=term) | Q(tracking_number=term)) if term else queryset), False


class FreshFilter(DropdownFilter):  # type: ignore[misc] # the package has no types
    """Orders that nobody has looked at or worked on yet."""

    title = "fresh"
    parameter_name = "fresh"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002 Django's form
        return [("yes", "only fresh ones")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:  # noqa: ARG002 Django's form
        if not self.value():
            return queryset
        if self.value() != "yes":
            raise IncorrectLookupParameters(f"There is no {self.value()!r} of fresh.")
        return fresh(queryset)


@admin.register(Order, site=site)
class OrderTable(ReadOnlyTable):
    """Orders, newest first."""

    act = "orders list"
    channel_path = "channel"
    list_display = ("number", "fresh_label", "state_label", "store_state", "placed_at", "buyer", "sum", "is_told")
    list_display_links = ("number",)
    list_filter = (
        ("channel", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        FreshFilter,
        ("store_status", ChoicesDropdownFilter),
    )
    list_select_related = ("channel",)
    search_fields = ("external_id",)
    search_help_text = "An order number, or the SKU of a line"
    inlines = (Lines, Shipments, Events)
    fieldsets = (
        (
            None,
            {"fields": ("channel", "external_id", "state_label", "why_so", "store_state", "sum", "payment_state")},
        ),
        ("Fulfilment", {"fields": ("fulfiller", "handed_over", "acknowledged_at", "shipped_at")}),
        ("Times", {"fields": ("placed_at", "imported_at", "opened_at")}),
        ("Delivery", {"fields": ("buyer", "address", "shipping_method", "service", "carrier", "charge_lines")}),
        ("Rules", {"fields": ("tag_list", "rule_lines")}),
    )
    readonly_fields = (
        "state_label",
        "why_so",
        "store_state",
        "sum",
        "buyer",
        "address",
        "charge_lines",
        "handed_over",
        "tag_list",
        "rule_lines",
    )

    @column("Order", two_lines=True)
    def number(self, row: Order) -> list[str]:
        return [str(row.external_id), row.channel.name]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        rows: QuerySet[Order] = super().get_queryset(request)
        return with_fulfilment(rows)

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        shown = super().change_view(request, object_id, form_url, extra_context)
        row = self.get_object(request, object_id)
        if row is not None and may(request, "orders open"):
            # The page was made before, and shows the order as it was.
            ports = wiring.order_ports(row.channel, requested_by=request.user.get_username())
            open_order(row.external_id, ports)
        return shown

    @column("Fresh", label={"fresh": "primary"})
    def fresh_label(self, row: "WithFulfilment") -> str | None:
        return "fresh" if row.is_fresh else None

    @column("Handed over")
    def handed_over(self, row: "WithFulfilment") -> str:
        return NOTHING if row.handed_over_at is None else f"{row.handed_over_at:%Y-%m-%d %H:%M} UTC"

    @column("State", label=ORDER_COLOURS)
    def state_label(self, row: Order) -> str:
        return spoken(row.state)

    @column("Because")
    def why_so(self, row: Order) -> str:
        return row.why or NOTHING

    @column("On the store")
    def store_state(self, row: Order) -> str:
        return spoken(row.store_status)

    @column("Ship to")
    def buyer(self, row: Order) -> str:
        return " ".join(filter(None, (row.ship_to.get("first_name"), row.ship_to.get("last_name")))) or NOTHING

    @column("Address")
    def address(self, row: Order) -> str:
        parts = ("company", "address1", "address2", "postal_code", "city", "state", "country")
        return ", ".join(row.ship_to[part] for part in parts if row.ship_to.get(part)) or NOTHING

    @column("Charges")
    def charge_lines(self, row: Order) -> str:
        return "; ".join(f"{charge.get('description')}: {charge.get('amount')}" for charge in row.charges) or NOTHING

    @column("Tags")
    def tag_list(self, row: Order) -> str:
        return ", ".join(row.tags) or NOTHING

    @column("What rules did")
    def rule_lines(self, row: Order) -> str:
        lines = (f"{done['rule']}: {done['deeds']}, because of {done['why']}" for done in row.rules_done)
        return "; ".join(lines) or NOTHING

    @column("Total")
    def sum(self, row: Order) -> str:
        return money(row.total, currency=row.currency)

    @column("Acknowledged", boolean=True)
    def is_told(self, row: Order) -> bool:
        return row.acknowledged_at is not None

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django\'s form
        queryset: QuerySet[Order],
        search_term: str,
    ) -> tuple[QuerySet[Order], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(pk__in=OrderLine.objects.filter(sku=term).values("order_id"))
        if term.isascii() and term.isdigit() and int(term) <= LARGEST_ID:
            found |= Q(external_id=int(term))
        return queryset.filter(found), False
