"""
What has become of an order since it was imported: the differences, what they mean for its state, and what a person has
to decide because of a shipment that was recorded already.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import (
    OrderState,
    StoreOrder,
    StoreOrderLine,
    StoreStatus,
    Tracking,
    acknowledgement_note,
    final_state,
)
from tradepost.domain.orders.personal_data import without_person
from tradepost.domain.orders.shipment import is_same_tracking
from tradepost.domain.plan import FieldChange

PERSONAL = frozenset({"ship_to", "bill_to", "notes", "payments", "custom_fields"})
"""The parts of an order that may say something of a person."""

DELETED = "It was deleted on the store."


def replaced_words(number: int) -> str:
    return (
        f"The store has given its number {number} to another order, as it does once it was put back from a backup; "
        "nothing of this one can be told to it."
    )


# Money is held in hundredths of a cent, so what differs by less is the same.
_SMALLEST_AMOUNT = Decimal("0.0001")
_PARTS = ("status", "payment_state", "total", "shipping_method", "ship_to", "bill_to", "charges", "discounts")
_LINE_PARTS = ("code", "sku", "name", "quantity", "price", "total", "status")


class OrderEventKind(StrEnum):
    """What happens to an order after its import."""

    CHANGED = "changed"
    DELETED = "deleted"
    HELD = "held"
    RELEASED = "released"
    MATCHED = "matched"
    SHIPMENT_CORRECTED = "shipment_corrected"
    SHIPMENT_SUPPRESSED = "shipment_suppressed"
    SHIPMENT_TAKEN_BACK = "shipment_taken_back"
    SHIPMENT_RETRIED = "shipment_retried"
    RULED = "ruled"


@dataclass(frozen=True, slots=True)
class Holds:
    """
    Why an order is held: by the hub's rules, which are asked again at each change; and by a person, or for one to
    decide, until somebody releases it. `released`: what the rules said when a person let the order go on.
    """

    by_rules: str = ""
    asked: str = ""
    released: str = ""

    @property
    def reason(self) -> str:
        rules = self.by_rules if self.by_rules != self.released else ""
        return " ".join(filter(None, (self.asked, rules)))


@dataclass(frozen=True, slots=True)
class RecordedShipment:
    """
    A shipment that was recorded in the hub; `lines`: pieces by the store's line. `is_told`: the store has it, or is not
    to be told.

    `proven`: how the store had it under `external_id` when it was last seen, None while a request of ours is on its
    way.
    """

    code: str
    is_told: bool
    lines: Mapping[int, int]
    external_id: int | None = None
    proven: Tracking | None = None


@dataclass(frozen=True, slots=True)
class LedgerOrder:
    """
    An order as the ledger has it. `matched`: lines that are known to be of a listing; `listed`: for how much that was
    listed when the line was matched. `is_gone`: it was deleted.
    """

    order: StoreOrder
    state: OrderState = OrderState.OPEN
    holds: Holds = Holds()
    shipments: tuple[RecordedShipment, ...] = ()
    matched: frozenset[int] = field(default_factory=frozenset)
    is_gone: bool = False
    listed: Mapping[int, Decimal] = field(default_factory=dict)
    is_anonymous: bool = False

    def kept(self, found: StoreOrder) -> StoreOrder:
        """What of the order as it is on the store the ledger keeps: once it is anonymous, no person any more."""
        return without_person(found) if self.is_anonymous else found

    def without_exchanged(self, found: StoreOrder) -> "LedgerOrder":
        """The same, without what was known of lines that are something else by now."""
        other = exchanged(self.order, found)
        listed = {line_id: price for line_id, price in self.listed.items() if line_id not in other}
        return replace(self, matched=self.matched - other, listed=listed)

    @property
    def has_unknown_items(self) -> bool:
        return any(line.is_product and line.line_id not in self.matched for line in self.order.lines)


def state_of(status: StoreStatus, holds: Holds, *, is_managed: bool = True, is_gone: bool = False) -> OrderState:
    """
    Return the state of an order in the hub. `is_managed`: at least one of its items is known. `is_gone`: the store does
    not have it any more, so it waits for nothing but a person.

    What is wholly shipped or returned is closed, whatever held it. What is cancelled waits for a person who has to
    decide.
    """
    settled = OrderState.CANCELLED if is_gone else final_state(status)
    if settled is OrderState.CLOSED:
        return settled
    if settled is not None and not holds.asked:
        return settled
    if not is_managed and not holds.asked:
        return OrderState.NOT_MANAGED
    return OrderState.ON_HOLD if holds.reason else OrderState.OPEN


def held(number: int, state: OrderState, holds: Holds, *, reason: str) -> Holds:
    """Hold an order because a person asks for it. Raises NotAllowed where there is nothing left to hold."""
    if state in {OrderState.CLOSED, OrderState.CANCELLED}:
        raise NotAllowed(f"Order {number} is {state}; there is nothing left to hold.")
    return replace(holds, asked=reason)


def released(number: int, state: OrderState, holds: Holds) -> Holds:
    """
    Let an order go on, whatever held it; what the rules say now holds it no more. Raises NotAllowed where nothing does.
    """
    if state is not OrderState.ON_HOLD:
        raise NotAllowed(f"Order {number} is not on hold; it is {state}.")
    return Holds(by_rules=holds.by_rules, released=holds.by_rules)


def differences(known: StoreOrder, found: StoreOrder) -> tuple[FieldChange, ...]:
    """Return what of an order is other than it was, part by part; a line's parts are `line 7 quantity` and so on."""
    return (*_parts(known, found), *_line_changes(known.lines, found.lines))


