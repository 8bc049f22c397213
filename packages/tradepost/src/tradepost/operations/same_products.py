"""Whether what a store has under the ids of listings is what they were linked to."""

from collections.abc import Iterable, Mapping

from tradepost.domain.listings.listing import Link
from tradepost.domain.store import StoreProduct
from tradepost.operations.existence.differences import refuse_other
from tradepost.operations.ports import ListingRow, Ports


def read_products(ports: Ports, rows: Iterable[ListingRow]) -> dict[int, StoreProduct]:
    """Load the products of listings, by id, and raise StoreDoubted where one of them is another product."""
    known = list(rows)
    ids = [row.external_id for row in known if row.external_id is not None]
    found = ports.store.products_by_id(ids) if ids else {}
    refuse_others(known, found)
    return found


def refuse_others(rows: Iterable[ListingRow], found: Mapping[int, StoreProduct]) -> None:
    """Raise StoreDoubted where a product under the id of a linked listing was made at another time."""
    for row in rows:
        product = found.get(row.external_id or 0) if row.status.link is Link.LINKED else None
        if product is not None:
            refuse_other(row.code, row.external_created, product)
