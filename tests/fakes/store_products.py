"""The products of a store in memory, with what they need first: categories, custom fields, files of images."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tradepost.domain.listings.codes import code_key
from tradepost.domain.plan import Action, Change, SubjectId
from tradepost.domain.store import (
    ProductOutline,
    StoreAttribute,
    StoreImage,
    StoreOption,
    StoreProduct,
    StoreRow,
    StoreStock,
    StoreVariant,
)
from tradepost.operations.ports import ExistingProduct, IdRange, SetupItem, SetupKind, StockWrite

BLANK = StoreProduct(
    id=0,
    code="",
    sku="",
    name="",
    price=Decimal(),
    cost=Decimal(),
    weight_grams=Decimal(),
    is_active=False,
    is_in_search=False,
    is_taxable=False,
    page_title="",
    custom_fields={},
    variants=(),
    stock=StoreStock(is_tracked=False, count=0, stops_sale_at_zero=False),
    addresses=(),
    dimensions={},
)
_OWN_IMAGE = re.compile(r"(.+)-\d+-[0-9a-f]{8}\.\w+")


class StoreProducts:
    """
    Products by code key; ids are never given twice. `now` is the store's own clock, in seconds; `created` and `updated`
    are by id, as told by it.

    `files`: the paths at which the store has image files; None where every path will do. `baskets`: the pieces that
    baskets hold, by code key, where the store tells it.
    """

    def __init__(self) -> None:
        self.by_key: dict[str, StoreProduct] = {}
        self.now = 1_000_000
        self.created: dict[int, int] = {}
        self.updated: dict[int, int] = {}
        self.categories: set[str] = set()
        self.custom_fields: set[str] = set()
        self.files: Collection[str] | None = None
        self.baskets: dict[str, int] | None = None
        self._next_id = 1

    # --- reads ------------------------------------------------------------------------------------------------------

    def by_code(self, codes: Collection[str]) -> dict[str, StoreProduct]:
        keys = {code_key(code) for code in codes}
        return {key: product for key, product in self.by_key.items() if key in keys}

    def by_sku(self, skus: Collection[str]) -> list[StoreProduct]:
        keys = {code_key(sku) for sku in skus} - {""}
        return sorted((p for p in self.by_key.values() if code_key(p.sku) in keys), key=lambda product: product.id)

    def whole_by_id(self, ids: Collection[int]) -> list[StoreProduct]:
        found = sorted((p for p in self.by_key.values() if p.id in set(ids)), key=lambda product: product.id)
        return [replace(product, updated=self.updated.get(product.id, self.now)) for product in found]

    def by_id(self, ids: Collection[int]) -> dict[int, StoreProduct]:
        lean = {
            "description": "", "categories": frozenset(), "custom_fields": {}, "images": (), "attributes": (),
            "variants": None, "addresses": None,
        }  # fmt: skip
        return {product.id: replace(product, **lean) for product in self.whole_by_id(ids)}

    def pages(self, *, custom_fields: Sequence[str], page_size: int) -> Iterator[list[StoreRow]]:
        """Read each page when it is asked for, as a store does that changes meanwhile."""
        after = 0
        while rows := sorted((p for p in self.by_key.values() if p.id > after), key=lambda p: p.id)[:page_size]:
            after = rows[-1].id
            yield [
                StoreRow(
                    product.id,
                    product.code,
                    product.sku,
                    product.is_active,
                    {name: value for name, value in product.custom_fields.items() if name in custom_fields},
                    product.created,
                    product.name,
                    product.price,
                )
                for product in rows
            ]

    def outlines(self, *, custom_fields: Sequence[str], page_size: int) -> Iterator[list[ProductOutline]]:
        for page in self.pages(custom_fields=custom_fields, page_size=page_size):
            yield [self._outline(row) for row in page]

    def _outline(self, row: StoreRow) -> ProductOutline:
        variants = self.by_key[code_key(row.code)].variants or ()
        single = [variant.part_codes[0] for variant in variants if len(variant.part_codes) == variant.pieces == 1]
        parts = tuple(dict.fromkeys(single))
        has_bundles = len(single) < len(variants)
        return ProductOutline(row.id, row.code, row.sku, row.fields, row.created, parts, has_bundles=has_bundles)

    def existing(self, ids: IdRange, *, changed_from: int | None = None) -> list[ExistingProduct]:
        """By ascending id."""
        products = sorted(self.by_key.values(), key=lambda product: product.id)
        found = [
            ExistingProduct(p.id, p.code, self.created.get(p.id, self.now), self.updated.get(p.id, self.now))
            for p in products
            if ids.after < p.id <= ids.up_to
        ]
        return [row for row in found if changed_from is None or row.updated >= changed_from]

    def code_of(self, number: int) -> str:
        return next((product.code for product in self.by_key.values() if product.id == number), "")

    @staticmethod
    def without_stock(product: StoreProduct) -> StoreProduct:
        return replace(product, stock=None)

    # --- writes; each returns the refusal, or nothing ---------------------------------------------------------------

    def set_up(self, item: SetupItem) -> str:
        if item.kind is SetupKind.CUSTOM_FIELD:
            self.custom_fields.add(item.code)
        elif item.kind is SetupKind.IMAGE_TYPE:
            pass
        elif item.parent and item.parent not in self.categories:
            return f"There is no category {item.parent}."
        else:
            self.categories.add(item.code)
        return ""

    def write_stock(self, write: StockWrite) -> str:
        code = self.code_of(write.external_id)
        if not code:
            return f"There is no product {write.external_id}."
        product = self.by_key[code_key(code)]
        count = product.stock.count if product.stock.is_tracked else 0
        count = count + write.change if write.change is not None else write.quantity
        stock = replace(product.stock, is_tracked=True, count=count)
        if write.stops_sale is not None:
            goes_on = not write.stops_sale
            stock = replace(stock, stops_sale_at_zero=not goes_on, sells_without_stock=goes_on, hides_when_out=False)
        self._put(code_key(code), replace(product, stock=stock))
        return ""

    def sell(self, code: str, pieces: int) -> None:
        """Let a shopper buy some; of what is not counted there is always more."""
        product = self.by_key[code_key(code)]
        if product.stock.is_tracked:
            stock = replace(product.stock, count=product.stock.count - pieces)
            self._put(code_key(code), replace(product, stock=stock))

    def untrack(self, code: str) -> None:
        """Somebody switches the counting of a product off by hand."""
        product = self.by_key[code_key(code)]
        self._put(code_key(code), replace(product, stock=replace(product.stock, is_tracked=False, count=0)))

    def delete(self, number: int) -> str:
        """A variant goes with its only part."""
        code = self.code_of(number)
        self.by_key.pop(code_key(code), None)
        for key, product in self.by_key.items():
            left = tuple(
                replace(variant, part_codes=tuple(part for part in variant.part_codes if part != code))
                for variant in product.variants
            )
            self.by_key[key] = replace(product, variants=tuple(variant for variant in left if variant.part_codes))
        return ""

    def apply(self, changes: Sequence[Change], *, is_strict: bool = True) -> dict[SubjectId, str]:
        """
        Carry out a document: products first, then what hangs on them. Nothing is rolled back.

        Returns what was refused, by subject. `is_strict`: take nothing that lacks what it needs.
        """
        refused: defaultdict[SubjectId, list[str]] = defaultdict(list)
        known: list[Change] = []
        for change in changes:
            key = code_key(change.subject.key)
            if change.action is Action.CREATE and key not in self.by_key:
                self.created[self._next_id] = self.now
                self._put(key, replace(BLANK, id=self._next_id, code=change.subject.key, created=self.now))
                self._next_id += 1
            elif change.action is Action.CREATE:
                # It is there already, which is no refusal; what is written in tags of their own still arrives.
                change = replace(change, fields=tuple(f for f in change.fields if f.name in _OWN))  # noqa: PLW2901
            elif key not in self.by_key:
                refused[change.subject.id].append(f"There is no product {change.subject.key}.")
                continue
            known.append(change)
        for name in (*_PLAIN, *_OWN):
            for change in known:
                value, lacking = self._parted(name, change.after(name)) if is_strict else (change.after(name), [])
                if lacking:
                    refused[change.subject.id].append(f"{change.subject.key} can't have the {name} {lacking}.")
                if value is not None and not (is_strict and self._is_in_use(name, value)):
                    self._write(code_key(change.subject.key), name, value, gone=_gone(name, change))
        return {subject: " ".join(texts) for subject, texts in refused.items()}

    def _parted(self, name: str, value: Any) -> tuple[Any, list[Any]]:
        """Part a value into what can be taken and what lacks something; each element is a tag of its own."""
        fits = {
            "categories": lambda code: code in self.categories,
            "placement": lambda code: code in self.custom_fields,
            "custom_fields": lambda code: code in self.custom_fields,
            "images": lambda image: self.files is None or image.path in self.files,
            "variants": lambda variant: all(code_key(part) in self.by_key for part in variant.part_codes),
        }.get(name)
        if fits is None or value is None:
            return value, []
        lacking = [element for element in value if not fits(element)]
        if isinstance(value, Mapping):
            return {key: text for key, text in value.items() if fits(key)}, lacking
        return tuple(element for element in value if fits(element)), lacking

    def _put(self, key: str, product: StoreProduct) -> None:
        self.by_key[key] = product
        self.updated[product.id] = self.now

    def _is_in_use(self, name: str, address: str) -> bool:
        """An address that another product has is passed over in silence."""
        return name == "address" and any(address in product.addresses for product in self.by_key.values())

    def _write(self, key: str, name: str, value: Any, *, gone: frozenset[str]) -> None:
        product = replace(self.by_key[key], categories=self.by_key[key].categories - gone)
        new = _OWN[name](product, value) if name in _OWN else {name: value.strip() if isinstance(value, str) else value}
        self._put(key, replace(product, **new))


def _gone(name: str, change: Change) -> frozenset[str]:
    """The categories that a change takes a product out of."""
    field = next((field for field in change.fields if field.name == name == "categories"), None)
    return frozenset() if field is None else frozenset(field.before or ()) - frozenset(field.after)


def _attributes(product: StoreProduct, value: Sequence[StoreAttribute]) -> dict[str, Any]:
    """Those that tell no variants apart are the merchant's, and stay."""
    wanted = {code_key(attribute.code) for attribute in value}
    questions = [a for a in product.attributes if not a.is_dimension and code_key(a.code) not in wanted]
    return {"attributes": (*questions, *value)}


