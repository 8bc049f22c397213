"""The lines of an order as a page shows them: what was ordered, and how much of it is shipped and open."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tradepost.database.models import Listing, OrderLine
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.orders.shipping import ShippableLine, ShippableOrder
from tradepost.web.catalogue.pictures import Pictured, pictures

_LEFT = frozenset({StoreStatus.SHIPPED.value, StoreStatus.RETURNED.value, StoreStatus.RMA_ISSUED.value})
# What a line says of itself beyond its numbers.
_SAYS = frozenset({StoreStatus.BACKORDERED.value, StoreStatus.RETURNED.value, StoreStatus.RMA_ISSUED.value})


@dataclass(frozen=True, slots=True)
class ShownLine:
    """
    What was ordered of one article: a store parts a line when some of it is shipped, and here it is one again.

    `number`: the store's, of the first part; `open_by_number`: pieces that can be shipped, by part. `packed`: in
    packages that the store does not have yet. `listing`: the id of the listing, None where there is none. `picture`:
    the address of one of it, blank where there is none.
    """

    number: int
    name: str
    options: str
    sku: str
    listing: int | None
    picture: str
    price: Decimal
    total: Decimal
    ordered: int
    shipped: int
    packed: int
    cancelled: int
    open_by_number: Sequence[tuple[int, int]]
    is_product: bool
    notes: Sequence[str]

    @property
    def open(self) -> int:
        return sum(pieces for _, pieces in self.open_by_number)


def shown_lines(rows: Iterable[OrderLine], order: ShippableOrder) -> list[ShownLine]:
    """Join what belongs together, in the order of the store. The rows come with their listings."""
    rows = list(rows)
    seen = pictures({_pictured(row.listing) for row in rows if row.listing is not None})
    shippable = {line.id: line for line in order.lines}
    articles: dict[tuple[object, ...], list[OrderLine]] = {}
    for row in rows:
        articles.setdefault((row.code, row.sku, row.name, row.chosen, row.price, row.is_product), []).append(row)
    return [_shown(parts, [shippable[part.pk] for part in parts], seen) for parts in articles.values()]


def _pictured(listing: Listing) -> Pictured:
    return listing.product_id, listing.variant_id


def _shown(parts: Sequence[OrderLine], shippable: Sequence[ShippableLine], seen: Mapping[Pictured, str]) -> ShownLine:
    first = parts[0]
    listing = next((part.listing for part in parts if part.listing is not None), None)
    cancelled = sum(part.quantity for part in parts if part.store_status == StoreStatus.CANCELLED.value)
    return ShownLine(
        number=first.line_id,
        name=first.name or first.sku or first.code,
        options=first.chosen,
        sku=first.sku or first.code,
        listing=listing.pk if listing is not None else None,
        picture=seen.get(_pictured(listing), "") if listing is not None else "",
        price=first.price,
        total=sum((part.total for part in parts), Decimal()),
        ordered=sum(part.quantity for part in parts),
        shipped=sum(part.quantity for part in parts if part.store_status in _LEFT),
        packed=sum(min(line.packed, line.quantity) for line in shippable if line.status not in _LEFT),
        cancelled=cancelled,
        open_by_number=[(line.number, line.open_pieces) for line in shippable if line.open_pieces],
        is_product=first.is_product,
        notes=sorted({part.store_status.replace("_", " ") for part in parts if part.store_status in _SAYS}),
    )
