"""A store in memory, for tests of the pure difference: it takes a unit's changes and has what they say."""

from dataclasses import replace

from tradepost.domain.codes import code_key
from tradepost.domain.plan import Action, Unit
from tradepost.domain.store import StoreProduct, StoreStock

_BLANK = StoreProduct(
    id=0,
    code="",
    sku="",
    name="",
    price=0,
    cost=0,
    weight_grams=0,
    is_active=False,
    is_in_search=False,
    is_taxable=False,
    page_title="",
    custom_fields={},
    variants=(),
    stock=StoreStock(is_tracked=False, count=0),
    addresses=(),
)


class MemoryStore:
    def __init__(self, *, reads_stock: bool = True) -> None:
        self.products: dict[str, StoreProduct] = {}
        self._reads_stock = reads_stock

    def apply(self, unit: Unit) -> None:
        for change in unit.changes:
            key = code_key(change.subject.key)
            if change.action is Action.CREATE:
                self.products[key] = replace(_BLANK, id=len(self.products) + 1, code=change.subject.key)
            for field in change.fields:
                self._set(key, field.name, field.after)
        if not self._reads_stock:
            self.products = {key: replace(product, stock=None) for key, product in self.products.items()}

    def _set(self, key, name, value):
        product = self.products[key]
        match name:
            case "quantity":
                product = replace(product, stock=StoreStock(is_tracked=True, count=value))
            case "categories":
                product = replace(product, categories=product.categories | set(value))
            case "custom_fields":
                product = replace(product, custom_fields={**(product.custom_fields or {}), **value})
            case "description":
                product = replace(product, description=value.strip())
            case "variants":
                product = replace(product, variants=(*(product.variants or ()), *value))
            case "address":
                product = replace(product, addresses=(value,))
            case _:
                product = replace(product, **{name: value})
        self.products[key] = product