def changes_since(ledger: LedgerOrder, found: StoreOrder) -> tuple[FieldChange, ...]:
    """Return what of an order and of our shipments for it is other than the ledger has it."""
    return (*differences(ledger.order, found), *shipment_changes(ledger, found))


MISSING_SHIPMENT = "It is not on the store any more: somebody removed it there, or its lines from it."


def seen_shipments(ledger: LedgerOrder, found: StoreOrder) -> dict[str, Tracking | None]:
    """Return the shipments of ours that somebody has changed on the store, by code, as they are now; None: gone."""
    there = {shipment.id: shipment.tracking for shipment in found.shipments}
    seen: dict[str, Tracking | None] = {}
    for shipment in ledger.shipments:
        if shipment.external_id is None or shipment.proven is None:
            continue
        now = there.get(shipment.external_id)
        if now is None or not is_same_tracking(shipment.proven, now):
            seen[shipment.code] = now
    return seen


def shipment_changes(ledger: LedgerOrder, found: StoreOrder) -> Iterator[FieldChange]:
    """Tell what somebody has changed of our shipments on the store, as `shipment TP-1 carrier` and so on."""
    seen = seen_shipments(ledger, found)
    for shipment in ledger.shipments:
        if shipment.code not in seen or shipment.proven is None:
            continue
        was, now = shipment.proven, seen[shipment.code]
        if now is None:
            yield FieldChange(f"shipment {shipment.code}", f"{was.carrier} {was.number}".strip(), None)
            continue
        for name, part in (("tracking_number", "number"), ("carrier", "carrier"), ("cost", "cost")):
            before, after = getattr(was, part), getattr(now, part)
            if not _is_same(before, after):
                yield FieldChange(f"shipment {shipment.code} {name}", before, after)


def _parts(known: StoreOrder, found: StoreOrder) -> Iterator[FieldChange]:
    for name in _PARTS:
        before, after = getattr(known, name), getattr(found, name)
        if not _is_same(before, after):
            yield FieldChange(name, before, after)
    for name, taken in _TAKEN.items():
        before, after = taken(known), taken(found)
        if not _is_same(before, after):
            yield FieldChange(name, before, after)


def _notes(order: StoreOrder) -> tuple[str, ...]:
    """The notes but for our own, which is no news to us."""
    own = acknowledgement_note(order_number=order.id)
    return tuple(note for note in order.notes if note.strip() != own)


_TAKEN: Mapping[str, Callable[[StoreOrder], Any]] = {
    "payments": lambda order: order.payments,
    "notes": _notes,
    "custom_fields": lambda order: dict(order.custom_fields),
}


def _line_changes(known: Iterable[StoreOrderLine], found: Iterable[StoreOrderLine]) -> Iterator[FieldChange]:
    before = {line.line_id: line for line in known}
    after = {line.line_id: line for line in found}
    for line_id in sorted({*before, *after}):
        was, line = before.get(line_id), after.get(line_id)
        if line is None:
            # A line that was gone before is kept as cancelled.
            if was is not None and was.status is not StoreStatus.CANCELLED:
                yield FieldChange(f"line {line_id}", _told(was), None)
        elif was is None:
            yield FieldChange(f"line {line_id}", None, _told(line))
        else:
            for name in _LINE_PARTS:
                if not _is_same(getattr(was, name), getattr(line, name)):
                    yield FieldChange(f"line {line_id} {name}", getattr(was, name), getattr(line, name))
            if _chosen(was) != _chosen(line):
                yield FieldChange(f"line {line_id} options", _chosen(was), _chosen(line))


