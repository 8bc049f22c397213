"""What may be shipped: the pieces of an order that nobody has sent yet, and which of them a new shipment takes."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import OrderState, StoreStatus

_DONE = frozenset({OrderState.CANCELLED, OrderState.CLOSED})
_VOID = frozenset({StoreStatus.CANCELLED})
_NOT_TO_SHIP = _VOID | {StoreStatus.SHIPPED, StoreStatus.RETURNED, StoreStatus.RMA_ISSUED}


@dataclass(frozen=True, slots=True)
class ShippableLine:
    """
    A line of an imported order; `id` is ours, `number` the store's, `listing_sku` that of the listing it was matched
    to, `chosen` what its buyer chose. `shipment`: the store's number of the shipment that it is in, 0 for none.

    `packed`: pieces in shipments that the store does not have yet. It splits a line when part of it is shipped and
    keeps the rest apart, so only those are still to be taken off a line's pieces.
    """

    id: int
    code: str
    sku: str
    quantity: int
    status: StoreStatus
    is_product: bool = True
    listing_sku: str = ""
    packed: int = 0
    number: int = 0
    chosen: tuple[tuple[str, str, str], ...] = ()
    shipment: int = 0

    @property
    def names(self) -> Collection[str]:
        """The SKUs under which an operator may ask for it."""
        return {self.sku, self.listing_sku} - {""} or {self.code}

    @property
    def open_pieces(self) -> int:
        if not self.is_product or self.status in _NOT_TO_SHIP:
            return 0
        return max(self.quantity - self.packed, 0)


@dataclass(frozen=True, slots=True)
class ShippableOrder:
    """
    An imported order with its lines in their order, and the numbers and references of its shipments so far.

    `nameless_numbers`: the tracking numbers of those that have no reference.
    """

    number: int
    state: OrderState
    lines: tuple[ShippableLine, ...]
    tracking_numbers: frozenset[str] = frozenset()
    nameless_numbers: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    why_held: str = ""


Wanted: TypeAlias = Mapping[str | int, int | None]
"""Pieces by SKU, or by the store's number of a line; None is all that is open of it."""


@dataclass(frozen=True, slots=True)
class ShipmentPart:
    """Pieces of one line, by our id, that go into a shipment."""

    line_id: int
    quantity: int


def with_packed(
    lines: Sequence[ShippableLine], parts: Iterable[ShipmentPart], *, told: Collection[int]
) -> tuple[ShippableLine, ...]:
    """
    Take what is packed off the lines, in the order in which it was recorded. `told`: the store's numbers of our own
    shipments, whose lines have nothing of these.

    When somebody has split a line since, on the store, its packed pieces may have gone to another one of the same
    article: they are on the first that is large enough.
    """
    left = {line.id: line.quantity for line in lines if line.shipment not in told and line.status not in _VOID}
    articles = {line.id: (line.code, line.sku, line.chosen) for line in lines}
    packed: dict[int, int] = {}
    for part in parts:
        alike = [line_id for line_id, article in articles.items() if article == articles[part.line_id]]
        places = (place for place in (part.line_id, *alike) if left.get(place, 0) >= part.quantity)
        place = next(places, part.line_id)
        left[place] = left.get(place, 0) - part.quantity
        packed[place] = packed.get(place, 0) + part.quantity
    return tuple(replace(line, packed=packed.get(line.id, 0)) for line in lines)


