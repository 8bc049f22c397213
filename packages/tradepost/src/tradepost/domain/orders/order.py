"""Orders as the store has them, and the shipments that the merchant sends for them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from itertools import count


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
    NOT_MANAGED = "not_managed"  # none of its items is a listing
    CLOSED = "closed"
    CANCELLED = "cancelled"


class PaymentState(StrEnum):
    """What was paid of an order, judged by amounts and payment records: a store's own column for it says nothing."""

    PENDING = "pending"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    PARTIALLY_CAPTURED = "partially_captured"
    REFUNDED = "refunded"


class AcknowledgeMode(StrEnum):
    """How the store is told that an order was taken over; the hub's own record is kept in every mode."""

    NONE = "none"
    NOTE = "note"
    FIELD = "field"
    QUEUE = "queue"
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
    """
    A choice the shopper made: attribute and option as codes; `text` where an answer was typed.

    `attribute_prompt` and `option_prompt`: what the page calls them today, blank once they are gone from it.
    """

    attribute: str
    option: str
    text: str = ""
    attribute_prompt: str = ""
    option_prompt: str = ""


def chosen_words(options: Iterable[LineOption]) -> str:
    """Say what a shopper chose in the words of the page, or in codes where these are gone: "Small, Red"."""
    words = (option.text or option.option_prompt or option.option for option in options)
    return ", ".join(word for word in words if word)


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
class StoreDiscount:
    """What a price group or a coupon (`code`) took off an order; the lines have it in their prices."""

    name: str
    amount: Decimal
    code: str = ""


@dataclass(frozen=True, slots=True)
class StorePayment:
    """A payment record, in the store's words, without anything of a card. `kind` is its number there."""

    kind: int
    amount: Decimal
    at: datetime
    reference: str = ""
    currency: str = ""


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

    @property
    def tracking(self) -> "Tracking":
        return Tracking(self.tracking_number, self.carrier, self.cost)


@dataclass(frozen=True, slots=True)
class Tracking:
    """What tells where a package is and what it cost; on a store the carrier is in its words, the cost in cents."""

    number: str
    carrier: str
    cost: Decimal


@dataclass(frozen=True, slots=True)
class StoreOrder:
    """
    An order as found on the store.

    `updated_at` is the store's own time, None where it says none. `customer_id` 0 is a guest. `payload`: the record as
    the store sent it.
    """

    id: int
    status: StoreStatus
    placed_at: datetime
    ship_to: Address
    bill_to: Address
    total: Decimal
    shipping_method: str
    payment_state: PaymentState
    lines: tuple[StoreOrderLine, ...]
    charges: tuple[StoreCharge, ...] = ()
    notes: tuple[str, ...] = ()
    shipments: tuple[StoreShipment, ...] = ()
    currency: str = ""
    updated_at: datetime | None = None
    customer_id: int = 0
    discounts: tuple[StoreDiscount, ...] = ()
    payments: tuple[StorePayment, ...] = ()
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    payload: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class UnreadableOrder:
    """
    An order on the store whose record can't be understood.

    `number` is what the store calls it, as far as that can be read; `reason` is a sentence. `payload`: the record as
    the store sent it.
    """

    number: str
    reason: str
    payload: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ParkedOrder:
    """
    An order that can't be read or held, set aside until it changes, somebody asks, or the hub is a newer one.

    `number` is what the store calls it, as far as that can be read, and `external_id` the same as a number, None where
    it is none that the hub can hold. `fingerprint`: of the look that found it so.
    """

    number: str
    external_id: int | None
    reason: str
    fingerprint: str
    payload: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """How many pieces of a store's order line are in a shipment."""

    line_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """
    A package the merchant sent. `code` is ours, made once and never again, so that sending it twice is noticed.

    `carrier` is in the merchant's words; the channel's carrier map turns it into the store's. `external_id`: the
    store's, once it was seen there. `proven`: how the store was last seen to have it. `sending_since`: when a request
    about it was begun whose end nobody knows yet. `stands_for`: those of which it was
    made (`domain.orders.shipment.joined`).
    """

    id: int
    code: str
    order_number: int
    carrier: str
    tracking_number: str
    cost: Decimal
    lines: tuple[ShipmentLine, ...]
    shipped_at: datetime
    external_id: int | None = None
    proven: Tracking | None = None
    sending_since: datetime | None = None
    stands_for: tuple["Shipment", ...] = ()

    @property
    def tracking(self) -> Tracking:
        return Tracking(self.tracking_number, self.carrier, self.cost)


