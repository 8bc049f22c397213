"""
Content: what a listing should look like on the store, and the difference to what is there.

`wanted_unit` builds a family or simple product from the catalogue by the channel's rules; `difference` compares it
with what the store has. Publishing sends the difference, overwriting sends the part of it that was asked for, and
reading back after either is the same comparison again: what it still finds has not been proven.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import ImageFile, Kind, Product, SourceImage, Variant
from tradepost.domain.channels.layout import Layout, has_parent
from tradepost.domain.fields import FIELDS, MAX_NAME, Group, group_of, is_blank
from tradepost.domain.listings.codes import category_code, category_key, code_for, code_key, option_codes, parent_code
from tradepost.domain.listings.image_names import image_path, path_at
from tradepost.domain.listings.making import Category, ContentRules, ListingValues, Making, WantedImage
from tradepost.domain.plan import Change, FieldChange, Unit
from tradepost.domain.store import StoreAttribute, StoreOption, StoreProduct, StoreVariant


@dataclass(frozen=True, slots=True)
class WantedProduct:
    """One store product as it should be: `values` by the names of `domain.fields`, made of `made`."""

    made: Making
    values: Mapping[str, Any]

    @property
    def kind(self) -> Kind:
        return self.made.kind

    @property
    def code(self) -> str:
        return self.made.values.code

    @property
    def listing_id(self) -> int | None:
        return self.made.values.listing_id

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(frozen=True, slots=True)
class WantedUnit:
    """A family (the parent first, then its children), or what stands for itself: one product as a rule."""

    products: tuple[WantedProduct, ...]

    @property
    def root(self) -> WantedProduct:
        return self.products[0]

    def product(self, code: str) -> WantedProduct:
        key = code_key(code)
        return next(product for product in self.products if code_key(product.code) == key)


def listing_codes(handle: str, skus: Iterable[str], *, is_family: bool) -> dict[str, str]:
    """Give new listings of a product their codes: one for each SKU, and the parent's under the empty string."""
    codes = {sku: code_for(sku) for sku in skus}
    if is_family:
        codes[""] = parent_code(handle, child_codes=codes.values())
    return codes


def wanted_unit(
    product: Product,
    *,
    rules: ContentRules,
    values: Mapping[str, ListingValues],
    files: Mapping[str, ImageFile],
) -> WantedUnit:
    """
    Build what the store should have of a product.

    `values` by SKU names the variants that take part, the parent under the empty string; `files` holds the images
    that could be fetched, by source. A family without any variant in `values` is its parent alone; in a layout without
    parents each variant stands for itself.
    """
    variants = [variant for variant in product.variants if variant.sku in values]
    if not has_parent(rules.layout, is_family=product.is_family):
        return WantedUnit(tuple(_article(product, variant, values[variant.sku], rules, files) for variant in variants))
    root = Making(product, None, Kind.PARENT, values[""], rules, category_path(product.category))
    attributes, combinations = _structure(product, variants, values) if rules.layout is Layout.NATIVE else ((), ())
    root = replace(_with_images(root, product.images, files), attributes=attributes, variants=combinations)
    children = (
        _with_images(
            Making(
                product,
                variant,
                Kind.VARIANT,
                values[variant.sku],
                rules,
                root.categories,
                parent_code=values[""].code,
            ),
            () if variant.image is None else (variant.image,),
            files,
        )
        for variant in variants
    )
    return WantedUnit((_wanted(root), *(_wanted(child) for child in children)))


def _article(
    product: Product, variant: Variant, values: ListingValues, rules: ContentRules, files: Mapping[str, ImageFile]
) -> WantedProduct:
    """What stands for itself, with the images of its product behind its own."""
    made = Making(product, variant, Kind.SIMPLE, values, rules, category_path(product.category))
    own = (variant.image,) if product.is_family and variant.image is not None else ()
    shared = (image for image in product.images if image.source not in {each.source for each in own})
    return _wanted(_with_images(made, (*own, *shared), files))


def _wanted(made: Making) -> WantedProduct:
    return WantedProduct(made, {field.name: field.make(made) for field in FIELDS.values()})


