"""The port of the merchant's products."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tradepost.domain.catalogue import Product


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How many products and variants an import made, changed and left as they were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "ImportCounts") -> "ImportCounts":
        return ImportCounts(
            self.created + other.created, self.updated + other.updated, self.unchanged + other.unchanged
        )


class Catalogue(Protocol):
    """Products and variants of the merchant."""

    def save(self, products: Sequence[Product], *, at: datetime) -> ImportCounts:
        """
        Create or update products by handle, and their variants by SKU, set-based; one transaction.

        A variant that the product has no more is kept and marked as gone; its listings are paused and flagged
        `orphaned`. Raises RowRefused when a SKU belongs to another product (the caller checks first with `owners`).
        A quantity is remembered with `at`: units sold before it are known to it. An unknown quantity (None) leaves
        the known one as it is.
        """
        ...

    def owners(self, skus: Collection[str]) -> dict[str, str]:
        """Return the handle of the product that has each of these SKUs."""
        ...
