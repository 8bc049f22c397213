"""
Get orders: bring the store's orders home, each once, follow them, and tell the store that they were taken over.

What is new, looks different or is gone is told by the sightings; only that is loaded and judged. Acknowledging comes
after the import is committed, and an acknowledgement that fails is tried again by the next run.
"""

from datetime import timedelta

from tradepost.domain.orders.order import AcknowledgeMode, StoreStatus
from tradepost.domain.orders.order_news import OrderCriteria, imported_since
from tradepost.operations.form import drive
from tradepost.operations.orders.get_orders.acknowledge import Acknowledge
from tradepost.operations.orders.get_orders.comparison import OrderComparison
from tradepost.operations.orders.get_orders.ledger import KeepLedger
from tradepost.operations.ports import Ports
from tradepost.operations.stock.attentions import StockAttentions
from tradepost.operations.stock.sightings import Sight

# A channel's first look reads all orders in these states, so that comparing them needs no second one.
_SIGHTED_FIRST = frozenset(
    {StoreStatus.PENDING, StoreStatus.PROCESSING, StoreStatus.PARTIALLY_SHIPPED, StoreStatus.BACKORDERED}
)


def execute(ports: Ports) -> None:
    """
    Sight the store's orders, bring the ledger in step with what is news of them, then acknowledge what was imported.

    All orders of the store are compared at the first time, and when others are wanted than before. Idempotent: each
    order is imported once.
    """
    is_first = ports.accounts.place().first_id is None
    sight = Sight()
    drive(ports, sight)
    drive(ports, StockAttentions())
    compared = ports.orders.compared()
    criteria = criteria_now(ports, compared)
    found = sight.found
    if criteria != compared:
        statuses = criteria.statuses - (_SIGHTED_FIRST if is_first else frozenset())
        comparison = OrderComparison(criteria, statuses=statuses, found=found)
        drive(ports, comparison)
        found = {**comparison.found, **found}
    drive(ports, KeepLedger(ports.channel, criteria, found))
    if ports.channel.acknowledge_mode is not AcknowledgeMode.NONE:
        drive(ports, Acknowledge(ports.channel))


def criteria_now(ports: Ports, compared: OrderCriteria | None) -> OrderCriteria:
    """Say which orders are imported by the channel's settings, from when on the first comparison said."""
    channel = ports.channel
    since = imported_since(now=ports.clock(), look_back=timedelta(days=channel.look_back_days), before=compared)
    return OrderCriteria(channel.order_statuses, channel.payment_states, since)
