"""
The form by which an order is shipped: what was typed, what that means as a shipment, and what will be told of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.http import QueryDict

from tradepost.database.models import Channel, Order
from tradepost.domain.errors import NotAllowed
from tradepost.domain.orders.order import LARGEST_QUANTITY, USUAL_CARRIERS, Shipment, ShipmentPath
from tradepost.domain.orders.shipment import carrier_on_store, typed_amount
from tradepost.operations.ports import NewShipment
from tradepost.web.orders.lines import ShownLine

PIECES = "pieces-"
_DIGITS = len(str(LARGEST_QUANTITY))


@dataclass(frozen=True, slots=True)
class ShippingForm:
    """As typed; `pieces` by the number of the first line that a row stands for, blank for none."""

    carrier: str = ""
    tracking: str = ""
    cost: str = ""
    reference: str = ""
    even_if_held: bool = False
    pieces: Mapping[int, str] = field(default_factory=dict)


def blank_form(order: Order, lines: Sequence[ShownLine]) -> ShippingForm:
    """All that is open, with the carrier that a rule chose."""
    return ShippingForm(carrier=order.carrier, pieces={line.number: str(line.open) for line in lines if line.open})


def typed_form(post: QueryDict, lines: Sequence[ShownLine]) -> ShippingForm:
    return ShippingForm(
        carrier=post.get("carrier", "").strip(),
        tracking=post.get("tracking", "").strip(),
        cost=post.get("cost", "").strip(),
        reference=post.get("reference", "").strip(),
        even_if_held=post.get("even_if_held") == "yes",
        pieces={line.number: post.get(f"{PIECES}{line.number}", "").strip() for line in lines if line.open},
    )


def shipment_of(form: ShippingForm, order: Order, lines: Sequence[ShownLine]) -> NewShipment:
    """Say what is meant by what was typed. Raises NotAllowed."""
    wanted: dict[str | int, int | None] = {}
    for line in lines:
        pieces = _whole(form.pieces.get(line.number, ""), line)
        for number, are_open in line.open_by_number:
            if taken := min(pieces, are_open):
                wanted[number] = taken
            pieces -= taken
        if pieces:
            raise NotAllowed(f"Of {line.name} only {line.open} can be shipped; type {line.open} or fewer.")
    if not wanted:
        raise NotAllowed("Nothing is to be shipped; type how many pieces of a line are in the package.")
    return NewShipment(
        order_number=order.external_id,
        carrier=form.carrier,
        tracking_number=form.tracking,
        cost=typed_amount(form.cost) if form.cost else Decimal(),
        lines=wanted,
        even_if_held=form.even_if_held,
        reference=form.reference,
    )


def _whole(text: str, line: ShownLine) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise NotAllowed(f"'{text}' is no number of pieces of {line.name}; type one from 0 to {line.open}.")
    return int(text)


def carriers_of(channel: Channel) -> list[str]:
    """The carriers that a channel knows: its own words, then what stores usually call them."""
    own = list(channel.carrier_map)
    return [*own, *(name for name in dict.fromkeys(USUAL_CARRIERS.values()) if name.casefold() not in own)]


def what_will_be_told(
    shipment: Shipment, order: Order, lines: Sequence[ShownLine], *, others_waiting: str
) -> Iterator[str]:
    """Name each consequence of shipping, in sentences. `others_waiting`: how many other shipments wait, blank: none."""
    channel = order.channel
    there = carrier_on_store(shipment.carrier, channel.carrier_map)
    known_as = "" if there == shipment.carrier else f", which it knows as {there}"
    cost = f"a cost of {shipment.cost:,.2f} {order.currency}".strip() if shipment.cost else "no cost"
    yield (
        f"The store is told that these pieces are shipped with {shipment.carrier}{known_as}, under the tracking number "
        f"{shipment.tracking_number}, at {cost}."
    )
    taken = {part.line_id: part.quantity for part in shipment.lines}
    left = sum(line.open for line in lines) - sum(taken.values())
    if left:
        pieces = "1 piece stays" if left == 1 else f"{left:,} pieces stay"
        yield f"{pieces} open, and the store shows the order as partially shipped."
    else:
        yield "Nothing of the order stays open: the store shows it as shipped, and it is done with."
    if channel.shipment_path == ShipmentPath.FUNCTION.value and _cuts_a_line(taken, lines):
        yield (
            "This channel ships whole lines only: the store is told of this package once packages with the rest of its "
            "lines are recorded."
        )
    if others_waiting:
        yield f"The same run tells the store of other shipments that wait: {others_waiting}."
    if channel.is_paused:
        yield "The channel is paused: the package is recorded now, and told once the channel is resumed."
    elif channel.is_look_only:
        yield "The channel only looks: the package is recorded now, and told once the channel has gone live."
    else:
        yield "Then the order is read from the store again, which proves that it has arrived."


def _cuts_a_line(taken: Mapping[int, int], lines: Sequence[ShownLine]) -> bool:
    return any(
        number in taken and taken[number] != are_open for line in lines for number, are_open in line.open_by_number
    )
