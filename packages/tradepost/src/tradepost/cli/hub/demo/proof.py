"""
Proof: the store is read back with the hub's own client, and compared with what the hub wants it to have.

It reads with the token that has all rights, because stock can't be seen by the one that the hub works with.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Link
from tradepost.domain.orders.order import StoreOrder, acknowledgement_note
from tradepost.domain.stock.stock import offered
from tradepost.domain.store import ProductsByKey, StoreProduct
from tradepost.operations.ports import ListingRow


def of_listings(rows: Iterable[ListingRow], seen: ProductsByKey) -> list[str]:
    """Name the linked listings that the store does not show as the hub wants them, and say why."""
    return [f"{row.code}: {fault}" for row in rows if row.status.link is Link.LINKED and (fault := _fault(row, seen))]


def _fault(row: ListingRow, seen: ProductsByKey) -> str:
    product = seen.get(code_key(row.code))
    if product is None:
        return "is not on the store"
    if product.id != row.external_id:
        return f"is another product than the one linked ({product.id} instead of {row.external_id})"
    if product.price != row.wanted_price:
        return f"costs {product.price} instead of {row.wanted_price}"
    if row.kind is Kind.PARENT:
        return "" if product.is_active else "is not active"
    if row.kind is Kind.VARIANT:
        parent = seen.get(code_key(row.parent_code))
        parts = {code_key(part) for v in (parent.variants or ()) for part in v.part_codes} if parent else set()
        if code_key(row.code) not in parts:
            return f"is no choice of {row.parent_code}"
    elif not product.is_active:
        return "is not active"
    return _stock_fault(row, product)


def _stock_fault(row: ListingRow, product: StoreProduct) -> str:
    if row.available is None:
        return ""
    wanted = 0 if row.status.health is Health.HIDDEN else offered(row.available)
    if product.stock is None or not product.stock.is_tracked:
        return "has no stock count"
    return "" if product.stock.count == wanted else f"has {product.stock.count} in stock instead of {wanted}"


def of_absence(rows: Iterable[ListingRow], seen: ProductsByKey) -> list[str]:
    """Name the listings that are still on the store, or still a choice of their family."""
    faults: list[str] = []
    for row in rows:
        key = code_key(row.code)
        parent = seen.get(code_key(row.parent_code)) if row.parent_code else None
        parts = {code_key(part) for v in (parent.variants or ()) for part in v.part_codes} if parent else set()
        if key in seen or key in parts:
            faults.append(f"{row.code}: is still on the store")
    return faults


def of_acknowledgement(numbers: Sequence[int], orders: Mapping[int, StoreOrder]) -> list[str]:
    """Name the orders that carry no note of ours, or more than one."""
    faults: list[str] = []
    for number in numbers:
        notes = orders[number].notes if number in orders else ()
        count = notes.count(acknowledgement_note(order_number=number))
        if count != 1:
            faults.append(f"order {number}: carries {count} notes of ours")
    return faults


def of_shipment(tracking: Mapping[int, str], orders: Mapping[int, StoreOrder]) -> list[str]:
    """Name the orders whose shipment has not arrived: once, shipped, and with its tracking number."""
    faults: list[str] = []
    for number, tracking_number in tracking.items():
        shipments = orders[number].shipments if number in orders else ()
        arrived = [s for s in shipments if s.is_shipped and s.tracking_number == tracking_number]
        if len(arrived) != 1:
            faults.append(f"order {number}: has {len(arrived)} shipments with our tracking number")
    return faults


def image_paths(products: Iterable[StoreProduct]) -> set[str]:
    return {image.path for product in products for image in product.images}


def keys(rows: Collection[ListingRow]) -> set[str]:
    return {code_key(row.code) for row in rows}
