"""
The quantity that a listing offers: what is left of an article, less what the channel's rules hold back.

Rules hold back of what is there. They never make more of it, never less than none, and nothing of what was sold beyond
it: below zero a quantity says how many were sold twice, and that is not theirs to hide.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tradepost.domain.fields import Group
from tradepost.domain.listings.listing_rules import ListingRules, by, plain
from tradepost.domain.listings.locks import Locks


class QuantityStep(NamedTuple):
    """What is offered from this step on, and in which words."""

    words: str
    pieces: int


@dataclass(frozen=True, slots=True)
class WantedQuantity:
    """
    `available`: what is left, less what is `held_back`; None where nobody states how many there are, or the store's
    own count `is_left_alone`.
    """

    available: int | None
    held_back: int = 0
    steps: tuple[QuantityStep, ...] = ()
    is_left_alone: bool = False


def offers_all(rules: ListingRules, *, locks: Locks, is_left_out: bool) -> bool:
    """Whether all that is left is offered, however much it is; `rules`: all of the channel."""
    return not (is_left_out or Group.QUANTITY in locks.groups or rules.holds_back)


def wanted_quantity(
    left: int | None, rules: ListingRules, *, locks: Locks, is_gone: bool = False, is_left_out: bool = False
) -> WantedQuantity:
    """
    Hold back of what is left what rules that are for this article say, or show what is locked, if there is so much.

    `is_gone`: from the catalogue, `is_left_out`: a rule does not list it; then no lock keeps it on sale.
    """
    if is_left_out:
        held_back = max(0, left or 0)
        return WantedQuantity((left or 0) - held_back, held_back, (QuantityStep("the channel does not list it", 0),))
    is_locked = Group.QUANTITY in locks.groups and not is_gone
    if is_locked and locks.quantity is None:
        return WantedQuantity(None, is_left_alone=True)
    if left is None or left <= 0:
        return WantedQuantity(left)
    if is_locked and locks.quantity is not None:
        steps: tuple[QuantityStep, ...] = (QuantityStep("locked at", min(left, locks.quantity)),)
    elif rules.in_order:
        steps = tuple(_steps(left, rules))
    else:
        return WantedQuantity(left)
    available = steps[-1].pieces if steps else left
    return WantedQuantity(available, left - available, steps)


def _steps(left: int, rules: ListingRules) -> Iterator[QuantityStep]:
    pieces = left
    rule = rules.first(lambda rule: rule.share is not None)
    if rule is not None and rule.share is not None:
        pieces = int(pieces * rule.share / 100)
        yield QuantityStep(f"{by(rule)} offers {plain(rule.share)} %", pieces)
    rule = rules.first(lambda rule: rule.buffer is not None)
    if rule is not None and rule.buffer and pieces:
        pieces = max(0, pieces - rule.buffer)
        yield QuantityStep(f"{by(rule)} keeps back {rule.buffer}", pieces)
    rule = rules.first(lambda rule: rule.at_least is not None)
    if rule is not None and rule.at_least is not None and 0 < pieces < rule.at_least:
        pieces = 0
        yield QuantityStep(f"{by(rule)} shows fewer than {rule.at_least} as none", pieces)
    rule = rules.first(lambda rule: rule.at_most is not None)
    if rule is not None and rule.at_most is not None and pieces > rule.at_most:
        pieces = rule.at_most
        yield QuantityStep(f"{by(rule)} shows at most {rule.at_most}", pieces)
