"""The port of what the hub knows of persons, on all channels."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class PersonsOrder:
    """An order of a person, on whichever channel. `is_open`: it is still to be shipped, or waits for somebody."""

    id: int
    channel_id: int
    channel: str
    number: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class PersonsData:
    """All that the hub has of somebody: whole orders with what happened to them, and parked records as they came."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    parked: list[dict[str, Any]] = field(default_factory=list)


class PersonalData(Protocol):
    """What is kept of those who ordered. Writes belong into a transaction."""

    def orders_of(self, email: str) -> list[PersonsOrder]:
        """Find the orders with this address, however it is written, as that of who pays or who receives."""
        ...

    def told(self, email: str) -> PersonsData: ...

    def anonymise(self, order_ids: Collection[int], *, at: datetime) -> None:
        """
        Forget who bought, with all that was written down of it: events, history, records as they came, and open
        batches of consumers, which are made anew. What was bought stays, with its money. Idempotent.
        """
        ...

    def erase_parked(self, email: str) -> list[tuple[int, str]]:
        """Forget the records of parked orders in which an address stands; returns (channel id, number)."""
        ...
