"""
The ports: what operations need from the outside, in the domain's words; values beside their port.

`miva` implements Store, ImageStore and Connector, `images` implements SourceImages, `security` implements Cipher,
`catalogues` implements CatalogueReader, `exports` implements OrderWriter, `database` the rest. `wiring` joins them. The
in-memory ones for tests are in `tests/fakes`, one file per port.
"""

from dataclasses import dataclass

from tradepost.operations.ports.adoptions import (
    Adoptions,
    AdoptionTotals,
    KnownSkus,
    OutlineFamily,
    OutlineRow,
    Taken,
    TakenListing,
)
from tradepost.operations.ports.capabilities import Ability, Capabilities, Capability
from tradepost.operations.ports.catalogue import (
    NO_COUNT_COLUMNS,
    Catalogue,
    CatalogueReader,
    ChannelListings,
    ContestedQuantity,
    CountColumns,
    FileLook,
    HeldPrice,
    ImportCounts,
    Level,
    ListingBuilder,
    MadeListings,
    MadeProduct,
    ProductDifference,
    QueuedStructure,
    ReadProduct,
    RowReport,
    SaleAtZero,
    SaleChange,
    Saying,
    SkuValues,
    SourceSettings,
    Statement,
    TakenValues,
    UnstatedQuantity,
    ValueDifference,
    WantedChanges,
)
from tradepost.operations.ports.channel import (
    CHECKED_WELL,
    ChannelProfile,
    Channels,
    ChannelSettings,
    KeptFinding,
    KnownSince,
    RemovedChannel,
    ScheduleRow,
    Schedules,
    ToSwitch,
    WantedDifference,
    WantedDifferences,
)
from tradepost.operations.ports.connections import (
    GRAPHICS_DIRECTORY,
    IMAGES_FOLDER,
    AcknowledgeCheck,
    Connector,
    ContentCheck,
    Digest,
    FileProtocol,
    ImageCheck,
    ImageConnection,
    ProbeCheck,
    StockCheck,
    StoreCheck,
    StoreConnection,
)
from tradepost.operations.ports.deliveries import (
    ConsumerTarget,
    Deliveries,
    DueDelivery,
    ExchangePlace,
    Target,
    Targets,
)
from tradepost.operations.ports.descriptions import CleanDescription, DescriptionCleaner
from tradepost.operations.ports.drift import Compared, Drifts
from tradepost.operations.ports.existence import (
    ChangeWindow,
    ExistenceNotes,
    ExistingProduct,
    IdRange,
    LatestProducts,
    RangeCount,
    StoreNotes,
    StoreStanding,
    Stretch,
)
from tradepost.operations.ports.exports import ConsumerStanding, ConsumerState, ExportBatch, OrderExports, OrderWriter
from tradepost.operations.ports.fetches import (
    CopiedFile,
    Fetches,
    FileContent,
    FileId,
    FilePlace,
    ShipmentSource,
    ShipmentSources,
    SourceAddress,
    TakenFile,
    read_file,
)
from tradepost.operations.ports.history import BatchHistory, History, OpenRequest
from tradepost.operations.ports.images import ImageStore, SourceImages
from tradepost.operations.ports.listings import (
    CodeHolder,
    FamilyRows,
    Intents,
    LinkedListing,
    ListedNotes,
    ListingRow,
    Listings,
    OpenIntent,
    Proven,
    StoreInventory,
)
from tradepost.operations.ports.matches import Candidates, LeanListing, Matches, ToLink
from tradepost.operations.ports.notices import Messenger
from tradepost.operations.ports.orders import (
    NewShipment,
    OrderRow,
    Orders,
    ProvenShipment,
    ShipmentCorrection,
    ShipmentEdit,
    TriedOrder,
    UnsentShipment,
)
from tradepost.operations.ports.people import Audit, KnownPerson, OpenSession, People
from tradepost.operations.ports.personal_data import PersonalData, PersonsData, PersonsOrder
from tradepost.operations.ports.requests import (
    LISTED_COLUMNS,
    AskedRow,
    FileAction,
    ListingTableReader,
    RequestReader,
    ResultRow,
    TableRow,
    WriteResults,
)
from tradepost.operations.ports.run import ActiveRun, Approval, Clock, Needs
from tradepost.operations.ports.secrets import Cipher, Ciphertext, Ciphertexts, Keys
from tradepost.operations.ports.shipments import KnownShipment, ShipmentReader, ShipmentRow
from tradepost.operations.ports.sources import CatalogueSource, CatalogueSources, ImportedFile, OpenPlace, SourceHistory
from tradepost.operations.ports.stock import (
    AccountEntry,
    Accounts,
    Handover,
    Handovers,
    KnownSighting,
    Reading,
    SightedOrder,
)
from tradepost.operations.ports.store import (
    OrdersById,
    SetupItem,
    SetupKind,
    ShipmentSend,
    SightingPage,
    StockWrite,
    Store,
    UnitAnswer,
    WriteAnswer,
    WriteOutcome,
)
from tradepost.operations.ports.undo import PastChange, PastChanges

