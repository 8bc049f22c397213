"""
What is asked on the page of an order: each deed, the act that it takes, and what is said when it is done.

Each is the call that its command makes. What is refused raises NotAllowed, and the page is shown again as it was typed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tradepost import wiring
from tradepost.database.models import Channel, Order, Run, RunKind
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.shipment import ShipmentState, typed_amount
from tradepost.engine.runs import request_run
from tradepost.operations.orders.handovers import hand_over
from tradepost.operations.orders.order_requests import OrderPorts, hold_order, release_order, rematch_orders
from tradepost.operations.orders.shipments import correct_shipment, leave_out_shipment, record_shipment, retry_shipments
from tradepost.operations.ports import ShipmentCorrection
from tradepost.web.orders.order_page import lines_of
from tradepost.web.orders.shipping_form import shipment_of, typed_form


@dataclass(frozen=True, slots=True)
class OrderDeed:
    """`acts`: what somebody has to be allowed to; `do` says what came of it itself. Raises NotAllowed."""

    acts: tuple[str, ...]
    do: Callable[[HttpRequest, Order], None]


def run_link(run: Run, words: str) -> SafeString:
    return format_html(
        "<a class='underline' href='{}'>{}</a>", reverse("admin:tradepost_run_change", args=[run.pk]), words
    )


def start_run(
    request: HttpRequest, channel: Channel, kind: RunKind, words: str, options: Mapping[str, Any] | None = None
) -> bool:
    """Queue a run and say so with a link to it, or say why not. `words`: what it does, as `tells the store`."""
    try:
        run = request_run(channel.pk, kind, options=options, requested_by=request.user.get_username())
    except NotAllowed as refusal:
        messages.warning(request, str(refusal))
        return False
    link = run_link(run, f"Run {run.pk}")
    if run.is_dry:
        messages.warning(request, format_html("The channel only looks: {} previews it, and nothing is sent.", link))
    else:
        messages.success(request, format_html("{} {}.", link, words))
    return True


def _ports(request: HttpRequest, order: Order) -> OrderPorts:
    return wiring.orders.order_ports(order.channel, requested_by=request.user.get_username())


def _ship(request: HttpRequest, order: Order) -> None:
    lines = lines_of(order)
    new = shipment_of(typed_form(request.POST, lines), order, lines)
    shipment = record_shipment(new, _ports(request, order))
    messages.success(request, f"Recorded {shipment.carrier} {shipment.tracking_number} as shipment {shipment.code}.")
    start_run(request, order.channel, RunKind.SYNC_ORDERS, "tells the store")


def _hold(request: HttpRequest, order: Order) -> None:
    hold_order(order.external_id, _ports(request, order), reason=_reason(request, "hold"))
    messages.success(request, f"Order {order.external_id} is on hold.")


def _release(request: HttpRequest, order: Order) -> None:
    reason = release_order(order.external_id, _ports(request, order))
    messages.success(request, f"Order {order.external_id} goes on; it was on hold: {reason}")


def _rematch(request: HttpRequest, order: Order) -> None:
    if not rematch_orders([order.external_id], _ports(request, order)):
        raise NotAllowed("Every item of this order is known as a listing already.")
    start_run(request, order.channel, RunKind.GET_ORDERS, "looks for its items among the listings")


def _hand_over(request: HttpRequest, order: Order) -> None:
    ports = wiring.orders.handover_ports(order.channel, requested_by=request.user.get_username())
    if hand_over([order.external_id], ports).marked:
        messages.success(request, f"Order {order.external_id} is handed over: its pieces are in the packer's count.")
    else:
        messages.info(request, f"Order {order.external_id} was handed over before.")


def _correct(request: HttpRequest, order: Order) -> None:
    cost = request.POST.get("cost", "").strip()
    correction = ShipmentCorrection(
        request.POST.get("tracking", ""), request.POST.get("carrier", ""), typed_amount(cost) if cost else None
    )
    edit = correct_shipment(_code(request, order), correction, _ports(request, order))
    messages.success(request, f"Shipment {edit.code} is corrected.")
    start_run(request, order.channel, RunKind.SYNC_ORDERS, "tells the store of all of it once more")


def _suppress(request: HttpRequest, order: Order) -> None:
    reason = _reason(request, "reason")
    edit = leave_out_shipment(_code(request, order), ShipmentState.SUPPRESSED, _ports(request, order), reason=reason)
    messages.success(request, f"The store is not told of shipment {edit.code}.")


def _take_back(request: HttpRequest, order: Order) -> None:
    reason = _reason(request, "reason")
    edit = leave_out_shipment(_code(request, order), ShipmentState.TAKEN_BACK, _ports(request, order), reason=reason)
    messages.success(request, f"Shipment {edit.code} is taken back; its pieces are open again.")


def _retry(request: HttpRequest, order: Order) -> None:
    code = _code(request, order)
    if not retry_shipments([code], _ports(request, order)):
        raise NotAllowed(f"Shipment {code} is neither parked nor suppressed; load the page again.")
    start_run(request, order.channel, RunKind.SYNC_ORDERS, "sends it again")


def _tell(request: HttpRequest, order: Order) -> None:
    start_run(request, order.channel, RunKind.SYNC_ORDERS, "tells the store")


def _reason(request: HttpRequest, name: str) -> str:
    reason = request.POST.get(name, "").strip()
    if not reason:
        raise NotAllowed("The reason is empty; write why, for whoever meets it.")
    return reason


def _code(request: HttpRequest, order: Order) -> str:
    code = request.POST.get("shipment", "")
    if not order.shipments.filter(code=code).exists():
        raise NotAllowed("The page asked for a shipment of another order; load it again.")
    return code


ORDER_DEEDS: Mapping[str, OrderDeed] = {
    "ship": OrderDeed(("orders ship", "orders sync"), _ship),
    "hold": OrderDeed(("orders hold",), _hold),
    "release": OrderDeed(("orders release",), _release),
    "rematch": OrderDeed(("orders rematch", "orders get"), _rematch),
    "hand_over": OrderDeed(("orders hand-over",), _hand_over),
    "correct": OrderDeed(("shipments correct", "orders sync"), _correct),
    "suppress": OrderDeed(("shipments suppress",), _suppress),
    "take_back": OrderDeed(("shipments take-back",), _take_back),
    "retry": OrderDeed(("shipments retry", "orders sync"), _retry),
    "tell": OrderDeed(("orders sync",), _tell),
}
