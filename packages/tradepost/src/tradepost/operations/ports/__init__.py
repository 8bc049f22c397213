"""
The ports: what operations need from the outside, in the domain's words; values beside their port.

`miva` implements Store and ImageStore, `images` implements SourceImages, `security` implements Cipher, `database` the
rest. `wiring` joins them. The in-memory ones for tests are in `tests/fakes`, one file per port.
"""

from dataclasses import dataclass

from tradepost.operations.ports.catalogue import Catalogue, ImportCounts
from tradepost.operations.ports.channel import ChannelSettings
from tradepost.operations.ports.images import ImageStore, SourceImages
from tradepost.operations.ports.listings import FamilyRows, Intents, ListingRow, Listings, Proven, Stage, StoreInventory
from tradepost.operations.ports.orders import NewShipment, OrderRow, Orders
from tradepost.operations.ports.run import ActiveRun, Clock
from tradepost.operations.ports.secrets import Cipher
from tradepost.operations.ports.store import (
    OrderPage,
    OrdersById,
    SetupItem,
    SetupKind,
    ShipmentSend,
    StockWrite,
    Store,
    UnitAnswer,
    WriteAnswer,
    WriteOutcome,
)

__all__ = [
    "ActiveRun",
    "Catalogue",
    "ChannelSettings",
    "Cipher",
    "Clock",
    "FamilyRows",
    "ImageStore",
    "ImportCounts",
    "Intents",
    "ListingRow",
    "Listings",
    "NewShipment",
    "OrderPage",
    "OrderRow",
    "Orders",
    "OrdersById",
    "Ports",
    "Proven",
    "SetupItem",
    "SetupKind",
    "ShipmentSend",
    "SourceImages",
    "Stage",
    "StockWrite",
    "Store",
    "StoreInventory",
    "UnitAnswer",
    "WriteAnswer",
    "WriteOutcome",
]


@dataclass(frozen=True, slots=True)
class Ports:
    """All that an operation on one channel is given; `image_store` is None where the channel has no image server."""

    channel: ChannelSettings
    store: Store
    image_store: ImageStore | None
    source_images: SourceImages
    listings: Listings
    intents: Intents
    inventory: StoreInventory
    orders: Orders
    run: ActiveRun
    clock: Clock
