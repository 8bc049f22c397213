"""The tables, one module per concept. Constraints hold the invariants; each index names the query it serves."""

from tradepost.database.models.adoption import OutlineRecord
from tradepost.database.models.catalogue import ImageRecord, ProductRecord, VariantRecord
from tradepost.database.models.channel import (
    Channel,
    Connection,
    ConnectionKind,
    Scheduled,
    ScheduleRecord,
    StoreProtocol,
)
from tradepost.database.models.existence import ExistenceNote
from tradepost.database.models.export import ConsumedOrder, Consumer, ConsumerTargetRecord, OpenBatch
from tradepost.database.models.fetch import FetchedFile, FileRecord, ShipmentSourceRecord
from tradepost.database.models.home import HomeRecord
from tradepost.database.models.listing import (
    AttentionRecord,
    DriftRecord,
    Intent,
    LinkEvent,
    Listing,
    SetupRecord,
    StoreFile,
    with_attentions,
)
from tradepost.database.models.notice import Notice, NoticeMessage, NoticePlace
from tradepost.database.models.order import (
    Order,
    OrderEvent,
    OrderLine,
    OrderPayload,
    ParkedOrderRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from tradepost.database.models.person import AuditEntry, Person, Session
from tradepost.database.models.plan import PlannedChange, SavedPlan
from tradepost.database.models.run import AmongFields, Run, RunChange, RunKind, Trigger
from tradepost.database.models.source import Source, SourceFile
from tradepost.database.models.stock import SightedPieces, Sighting, StockEntry
from tradepost.database.models.upload import Upload
from tradepost.database.models.words import OrderWords, ProductWords

__all__ = [
    "AmongFields",
    "AttentionRecord",
    "AuditEntry",
    "Channel",
    "Connection",
    "ConnectionKind",
    "ConsumedOrder",
    "Consumer",
    "ConsumerTargetRecord",
    "DriftRecord",
    "ExistenceNote",
    "FetchedFile",
    "FileRecord",
    "HomeRecord",
    "ImageRecord",
    "Intent",
    "LinkEvent",
    "Listing",
    "Notice",
    "NoticeMessage",
    "NoticePlace",
    "OpenBatch",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderPayload",
    "OrderWords",
    "OutlineRecord",
    "ParkedOrderRecord",
    "Person",
    "PlannedChange",
    "ProductRecord",
    "ProductWords",
    "Run",
    "RunChange",
    "RunKind",
    "SavedPlan",
    "ScheduleRecord",
    "Scheduled",
    "Session",
    "SetupRecord",
    "ShipmentLineRecord",
    "ShipmentRecord",
    "ShipmentSourceRecord",
    "SightedPieces",
    "Sighting",
    "Source",
    "SourceFile",
    "StockEntry",
    "StoreFile",
    "StoreProtocol",
    "Trigger",
    "Upload",
    "VariantRecord",
    "with_attentions",
]
