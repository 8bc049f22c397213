"""A shipment from its record to its proof: its states, what a store takes of it, and packages that share a line."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum

from tradepost.domain.errors import NotAllowed, quoted
from tradepost.domain.orders.order import CENT, USUAL_CARRIERS, Shipment, ShipmentLine, ShipmentPath, Tracking
from tradepost.domain.orders.shipping import same_number


class ShipmentState(StrEnum):
    """What is to become of a recorded shipment on the store."""

    WAITING = "waiting"  # the store is to be told of it, or of what was corrected
    TOLD = "told"  # the store was proven to have it
    PARKED = "parked"  # the store will never take it as it is: a person decides
    SUPPRESSED = "suppressed"  # it went out, and the store is not to be told
    TAKEN_BACK = "taken_back"  # it never went out


# By what a person asks: from which states it may come, and to which it leads.
CORRECTED: Mapping[ShipmentState, ShipmentState] = {
    ShipmentState.WAITING: ShipmentState.WAITING,
    ShipmentState.TOLD: ShipmentState.WAITING,
    ShipmentState.PARKED: ShipmentState.WAITING,
    ShipmentState.SUPPRESSED: ShipmentState.SUPPRESSED,
}
RETRIED: Mapping[ShipmentState, ShipmentState] = {
    ShipmentState.PARKED: ShipmentState.WAITING,
    ShipmentState.SUPPRESSED: ShipmentState.WAITING,
}
UNSENT = (ShipmentState.WAITING, ShipmentState.PARKED)
"""Of which the store is still to be told."""


@dataclass(frozen=True, slots=True)
class RecordedPackage:
    """
    A recorded shipment as far as a person may change it. `is_on_store`: the store was proven to have it; `is_begun`: a
    request of ours for it may have landed. `others`: the tracking numbers that it can't share with the order's other
    packages.
    """

    code: str
    order_number: int
    state: ShipmentState
    tracking: Tracking
    path: ShipmentPath
    carrier_map: Mapping[str, str]
    is_on_store: bool = False
    is_begun: bool = False
    others: frozenset[str] = frozenset()

    def next_state(self, moves: Mapping[ShipmentState, ShipmentState], *, done: str) -> ShipmentState:
        """Raises NotAllowed where what is to be `done` can't be done in its state."""
        if self.state not in moves:
            raise NotAllowed(f"Shipment {self.code} is {self.state.value.replace('_', ' ')}; it can't be {done}.")
        return moves[self.state]

    def in_doubt(self) -> NotAllowed:
        return NotAllowed(
            f"Shipment {self.code} is being sent, or was and the answer was lost: the store may have it. The next "
            "'tradepost orders sync' finds out."
        )


def corrected(
    package: RecordedPackage, *, tracking_number: str | None, carrier: str | None, cost: Decimal | None
) -> tuple[ShipmentState, Tracking]:
    """Say what a package is when a person has corrected it, None: as it was. Raises NotAllowed."""
    state = package.next_state(CORRECTED, done="corrected")
    if package.is_begun and not package.is_on_store and package.path is ShipmentPath.FUNCTION:
        # There it is found by its lines and its number: with another number it would be somebody else's.
        raise package.in_doubt()
    before = package.tracking
    after = checked(
        tracking_number=before.number if tracking_number is None else tracking_number,
        carrier=before.carrier if carrier is None else carrier,
        cost=before.cost if cost is None else cost,
        carrier_map=package.carrier_map,
    )
    if after.number != before.number and after.number in package.others:
        raise NotAllowed(same_number(package.order_number, after.number))
    if after == before:
        raise NotAllowed(f"Shipment {package.code} is like that already.")
    return state, after


def left_out(package: RecordedPackage, state: ShipmentState) -> ShipmentState:
    """Say that the store is not to be told of a package. Raises NotAllowed where it may have it."""
    if package.is_on_store:
        raise NotAllowed(f"The store has shipment {package.code} already; what is wrong with it can be corrected.")
    if package.is_begun:
        raise package.in_doubt()
    return package.next_state(dict.fromkeys(UNSENT, state), done=state.value.replace("_", " "))


# What the columns of a store take.
LONGEST_NUMBER = 100
LONGEST_CARRIER = 50
LARGEST_COST = Decimal("99999999.99")
LONGEST_REFERENCE = 100

CURE = (
    "'tradepost shipments retry' sends it again once that is mended, 'suppress' keeps it from the store, and "
    "'take-back' forgets what never went out."
)


# What a spreadsheet shows of a number that it finds too long, and saves so: of its digits only the first are left.
_CUT_BY_A_SPREADSHEET = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{2,}")


