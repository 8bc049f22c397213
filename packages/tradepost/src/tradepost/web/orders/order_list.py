"""The list of orders: its tabs with counts, and what a row says."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from tradepost.database.models import Channel, Order, OrderLine, ParkedOrderRecord, ShipmentRecord
from tradepost.database.models.fulfilment import with_fulfilment
from tradepost.database.several import CountStatement
from tradepost.domain.counts import count_words
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.web.orders.order_page import buyer_of, pill_of
from tradepost.web.shell.channels import CHANNEL, channel_ids
from tradepost.web.tables.counts import count_statement
from tradepost.web.tables.keyset import (
    AFTER,
    BEFORE,
    NEWEST_FIRST,
    OLDEST_FIRST,
    SORT,
    KeysetChangeList,
    RowOrder,
)

if TYPE_CHECKING:
    from tradepost.database.models.fulfilment import WithFulfilment

SHOW, SHOW_ALL = "show", "all"
_STATE = "state__exact"


@dataclass(frozen=True, slots=True)
class OrderTab:
    """A tab of the list: the orders of a state, or all. `empty`: what is said where it has none."""

    name: str
    state: str
    empty: str


TO_SHIP = OrderTab("To ship", OrderState.OPEN.value, "Everything is shipped. New orders come in with the next fetch.")
ON_HOLD = OrderTab("On hold", OrderState.ON_HOLD.value, "No order is on hold.")
SHIPPED = OrderTab("Shipped", OrderState.CLOSED.value, "Nothing is shipped yet.")
ALL = OrderTab("All", "", "No order yet. Fetch orders, or wait for the schedule to do it.")
_NOT_IN_A_ROW = ("bill_to", "charges", "notes", "discounts", "payments", "custom_fields", "tags", "rules_done")
_TABS = (TO_SHIP, ON_HOLD, SHIPPED)


@dataclass(frozen=True, slots=True)
class ShownTab:
    name: str
    count: str
    address: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class ShownOrder:
    order: "WithFulfilment"
    channel: str
    buyer: str
    pieces: int
    items: str
    words: str
    colour: str


class OrderChangeList(KeysetChangeList):
    """The list in tabs. Without any choice it is what is to be shipped; that comes oldest first, all else newest."""

    tab = ALL
    of_channels: Sequence[int] = ()

    @property
    def empty(self) -> str:
        """What is said where nothing is listed: before a first order came in, nothing was shipped either."""
        return (self.tab if Order.objects.filter(channel_id__in=self.of_channels).exists() else ALL).empty

    def get_filters_params(self, params: Any = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name != SHOW}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Order]:
        rows: QuerySet[Order] = super().get_queryset(request, exclude_parameters)
        self.tab = tab_of(request)
        self.of_channels = channel_ids(request)
        if not self.tab.state:
            return rows
        # By the index of channel and state, also where all channels are looked at.
        return rows.filter(channel_id__in=self.of_channels, state=self.tab.state)

    def usual_order(self) -> RowOrder:
        return OLDEST_FIRST if self.tab is TO_SHIP else NEWEST_FIRST


def tab_of(request: HttpRequest) -> OrderTab:
    """The tab that an address is of; whoever chose something else than a state looks at all."""
    chosen = {name for name, value in request.GET.items() if value} - {AFTER, BEFORE, SORT}
    if not chosen:
        return TO_SHIP
    state = request.GET.get(_STATE, "")
    return next((tab for tab in _TABS if tab.state == state), ALL)


def tabs_of(request: HttpRequest, here: OrderTab | None) -> Iterator[ShownTab]:
    """`here` None is the page of what needs somebody."""
    *numbers, needing, number = map(count_words, _tab_statement(tuple(channel_ids(request))).numbers())
    base = reverse("admin:tradepost_order_changelist")
    channel = {CHANNEL: request.GET[CHANNEL]} if request.GET.get(CHANNEL) else {}
    for tab, of_state in zip(_TABS, numbers, strict=True):
        address = f"{base}?{urlencode({**channel, _STATE: tab.state})}"
        yield ShownTab(tab.name, of_state, address, tab is here)
    needs = f"{reverse('admin:tradepost_order_needs')}?{urlencode(channel)}".removesuffix("?")
    yield ShownTab("Needs you", needing, needs, here is None)
    yield ShownTab(ALL.name, number, f"{base}?{urlencode({**channel, SHOW: SHOW_ALL})}", here is ALL)


@lru_cache(maxsize=64)
def _tab_statement(channel_ids: tuple[int, ...]) -> CountStatement:
    """Count the orders of each tab, those that need somebody, and all."""
    orders = [Order.objects.filter(channel_id=key) for key in channel_ids]
    of_tabs = ([rows.filter(state=tab.state) for rows in orders] for tab in _TABS)
    return count_statement([*of_tabs, _needing(channel_ids), orders])


def _needing(ids: Sequence[int]) -> list[QuerySet[Any]]:
    parked = ParkedOrderRecord.objects.filter(channel_id__in=ids)
    return [parked, ShipmentRecord.objects.filter(channel_id__in=ids, state=ShipmentState.PARKED.value)]


def with_what_a_row_shows(rows: QuerySet[Order]) -> "QuerySet[WithFulfilment]":
    """And with nothing else: reading fifty orders whole takes longer than all the rest of the page."""
    lines = OrderLine.objects.only("order_id", "code", "sku", "name", "quantity", "options", "is_product")
    return with_fulfilment(rows).defer(*_NOT_IN_A_ROW).prefetch_related(Prefetch("lines", lines))


def shown_orders(rows: Iterable["WithFulfilment"]) -> list[ShownOrder]:
    names = dict(Channel.objects.values_list("pk", "name"))
    return [_shown(row, names[row.channel_id]) for row in rows]


def _shown(row: "WithFulfilment", channel: str) -> ShownOrder:
    words, colour = pill_of(row)
    lines = [line for line in row.lines.all() if line.is_product]
    first = lines[0] if lines else None
    # A store parts a line when some of it is shipped.
    others = len({(line.code, line.sku, line.chosen) for line in lines}) - 1
    more = f" and {others} more" if others > 0 else ""
    return ShownOrder(
        order=row,
        channel=channel,
        buyer=buyer_of(row),
        pieces=sum(line.quantity for line in lines),
        items=f"{first.name or first.sku or first.code}{more}" if first is not None else "",
        words=words,
        colour=colour,
    )