def exchanged(known: StoreOrder, found: StoreOrder) -> frozenset[int]:
    """Return the lines that are another item by now, or the same with something else chosen or typed."""
    before = {line.line_id: (line.code, line.sku, _chosen(line)) for line in known.lines}
    return frozenset(
        line.line_id
        for line in found.lines
        if line.line_id in before and before[line.line_id] != (line.code, line.sku, _chosen(line))
    )


def _told(line: StoreOrderLine) -> str:
    return f"{line.quantity} x {line.sku or line.code} ({line.status})"


def _chosen(line: StoreOrderLine) -> tuple[tuple[str, str, str], ...]:
    """The choices without their prompts, which are those of today's page."""
    return tuple((option.attribute, option.option, option.text) for option in line.options)


def _is_same(before: object, after: object) -> bool:
    if isinstance(before, Decimal) and isinstance(after, Decimal):
        return abs(before - after) < _SMALLEST_AMOUNT
    return before == after


# --- what a person has to decide ------------------------------------------------------------------------------------


def to_decide(ledger: LedgerOrder, found: StoreOrder | None) -> str:
    """
    Say what a person has to decide, because what was recorded does not fit the order any more; empty if nothing.

    `found` is None for an order that is gone from the store. What did not fit before is not said again.
    """
    reasons = [*_lost_from_shipments(ledger, found), *_conflicts(found, ledger.shipments, is_gone=found is None)]
    before = set(_conflicts(ledger.order, ledger.shipments, is_gone=False))
    if found is not None and found.ship_to != ledger.order.ship_to and ledger.shipments:
        codes = ", ".join(shipment.code for shipment in ledger.shipments)
        reasons.insert(0, f"The address was changed on the store after shipment {codes} was recorded.")
    return " ".join(reason for reason in reasons if reason not in before)


def _lost_from_shipments(ledger: LedgerOrder, found: StoreOrder | None) -> Iterator[str]:
    """
    Tell what of a shipment that the store has was cancelled there, by the lines that it has there: the store may have
    split them off those of which the shipment was recorded.
    """
    if found is None or found.status is StoreStatus.CANCELLED:
        return
    left = {line.line_id for line in found.lines if line.status is not StoreStatus.CANCELLED}
    for shipment in ledger.shipments:
        for line in ledger.order.lines:
            if line.shipment_id and line.shipment_id == shipment.external_id and line.line_id not in left:
                yield _cancelled(line.line_id, shipment)


def _conflicts(order: StoreOrder | None, shipments: Collection[RecordedShipment], *, is_gone: bool) -> Iterator[str]:
    untold = [shipment for shipment in shipments if not shipment.is_told]
    if is_gone or order is None or order.status is StoreStatus.CANCELLED:
        what = "deleted" if is_gone else "cancelled"
        for shipment in untold:
            yield f"The order was {what} on the store, and shipment {shipment.code} was not sent there yet."
        return
    lines = {line.line_id: line for line in order.lines}
    on_store = {shipment.external_id for shipment in shipments} - {None}
    for shipment in shipments:
        if shipment.external_id is not None:
            continue
        for line_id, pieces in shipment.lines.items():
            line = lines.get(line_id)
            left = 0 if line is None else _pieces_like(line, order, without=on_store)
            if line is None or (left < pieces and line.status is StoreStatus.CANCELLED):
                yield _cancelled(line_id, shipment)
            elif left < pieces and not shipment.is_told:
                yield f"Line {line_id} has fewer pieces on the store than shipment {shipment.code} has of it."


def _cancelled(line_id: int, shipment: RecordedShipment) -> str:
    return f"Line {line_id}, which is in shipment {shipment.code}, was cancelled or removed on the store."


def _pieces_like(line: StoreOrderLine, order: StoreOrder, *, without: Collection[int | None]) -> int:
    """
    The pieces of the same article: those that a split has moved to another line are still to be shipped. `without`:
    the store's shipments of which the pieces have left already.
    """
    article = (line.code, line.sku, _chosen(line))
    return sum(
        other.quantity
        for other in order.lines
        if (other.code, other.sku, _chosen(other)) == article
        and other.status is not StoreStatus.CANCELLED
        and other.shipment_id not in without
    )