def tracking_of(values: Mapping[str, str]) -> Tracking:
    """Read what was kept of a shipment as JSON."""
    return Tracking(values["number"], values["carrier"], Decimal(values["cost"]))


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
_KEPT = Decimal("0.0001")

# More than a store has orders.
_ASIDE_STEP = 10**12


def aside_numbers(number: int) -> Iterator[int]:
    """Make numbers that no store gives, for an order to be kept by once the store gave its own to another one."""
    for turn in count():
        yield -number - turn * _ASIDE_STEP


def given_number(number: int) -> int:
    """Return the number that the store has given to an order, whatever it is kept by."""
    return number if number >= 0 else -number % _ASIDE_STEP


# What the hub can hold of an order: whole numbers of 64 and 32 bits, money in hundredths of a cent, texts of a length.
LARGEST_ID = 2**63 - 1
LARGEST_QUANTITY = 2**31 - 1
LARGEST_AMOUNT = Decimal(LARGEST_ID).scaleb(-4)
LONGEST_TEXT = 255
LONGEST_CURRENCY = 8

# What an order's state on the store settles in the hub; every other one leaves it to people. What has left is done
# with, also when it comes back: nobody is to pack it again.
_FINAL: Mapping[StoreStatus, OrderState] = {
    StoreStatus.SHIPPED: OrderState.CLOSED,
    StoreStatus.RMA_ISSUED: OrderState.CLOSED,
    StoreStatus.RETURNED: OrderState.CLOSED,
    StoreStatus.CANCELLED: OrderState.CANCELLED,
}


def total_mismatch(order: StoreOrder) -> Decimal:
    """Return what lines and charges leave unexplained of the order's total; within a cent counts as nothing."""
    lines = sum((line.total for line in order.lines if line.status is not StoreStatus.CANCELLED), Decimal())
    charges = sum((charge.amount for charge in order.charges), Decimal())
    difference = order.total - lines - charges
    return Decimal() if abs(difference) <= CENT else difference


def payment_state(
    *, total: Decimal, authorised: Decimal, captured: Decimal, refunded: Decimal, has_record: bool = False
) -> PaymentState:
    """
    Judge what was paid. `has_record`: a payment went through whatever the amounts say.

    An order over nothing has nothing to pay, and counts as captured. What was paid back in part stays captured.
    """
    if total <= 0:
        return PaymentState.CAPTURED
    if refunded > 0 and refunded >= captured:
        return PaymentState.REFUNDED
    if captured >= total:
        return PaymentState.CAPTURED
    if captured > 0:
        return PaymentState.PARTIALLY_CAPTURED
    return PaymentState.AUTHORISED if authorised > 0 or has_record else PaymentState.PENDING


def final_state(status: StoreStatus) -> OrderState | None:
    """Return the state that an order has in the hub whatever it was before; None where its own one stays."""
    return _FINAL.get(status)


def is_to_acknowledge(state: OrderState, *, is_acknowledged: bool) -> bool:
    """Whether the store is to be told that an order was taken over: not of one that is done, or never was."""
    return not is_acknowledged and state in {OrderState.OPEN, OrderState.ON_HOLD}


FRESH_STATES = (OrderState.OPEN, OrderState.ON_HOLD, OrderState.NOT_MANAGED)
"""The states of an order that is not done; one that is done is old news."""


def is_fresh(state: OrderState, *, is_opened: bool, is_handed_over: bool, has_shipment: bool) -> bool:
    """Whether nobody has looked at an order or worked on it since it came in."""
    return state in FRESH_STATES and not (is_opened or is_handed_over or has_shipment)


def shipped_at(order: StoreOrder) -> datetime | None:
    """When the last package of an order left; None while something of it is still to be shipped."""
    if final_state(order.status) is not OrderState.CLOSED:
        return None
    times = [shipment.shipped_at for shipment in order.shipments if shipment.shipped_at is not None]
    # What needs no package has none.
    return max(times, default=order.updated_at or order.placed_at)


def is_managed(order: StoreOrder, *, unmatched: Collection[StoreOrderLine]) -> bool:
    """Whether any item of an order is known; one without items is as good as known."""
    products = sum(line.is_product for line in order.lines)
    return products == 0 or len(unmatched) < products


def hold_reason(order: StoreOrder, *, unmatched: Iterable[StoreOrderLine]) -> str:
    """Say why a person has to look at an order whose `unmatched` lines are no listings; empty when nobody has to."""
    reasons = [
        f"'{line.name or line.code}' (SKU {line.sku or line.code}) is no listing of this channel." for line in unmatched
    ]
    difference = total_mismatch(order)
    if difference:
        words = (
            f"Lines and charges leave {amount_words(difference)} of the total {amount_words(order.total)} unexplained."
        )
        reasons.append(words)
    if order.payment_state is PaymentState.REFUNDED:
        reasons.append("All that was paid was paid back.")
    return " ".join(reasons)


