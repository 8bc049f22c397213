"""Shipments as files of whoever packs have them, and what the hub knows of them already."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from tradepost.domain.orders.order import Tracking
from tradepost.domain.orders.shipment import ShipmentState
from tradepost.operations.ports.catalogue import RowReport


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    """
    One row: pieces of an order that are in a package. Rows of one order and reference, or tracking number, are one.

    `item`: a SKU, or the store's number of a line; None is all that is open. `quantity` None is all that is open of it.
    What may stand in any row of a package is None where this one leaves it out. `problem`: why it can't be used.
    """

    line: int
    order_number: int
    tracking_number: str
    reference: str = ""
    item: str | int | None = None
    quantity: int | None = None
    carrier: str | None = None
    cost: Decimal | None = None
    shipped_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class KnownShipment:
    """
    A shipment that was recorded before. `pieces`: by SKU and by the store's number of the line, those of others of the
    same number among them.
    """

    code: str
    state: ShipmentState
    recorded: Tracking
    pieces: Mapping[str | int, int] = field(default_factory=dict)


class ShipmentReader(Protocol):
    """Reads files of shipments."""

    def rows(self, path: Path) -> Iterator[ShipmentRow | RowReport]:
        """Read a file row by row; a row of which not even the package is known is a report. Raises FileRefused."""
        ...

    def rows_of(self, name: str, content: bytes) -> Iterator[ShipmentRow | RowReport]:
        """Read what a file of this name has, likewise."""
        ...
