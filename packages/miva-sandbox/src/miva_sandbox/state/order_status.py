"""
The numbers that order lines, orders, shipments and returns carry as their status, and how an order's follows its lines.

Nobody can set the status of an order: it is derived anew after each change of a line.
"""

from collections.abc import Iterable
from enum import IntEnum


class Line(IntEnum):
    PENDING = 0
    PICKING = 100
    SHIPPED = 200
    GIFT_NOT_REDEEMED = 210
    GIFT_REDEEMED = 211
    NOT_DOWNLOADED = 220
    DOWNLOADED = 221
    CANCELLED = 300
    BACKORDERED = 400
    RMA_ISSUED = 500
    RETURNED = 600
    ADJUSTMENT = 999


class Order(IntEnum):
    PENDING = 0
    PROCESSING = 100
    SHIPPED = 200
    PARTIALLY_SHIPPED = 201
    CANCELLED = 300
    BACKORDERED = 400
    RMA_ISSUED = 500
    RETURNED = 600


class Shipment(IntEnum):
    PENDING = 0
    PICKING = 100
    SHIPPED = 200


class Return(IntEnum):
    ISSUED = 500
    RECEIVED = 600


# What no item function takes into a shipment, a return or a back-order.
CLOSED = frozenset({Line.CANCELLED, Line.RETURNED})
# What still lies in the warehouse: only these can be shipped by provisioning, or go back when an order is deleted.
OPEN = frozenset({Line.PENDING, Line.PICKING, Line.BACKORDERED})

_DELIVERED = frozenset({Line.SHIPPED, Line.GIFT_NOT_REDEEMED, Line.GIFT_REDEEMED, Line.NOT_DOWNLOADED, Line.DOWNLOADED})
_LEFT_OUT = frozenset({Line.CANCELLED, Line.ADJUSTMENT})
# First match wins: the order has the status on the right if its lines hold nothing but what is on the left.
_ALL_OF = (
    (frozenset({Line.PENDING}), Order.PENDING),
    (_DELIVERED, Order.SHIPPED),
    (frozenset({Line.BACKORDERED}), Order.BACKORDERED),
    (frozenset({Line.RMA_ISSUED}), Order.RMA_ISSUED),
    (frozenset({Line.RETURNED}), Order.RETURNED),
    (_DELIVERED | {Line.RMA_ISSUED, Line.RETURNED}, Order.SHIPPED),
)


def derive(lines: Iterable[int]) -> Order:
    """Say what status an order has whose lines have these."""
    statuses = frozenset(lines)
    if statuses == {Line.CANCELLED}:
        return Order.CANCELLED
    counted = statuses - _LEFT_OUT
    for allowed, order in _ALL_OF:
        if counted <= allowed:
            return order
    return Order.PARTIALLY_SHIPPED if counted & _DELIVERED else Order.PROCESSING
