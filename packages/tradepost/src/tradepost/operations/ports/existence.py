"""The port of what the hub notes of a whole store, so that the next existence pass can count instead of read."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol


class IdRange(NamedTuple):
    """The products whose id is above `after` and not above `up_to`."""

    after: int
    up_to: int


class RangeCount(NamedTuple):
    """
    How many products a store says that there are in a range, and the highest id among them; None for an empty answer.

    Not yet believed: a store that drops the condition counts everything. `believe_count` decides.
    """

    products: int
    highest_id: int | None


class ExistingProduct(NamedTuple):
    """
    The least that says that a product exists.

    `created` and `updated` are epoch seconds of the store's own clock: only ever compared with each other.
    """

    id: int
    code: str
    created: int
    updated: int


class LatestProducts(NamedTuple):
    """Products by their last change, the latest first, as far as was asked; `total` is how many there are of them."""

    rows: list[ExistingProduct]
    total: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """
    A part of the store that was read: `products` of them have an id above the previous stretch's `up_to` and not above
    this one's, which is the id of the last of them.
    """

    up_to: int
    products: int


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """
    Up to when changes have been seen: `products` of them changed from `start` to `latest`, both included.

    `latest` is the latest change that there was before the pass began to read, `latest_id` a product that had it.
    """

    start: int
    latest: int
    latest_id: int
    products: int


@dataclass(frozen=True, slots=True)
class StoreNotes:
    """
    What the passes so far have read of a store.

    Every listing that was linked to a product of a stretch has been compared with it. `created` is the latest creation
    among the products of the stretches. `window` is None where the store does not say when its products changed.
    """

    full_pass_at: datetime
    stretches: tuple[Stretch, ...] = ()
    created: int = 0
    window: ChangeWindow | None = None


class StoreStanding(StrEnum):
    """Whether the store is the one that the listings were linked to, as far as anybody knows."""

    KNOWN = "known"
    DOUBTED = "doubted"  # nothing is written to it until a person has answered
    CONFIRMED = "confirmed"  # a person says that it is; the next run looks at every product before it writes


class ExistenceNotes(Protocol):
    """The notes of one channel. They are read and written as a whole, so they are always those of one pass."""

    def load(self) -> StoreNotes | None: ...

    def save(self, notes: StoreNotes) -> None:
        """Replace the notes; part of the enclosing transaction."""
        ...

    def forget(self) -> None:
        """Drop the notes, so that the next pass reads the whole store; part of the enclosing transaction."""
        ...

    def standing(self) -> tuple[StoreStanding, str]:
        """Say how the store stands, and why where it is doubted."""
        ...

    def set_standing(self, standing: StoreStanding, reason: str = "") -> None:
        """Note how the store stands; part of the enclosing transaction."""
        ...
