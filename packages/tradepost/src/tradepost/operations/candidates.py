"""Candidates: what a store has that a listing could be linked to by hand, and the one that a person has chosen."""

from dataclasses import dataclass

from tradepost.domain.codes import code_key
from tradepost.domain.errors import NotAllowed
from tradepost.domain.layout import Layout
from tradepost.domain.listing import Link
from tradepost.domain.making import ContentRules
from tradepost.domain.matching import WORDS, LinkingPriority, TypeFit, hits_among, sku_on_store, type_fit
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
    """
    Find the product that a person has chosen for a listing, by the store's id or by its code.

    Its type may be missing, as a person has looked. Raises NotAllowed for a listing that is linked, and for a product
    that is not there, is of another type or is another listing's.
    """
    if row.status.link is Link.LINKED:
        raise NotAllowed(
            f"{row.sku} is linked to {row.code} already; 'tradepost listings unlink {row.sku}' lets go of it."
        )
    product = _find(store, chosen)
    on_store = _type_of(product, rules)
    if type_fit(row.kind, on_store) is TypeFit.OTHER:
        raise NotAllowed(
            f"{product.code} on the store is a {on_store}, by its custom field {rules.type_field}, and {row.sku} is a "
            f"{row.kind.value}."
        )
    holder = listings.taken([product.id]).get(product.id, row.id)
    if holder != row.id:
        (other,) = listings.by_ids([holder])
        raise NotAllowed(
            f"{product.code} on the store is linked to {other.sku}; 'tradepost listings unlink {other.sku}' lets go of "
            "it."
        )
    return product


def _find(store: Store, chosen: str) -> StoreProduct:
    by_code = store.products_by_code([chosen]).get(code_key(chosen))
    by_id = store.products_by_id([int(chosen)]).get(int(chosen)) if chosen.isdecimal() else None
    if by_code is not None and by_id is not None and by_code.id != by_id.id:
        raise NotAllowed(
            f"{chosen} is the code of one product and the id of another; say {by_code.id} or {by_id.code}."
        )
    if by_code is None and by_id is not None:
        # By id comes no content; by its code it is read whole.
        by_code = store.products_by_code([by_id.code]).get(code_key(by_id.code))
    if by_code is None:
        raise NotAllowed(f"The store has no product with the id or the code {chosen}.")
    return by_code


def _type_of(product: StoreProduct, rules: ContentRules) -> str:
    if rules.layout is Layout.SIMPLE:
        return ""
    return (product.custom_fields or {}).get(rules.type_field, "").strip()