def _variants(product: StoreProduct, value: Sequence[StoreVariant]) -> dict[str, Any]:
    """What has the options that it had keeps its place."""
    place = {_combination(variant): position for position, variant in enumerate(product.variants)}
    return {"variants": tuple(sorted(value, key=lambda variant: place.get(_combination(variant), len(place))))}


def _combination(variant: StoreVariant) -> frozenset[tuple[str, str]]:
    return frozenset((code_key(attribute), code_key(option)) for attribute, option in variant.options)


def _images(product: StoreProduct, value: Sequence[StoreImage]) -> dict[str, Any]:
    """The hub's own are those that are wanted, in their order; the merchant's stay, without a type that is taken."""
    types = {image.image_type for image in value}
    stems = {_stem(image.path) for image in value} - {""}
    kept = [
        replace(image, image_type="" if image.image_type in types else image.image_type)
        for image in product.images
        if _stem(image.path) not in stems and image.path not in {own.path for own in value}
    ]
    return {"images": (*kept, *value)}


def _stem(path: str) -> str:
    found = _OWN_IMAGE.fullmatch(path)
    return found[1] if found else ""


def _without_options(product: StoreProduct, value: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """An option takes every variant along that still uses it."""
    gone = {(code_key(attribute), code_key(option)) for attribute, option in value}

    def stays(attribute: StoreAttribute, option: StoreOption) -> bool:
        return (code_key(attribute.code), code_key(option.code)) not in gone

    return {
        "attributes": tuple(
            replace(attribute, options=tuple(option for option in attribute.options if stays(attribute, option)))
            for attribute in product.attributes
        ),
        "variants": tuple(variant for variant in product.variants if not _combination(variant) & gone),
    }


_PLAIN = (
    "sku", "name", "price", "cost", "weight_grams", "description", "is_taxable", "is_active", "page_title",
    "is_in_search",
)  # fmt: skip
# What is written in tags of its own, in the one order in which a store can take it.
_OWN: Mapping[str, Callable[[StoreProduct, Any], dict[str, Any]]] = {
    "attributes": _attributes,
    "quantity": lambda _product, value: {"stock": StoreStock(is_tracked=True, count=value)},
    "sells_without_stock": lambda product, value: {
        "stock": replace(product.stock, is_tracked=True, stops_sale_at_zero=not value, sells_without_stock=value)
    },
    "variants": _variants,
    "variant_pricing": lambda _product, _value: {},
    "unused_options": _without_options,
    **dict.fromkeys(
        ("placement", "custom_fields"),
        lambda product, value: {"custom_fields": {**product.custom_fields, **value}},
    ),
    "dimensions": lambda product, value: {"dimensions": {**product.dimensions, **value}},
    "images": _images,
    "categories": lambda product, value: {"categories": product.categories | set(value)},
    "address": lambda product, value: {"addresses": (*product.addresses, value)},
}
