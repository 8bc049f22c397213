"""The tables, one module per concept. Constraints hold the invariants; each index names the query it serves."""

from tradepost.database.models.catalogue import ImageRecord, Product, Variant
from tradepost.database.models.channel import Channel, Connection, ConnectionKind, Protocol
from tradepost.database.models.listing import Intent, LinkEvent, Listing, SetupRecord, StoreFile
from tradepost.database.models.order import Order, OrderLine, ShipmentLine, ShipmentRecord
from tradepost.database.models.run import Run, RunChange, RunKind, Trigger

__all__ = [
    "Channel",
    "Connection",
    "ConnectionKind",
    "ImageRecord",
    "Intent",
    "LinkEvent",
    "Listing",
    "Order",
    "OrderLine",
    "Product",
    "Protocol",
    "Run",
    "RunChange",
    "RunKind",
    "SetupRecord",
    "ShipmentLine",
    "ShipmentRecord",
    "StoreFile",
    "Trigger",
    "Variant",
]
