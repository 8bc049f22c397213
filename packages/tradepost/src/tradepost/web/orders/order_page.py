"""The page of an order: its lines, what was sent of it, and its way from the shopper to the proof, in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest

from tradepost import wiring
from tradepost.database.models import Order, OrderEvent, Run, RunKind, ShipmentRecord
from tradepost.database.models.fulfilment import with_fulfilment
from tradepost.domain.counts import count_words
from tradepost.domain.orders.order import AcknowledgeMode, OrderState, StoreStatus
from tradepost.domain.orders.order_changes import OrderEventKind
from tradepost.domain.orders.shipment import CORRECTED, CURE, RETRIED, UNSENT, ShipmentState
from tradepost.domain.plan import SETTLED_STATES, RunState
from tradepost.web.format import NOTHING, field_lines, spoken
from tradepost.web.orders.lines import ShownLine, shown_lines
from tradepost.web.orders.shipping_form import blank_form, carriers_of
from tradepost.web.rights import may
from tradepost.web.tables.counts import count

if TYPE_CHECKING:
    from tradepost.database.models.fulfilment import WithFulfilment

# What a page offers, by the act that it takes.
_OFFERS = {
    "may_ship": "orders ship",
    "may_hold": "orders hold",
    "may_release": "orders release",
    "may_rematch": "orders rematch",
    "may_hand_over": "orders hand-over",
    "may_correct": "shipments correct",
    "may_suppress": "shipments suppress",
    "may_take_back": "shipments take-back",
    "may_retry": "shipments retry",
    "may_sync": "orders sync",
}
_STATE_PILLS: Mapping[str, tuple[str, str]] = {
    OrderState.OPEN.value: ("to ship", "primary"),
    OrderState.ON_HOLD.value: ("on hold", "warning"),
    OrderState.NOT_MANAGED.value: ("not of our listings", "info"),
    OrderState.CLOSED.value: ("shipped", "success"),
    OrderState.CANCELLED.value: ("cancelled", "danger"),
}
# What the store says of an order that says more than its state in the hub does.
_STORE_PILLS: Mapping[tuple[str, str], tuple[str, str]] = {
    (OrderState.OPEN.value, StoreStatus.PARTIALLY_SHIPPED.value): ("partly shipped", "primary"),
    (OrderState.OPEN.value, StoreStatus.BACKORDERED.value): ("backordered", "warning"),
    (OrderState.CLOSED.value, StoreStatus.RETURNED.value): ("returned", "info"),
    (OrderState.CLOSED.value, StoreStatus.RMA_ISSUED.value): ("to be returned", "info"),
}
_SHIPMENT_PILLS: Mapping[str, tuple[str, str]] = {
    ShipmentState.WAITING.value: ("waits to be told", "info"),
    ShipmentState.TOLD.value: ("on the store", "success"),
    ShipmentState.PARKED.value: ("not taken by the store", "danger"),
    ShipmentState.SUPPRESSED.value: ("not to be told", "warning"),
    ShipmentState.TAKEN_BACK.value: ("taken back", "warning"),
}
_ACKNOWLEDGED: Mapping[str, str] = {
    AcknowledgeMode.NONE.value: "Taken over. This channel tells the store nothing of that.",
    AcknowledgeMode.NOTE.value: "Acknowledged: the store has a note that it is taken over.",
    AcknowledgeMode.FIELD.value: "Acknowledged: the store has it in a custom field of the order.",
    AcknowledgeMode.QUEUE.value: "Acknowledged: it is in the store's queue for that.",
    AcknowledgeMode.PICKING.value: "Acknowledged: the store shows it as being picked.",
}
_EVENTS: Mapping[str, str] = {
    OrderEventKind.CHANGED.value: "Changed on the store",
    OrderEventKind.DELETED.value: "Gone from the store",
    OrderEventKind.HELD.value: "Put on hold",
    OrderEventKind.RELEASED.value: "Released",
    OrderEventKind.MATCHED.value: "Its items were found among the listings",
    OrderEventKind.SHIPMENT_CORRECTED.value: "A shipment was corrected",
    OrderEventKind.SHIPMENT_SUPPRESSED.value: "A shipment is kept from the store",
    OrderEventKind.SHIPMENT_TAKEN_BACK.value: "A shipment was taken back",
    OrderEventKind.SHIPMENT_RETRIED.value: "A shipment is to be sent once more",
    OrderEventKind.RULED.value: "The channel's rules changed it",
}
_AT_WORK = [state.value for state in RunState if state not in SETTLED_STATES]
_NAME_PARTS = ("first_name", "last_name")
_PLACE_PARTS = ("company", "address1", "address2", "postal_code", "city", "state", "country")


@dataclass(frozen=True, slots=True)
class ShownShipment:
    """A package; `pieces` in words. `why`: what keeps it from the store. `typed`: what a form of it is filled with."""

    record: ShipmentRecord
    state: str
    colour: str
    pieces: Sequence[str]
    why: str
    can_be_corrected: bool
    can_be_retried: bool
    can_be_left_out: bool
    typed: Mapping[str, str]
    is_typed: bool


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """What happened, as a sentence; `details`: what was before and after."""

    at: datetime
    words: str
    details: Sequence[str] = ()


def pill_of(order: Order) -> tuple[str, str]:
    """What an order is, in a word or two, and their colour."""
    return _STORE_PILLS.get((order.state, order.store_status)) or _STATE_PILLS[order.state]


def buyer_of(order: Order) -> str:
    return " ".join(filter(None, (order.ship_to.get(part) for part in _NAME_PARTS))) or NOTHING


def with_all_of_a_page(rows: QuerySet[Order]) -> "QuerySet[WithFulfilment]":
    return with_fulfilment(rows.select_related("channel"))


def lines_of(order: Order) -> list[ShownLine]:
    shippable = wiring.orders.order_ports(order.channel, requested_by="").orders.shippable(order.external_id)
    return shown_lines(order.lines.select_related("listing").order_by("pk"), shippable)


def page_context(request: HttpRequest, order: "WithFulfilment", **more: Any) -> dict[str, Any]:
    """
    Gather the page. `more` replaces parts of it: a form as it was typed, its refusal, the preview of a shipment.

    `asked` is what a refused form was for, `typed` its values.
    """
    lines = lines_of(order)
    shipments = list(order.shipments.prefetch_related("lines__line").order_by("pk"))
    asked, typed = more.get("asked", ""), more.get("typed", {})
    words, colour = pill_of(order)
    run = busy_run(order)
    return {
        "title": f"Order {order.external_id}",
        "order": order,
        "pill_words": words,
        "pill_colour": colour,
        "buyer": buyer_of(order),
        "address": [order.ship_to[part] for part in _PLACE_PARTS if order.ship_to.get(part)],
        "store_status": spoken(order.store_status),
        "payment_state": spoken(order.payment_state),
        "is_held": order.state == OrderState.ON_HOLD.value,
        "is_unmanaged": order.state == OrderState.NOT_MANAGED.value,
        "is_done": order.state in {OrderState.CLOSED.value, OrderState.CANCELLED.value},
        "lines": lines,
        "open_pieces": sum(line.open for line in lines),
        "charges": [(charge.get("description"), Decimal(str(charge.get("amount", 0)))) for charge in order.charges],
        "form": blank_form(order, lines),
        "carriers": carriers_of(order.channel),
        "shipments": [
            _shown(record, typed if asked and typed.get("shipment") == record.code else {}) for record in shipments
        ],
        "waits": any(record.state == ShipmentState.WAITING.value for record in shipments),
        "run": run,
        "timeline": sorted(timeline(order, shipments), key=lambda entry: entry.at),
        "rules": [f"{done['rule']}: {done['deeds']}, because of {done['why']}" for done in order.rules_done],
        **{name: may(request, act) for name, act in _OFFERS.items()},
        **more,
    }


def busy_run(order: Order) -> Run | None:
    """The run that is about to tell the store of shipments, if there is one."""
    runs = Run.objects.filter(channel=order.channel, kind=RunKind.SYNC_ORDERS.value, is_dry=False)
    return runs.filter(state__in=_AT_WORK).order_by("-pk").first()


def others_that_wait(order: Order) -> str:
    """How many shipments of the channel wait to be told; blank: none."""
    number = count(ShipmentRecord.objects.filter(channel=order.channel, state=ShipmentState.WAITING.value))
    return count_words(number) if number else ""


def _shown(record: ShipmentRecord, typed: Mapping[str, str]) -> ShownShipment:
    state = ShipmentState(record.state)
    words, colour = _SHIPMENT_PILLS[record.state]
    return ShownShipment(
        record=record,
        state=words,
        colour=colour,
        pieces=[f"{part.quantity:,} \N{MULTIPLICATION SIGN} {_article(part.line)}" for part in record.lines.all()],
        # What can be done about it stands beside it, as buttons.
        why=record.last_error.removesuffix(CURE).strip(),
        can_be_corrected=state in CORRECTED,
        can_be_retried=state in RETRIED,
        can_be_left_out=state in UNSENT and not record.is_on_store and record.sending_since is None,
        typed={
            "tracking": record.tracking_number,
            "carrier": record.carrier,
            "cost": f"{record.cost:.2f}",
            **{name: typed[name] for name in ("tracking", "carrier", "cost", "reason") if name in typed},
        },
        is_typed=bool(typed),
    )


def _article(line: Any) -> str:
    name = line.name or line.sku or line.code
    return f"{name} ({line.chosen})" if line.chosen else str(name)


# --- the timeline -----------------------------------------------------------------------------------------------------


def timeline(order: "WithFulfilment", shipments: Sequence[ShipmentRecord]) -> Iterator[TimelineEntry]:
    """Everything that is known to have happened to an order, in no order."""
    yield TimelineEntry(order.placed_at, f"Placed by {buyer_of(order)}." if order.ship_to else "Placed.")
    yield TimelineEntry(order.imported_at, "Fetched from the store.")
    if order.acknowledged_at is not None:
        yield TimelineEntry(order.acknowledged_at, _ACKNOWLEDGED[order.channel.acknowledge_mode])
    if order.handed_over_at is not None:
        yield TimelineEntry(order.handed_over_at, "Handed over to whoever packs it.")
    for shipment in shipments:
        yield from _of_shipment(shipment)
    if order.shipped_at is not None:
        # By the store's clock, and to the second: it is no sooner than the last parcel has left.
        left = [shipment.synced_at or shipment.shipped_at for shipment in shipments]
        yield TimelineEntry(max([order.shipped_at, *left]), "Wholly shipped.")
    if order.anonymised_at is not None:
        yield TimelineEntry(order.anonymised_at, "What was known of the buyer was forgotten.")
    for event in order.events.order_by("pk"):
        yield _of_event(event)


def _of_shipment(shipment: ShipmentRecord) -> Iterator[TimelineEntry]:
    sent = f"{shipment.carrier} {shipment.tracking_number}"
    pieces = ", ".join(
        f"{part.quantity:,} \N{MULTIPLICATION SIGN} {_article(part.line)}" for part in shipment.lines.all()
    )
    yield TimelineEntry(shipment.shipped_at, f"Shipped with {sent}: {pieces}.")
    if shipment.synced_at is not None:
        yield TimelineEntry(shipment.synced_at, f"The store was told, and read again: it has {sent}.")


def _of_event(event: OrderEvent) -> TimelineEntry:
    words = _EVENTS[event.what]
    if event.by:
        words = f"{words} by {event.by}"
    reason = event.reason.rstrip(".")
    return TimelineEntry(event.at, f"{words}: {reason}." if reason else f"{words}.", field_lines(event.fields))
