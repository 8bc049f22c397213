"""How a store's products and the linked listings differ: two lists by ascending id, merged. Pure."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tradepost.domain.errors import StoreDoubted
from tradepost.domain.store import StoreProduct, is_same_product
from tradepost.operations.ports import ExistingProduct, LinkedListing

# Memory does not grow with the catalogue: who is not dated by this pass is by the next full one.
_DATED_AT_ONCE = 10_000


class MassLoss(Exception):
    """More is missing than can be believed without asking: `gone` are the first of it."""

    def __init__(self, gone: Sequence[LinkedListing]) -> None:
        super().__init__(len(gone))
        self.gone = gone


@dataclass(slots=True)
class Differences:
    """
    By listing id. `gone`: not there any more, or another product has the id. `recoded`: there, under another code (the
    store's spelling). `dated`: there, and what was not known yet, when it was made. `touched`: the store says that it
    was changed since all of it was compared.

    `allowed`: how many may be gone, None for any number. One more raises MassLoss; and unless any number may be, a
    product under a known id that was made at another time raises StoreDoubted.
    """

    allowed: int | None
    gone: dict[int, LinkedListing] = field(default_factory=dict)
    recoded: dict[int, tuple[LinkedListing, str]] = field(default_factory=dict)
    dated: dict[int, tuple[LinkedListing, int]] = field(default_factory=dict)
    # Numbers only: everything may have been changed since, of a million listings.
    touched: "array[int]" = field(default_factory=lambda: array("q"))
    read: int = 0

    def add_gone(self, listing: LinkedListing) -> None:
        self.gone[listing.listing_id] = listing
        self.recoded.pop(listing.listing_id, None)
        self.dated.pop(listing.listing_id, None)
        if self.allowed is not None and len(self.gone) > self.allowed:
            raise MassLoss(tuple(self.gone.values()))

    def compare_all(self, pages: Iterable[Sequence[ExistingProduct]], linked: Iterator[LinkedListing]) -> None:
        """
        Compare all products of a range with all listings that are linked to ids in it, both by ascending id.

        Raises MassLoss as soon as too many are missing, StoreDoubted.
        """
        waiting = next(linked, None)
        for page in pages:
            self.read += len(page)
            for row in page:
                while waiting is not None and waiting.external_id < row.id:
                    self.add_gone(waiting)
                    waiting = next(linked, None)
                if waiting is not None and waiting.external_id == row.id:
                    # What was never compared has its turn among others that were not.
                    if waiting.updated is not None and waiting.updated != row.updated:
                        self.touched.append(waiting.listing_id)
                    if waiting.code != row.code or waiting.created != row.created:
                        self._compare(waiting, row)
                    waiting = next(linked, None)
        while waiting is not None:
            self.add_gone(waiting)
            waiting = next(linked, None)

    def compare_some(self, rows: Sequence[ExistingProduct], linked: Iterable[LinkedListing]) -> None:
        """Compare some products with the listings that are linked to them; says nothing of what is missing."""
        self.read += len(rows)
        by_id = {row.id: row for row in rows}
        for listing in linked:
            row = by_id.get(listing.external_id)
            if row is not None:
                if row.updated and listing.updated != row.updated:
                    self.touched.append(listing.listing_id)
                self._compare(listing, row)

    def _compare(self, listing: LinkedListing, row: ExistingProduct) -> None:
        if self.allowed is not None:
            refuse_other(listing.code, listing.created, row)
        elif not is_same_product(listing.created, row.created):
            self.add_gone(listing)
            return
        if listing.code != row.code:
            self.recoded[listing.listing_id] = (listing, row.code)
        if listing.created is None and row.created and len(self.dated) < _DATED_AT_ONCE:
            self.dated[listing.listing_id] = (listing, row.created)


def refuse_other(known: str, created: int | None, found: StoreProduct | ExistingProduct) -> None:
    """Raise StoreDoubted if what is found under the id of a known code was made at another time."""
    if is_same_product(created, found.created):
        return
    message = (
        f"The product {found.id} on the store, {found.code}, was made at another time than {known}, which had this id: "
        "ids are never given twice, so this is another store, or one that was restored from a backup."
    )
    raise StoreDoubted(message)
