"""
Wiring: the one place where ports are joined to what implements them, in modules by what they are about.

Others write `wiring.orders.order_ports(...)`.
"""

from tradepost.wiring import (
    catalogue,
    channels,
    images,
    listings,
    orders,
    people,
    places,
    runs,
    secrets,
    sources,
    stores,
    trail,
)

__all__ = [
    "catalogue",
    "channels",
    "images",
    "listings",
    "orders",
    "people",
    "places",
    "runs",
    "secrets",
    "sources",
    "stores",
    "trail",
]
