"""Where an order of the store is in the hub, and what of it is not as it should be; all of it pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tradepost.domain.orders.order import (
    AcknowledgeMode,
    StoreOrder,
    StoreShipment,
    UnreadableOrder,
    is_to_acknowledge,
)
from tradepost.domain.orders.order_changes import differences
from tradepost.domain.orders.order_news import OrderCriteria, OrderNews
from tradepost.domain.orders.order_proof import (
    IN_LEDGER,
    RECENT_SECONDS,
    HubOrder,
    HubShipment,
    OrderFinding,
    OrderPlace,
    ShipmentFinding,
)
from tradepost.domain.orders.shipment import ShipmentState, carrier_on_store
from tradepost.operations.orders.sync_orders import has_arrived
from tradepost.operations.ports import ChannelSettings, ShipmentSend


@dataclass(frozen=True, slots=True)
class Measure:
    """What orders are judged by. `now`: by the hub's clock; the store's may differ by some minutes."""

    channel: ChannelSettings
    criteria: OrderCriteria
    now: datetime

    def is_recent(self, seconds: int) -> bool:
        return seconds >= int(self.now.timestamp()) - RECENT_SECONDS

    def is_just_done(self, at: datetime) -> bool:
        return at >= self.now - timedelta(seconds=RECENT_SECONDS)


def find(
    number: str,
    *,
    news: OrderNews | None,
    order: StoreOrder | UnreadableOrder | None,
    hub: HubOrder | None,
    parked_for: str | None,
    measure: Measure,
    is_placed: bool = True,
) -> OrderFinding:
    """
    Say where an order is. `news`: how the store shows it in short, None where it was not asked for so; `order`: as a
    whole, None where the store does not have it. `parked_for`: why it is parked, None where it is not.
    """
    if hub is not None:
        return _in_ledger(number, news=news, order=order, hub=hub, measure=measure, is_placed=is_placed)
    if parked_for is not None:
        parked = f"Order {number} is parked: {parked_for} 'tradepost orders retry {number}' tries it again."
        return OrderFinding(number, OrderPlace.PARKED, parked_for, differences=(parked,))
    if news is not None and (reason := _not_eligible(news, order, measure.criteria)):
        return OrderFinding(number, OrderPlace.NOT_ELIGIBLE, reason)
    if news is not None and measure.is_recent(max(news.placed, news.updated)):
        return OrderFinding(number, OrderPlace.NEW, "the next get looks at it")
    if isinstance(order, UnreadableOrder):
        lost = f"Order {number} is not in the hub, and not parked: {order.reason} 'tradepost orders get' parks it."
        return OrderFinding(number, OrderPlace.MISSING, order.reason, differences=(lost,))
    lost = (
        f"Order {number} is to be imported and is not in the hub. 'tradepost orders get' imports it; if it does not, "
        "'tradepost listings sync --full' compares all orders, and the get behind it imports what was missing."
    )
    return OrderFinding(number, OrderPlace.MISSING, differences=(lost,))


def _not_eligible(news: OrderNews, order: StoreOrder | UnreadableOrder | None, criteria: OrderCriteria) -> str:
    """Say why an order is not imported by the channel's settings; blank where it is."""
    if order is None:
        return "it was deleted on the store meanwhile"
    if news.status not in criteria.statuses:
        return f"it is {news.status.replace('_', ' ')} on the store"
    if not criteria.may_want(news):
        return "it is older than what is imported"
    if isinstance(order, StoreOrder) and order.payment_state not in criteria.payment_states:
        return f"its payment is {order.payment_state.replace('_', ' ')}"
    return ""


def _in_ledger(
    number: str,
    *,
    news: OrderNews | None,
    order: StoreOrder | UnreadableOrder | None,
    hub: HubOrder,
    measure: Measure,
    is_placed: bool,
) -> OrderFinding:
    state = hub.ledger.state
    is_waiting = _is_waiting(hub, measure)
    is_untold = measure.channel.acknowledge_mode is not AcknowledgeMode.NONE and is_to_acknowledge(
        state, is_acknowledged=hub.is_acknowledged
    )
    found = list(_order_differences(number, news=news, order=order, hub=hub, measure=measure))
    if is_untold and not is_waiting:
        found.append(
            f"The store was not told that order {number} was taken over; 'tradepost orders acknowledge' tells it."
        )
    why = hub.ledger.holds.reason if IN_LEDGER[state] is OrderPlace.ON_HOLD else ""
    return OrderFinding(
        number,
        IN_LEDGER[state],
        why,
        is_acknowledged=hub.is_acknowledged,
        is_to_acknowledge=is_untold,
        differences=tuple(found),
        shipments=tuple(_shipments(number, order, hub, measure)),
        is_placed=is_placed,
    )


