"""
The brake: what hardly anybody means to do to many listings at once waits until a person has said so.

A wrong file, a wrong click or a wrong setting looks like any other work that is due. What it does at once can't be
taken back by the next run: what is delisted is gone, what was sold for a tenth of its price is sold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.listing import Pending
from tradepost.domain.listings.stages import Stage, SyncValues, is_due

# What holds for a channel until somebody sets it.
USUAL_PERCENT = 20
USUAL_AT_LEAST = 10
# How many of each kind are kept by name: all, as long as a person could read them.
NAMED = 1_000
# How many are named where nobody is asked.
NAMED_IN_REPORTS = 5


class Harm(StrEnum):
    DELIST = "delist"
    ZERO = "zero"  # off sale: a quantity of 0 by the catalogue or by hiding (not by sales), or off its page
    REPRICE = "reprice"


# What is added up before it is compared: either way a shopper can't buy it any more. Prices are another question.
_TOGETHER: Sequence[frozenset[Harm]] = (frozenset({Harm.DELIST, Harm.ZERO}), frozenset({Harm.REPRICE}))

_WORDS: Mapping[Harm, str] = {
    Harm.DELIST: "remove {number} from the store for good",
    Harm.ZERO: "take {number} off sale",
    Harm.REPRICE: "change the price of {number}",
}
# What becomes of one of them.
_OF_ONE: Mapping[Harm, str] = {
    Harm.DELIST: "delist",
    Harm.ZERO: "off sale",
    Harm.REPRICE: "re-price",
}


# The stages of a sync that the brake looks at.
STAGE_HARMS: Mapping[Stage, Harm] = {
    Stage.DELIST: Harm.DELIST,
    Stage.HIDE: Harm.ZERO,
    Stage.SET: Harm.ZERO,
    Stage.DECREASE: Harm.ZERO,
    Stage.AT_ZERO: Harm.ZERO,
    Stage.PRICE: Harm.REPRICE,
}


def harm_of(stage: Stage, listing: SyncValues) -> Harm | None:
    """Say what a stage of a sync does to a listing that is due for it, if the brake holds that back."""
    if stage in {Stage.SET, Stage.DECREASE} and not _is_emptied_by_source(listing):
        return None
    if stage is Stage.SET and listing.looked_at is not None:
        return None  # it had a stock of ours before, and what is 0 by now was counted when it became so
    if stage is Stage.HIDE and listing.status.pending is not Pending.HIDE:
        return None  # it is hidden already, and was given pieces back
    if stage is Stage.AT_ZERO:
        return Harm.ZERO if _is_sold_at_zero_only(listing) and not listing.sells_without_stock else None
    if stage is Stage.HIDE and listing.kind is not Kind.PARENT:
        # A parent has no stock of its own, but must not be called hidden while its variants are on sale.
        is_on_sale = listing.account is None or listing.account > 0 or listing.proven_without_stock
        return Harm.ZERO if is_on_sale else None
    return STAGE_HARMS.get(stage)


def _is_emptied_by_source(listing: SyncValues) -> bool:
    """
    Whether nothing is offered because the catalogue says so, or a rule, and that ends the sale. What orders took of a
    number that somebody stated is sold: to go on offering it would sell it twice.
    """
    if listing.available is None or listing.available > 0 or listing.sells_without_stock:
        return False
    return listing.stated is None or listing.stated <= 0 or listing.held_back > 0


def _is_sold_at_zero_only(listing: SyncValues) -> bool:
    """Whether nothing but that keeps it on sale; what has a count yet is looked at when that goes to 0."""
    is_left = listing.available is not None and listing.available > 0
    return listing.account is not None and listing.account <= 0 and not is_left


def is_at_stake(stage: Stage, listing: SyncValues) -> bool:
    """
    Whether a listing is counted by the brake; exactly what the counting query counts. Parents follow variants, and what
    is to be hidden or delisted is counted there.
    """
    is_counted_before = stage is Stage.DECREASE and listing.status.pending in {Pending.HIDE, Pending.DELIST}
    return (
        listing.kind is not Kind.PARENT
        and not is_counted_before
        and is_due(stage, listing)
        and harm_of(stage, listing) is not None
    )


@dataclass(frozen=True, slots=True)
class BrakeLimits:
    """How many of a channel's live listings a run may harm without a person: a share, but always a few."""

    percent: int
    at_least: int

    def allowed(self, live: int) -> int:
        return max(self.at_least, live * self.percent // 100)


@dataclass(frozen=True, slots=True)
class Example:
    """One of the listings at stake; `note`: why it goes with those that are counted, blank for one of these."""

    code: str
    name: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.name}".rstrip() + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True, slots=True)