__all__ = [
    "CHECKED_WELL",
    "GRAPHICS_DIRECTORY",
    "IMAGES_FOLDER",
    "LISTED_COLUMNS",
    "NO_COUNT_COLUMNS",
    "Ability",
    "AccountEntry",
    "Accounts",
    "AcknowledgeCheck",
    "ActiveRun",
    "AdoptionTotals",
    "Adoptions",
    "Approval",
    "AskedRow",
    "Audit",
    "BatchHistory",
    "Candidates",
    "Capabilities",
    "Capability",
    "Catalogue",
    "CatalogueReader",
    "CatalogueSource",
    "CatalogueSources",
    "ChangeWindow",
    "ChannelListings",
    "ChannelProfile",
    "ChannelSettings",
    "Channels",
    "Cipher",
    "Ciphertext",
    "Ciphertexts",
    "CleanDescription",
    "Clock",
    "CodeHolder",
    "Compared",
    "Connector",
    "ConsumerStanding",
    "ConsumerState",
    "ConsumerTarget",
    "ContentCheck",
    "ContestedQuantity",
    "CopiedFile",
    "CountColumns",
    "Deliveries",
    "DescriptionCleaner",
    "Digest",
    "Drifts",
    "DueDelivery",
    "ExchangePlace",
    "ExistenceNotes",
    "ExistingProduct",
    "ExportBatch",
    "FamilyRows",
    "Fetches",
    "FileAction",
    "FileContent",
    "FileId",
    "FileLook",
    "FilePlace",
    "FileProtocol",
    "Handover",
    "Handovers",
    "HeldPrice",
    "History",
    "IdRange",
    "ImageCheck",
    "ImageConnection",
    "ImageStore",
    "ImportCounts",
    "ImportedFile",
    "Intents",
    "KeptFinding",
    "Keys",
    "KnownPerson",
    "KnownShipment",
    "KnownSighting",
    "KnownSince",
    "KnownSkus",
    "LatestProducts",
    "LeanListing",
    "Level",
    "LinkedListing",
    "ListedNotes",
    "ListingBuilder",
    "ListingRow",
    "ListingTableReader",
    "Listings",
    "MadeListings",
    "MadeProduct",
    "Matches",
    "Messenger",
    "Needs",
    "NewShipment",
    "OpenIntent",
    "OpenPlace",
    "OpenRequest",
    "OpenSession",
    "OrderExports",
    "OrderRow",
    "OrderWriter",
    "Orders",
    "OrdersById",
    "OutlineFamily",
    "OutlineRow",
    "PastChange",
    "PastChanges",
    "People",
    "PersonalData",
    "PersonsData",
    "PersonsOrder",
    "Ports",
    "ProbeCheck",
    "ProductDifference",
    "Proven",
    "ProvenShipment",
    "QueuedStructure",
    "RangeCount",
    "ReadProduct",
    "Reading",
    "RemovedChannel",
    "RequestReader",
    "ResultRow",
    "RowReport",
    "SaleAtZero",
    "SaleChange",
    "Saying",
    "ScheduleRow",
    "Schedules",
    "SetupItem",
    "SetupKind",
    "ShipmentCorrection",
    "ShipmentEdit",
    "ShipmentReader",
    "ShipmentRow",
    "ShipmentSend",
    "ShipmentSource",
    "ShipmentSources",
    "SightedOrder",
    "SightingPage",
    "SkuValues",
    "SourceAddress",
    "SourceHistory",
    "SourceImages",
    "SourceSettings",
    "Statement",
    "StockCheck",
    "StockWrite",
    "Store",
    "StoreCheck",
    "StoreConnection",
    "StoreInventory",
    "StoreNotes",
    "StoreStanding",
    "Stretch",
    "TableRow",
    "Taken",
    "TakenFile",
    "TakenListing",
    "TakenValues",
    "Target",
    "Targets",
    "ToLink",
    "ToSwitch",
    "TriedOrder",
    "UnitAnswer",
    "UnsentShipment",
    "UnstatedQuantity",
    "ValueDifference",
    "WantedChanges",
    "WantedDifference",
    "WantedDifferences",
    "WriteAnswer",
    "WriteOutcome",
    "WriteResults",
    "read_file",
]


@dataclass(frozen=True, slots=True)
class Ports:
    """All that an operation on one channel is given; `image_store` is None where the channel has no image server."""

    channel: ChannelSettings
    store: Store
    image_store: ImageStore | None
    source_images: SourceImages
    descriptions: DescriptionCleaner
    listings: Listings
    adoptions: Adoptions
    drifts: Drifts
    intents: Intents
    inventory: StoreInventory
    existence: ExistenceNotes
    orders: Orders
    accounts: Accounts
    deliveries: Deliveries
    fetches: Fetches
    past: PastChanges
    run: ActiveRun
    clock: Clock
