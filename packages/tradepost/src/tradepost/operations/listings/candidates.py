"""Candidates: what a store has that a listing could be linked to by hand, and the one that a person has chosen."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tradepost.domain.channels.layout import Layout
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.listings.matching import WORDS, LinkingPriority, TypeFit, hits_among, sku_on_store, type_fit
from tradepost.domain.store import StoreProduct
from tradepost.operations.ports import ListingRow, Listings, Store


@dataclass(frozen=True, slots=True)
class LinkCandidate:
    """`found_by`: how it was found. `holder`: the SKU of the listing that it is linked to; blank if there is none."""

    product: StoreProduct
    found_by: str
    product_type: str
    holder: str


def candidates_of(
    row: ListingRow,
    *,
    store: Store,
    listings: Listings,
    rules: ContentRules,
    priority: LinkingPriority = LinkingPriority.SKU,
) -> list[LinkCandidate]:
    """
    Find products with the listing's SKU, with its code, and with a SKU that differs in case only, in this order.

    `priority`: which of the first two comes first.
    """
    skus = store.products_by_sku([sku_on_store(row.sku)])
    products = {product.id: product for product in [*skus, *store.products_by_code([row.code]).values()]}
    hits = hits_among(products.values(), sku=row.sku, code=row.code)
    ways = {"SKU": hits.by_sku, "code": hits.by_code, "SKU but for case": hits.near}
    ways = {WORDS[priority]: ways[WORDS[priority]], **ways}
    found = {product.id: (product, way) for way in reversed(ways) for product in ways[way]}
    taken = listings.taken(list(found))
    holders = {other.id: other.sku for other in listings.by_ids(list(taken.values()))}
    return [
        LinkCandidate(product, way, _type_of(product, rules), holders.get(taken.get(product.id, 0), ""))
        for product, way in sorted(found.values(), key=lambda pair: (list(ways).index(pair[1]), pair[0].id))
    ]


def chosen_product(
    row: ListingRow, chosen: str, *, store: Store, listings: Listings, rules: ContentRules
) -> StoreProduct:
    """Find the product that a person has chosen for a listing; see `chosen_products`. Raises NotAllowed."""
    ((_, found),) = chosen_products([(row, chosen)], store=store, listings=listings, rules=rules)
    if isinstance(found, NotAllowed):
        raise found
    return found


def chosen_products(
    chosen: Sequence[tuple[ListingRow, str]], *, store: Store, listings: Listings, rules: ContentRules
) -> list[tuple[ListingRow, StoreProduct | NotAllowed]]:
    """
    Find the products that a person has chosen for listings, by the store's ids or by codes.

    Their types may be missing, as a person has looked. A listing that is linked is refused, and a product that is not
    there, is of another type or is another listing's.
    """
    named = _named(store, {name for _, name in chosen})
    ids = {product.id for product in named.values() if isinstance(product, StoreProduct)}
    taken = listings.taken(ids)
    holders = {other.id: other for other in listings.by_ids(list(taken.values()))}
    found: list[tuple[ListingRow, StoreProduct | NotAllowed]] = []
    for row, name in chosen:
        product = named[name]
        if row.status.link is Link.LINKED:
            linked = f"{row.sku} is linked to {row.code} already; 'tradepost listings unlink {row.sku}' lets go of it."
            product = NotAllowed(linked)
        elif isinstance(product, StoreProduct):
            reason = _why_not(row, product, holders.get(taken.get(product.id, 0)), rules)
            product = NotAllowed(reason) if reason else product
        found.append((row, product))
    return found


def _why_not(row: ListingRow, product: StoreProduct, holder: ListingRow | None, rules: ContentRules) -> str:
    on_store = _type_of(product, rules)
    if type_fit(row.kind, on_store) is TypeFit.OTHER:
        return (
            f"{product.code} on the store is a {on_store}, by its custom field {rules.type_field}, and {row.sku} is a "
            f"{row.kind.value}."
        )
    if holder is not None and holder.id != row.id:
        return (
            f"{product.code} on the store is linked to {holder.sku}; 'tradepost listings unlink {holder.sku}' lets go "
            "of it."
        )
    return ""


def _named(store: Store, names: Collection[str]) -> dict[str, StoreProduct | NotAllowed]:
    by_code = store.products_by_code(sorted(names))
    numbers = [int(name) for name in sorted(names) if name.isdecimal()]
    by_id = store.products_by_id(numbers) if numbers else {}
    # By id comes no content; by its code it is read whole.
    whole = store.products_by_code([product.code for product in by_id.values()]) if by_id else {}
    found: dict[str, StoreProduct | NotAllowed] = {}
    for name in names:
        of_code, of_id = by_code.get(code_key(name)), by_id.get(int(name)) if name.isdecimal() else None
        product = of_code or (None if of_id is None else whole.get(code_key(of_id.code)))
        if of_code is not None and of_id is not None and of_code.id != of_id.id:
            message = f"{name} is the code of one product and the id of another; say {of_code.id} or {of_id.code}."
            found[name] = NotAllowed(message)
        else:
            found[name] = product or NotAllowed(f"The store has no product with the id or the code {name}.")
    return found


def _type_of(product: StoreProduct, rules: ContentRules) -> str:
    if rules.layout is Layout.SIMPLE:
        return ""
    return (product.custom_fields or {}).get(rules.type_field, "").strip()
