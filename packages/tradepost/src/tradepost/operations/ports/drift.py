"""The port of what was changed on the store by others: which listings to compare, and what is kept in mind of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tradepost.domain.fields import Group
from tradepost.domain.listings.drift import Drift, DriftFinding
from tradepost.operations.ports.listings import ListingRow


@dataclass(frozen=True, slots=True)
class Compared:
    """A listing that was compared, as its product was when the store had last changed it, at `updated`."""

    row: ListingRow
    updated: int
    finding: DriftFinding


class Drifts(Protocol):
    """The drift of one channel. Every write is made inside a transaction."""

    def touch(self, listing_ids: Collection[int]) -> None:
        """Note that the store says that these were changed."""
        ...

    def touched(self, *, after: int, limit: int) -> list[ListingRow]:
        """Listings that are due as the store says that they were changed, by id."""
        ...

    def due(self, *, now: datetime, limit: int) -> list[ListingRow]:
        """The others that are due: those that have waited longest. Both: `domain.listings.drift.is_comparison_due`."""
        ...

    def known(self, listing_ids: Collection[int]) -> dict[int, dict[Group, Drift]]:
        """What is kept in mind, by listing; those without anything are left out."""
        ...

    def open_ids(self) -> list[int]:
        """Listings of which a person has to decide something."""
        ...

    def record(self, compared: Sequence[Compared], *, at: datetime) -> None:
        """Record what comparisons found; what is to be sent again becomes due, or queued. Idempotent."""
        ...

    def remember(self, drifts: Mapping[int, Mapping[Group, Drift | None]], *, at: datetime) -> None:
        """Keep in mind what differs, by listing and group; None forgets it. What stays the same keeps its time."""
        ...
