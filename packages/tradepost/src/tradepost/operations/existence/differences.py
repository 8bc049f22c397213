"""How a store's products and the linked listings differ: two lists by ascending id, merged. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tradepost.domain.errors import Reconfigure
from tradepost.operations.ports import ExistingProduct, LinkedListing

# More than this at once is hardly the merchant tidying up; it is a wrong store code, or a store that is being restored.
_MAX_SHARE = 0.2
_ALWAYS_ALLOWED = 10


@dataclass(slots=True)
class Differences:
    """
    By listing id. `gone`: not there any more. `recoded`: there, under another code (the store's spelling).

    `allowed`: how many may be gone; one more raises Reconfigure.
    """

    allowed: int
    gone: dict[int, LinkedListing] = field(default_factory=dict)
    recoded: dict[int, tuple[LinkedListing, str]] = field(default_factory=dict)
    read: int = 0

    @classmethod
    def among(cls, linked_count: int) -> "Differences":
        return cls(allowed=max(_ALWAYS_ALLOWED, int(linked_count * _MAX_SHARE)))

    def add_gone(self, listing: LinkedListing) -> None:
        self.gone[listing.listing_id] = listing
        self.recoded.pop(listing.listing_id, None)
        if len(self.gone) > self.allowed:
            raise Reconfigure(
                f"More than {self.allowed} linked products are missing on the store, so nothing was changed: check "
                "that the channel's store code and domain are right. If the products were really removed, unlink "
                "their listings."
            )

    def compare_all(self, pages: Iterable[Sequence[ExistingProduct]], linked: Iterator[LinkedListing]) -> None:
        """
        Compare all products of a range with all listings that are linked to ids in it, both by ascending id.

        Raises Reconfigure as soon as too many are missing.
        """
        waiting = next(linked, None)
        for page in pages:
            self.read += len(page)
            for row in page:
                while waiting is not None and waiting.external_id < row.id:
                    self.add_gone(waiting)
                    waiting = next(linked, None)
                if waiting is not None and waiting.external_id == row.id:
                    if waiting.code != row.code:
                        self.recoded[waiting.listing_id] = (waiting, row.code)
                    waiting = next(linked, None)
        while waiting is not None:
            self.add_gone(waiting)
            waiting = next(linked, None)

    def compare_codes(self, rows: Sequence[ExistingProduct], linked: Iterable[LinkedListing]) -> None:
        """Compare some products with the listings that are linked to them; says nothing of what is missing."""
        self.read += len(rows)
        codes = {row.id: row.code for row in rows}
        for listing in linked:
            code = codes.get(listing.external_id)
            if code is not None and code != listing.code:
                self.recoded[listing.listing_id] = (listing, code)