def parts_to_ship(
    order: ShippableOrder,
    *,
    tracking_number: str,
    wanted: Wanted | None,
    reference: str = "",
    even_if_held: bool = False,
) -> list[ShipmentPart]:
    """
    Choose the pieces of a new shipment, from the first line on.

    `wanted` None takes everything that is still open. `reference`: what a warehouse calls it, blank for nothing.
    `even_if_held`: somebody has said so. Raises NotAllowed with the reason.
    """
    if reference in order.references:
        raise NotAllowed(f"Order {order.number} has a shipment with the reference {reference} already.")
    if order.state is OrderState.ON_HOLD and not even_if_held:
        raise NotAllowed(
            f"Order {order.number} is on hold: {order.why_held} 'tradepost orders release {order.number}' lets it go "
            "on, and --even-if-held ships it all the same."
        )
    if order.state is OrderState.NOT_MANAGED:
        raise NotAllowed(
            f"None of the items of order {order.number} is a listing of this channel, so nothing of it is shipped from "
            "here. Import or link its items, then 'tradepost orders rematch'."
        )
    if order.state in _DONE:
        raise NotAllowed(f"Order {order.number} is {order.state}; nothing of it is left to be shipped.")
    if not tracking_number:
        raise NotAllowed("A shipment needs a tracking number.")
    # Packages of one delivery may share a number; what tells them apart is that each has a reference.
    if tracking_number in (order.nameless_numbers if reference else order.tracking_numbers):
        raise NotAllowed(same_number(order.number, tracking_number))
    if wanted is None:
        return _everything(order)
    if not wanted:
        raise NotAllowed("A shipment needs at least one piece.")
    left = {line.id: line.open_pieces for line in order.lines}
    taken: dict[int, int] = {}
    for name, pieces in wanted.items():
        for part in _parts_of(order, name, pieces, left):
            left[part.line_id] -= part.quantity
            taken[part.line_id] = taken.get(part.line_id, 0) + part.quantity
    return [ShipmentPart(line_id, quantity) for line_id, quantity in taken.items()]


def same_number(order_number: int, tracking_number: str) -> str:
    return (
        f"Order {order_number} has a shipment with the tracking number {tracking_number} already. Packages that share "
        "a number need a reference each."
    )


def not_packed(wanted: Wanted, packed: Mapping[str | int, int]) -> Iterator[str]:
    """Say of which of these a package has fewer pieces; `packed`: its pieces by all that they may be asked for by."""
    for name, pieces in wanted.items():
        if packed.get(name, 0) < (1 if pieces is None else pieces):
            yield f"{packed.get(name, 0)} of {pieces or 'all'} pieces of {name!r}"


def _everything(order: ShippableOrder) -> list[ShipmentPart]:
    parts = [ShipmentPart(line.id, line.open_pieces) for line in order.lines if line.open_pieces]
    if not parts:
        raise NotAllowed(f"Everything in order {order.number} is packed, shipped or cancelled already.")
    return parts


def _parts_of(
    order: ShippableOrder, name: str | int, pieces: int | None, left: Mapping[int, int]
) -> list[ShipmentPart]:
    if pieces is not None and pieces < 1:
        raise NotAllowed(f"{pieces} pieces of {name!r} can't be shipped; give one or more.")
    fitting = _lines_named(order, name)
    wanted = sum(left[line.id] for line in fitting) if pieces is None else pieces
    parts: list[ShipmentPart] = []
    missing = wanted
    for line in fitting:
        quantity = min(missing, left[line.id])
        if quantity:
            parts.append(ShipmentPart(line.id, quantity))
        missing -= quantity
    if missing or not parts:
        raise NotAllowed(
            f"{wanted or 'Any'} pieces of {name!r} can't be shipped: order {order.number} has {wanted - missing} still "
            "open."
        )
    return parts


def _lines_named(order: ShippableOrder, name: str | int) -> list[ShippableLine]:
    """Return the lines of a SKU or the store's number. Raises NotAllowed when there are none."""
    if isinstance(name, int):
        fitting = [line for line in order.lines if line.number == name]
        what, known = "line with the number", [str(line.number) for line in order.lines if line.is_product]
    else:
        fitting = [line for line in order.lines if name in line.names]
        what, known = "line with the SKU", sorted({line.sku or line.code for line in order.lines if line.is_product})
    if not fitting:
        raise NotAllowed(f"Order {order.number} has no {what} {name!r}; it has {', '.join(known)}.")
    return fitting