def typed_amount(text: str) -> Decimal:
    """Read an amount of money as a person types it. Raises NotAllowed."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or found < 0:
        raise NotAllowed(f"'{text}' is no amount; write it as 7.50.")
    return found


def in_cents(amount: Decimal) -> Decimal:
    """Round as a store does, so that what it keeps is what was sent."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def checked(*, tracking_number: str, carrier: str, cost: Decimal, carrier_map: Mapping[str, str]) -> Tracking:
    """
    Return what was typed of a shipment, trimmed and in cents, the carrier still in the merchant's words.

    Raises NotAllowed with what is wrong, before a store refuses or cuts it.
    """
    number, word = tracking_number.strip(), carrier.strip()
    if not number:
        raise NotAllowed("A shipment needs a tracking number.")
    if _CUT_BY_A_SPREADSHEET.fullmatch(number):
        raise NotAllowed(
            f"The tracking number {number} is what a spreadsheet has left of a long one. Make its column one of text, "
            "and enter the number again."
        )
    if not word:
        raise NotAllowed("A shipment needs a carrier; say who carries it, or let a rule for orders say so.")
    _check_text("tracking number", number, LONGEST_NUMBER)
    _check_text("carrier", word, LONGEST_NUMBER)
    _check_text("carrier's name on the store", carrier_on_store(word, carrier_map), LONGEST_CARRIER)
    if not cost.is_finite() or not 0 <= cost <= LARGEST_COST:
        raise NotAllowed(f"The cost must be from 0 to {LARGEST_COST}.")
    return Tracking(number, word, in_cents(cost))


def checked_reference(reference: str) -> str:
    """Return a package's reference, trimmed. Raises NotAllowed."""
    _check_text("reference", reference.strip(), LONGEST_REFERENCE)
    return reference.strip()


def _check_text(name: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise NotAllowed(f"The {name} has {len(text)} characters, and {longest} is the most that a store takes.")
    if not text.isprintable():
        raise NotAllowed(f"The {name} {quoted(text)} has a character in it that can't be printed, such as a line end.")


def carrier_on_store(carrier: str, carrier_map: Mapping[str, str]) -> str:
    """Translate the merchant's word for a carrier; one that is not in the map is sent as it is."""
    word = carrier.strip()
    return carrier_map.get(word.casefold()) or USUAL_CARRIERS.get(word.casefold()) or word


def is_same_tracking(one: Tracking, other: Tracking) -> bool:
    """Whether a store has what was sent: cents are the smallest it keeps, and it finds carriers whatever their case."""
    return (
        one.number == other.number
        and one.carrier.casefold() == other.carrier.casefold()
        and in_cents(one.cost) == in_cents(other.cost)
    )


# --- packages that share a line ---------------------------------------------------------------------------------------


def joined(shipments: Sequence[Shipment]) -> list[Shipment]:
    """
    Make one shipment of those that share a line of an order: a store that ships whole lines can't tell them apart.

    It is the first of them, with the pieces of all, their cost, and all tracking numbers of its carrier if they fit.
    """
    groups: list[list[Shipment]] = []
    for shipment in shipments:
        lines = _lines_of(shipment)
        sharing = [group for group in groups if any(lines & _lines_of(other) for other in group)]
        merged = [*(other for group in sharing for other in group), shipment]
        groups = [group for group in groups if group not in sharing]
        groups.append(sorted(merged, key=lambda each: each.id))
    return sorted((_join(group) for group in groups), key=lambda each: each.id)


def _lines_of(shipment: Shipment) -> frozenset[tuple[int, int]]:
    return frozenset((shipment.order_number, line.line_id) for line in shipment.lines)


def _join(group: Sequence[Shipment]) -> Shipment:
    if len(group) == 1:
        return group[0]
    first = group[0]
    pieces: dict[int, int] = {}
    for line in (line for shipment in group for line in shipment.lines):
        pieces[line.line_id] = pieces.get(line.line_id, 0) + line.quantity
    known = next((shipment for shipment in group if shipment.external_id is not None), first)
    return replace(
        first,
        tracking_number=_all_numbers(first, group),
        cost=sum((in_cents(shipment.cost) for shipment in group), Decimal()),
        lines=tuple(ShipmentLine(line_id, quantity) for line_id, quantity in pieces.items()),
        external_id=known.external_id,
        proven=known.proven,
        sending_since=min((each.sending_since for each in group if each.sending_since is not None), default=None),
        stands_for=tuple(group),
    )


def _all_numbers(first: Shipment, group: Collection[Shipment]) -> str:
    same = [each for each in group if each.carrier.strip().casefold() == first.carrier.strip().casefold()]
    numbers = ", ".join(dict.fromkeys(each.tracking_number for each in same))
    return numbers if len(numbers) <= LONGEST_NUMBER else first.tracking_number


def members(shipment: Shipment) -> Sequence[Shipment]:
    """Return the shipments as they were recorded: those that one stands for, or it alone."""
    return shipment.stands_for or (shipment,)