def category_path(path: Sequence[str]) -> tuple[Category, ...]:
    """Turn a path of names into categories from the root down; the last one is where the product goes."""
    categories: list[Category] = []
    keys: list[str] = []
    for name in filter(str.strip, path):
        keys.append(category_key(name))
        parent = categories[-1].code if categories else ""
        shown = " ".join(name.split())[:MAX_NAME].strip()
        categories.append(Category(code=category_code(keys), name=shown, parent_code=parent))
    return tuple(categories)


def _with_images(made: Making, sources: Sequence[SourceImage], files: Mapping[str, ImageFile]) -> Making:
    """Give a product its images, the first that could be had as the main one."""
    if not sources:
        return made
    images: list[WantedImage] = []
    for number, image in enumerate(sources, start=1):
        path = path_at(image.source, below=made.rules.files_address)
        file = files.get(image.source)
        if not path and file is None:
            continue
        if not path and file is not None:
            path = image_path(folder=made.rules.image_folder, code=made.values.code, position=number, file=file)
        if path not in {other.path for other in images}:
            images.append(WantedImage(image.source, path, "" if images else code_key(made.rules.image_type)))
    named = tuple(image.source for image in sources)
    below = made.rules.files_address
    missing = tuple(source for source in named if source not in files and not path_at(source, below=below))
    return replace(made, images=tuple(images), sources=named, missing_images=missing)


def _structure(
    product: Product, variants: Sequence[Variant], values: Mapping[str, ListingValues]
) -> tuple[tuple[StoreAttribute, ...], tuple[StoreVariant, ...]]:
    attribute_codes = option_codes(product.option_names)
    by_attribute: list[dict[str, str]] = [
        # Every value of the catalogue, not only of these variants: codes must not depend on what is queued.
        option_codes(variant.options[position] for variant in product.variants)
        for position in range(len(product.option_names))
    ]
    attributes = tuple(
        StoreAttribute(
            code=attribute_codes[name],
            prompt=name,
            options=tuple(
                StoreOption(code=by_attribute[position][value], prompt=value)
                for value in dict.fromkeys(variant.options[position] for variant in variants)
            ),
        )
        for position, name in enumerate(product.option_names)
    )
    combinations = tuple(
        StoreVariant(
            options=frozenset(
                (attribute_codes[name], by_attribute[position][variant.options[position]])
                for position, name in enumerate(product.option_names)
            ),
            part_codes=(values[variant.sku].code,),
        )
        for variant in variants
    )
    return attributes, combinations


# --- the difference -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """
    What of a unit is to be compared, by code key: the groups of each product, and whether a missing one is made.

    A product that is not named is left alone, except that variants of the parent may be built on it.
    `unread_too`: also send values that this token can't read (they are never found different otherwise), but for what
    was `answered`, by code key.
    """

    groups: Mapping[str, frozenset[Group]]
    creates: frozenset[str] = frozenset()
    unread_too: bool = True
    answered: frozenset[str] = frozenset()


def difference(wanted: WantedUnit, *, seen: Mapping[str, StoreProduct], scope: Scope, reason: str = "") -> Unit:
    """
    Compare a wanted unit with what the store has (by code key) and return the changes that would make them equal.

    Idempotent: a unit that was applied as planned compares to an empty one.
    """
    found: list[Change] = []
    for product in wanted.products:
        key = code_key(product.code)
        groups = scope.groups.get(key)
        if groups is None:
            continue
        present = seen.get(key)
        if present is None:
            if key in scope.creates:
                fields = [
                    FieldChange(name, None, _given(value))
                    for name, value in product.values.items()
                    if not is_blank(value)
                ]
                found.append(
                    changes.product_created(
                        product.code, product["name"], fields=fields, reason=reason, listing_id=product.listing_id
                    )
                )
            continue
        unread_too = scope.unread_too and key not in scope.answered
        different = (
            FIELDS[name].difference(present, value, unread_too=unread_too, made=product.made)
            for name, value in product.values.items()
            if group_of(name) in groups
        )
        fields = [field for field in different if field is not None]
        if fields:
            found.append(
                changes.product_updated(
                    product.code, product["name"], fields=fields, reason=reason, listing_id=product.listing_id
                )
            )
    return Unit(key=wanted.root.code, changes=tuple(found))


def _given(value: Any) -> Any:
    """A new product has nothing to clear."""
    return {name: text for name, text in value.items() if text} if isinstance(value, Mapping) else value
