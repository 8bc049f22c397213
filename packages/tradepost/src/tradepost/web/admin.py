"""Django looks here for what the back office registers."""

from tradepost.web.activity import plans, runs
from tradepost.web.catalogue import products, sources, uploads
from tradepost.web.channels import table as channels
from tradepost.web.listings import table as listings
from tradepost.web.orders import shipments
from tradepost.web.orders import table as orders
from tradepost.web.people import audit, people

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