def _is_waiting(hub: HubOrder, measure: Measure) -> bool:
    return measure.is_just_done(hub.imported_at)


def _order_differences(
    number: str,
    *,
    news: OrderNews | None,
    order: StoreOrder | UnreadableOrder | None,
    hub: HubOrder,
    measure: Measure,
) -> Iterator[str]:
    ledger = hub.ledger
    is_final = IN_LEDGER[ledger.state] in {OrderPlace.CLOSED, OrderPlace.CANCELLED}
    if order is None:
        if not ledger.is_gone and not is_final:
            yield f"Order {number} is not on the store any more; 'tradepost orders get' notices it."
        return
    if isinstance(order, UnreadableOrder):
        yield f"Order {number} can't be read any more: {order.reason} 'tradepost orders parked' shows it."
        return
    if measure.is_recent(_changed(news, order)):
        return
    names = sorted({change.name.split(" ")[0] for change in differences(ledger.order, ledger.kept(order))})
    if ledger.is_gone:
        yield f"Order {number} counts as deleted, and is on the store; 'tradepost orders get' looks at it again."
    elif names:
        yield (
            f"Order {number} was changed on the store ({', '.join(names)}), and the hub has not followed; "
            "'tradepost orders get' does."
        )


def _changed(news: OrderNews | None, order: StoreOrder) -> int:
    """When an order was placed or changed last, in the store's seconds."""
    if news is not None:
        return max(news.placed, news.updated)
    return int((order.updated_at or order.placed_at).timestamp())


def _shipments(
    number: str, order: StoreOrder | UnreadableOrder | None, hub: HubOrder, measure: Measure
) -> Iterator[ShipmentFinding]:
    on_store = order.shipments if isinstance(order, StoreOrder) else ()
    matched: set[int] = set()
    for recorded in hub.shipments:
        code = recorded.shipment.code
        found = next((other for other in on_store if other.code == code or other.id == recorded.external_id), None)
        if found is not None:
            matched.add(found.id)
        is_read = isinstance(order, StoreOrder)
        told = tuple(_shipment_differences(number, recorded, found, is_read=is_read, measure=measure))
        yield ShipmentFinding(code, number, in_hub=True, on_store=found is not None, differences=told)
    for other in on_store:
        if other.id not in matched and other.is_shipped:
            yield ShipmentFinding(other.code or str(other.id), number, in_hub=False, on_store=True)


def _shipment_differences(
    number: str, recorded: HubShipment, found: StoreShipment | None, *, is_read: bool, measure: Measure
) -> Iterator[str]:
    shipment = f"Shipment {recorded.shipment.code} of order {number}"
    match recorded.state:
        case ShipmentState.PARKED:
            yield f"{shipment} is parked: {recorded.last_error}"
        case ShipmentState.WAITING if recorded.last_error:
            yield f"{shipment} could not be sent: {recorded.last_error} 'tradepost orders sync' tries it again."
        case ShipmentState.WAITING if not measure.is_just_done(recorded.shipment.shipped_at):
            yield f"{shipment} was not sent to the store; 'tradepost orders sync' sends it."
    if recorded.state is not ShipmentState.TOLD or not is_read:
        return
    carrier = carrier_on_store(recorded.shipment.carrier, measure.channel.carrier_map)
    if found is None:
        yield (
            f"{shipment} was sent, and is not on the store any more. 'tradepost orders get' notices it, and then "
            "'tradepost shipments retry' makes it again."
        )
    elif not (found.is_shipped if recorded.is_joined else has_arrived(ShipmentSend(recorded.shipment, carrier), found)):
        yield (
            f"{shipment} has another tracking number, carrier or cost on the store, or is not shipped there. Somebody "
            "has changed it: put it right on the store."
        )
