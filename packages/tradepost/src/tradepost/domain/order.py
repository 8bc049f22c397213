"""Orders as the store has them, and the shipments that the merchant sends for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class StoreStatus(StrEnum):
    """The state of an order or an order line on the store, which computes an order's from its lines'."""

    PENDING = "pending"
    PROCESSING = "processing"
    SHIPPED = "shipped"
    PARTIALLY_SHIPPED = "partially_shipped"
    CANCELLED = "cancelled"
    BACKORDERED = "backordered"
    RMA_ISSUED = "rma_issued"
    RETURNED = "returned"
    OTHER = "other"


class OrderState(StrEnum):
    """The state of an order in the hub."""

    OPEN = "open"
    ON_HOLD = "on_hold"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class AcknowledgeMode(StrEnum):
    """How the store is told that an order was taken over; the hub's own record is kept in every mode."""

    NONE = "none"
    NOTE = "note"
    PICKING = "picking"


class ShipmentPath(StrEnum):
    """By which call a shipment is made on the store."""

    PROVISION = "provision"  # takes our own code, splits lines, safe to repeat
    FUNCTION = "function"  # whole lines only; for a token that may not provision


@dataclass(frozen=True, slots=True)
class Address:
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    address1: str = ""
    address2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class LineOption:
    """A choice the shopper made: attribute and option as codes; `text` where an answer was typed."""

    attribute: str
    option: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class StoreOrderLine:
    """
    One line of an order on the store.

    `code` is the parent's for a family, `sku` the sold variant's; `part_codes` are the codes of the products behind
    it where the store tells them. `price` is per piece without options, `total` the whole line with options.
    """

    line_id: int
    code: str
    sku: str
    name: str
    quantity: int
    price: Decimal
    total: Decimal
    status: StoreStatus
    external_product_id: int = 0
    shipment_id: int = 0
    options: tuple[LineOption, ...] = ()
    part_codes: tuple[str, ...] = ()
    is_product: bool = True


@dataclass(frozen=True, slots=True)
class StoreCharge:
    kind: str
    description: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class StoreShipment:
    """A shipment on the store. `shipped_at` None while it is still being picked."""

    id: int
    code: str
    is_shipped: bool
    tracking_number: str
    carrier: str
    cost: Decimal
    line_ids: tuple[int, ...] = ()
    shipped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """An order as found on the store. `is_paid` is True once any payment record exists."""

    id: int
    status: StoreStatus
    placed_at: datetime
    ship_to: Address
    bill_to: Address
    total: Decimal
    shipping_method: str
    is_paid: bool
    lines: tuple[StoreOrderLine, ...]
    charges: tuple[StoreCharge, ...] = ()
    notes: tuple[str, ...] = ()
    shipments: tuple[StoreShipment, ...] = ()
    currency: str = ""


@dataclass(frozen=True, slots=True)
class UnreadableOrder:
    """
    An order on the store whose record can't be understood.

    `number` is what the store calls it, as far as that can be read; `reason` is a sentence.
    """

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """How many pieces of a store's order line are in a shipment."""

    line_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """
    A package the merchant sent. `code` is ours, made once and never again, so that sending it twice is noticed.

    `carrier` is in the merchant's words; the channel's carrier map turns it into the store's.
    """

    id: int
    code: str
    order_number: int
    carrier: str
    tracking_number: str
    cost: Decimal
    lines: tuple[ShipmentLine, ...]
    shipped_at: datetime


# What stores usually call the carriers that merchants name; a channel's own map comes before it.
USUAL_CARRIERS: Mapping[str, str] = {
    "ups": "UPS",
    "usps": "USPS",
    "fedex": "FedEx",
    "federal express": "FedEx",
    "dhl": "DHL",
    "canada post": "CanadaPost",
    "canadapost": "CanadaPost",
    "endicia": "Endicia",
}

CENT = Decimal("0.01")


def total_mismatch(order: StoreOrder) -> Decimal:
    """Return what lines and charges leave unexplained of the order's total; within a cent counts as nothing."""
    lines = sum((line.total for line in order.lines if line.status is not StoreStatus.CANCELLED), Decimal())
    charges = sum((charge.amount for charge in order.charges), Decimal())
    difference = order.total - lines - charges
    return Decimal() if abs(difference) <= CENT else difference


def acknowledgement_note(*, order_number: int) -> str:
    """Word the note that tells the store's staff that an order was taken over; the same order, the same note."""
    return f"Tradepost has taken over order {order_number}."
