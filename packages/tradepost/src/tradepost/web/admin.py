"""Django looks here for what the back office registers."""

from tradepost.web import (
    audit,
    channels,
    listings,
    orders,
    people,
    plans,
    products,
    runs,
    shipments,
    sources,
    uploads,
)

__all__ = [
    "audit",
    "channels",
    "listings",
    "orders",
    "people",
    "plans",
    "products",
    "runs",
    "shipments",
    "sources",
    "uploads",
]
