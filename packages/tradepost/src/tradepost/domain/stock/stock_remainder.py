"""
What remains: pieces that may be sold twice, because other channels sell them and this one does not know it yet.

No hub can close that gap: a sale is known when its order is fetched, and taken off the others by the sync after that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

SOLD_IN = timedelta(days=7)
"""How far back sales are counted."""


@dataclass(frozen=True, slots=True)
class OtherChannel:
    """
    A channel that sells some of the same: the pieces of it that it sold lately, and how often its orders are fetched.

    `every` None: by no schedule.
    """

    name: str
    sold: int
    every: timedelta | None


@dataclass(frozen=True, slots=True)
class Remainder:
    """
    `others` that sell some of what a channel sells, how long its syncs take, and how many of those pieces it offers.
    """

    others: Sequence[OtherChannel] = ()
    sync_takes: timedelta = timedelta()
    offered: int = 0

    @property
    def expected(self) -> float | None:
        """The pieces that others sell, on average, before it is taken off here; None where nobody can say."""
        if any(other.sold and other.every is None for other in self.others):
            return None
        times = [(other.sold, other.every + self.sync_takes) for other in self.others if other.every is not None]
        return sum(sold * (takes / SOLD_IN) for sold, takes in times)

    @property
    def worst(self) -> int:
        """All that is offered here and elsewhere."""
        return self.offered if self.others else 0

    @property
    def sentence(self) -> str:
        if not self.others:
            return "No other channel sells the same pieces, so none can be sold twice between two syncs."
        worst = f"at worst all {self.worst:,} that are offered here"
        expected = self.expected
        if expected is None:
            names = ", ".join(f"'{other.name}'" for other in self.others if other.sold and other.every is None)
            return f"Sold elsewhere before it is known here: {worst}; the orders of {names} are fetched by no schedule."
        return f"Sold elsewhere before it is known here: {expected:.2g} pieces on average, {worst}."
