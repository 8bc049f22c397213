"""Which product of the store a listing is that is to be created: the merchant may have made it already."""

from collections.abc import Collection
from dataclasses import dataclass

from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.listings.matching import (
    LinkingPriority,
    TypeFit,
    hits_among,
    several_match,
    sku_on_store,
    type_fit,
)
from tradepost.domain.store import StoreProduct
from tradepost.operations.listings.publish.values import PublishFacts, PublishSeen, PublishTerms
from tradepost.operations.ports import ListingRow


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that this publish leaves alone, and why."""

    row: ListingRow
    attention: Attention
    message: str


class ProductMatch:
    """Looks among the products of the store for those of one family, whose listings have the ids `of_family`."""

    def __init__(
        self, of_family: Collection[int], *, terms: PublishTerms, facts: PublishFacts, seen: PublishSeen
    ) -> None:
        self._of_family = frozenset(of_family)
        self._rules = terms.rules
        self._priority = terms.priority
        self._products = seen.products
        self._taken = dict(facts.taken)
        self._holders = facts.holders

    def take(self, row: ListingRow, product: StoreProduct) -> None:
        """Note that a product is this listing's, and no other's."""
        self._taken[product.id] = row.id

    def found(self, row: ListingRow) -> tuple[StoreProduct, str] | Refusal | None:
        """Find what the store has of a row that is to be created: the product to link, or why neither can be done."""
        hits = hits_among(self._products.values(), sku=row.sku, code=row.code)
        if self._priority is LinkingPriority.CODE and hits.by_code:
            return self._match_by_code(row, hits.by_code[0])
        free = [product for product in hits.by_sku if self._is_meant(row, product)]
        if len(free) > 1:
            return Refusal(row, Attention.AMBIGUOUS_MATCH, several_match(row.sku, free))
        if free:
            return self._taken_from(row, free[0]) or (free[0], "SKU")
        for product in hits.by_code:
            if not _is_same(row, product, self._rules):
                return Refusal(row, Attention.ALREADY_EXISTS, _collision(row, product, self._rules))
            return self._taken_from(row, product) or (product, "code")
        near = next((product for product in hits.near if self._is_meant(row, product)), None)
        if near is None or near.id in self._taken:
            return None
        message = (
            f"The store has the product {near.code} with the SKU '{near.sku}', which differs from '{row.sku}' in case "
            f"only: if it is the same, 'tradepost listings link {row.sku} --to {near.id}'; else give one another SKU."
        )
        return Refusal(row, Attention.ALREADY_EXISTS, message)

    def _match_by_code(self, row: ListingRow, product: StoreProduct) -> tuple[StoreProduct, str] | Refusal:
        """Let the code decide, whatever SKU the product has."""
        if not self._is_meant(row, product):
            return Refusal(row, Attention.ALREADY_EXISTS, _collision(row, product, self._rules))
        return self._taken_from(row, product) or (product, "code")

    def _is_meant(self, row: ListingRow, product: StoreProduct) -> bool:
        """Whether a product that was found can be it: not one of another type, nor what its own family has already."""
        is_of_family = self._taken.get(product.id) in self._of_family - {row.id}
        return not is_of_family and type_fit(row.kind, _type_of(product, self._rules)) is not TypeFit.OTHER

    def _taken_from(self, row: ListingRow, product: StoreProduct) -> Refusal | None:
        holder = self._taken.get(product.id, self._holders.get(code_key(product.code), row.id))
        if holder == row.id:
            return None
        return Refusal(row, Attention.MATCH_TAKEN, f"{product.code} on the store is another listing's already.")


def _is_same(row: ListingRow, found: StoreProduct, rules: ContentRules) -> bool:
    """Whether a product under our code, that we did not make, is what the listing means: same SKU, fitting type."""
    if type_fit(row.kind, _type_of(found, rules)) is TypeFit.OTHER:
        return False
    return found.sku == sku_on_store(row.sku) or (not found.sku and code_key(found.code) == code_key(row.sku))


def _collision(row: ListingRow, found: StoreProduct, rules: ContentRules) -> str:
    return (
        f"The store has another product with the code {found.code} ('{found.name}', SKU '{found.sku}', "
        f"{_type_of(found, rules) or 'no type'}), so '{row.sku}' can't be published under it. Give one of the two "
        f"another SKU, or link them: 'tradepost listings link {row.sku} --to {found.id}'."
    )


def _type_of(product: StoreProduct, rules: ContentRules) -> str:
    """What a store says that it is; where nothing is but simple, nobody asks."""
    if rules.layout is Layout.SIMPLE:
        return ""
    return (product.custom_fields or {}).get(rules.type_field, "").strip()


def is_untyped(product: StoreProduct, rules: ContentRules) -> bool:
    """Whether a product's type is to be written; unread is not blank."""
    return rules.layout is not Layout.SIMPLE and product.custom_fields is not None and not _type_of(product, rules)