def amount_words(amount: Decimal) -> str:
    """
    Write an amount in the same way wherever it comes from: a store writes 36.4 for what the hub keeps as 36.40.

    By its words a reason is known to be the one for which a person has released an order.
    """
    kept = amount.quantize(_KEPT)
    cents = kept.quantize(CENT)
    return str(cents if cents == kept else kept)


def unstorable(order: StoreOrder) -> str:
    """
    Say which value of an order the hub can't hold; empty when it can hold all of them.

    To be asked before anything is computed with the order: an amount may be too big to be added to another.
    """
    return next(_unstorable(order), "")


def _unstorable(order: StoreOrder) -> Iterator[str]:
    yield from _too_big("The order's number", order.id, LARGEST_ID)
    yield from _no_amount("The order's total", order.total)
    yield from _no_text("The order's currency", order.currency, LONGEST_CURRENCY)
    yield from _no_text("The order's shipping method", order.shipping_method, LONGEST_TEXT)
    yield from _too_big("The order's customer", order.customer_id, LARGEST_ID)
    for discount in order.discounts:
        yield from _no_amount(f"The discount {discount.name!r}", discount.amount)
    for payment in order.payments:
        yield from _no_amount("A payment", payment.amount)
    for charge in order.charges:
        yield from _no_amount(f"The charge {charge.description or charge.kind!r}", charge.amount)
    for line in order.lines:
        where = f"of line {line.line_id}" if abs(line.line_id) <= LARGEST_ID else "of a line"
        yield from _too_big(f"The number {where}", line.line_id, LARGEST_ID)
        yield from _too_big(f"The product {where}", line.external_product_id, LARGEST_ID)
        yield from _too_big(f"The shipment {where}", line.shipment_id, LARGEST_ID)
        yield from _no_quantity(f"The quantity {where}", line.quantity)
        yield from _no_amount(f"The price {where}", line.price)
        yield from _no_amount(f"The total {where}", line.total)
        yield from _no_text(f"The code {where}", line.code, LONGEST_TEXT)
        yield from _no_text(f"The SKU {where}", line.sku, LONGEST_TEXT)
    if any("\0" in text for text in _texts(order)):
        yield "A text of the order has a NUL character in it."


def _too_big(name: str, value: int, largest: int) -> Iterator[str]:
    if abs(value) > largest:
        yield f"{name} is out of range: {_shortened(value)}."


def _no_quantity(name: str, value: int) -> Iterator[str]:
    # Pieces that were never sold would be counted back into the stock.
    if not 0 <= value <= LARGEST_QUANTITY:
        yield f"{name} is out of range: {_shortened(value)}."


def _no_amount(name: str, value: Decimal) -> Iterator[str]:
    if not value.is_finite() or value.copy_abs() > LARGEST_AMOUNT:
        yield f"{name} is out of range: {_shortened(value)}."


def _no_text(name: str, value: str, longest: int) -> Iterator[str]:
    if len(value) > longest:
        yield f"{name} has {len(value)} characters, and {longest} is the most."


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _texts(part)
    elif is_dataclass(value):
        for part in fields(value):
            yield from _texts(getattr(value, part.name))
    elif isinstance(value, Mapping):
        for name, text in value.items():
            yield from _texts((name, text))


def _shortened(value: int | Decimal) -> str:
    # A figure of thousands of digits is no sentence, and Python refuses to write such an int.
    return f"{Decimal(value):.6g}"


LONGEST_PAYLOAD = 20_000
"""How much of a parked order is kept: enough to see what is wrong with it, however big it is."""


def parked(number: str, *, reason: str, fingerprint: str, payload: str) -> ParkedOrder:
    """Set an order aside; NUL characters, which no database takes, are shown as what they are."""
    is_possible = number.isascii() and number.isdecimal() and len(number) <= len(str(LARGEST_ID))
    external_id = int(number) if is_possible and int(number) <= LARGEST_ID else None
    cut = payload if len(payload) <= LONGEST_PAYLOAD else f"{payload[:LONGEST_PAYLOAD]}..."
    number, reason, cut = (text.replace("\0", "\\0") for text in (number, reason, cut))
    return ParkedOrder(number, external_id, reason, fingerprint, cut)


def acknowledgement_note(*, order_number: int) -> str:
    """Word the note that tells the store's staff that an order was taken over; the same order, the same note."""
    return f"Tradepost has taken over order {order_number}."