class Braking:
    """
    What the brake holds back of a run: how many per harm, of how many live ones, and how many were allowed.

    `examples`: those of each, with what goes with them; the first `NAMED`, of very many.
    """

    numbers: Mapping[Harm, int]
    live: int
    allowed: int
    examples: Mapping[Harm, Sequence[Example]]

    @property
    def sentence(self) -> str:
        """Say what the run would do, and why that is too much."""
        parts = [_WORDS[harm].format(number=f"{number:,}") for harm, number in self.numbers.items()]
        return (
            f"Of {self.live:,} live listings it would {' and '.join(parts)}; more than {self.allowed:,} at once need a "
            "person's word."
        )

    def lines(self, *, most: int = NAMED) -> list[str]:
        """Name what is held back, a line each, and say how many of each kind are left out."""
        return [line for harm, number in self.numbers.items() for line in self._lines_of(harm, number, most)]

    def _lines_of(self, harm: Harm, number: int, most: int) -> list[str]:
        shown = self.examples.get(harm, ())[:most]
        left_out = number - sum(not example.note for example in shown)
        words = _OF_ONE[harm]
        more = [f"{words}: and {left_out:,} more"] if shown and left_out else []
        return [*(f"{words}: {example}" for example in shown), *more]

    def merged(self, later: "Braking") -> "Braking":
        """Return both of two in one; what was held back first counts as it did then."""
        return Braking(
            {**later.numbers, **self.numbers}, later.live, later.allowed, {**later.examples, **self.examples}
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "numbers": {harm.value: number for harm, number in self.numbers.items()},
            "live": self.live,
            "allowed": self.allowed,
            "examples": {
                harm.value: [[example.code, example.name, example.note] for example in examples]
                for harm, examples in self.examples.items()
            },
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Braking | None":
        if not stored:
            return None
        return cls(
            {Harm(harm): number for harm, number in stored["numbers"].items()},
            stored["live"],
            stored["allowed"],
            {Harm(harm): [Example(*pair) for pair in pairs] for harm, pairs in stored["examples"].items()},
        )


# What a person has said yes to: how many of each; None for any number.
Released = Mapping[Harm, int | None]
ANY_NUMBER: Released = dict.fromkeys(Harm)


def may_be_too_much(at_stake: Mapping[Harm, int], *, limits: BrakeLimits) -> bool:
    """Whether it matters how many live listings there are: counting them costs more than counting what is due."""
    return any(sum(at_stake.get(harm, 0) for harm in together) > limits.at_least for together in _TOGETHER)


def held_back(at_stake: Mapping[Harm, int], *, live: int, limits: BrakeLimits, released: Released) -> dict[Harm, int]:
    """
    Decide what a run may not do, as numbers per harm.

    What a person has said yes to does not count; nor does it cover more than was shown.
    """
    asked = {harm: number for harm, number in at_stake.items() if number and not _is_released(harm, number, released)}
    held: dict[Harm, int] = {}
    for together in _TOGETHER:
        numbers = {harm: number for harm, number in asked.items() if harm in together}
        if sum(numbers.values()) > limits.allowed(live):
            held |= numbers
    return held


def _is_released(harm: Harm, number: int, released: Released) -> bool:
    if harm not in released:
        return False
    up_to = released[harm]
    return up_to is None or number <= up_to
