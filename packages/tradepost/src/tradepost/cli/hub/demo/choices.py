"""What the demo picks from a catalogue that it has never seen: what to change, to hide, to sell and to delist."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from tradepost.cli.hub.demo.shopper import Purchase
from tradepost.domain.catalogue.catalogue import Kind, Product
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Health, Link
from tradepost.domain.store import StoreProduct
from tradepost.operations.ports import ListingRow

PRICE_STEP = Decimal("1.00")
PLENTY = 25
CHANGED_PRODUCTS = 5
ORDERS = 3


def on_sale(rows: Sequence[ListingRow]) -> list[ListingRow]:
    """Listings of things that can be bought and are on the store."""
    return [
        row
        for row in rows
        if row.kind is not Kind.PARENT
        and row.status.link is Link.LINKED
        and row.status.health is Health.LISTED
        and not row.status.is_paused
    ]


def to_change(rows: Sequence[ListingRow]) -> list[ListingRow]:
    """Pick one listing of each of a few products, so that families and simple products take part."""
    by_product: dict[int, ListingRow] = {}
    for row in on_sale(rows):
        by_product.setdefault(row.product_id, row)
    candidates = list(by_product.values())
    families = [row for row in candidates if row.kind is Kind.VARIANT]
    others = [row for row in candidates if row.kind is not Kind.VARIANT]
    mixed = [row for pair in zip(families, others, strict=False) for row in pair]
    rest = [row for row in candidates if row not in mixed]
    return (mixed + rest)[:CHANGED_PRODUCTS]


def changed(product: Product, skus: frozenset[str]) -> Product:
    """Raise price and stock of these variants, so that something is to sync and enough is there to sell."""
    return replace(
        product,
        variants=tuple(
            replace(variant, price=variant.price + PRICE_STEP, quantity=max(variant.quantity or 0, 0) + PLENTY)
            if variant.sku in skus
            else variant
            for variant in product.variants
        ),
    )


def purchase(row: ListingRow, seen: Mapping[str, StoreProduct], *, quantity: int) -> Purchase | None:
    """Say how a shopper finds a listing: on its own page, or on its family's with the choices that lead to it."""
    if row.kind is Kind.SIMPLE:
        return Purchase(row.code, (), quantity)
    parent = seen.get(code_key(row.parent_code))
    for variant in (parent.variants or ()) if parent is not None else ():
        if code_key(row.code) in {code_key(part) for part in variant.part_codes}:
            return Purchase(row.parent_code, tuple(sorted(variant.options)), quantity)
    return None


def baskets(rows: Sequence[ListingRow], seen: Mapping[str, StoreProduct]) -> list[list[Purchase]]:
    """Fill three baskets from what was restocked: one piece, two pieces, and one with two lines where possible."""
    offers = [(row, offer) for row in rows if (offer := purchase(row, seen, quantity=1)) is not None]
    if not offers:
        return []
    filled: list[list[Purchase]] = []
    for number in range(ORDERS):
        _, first = offers[number % len(offers)]
        basket = [replace(first, quantity=1 + number % 2)]
        if number == ORDERS - 1 and len(offers) > 1:
            basket.append(offers[(number + 1) % len(offers)][1])
        filled.append(basket)
    return filled


def to_delist(rows: Sequence[ListingRow]) -> ListingRow | None:
    """Pick a simple product, else a variant that is not its family's last, else nothing."""
    candidates = on_sale(rows)
    simple = [row for row in candidates if row.kind is Kind.SIMPLE]
    if simple:
        return simple[-1]
    for row in reversed(candidates):
        if sum(other.parent_id == row.parent_id for other in candidates) > 1:
            return row
    return None
