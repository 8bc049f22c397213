"""The list of orders with its tabs, the page of each, what needs somebody, and the proof that nothing was lost."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse

from tradepost import wiring
from tradepost.database.models import Channel, Order, ParkedOrderRecord, Run, RunKind, ShipmentRecord
from tradepost.database.models.fulfilment import fresh
from tradepost.database.search import Search
from tradepost.domain.counts import count_words
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import AcknowledgeMode
from tradepost.domain.orders.order_proof import OrderPlace, OrderProof, placed_span, proof_of, span_words
from tradepost.domain.orders.shipment import CURE, ShipmentState
from tradepost.domain.plan import Outcome
from tradepost.operations.orders.order_requests import open_order, retry_parked
from tradepost.operations.orders.shipments import preview_shipment, retry_shipments
from tradepost.operations.selection import PLACED, whole_comparison
from tradepost.web.orders import consumers
from tradepost.web.orders.deeds import ORDER_DEEDS, start_run
from tradepost.web.orders.order_list import (
    OrderChangeList,
    shown_orders,
    tabs_of,
    with_what_a_row_shows,
)
from tradepost.web.orders.order_page import busy_run, lines_of, others_that_wait, page_context, with_all_of_a_page
from tradepost.web.orders.shipping_form import shipment_of, typed_form, what_will_be_told
from tradepost.web.rights import may, need
from tradepost.web.shell.channels import channel_ids, channels_in_use
from tradepost.web.shell.page import page
from tradepost.web.site import site
from tradepost.web.tables.columns import ChannelFilter, ChoicesDropdownFilter, DropdownFilter, asking
from tradepost.web.tables.counts import count
from tradepost.web.tables.keyset import KeysetChangeList
from tradepost.web.tables.read_only import OwnPages, ReadOnlyTable
from tradepost.web.tables.row_numbers import needed_row_number

SHOWN_NEEDS = 50
SHOWN_DIFFERENCES = 200
_PREVIEW, _EDIT = "preview", "edit"
# What the list starts, by the last part of the address: the act, the kind of run, and what that does.
_STARTS = {
    "fetch": ("orders get", RunKind.GET_ORDERS, "fetches orders"),
    "tell": ("orders sync", RunKind.SYNC_ORDERS, "tells the store of all shipments that wait"),
    "compare": ("orders reconcile", RunKind.RECONCILE_ORDERS, "compares every order and shipment with the store"),
}


class FreshFilter(DropdownFilter):
    """Orders that nobody has looked at or worked on yet."""

    title = "whether somebody has seen it"
    parameter_name = "fresh"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:  # noqa: ARG002 Django's form
        return [("yes", "fresh: nobody has yet")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:  # noqa: ARG002 Django's form
        if not self.value():
            return queryset
        if self.value() != "yes":
            raise IncorrectLookupParameters(f"There is no {self.value()!r} of fresh.")
        return fresh(queryset)


@admin.register(Order, site=site)
class OrderTable(ReadOnlyTable):
    """Orders: those to ship oldest first, all others newest first."""

    act = "orders list"
    change_list_template = "back_office/orders/orders.html"
    channel_path = "channel"
    list_display = ("external_id", "placed_at")
    list_filter = (
        ("channel", ChannelFilter),
        ("state", ChoicesDropdownFilter),
        FreshFilter,
        ("store_status", asking("On the store")),
    )
    search_fields = ("external_id",)
    search_help_text = "Pieces of an order number, or of the SKU of a line"
    sorted_by = {"placed_at": "placed_at"}
    sorted_within = "channel"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:  # noqa: ARG002 Django's form
        return OrderChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        rows: QuerySet[Order] = super().get_queryset(request)
        return with_what_a_row_shows(rows)

    def own_pages(self) -> OwnPages:
        return {
            "tradepost_order_needs": ("needs/", self.needs_view),
            "tradepost_order_reconciliation": ("reconciliation/", self.reconciliation_view),
            "tradepost_order_start": ("start/<slug:what>/", self.start_view),
            "consumers": ("consumers/", consumers.consumers_page),
            "consumer_show": ("consumers/<int:consumer_id>/", consumers.consumer_page),
            "consumer_forget": ("consumers/<int:consumer_id>/forget/", consumers.forget_consumer),
            "consumer_add": ("consumers/add/<int:channel_id>/", consumers.add_consumer_page),
            "consumer_deliver": ("consumers/deliver/<int:channel_id>/", consumers.deliver_now),
            "tradepost_order_progress": ("<int:order_id>/progress/", self.progress_view),
        }

    # --- the list -----------------------------------------------------------------------------------------------------

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = super().changelist_view(request, extra_context)
        # What is refused, or leads elsewhere, shows no list.
        if isinstance(shown, TemplateResponse) and shown.context_data is not None and "cl" in shown.context_data:
            changes = shown.context_data["cl"]
            shown.context_data.update(
                orders=shown_orders(changes.result_list),
                tabs=list(tabs_of(request, changes.tab)),
                is_named=len(channels_in_use(request)) > 1,
                **_starts(request),
            )
        return shown

    def start_view(self, request: HttpRequest, what: str) -> HttpResponse:
        """Posted, start a run for each channel that is looked at."""
        if what not in _STARTS:
            raise Http404
        act, kind, words = _STARTS[what]
        need(request, act)
        if request.method == "POST":
            chosen = channel_ids(request)
            for channel in channels_in_use(request):
                if channel.pk in chosen and what != "compare":
                    start_run(request, channel, kind, _fetch_words(channel) if what == "fetch" else words)
                elif channel.pk in chosen:
                    _compare(request, channel)
        return redirect(
            "admin:tradepost_order_reconciliation" if what == "compare" else "admin:tradepost_order_changelist"
        )

    # --- what needs somebody ------------------------------------------------------------------------------------------

    def needs_view(self, request: HttpRequest) -> HttpResponse:
        """Show what did not come in or was not taken by the store; posted, let it be tried again."""
        need(request, "orders list")
        if request.method == "POST":
            self._try_again(request)
            return redirect(request.get_full_path())
        ids = channel_ids(request)
        of_channels = ShipmentRecord.objects.filter(channel_id__in=ids).select_related("order", "channel")
        parked = of_channels.filter(state=ShipmentState.PARKED.value).order_by("pk")[:SHOWN_NEEDS]
        waiting = of_channels.filter(state=ShipmentState.WAITING.value).order_by("pk")[:SHOWN_NEEDS]
        orders = ParkedOrderRecord.objects.filter(channel_id__in=ids).select_related("channel").order_by("pk")
        return page(
            request,
            "back_office/orders/order_needs.html",
            title="Orders",
            tabs=list(tabs_of(request, None)),
            is_named=len(channels_in_use(request)) > 1,
            shipments=[(each, each.last_error.removesuffix(CURE).strip()) for each in parked],
            waiting=list(waiting),
            parked_orders=list(orders[:SHOWN_NEEDS]),
            may_retry_shipments=may(request, "shipments retry") and may(request, "orders sync"),
            may_retry_orders=may(request, "orders retry") and may(request, "orders get"),
            **_starts(request),
        )

    def _try_again(self, request: HttpRequest) -> None:
        asked = request.POST.get("do", "")
        acts = {"shipments": ("shipments retry", "orders sync"), "orders": ("orders retry", "orders get")}
        if asked not in acts:
            messages.warning(request, "The page asked for nothing that there is; load it again.")
            return
        for act in acts[asked]:
            need(request, act)
        chosen = channel_ids(request)
        for channel in channels_in_use(request):
            if channel.pk not in chosen:
                continue
            ports = wiring.orders.order_ports(channel, requested_by=request.user.get_username())
            if asked == "shipments" and retry_shipments(None, ports):
                start_run(request, channel, RunKind.SYNC_ORDERS, "sends again what the store did not take")
            elif asked == "orders" and retry_parked(None, ports):
                start_run(request, channel, RunKind.GET_ORDERS, "tries the parked orders again")

    # --- the proof ----------------------------------------------------------------------------------------------------

    def reconciliation_view(self, request: HttpRequest) -> HttpResponse:
        """Show what the last comparison of orders with the store came to."""
        need(request, "orders list")
        chosen = channel_ids(request)
        return page(
            request,
            "back_office/orders/order_reconciliation.html",
            title="Nothing lost?",
            proofs=[_proof(channel) for channel in channels_in_use(request) if channel.pk in chosen],
            is_named=len(channels_in_use(request)) > 1,
            **_starts(request),
        )

    # --- the page of an order -----------------------------------------------------------------------------------------

    def row_page(self, request: HttpRequest, key: str) -> HttpResponse:
        """Show an order; posted, preview a shipment or do what is asked."""
        need(request, "orders show")
        order = self._order(key)
        context: dict[str, Any] = {}
        if request.method == "POST":
            asked = request.POST.get("do", "")
            try:
                if asked in {_PREVIEW, _EDIT}:
                    context = self._preview(request, order, is_edited=asked == _EDIT)
                else:
                    self._do(request, order, asked)
                    return redirect(request.get_full_path())
            except NotAllowed as refusal:
                context = {"asked": asked, "refusal": str(refusal), "typed": request.POST.dict()}
                if asked in {_PREVIEW, "ship"}:
                    context["form"] = typed_form(request.POST, lines_of(order))
        shown = page(request, "back_office/orders/order.html", **page_context(request, order, **context))
        if may(request, "orders open"):
            # The page was gathered before, and shows the order as it was.
            ports = wiring.orders.order_ports(order.channel, requested_by=request.user.get_username())
            open_order(order.external_id, ports)
        return shown

    def _order(self, number: str) -> Any:
        return get_object_or_404(with_all_of_a_page(Order.objects.all()), pk=needed_row_number(number))

    def _preview(self, request: HttpRequest, order: Order, *, is_edited: bool) -> dict[str, Any]:
        need(request, "orders ship")
        lines = lines_of(order)
        form = typed_form(request.POST, lines)
        if is_edited:
            return {"form": form}
        ports = wiring.orders.order_ports(order.channel, requested_by=request.user.get_username())
        shipment = preview_shipment(shipment_of(form, order, lines), ports)
        numbers = {part.line_id: part.quantity for part in shipment.lines}
        taken = [(sum(numbers.get(number, 0) for number, _ in line.open_by_number), line) for line in lines]
        return {
            "form": form,
            "preview": list(what_will_be_told(shipment, order, lines, others_waiting=others_that_wait(order))),
            "package": [(pieces, line) for pieces, line in taken if pieces],
        }

    def _do(self, request: HttpRequest, order: Order, asked: str) -> None:
        deed = ORDER_DEEDS.get(asked)
        if deed is None:
            raise NotAllowed("The page asked for nothing that there is; load it again.")
        for act in deed.acts:
            need(request, act)
        deed.do(request, order)

    def progress_view(self, request: HttpRequest, order_id: int) -> HttpResponse:
        """Asked for again and again while a run tells the store: once it has ended, the page is loaded anew."""
        need(request, "orders show")
        order = get_object_or_404(Order.objects.select_related("channel"), pk=order_id)
        answer = HttpResponse(status=204)
        if busy_run(order) is None:
            answer["HX-Refresh"] = "true"
        return answer

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002 Django\'s form
        queryset: QuerySet[Order],
        search_term: str,
    ) -> tuple[QuerySet[Order], bool]:
        return Search(search_term).orders(queryset), False


def _starts(request: HttpRequest) -> dict[str, bool]:
    return {f"may_{what}": may(request, act) for what, (act, _, _) in _STARTS.items()} | {
        "may_import": may(request, "shipments import")
    }


def _compare(request: HttpRequest, channel: Channel) -> None:
    """Start a comparison of the usual time, or of what was placed on the days that are typed."""
    first, last = (request.POST.get(name, "").strip() for name in ("from", "to"))
    kind, words = RunKind.RECONCILE_ORDERS, _STARTS["compare"][2]
    if not (first or last):
        start_run(request, channel, kind, words)
        return
    try:
        span = placed_span(first, last, time_zone=channel.time_zone)
    except NotAllowed as refusal:
        messages.warning(request, f"{refusal} Nothing was compared.")
        return
    days = span_words(span, time_zone=channel.time_zone)
    start_run(request, channel, kind, f"compares every order placed {days} with the store", whole_comparison(span))


def _fetch_words(channel: Channel) -> str:
    """What a run that fetches orders does on a channel; whether the store is told of them is its setting."""
    if channel.acknowledge_mode == AcknowledgeMode.NONE.value:
        return "fetches orders, and tells the store nothing of that: so it is set on this channel"
    return "fetches orders, and acknowledges new ones"


def _figures(proof: OrderProof, *, is_acknowledging: bool) -> list[tuple[str, int]]:
    return [
        ("placed", proof.placed),
        ("fetched", proof.in_ledger),
        *([("acknowledged", proof.counts["acknowledged"])] if is_acknowledging else []),
        ("missing", proof.counts[OrderPlace.MISSING]),
        ("shipments", proof.counts["shipments"]),
        ("told", proof.counts["told"]),
        ("differences", proof.differences),
    ]


def _proof(channel: Channel) -> dict[str, Any]:
    """What the last usual comparison came to, and all differences that the last one of any span has named."""
    proof = proof_of(channel.orders_proof)
    acknowledges = channel.acknowledge_mode != AcknowledgeMode.NONE.value
    runs = Run.objects.filter(channel=channel, kind=RunKind.RECONCILE_ORDERS.value, is_dry=False)
    run = runs.order_by("-pk").first()
    differing = run.changes.filter(outcome=Outcome.FAILED.value).order_by("pk") if run is not None else None
    return {
        "channel": channel,
        "proof": proof,
        "figures": _figures(proof, is_acknowledging=acknowledges) if proof is not None else [],
        "run": run,
        "days": span_words(run.options.get(PLACED, ()), time_zone=channel.time_zone) if run is not None else "",
        "compared": count_words(count(run.changes.filter(subject_kind="order"))) if run is not None else "",
        "is_at_work": run is not None and run.finished_at is None,
        "differences": [row.message for row in differing[:SHOWN_DIFFERENCES]] if differing is not None else [],
    }
