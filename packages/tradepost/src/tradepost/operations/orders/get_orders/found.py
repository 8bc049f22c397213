"""Orders as they were found on the store, by number: read, or not to be understood."""

from tradepost.domain.orders.order import StoreOrder, UnreadableOrder
from tradepost.operations.ports import OrdersById

FoundOrders = dict[int, StoreOrder | UnreadableOrder]


def seen_of(found: OrdersById) -> FoundOrders:
    """Orders by number, those that can't be read with the reason: they are not gone."""
    return {**found, **found.unreadable}
