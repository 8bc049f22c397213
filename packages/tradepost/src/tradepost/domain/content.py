"""
Content: what a listing should look like on the store, and the difference to what is there.

`wanted_unit` builds a family or simple product from the catalogue by the channel's rules; `difference` compares it
with what the store has. Publishing sends the difference, overwriting sends the part of it that was asked for, and
reading back after either is the same comparison again: what it still finds has not been proven.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from tradepost.domain.catalogue import ImageFile, Kind, Product, Variant
from tradepost.domain.codes import code_for, code_key, option_codes, parent_code, slug
from tradepost.domain.plan import Action, Change, FieldChange, Side, Subject, SubjectKind, Unit
from tradepost.domain.store import MAIN_IMAGE, StoreAttribute, StoreImage, StoreOption, StoreProduct, StoreVariant

MAX_NAME = 100
MAX_PAGE_TITLE = 254
MAX_SKU = 50
# A store converts grams to its own unit and rounds to 8 decimals; less than a hundredth of a gram is that rounding.
WEIGHT_TOLERANCE_GRAMS = Decimal("0.01")


class Group(StrEnum):
    """The parts of a listing's content that can be overwritten, and are fingerprinted, separately."""

    TEXTS = "texts"
    CATEGORIES = "categories"
    IDENTIFIERS = "identifiers"
    CUSTOM_FIELDS = "custom_fields"
    IMAGES = "images"
    STRUCTURE = "structure"
    WEIGHT = "weight"
    PRICE = "price"
    QUANTITY = "quantity"
    STATUS = "status"


CONTENT_GROUPS = frozenset(Group) - {Group.PRICE, Group.QUANTITY, Group.STATUS}
ALL_GROUPS = frozenset(Group)

# Which field of a change belongs to which group. A field that is missing here can't be sent.
GROUP_OF: Mapping[str, Group] = {
    "sku": Group.IDENTIFIERS,
    "name": Group.TEXTS,
    "description": Group.TEXTS,
    "page_title": Group.TEXTS,
    "price": Group.PRICE,
    "cost": Group.PRICE,
    "weight_grams": Group.WEIGHT,
    "is_taxable": Group.STATUS,
    "is_in_search": Group.STATUS,
    "is_active": Group.STATUS,
    "quantity": Group.QUANTITY,
    "categories": Group.CATEGORIES,
    "custom_fields": Group.CUSTOM_FIELDS,
    "images": Group.IMAGES,
    "attributes": Group.STRUCTURE,
    "variants": Group.STRUCTURE,
    "address": Group.TEXTS,
}


@dataclass(frozen=True, slots=True)
class Category:
    """A category on the store: its code, its name, and its parent's code (blank for a root)."""

    code: str
    name: str
    parent_code: str = ""


@dataclass(frozen=True, slots=True)
class WantedImage:
    """An image as it should be attached. `path` is known only once the file's content is."""

    source: str
    path: str
    image_type: str


@dataclass(frozen=True, slots=True)
class WantedProduct:
    """One store product as it should be. None means "not ours to say": the field is neither compared nor sent."""

    kind: Kind
    code: str
    sku: str
    name: str
    description: str | None
    page_title: str
    price: Decimal
    cost: Decimal | None
    weight_grams: Decimal | None
    is_taxable: bool
    is_active: bool
    is_in_search: bool
    quantity: int | None
    categories: tuple[Category, ...]
    custom_fields: dict[str, str]
    images: tuple[WantedImage, ...]
    address: str | None
    listing_id: int | None = None


@dataclass(frozen=True, slots=True)
class WantedUnit:
    """
    A family (the parent first, then its children) or one simple product.

    `attributes` and `variants` are those of the parent; a simple product has none.
    """

    products: tuple[WantedProduct, ...]
    attributes: tuple[StoreAttribute, ...] = ()
    variants: tuple[StoreVariant, ...] = ()

    @property
    def root(self) -> WantedProduct:
        return self.products[0]

    def product(self, code: str) -> WantedProduct:
        key = code_key(code)
        return next(product for product in self.products if code_key(product.code) == key)


@dataclass(frozen=True, slots=True)
class ContentRules:
    """
    How a channel turns catalogue fields into store fields.

    `is_native`: one page per family with drop-downs; otherwise every variant is a page of its own. Identifier and
    brand fields are sent as custom fields under the codes given here; a blank code keeps them at home.
    """

    is_native: bool = True
    image_folder: str = "graphics/is-images"
    type_field: str = "product_type"
    parent_field: str = "parent_code"
    barcode_field: str = "upc"
    brand_field: str = "brand"
    msrp_field: str = "msrp"
    sends_address: bool = True


@dataclass(frozen=True, slots=True)
class ListingValues:
    """
    What one listing contributes: its code, and what the channel's rules made of price and quantity.

    A quantity of None is unknown and never sent.
    """

    code: str
    price: Decimal
    quantity: int | None
    listing_id: int | None = None


def listing_codes(product: Product) -> dict[str, str]:
    """Give new listings their codes: one for each SKU, and the parent's under the empty string."""
    codes = {variant.sku: code_for(variant.sku) for variant in product.variants}
    if product.is_family:
        codes[""] = parent_code(product.handle, child_codes=codes.values())
    return codes


def image_path(*, folder: str, code: str, position: int, file: ImageFile) -> str:
    """Name an image on the store. New content gets a new name, because stores cache derived sizes by name."""
    stem = slug(code)[:70] or "image"
    return f"{folder}/{stem}-{position}-{file.checksum[:8]}.{file.extension}"


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
    that could be fetched, by source. A family without any variant in `values` is its parent alone.
    """
    codes = {sku: value.code for sku, value in values.items()}
    variants = [variant for variant in product.variants if variant.sku in values]
    if not product.is_family:
        variant = variants[0]
        return WantedUnit(
            products=(
                _common(
                    product,
                    rules=rules,
                    kind=Kind.SIMPLE,
                    code=codes[variant.sku],
                    variant=variant,
                    values=values[variant.sku],
                    images=_gallery(product, code=codes[variant.sku], rules=rules, files=files),
                ),
            )
        )
    children = tuple(
        _common(
            product,
            rules=rules,
            kind=Kind.VARIANT,
            code=codes[variant.sku],
            variant=variant,
            values=values[variant.sku],
            images=_variant_image(variant, code=codes[variant.sku], rules=rules, files=files),
            parent=codes[""],
        )
        for variant in variants
    )
    parent = _common(
        product,
        rules=rules,
        kind=Kind.PARENT,
        code=codes[""],
        variant=None,
        values=values[""],
        images=_gallery(product, code=codes[""], rules=rules, files=files),
    )
    attributes, combinations = _structure(product, variants, codes) if rules.is_native else ((), ())
    return WantedUnit(products=(parent, *children), attributes=attributes, variants=combinations)


def _common(
    product: Product,
    *,
    rules: ContentRules,
    kind: Kind,
    code: str,
    variant: Variant | None,
    values: ListingValues,
    images: tuple[WantedImage, ...],
    parent: str = "",
) -> WantedProduct:
    is_child = kind is Kind.VARIANT
    fields = {rules.type_field: kind.value}
    if is_child:
        fields[rules.parent_field] = parent
    if variant is not None and rules.barcode_field and variant.barcode:
        fields[rules.barcode_field] = variant.barcode
    if variant is not None and rules.msrp_field and variant.msrp is not None:
        fields[rules.msrp_field] = f"{variant.msrp:.2f}"
    if rules.brand_field and product.brand:
        fields[rules.brand_field] = product.brand
    has_own_page = rules.is_native != is_child  # native: parents and simple products; flat: children and simple ones
    has_own_page = has_own_page or kind is Kind.SIMPLE
    name = product.title
    if is_child and variant is not None:
        # The end tells variants apart, so the title gives way where the two are too long together.
        suffix = ", ".join(value for value in variant.options if value)
        name = f"{product.title[: max(1, MAX_NAME - len(suffix) - 2)]}, {suffix}" if suffix else product.title
    return WantedProduct(
        kind=kind,
        code=code,
        sku=(variant.sku if variant is not None else product.handle)[:MAX_SKU].strip(),
        name=name[:MAX_NAME].strip(),
        # A native child is never shown, and its parent says it all.
        description=product.description if has_own_page else None,
        page_title=(product.page_title or product.title)[:MAX_PAGE_TITLE].strip() if has_own_page else "",
        price=values.price,
        cost=variant.cost if variant is not None else None,
        weight_grams=variant.weight_grams if variant is not None else None,
        is_taxable=variant.taxable if variant is not None else any(v.taxable for v in product.variants),
        is_active=has_own_page,
        is_in_search=has_own_page,
        quantity=values.quantity if kind is not Kind.PARENT else None,
        categories=category_path(product.category) if has_own_page else (),
        custom_fields=fields,
        images=images,
        address=_address(product, code=code, kind=kind) if rules.sends_address and has_own_page else None,
        listing_id=values.listing_id,
    )


def _address(product: Product, *, code: str, kind: Kind) -> str:
    # Handles are unique in the catalogue; a child that has a page of its own in flat mode is told apart by its code.
    stem = slug(product.handle) or slug(code)
    return f"/{stem}-{slug(code)}.html" if kind is Kind.VARIANT else f"/{stem}.html"


def category_path(path: Sequence[str]) -> tuple[Category, ...]:
    """Turn a path of names into categories from the root down; the last one is where the product goes."""
    categories: list[Category] = []
    for name in path:
        parent = categories[-1].code if categories else ""
        stem = slug(name) or code_for(name)
        code = code_for(f"{parent}-{stem}" if parent else stem)
        categories.append(Category(code=code, name=name[:MAX_NAME], parent_code=parent))
    return tuple(categories)


def _gallery(
    product: Product, *, code: str, rules: ContentRules, files: Mapping[str, ImageFile]
) -> tuple[WantedImage, ...]:
    images: list[WantedImage] = []
    for number, image in enumerate(product.images, start=1):
        file = files.get(image.source)
        if file is None:
            continue
        path = image_path(folder=rules.image_folder, code=code, position=number, file=file)
        images.append(WantedImage(image.source, path, "" if images else MAIN_IMAGE))
    return tuple(images)


def _variant_image(
    variant: Variant, *, code: str, rules: ContentRules, files: Mapping[str, ImageFile]
) -> tuple[WantedImage, ...]:
    file = files.get(variant.image.source) if variant.image is not None else None
    if file is None or variant.image is None:
        return ()
    path = image_path(folder=rules.image_folder, code=code, position=1, file=file)
    return (WantedImage(variant.image.source, path, MAIN_IMAGE),)


def _structure(
    product: Product, variants: Sequence[Variant], codes: Mapping[str, str]
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
            part_codes=(codes[variant.sku],),
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
    `unreadable_too`: also send values that this token can't read (they are never found different otherwise).
    """

    groups: Mapping[str, frozenset[Group]]
    creates: frozenset[str] = frozenset()
    unreadable_too: bool = True


def difference(wanted: WantedUnit, *, seen: Mapping[str, StoreProduct], scope: Scope, reason: str = "") -> Unit:
    """
    Compare a wanted unit with what the store has (by code key) and return the changes that would make them equal.

    Idempotent: a unit that was applied as planned compares to an empty one.
    """
    changes: list[Change] = []
    for product in wanted.products:
        key = code_key(product.code)
        groups = scope.groups.get(key)
        if groups is None:
            continue
        there = seen.get(key)
        is_root = product is wanted.root
        if there is None:
            if key in scope.creates:
                changes.append(_creation(product, wanted if is_root else None, reason))
            continue
        fields = [
            field
            for field in (
                *_product_fields(product, there, unreadable_too=scope.unreadable_too),
                *(_structure_fields(wanted, there) if is_root else ()),
            )
            if GROUP_OF[field.name] in groups
        ]
        if fields:
            changes.append(_change(product, Action.UPDATE, tuple(fields), reason))
    return Unit(key=wanted.root.code, changes=tuple(changes))


def _change(product: WantedProduct, action: Action, fields: tuple[FieldChange, ...], reason: str) -> Change:
    return Change(
        subject=Subject(SubjectKind.PRODUCT, product.code, product.name),
        side=Side.STORE,
        action=action,
        fields=fields,
        reason=reason,
        listing_id=product.listing_id,
    )


def _creation(product: WantedProduct, unit: WantedUnit | None, reason: str) -> Change:
    values: list[tuple[str, Any]] = [
        ("sku", product.sku),
        ("name", product.name),
        ("description", product.description),
        ("page_title", product.page_title),
        ("price", product.price),
        ("cost", product.cost),
        ("weight_grams", product.weight_grams),
        ("is_taxable", product.is_taxable),
        ("is_in_search", product.is_in_search),
        ("is_active", product.is_active),
        ("quantity", product.quantity),
        ("categories", tuple(category.code for category in product.categories[-1:])),
        ("custom_fields", product.custom_fields),
        ("images", tuple(StoreImage(image.path, image.image_type) for image in product.images)),
        ("attributes", unit.attributes if unit else ()),
        ("variants", unit.variants if unit else ()),
        ("address", product.address),
    ]
    fields = tuple(FieldChange(name, None, value) for name, value in values if value not in (None, "", (), {}))
    return _change(product, Action.CREATE, fields, reason)


def _product_fields(product: WantedProduct, there: StoreProduct, *, unreadable_too: bool) -> list[FieldChange]:
    pairs: list[tuple[str, Any, Any]] = [
        ("sku", there.sku, product.sku),
        ("name", there.name, product.name),
        ("description", there.description, _read_back(product.description)),
        ("page_title", there.page_title, product.page_title or None),
        ("price", there.price, product.price),
        ("cost", there.cost, product.cost),
        ("is_taxable", there.is_taxable, product.is_taxable),
        ("is_in_search", there.is_in_search, product.is_in_search),
        ("is_active", there.is_active, product.is_active),
    ]
    fields = [
        FieldChange(name, before, after) for name, before, after in pairs if after is not None and before != after
    ]
    if product.weight_grams is not None:
        if there.weight_grams is None:
            if unreadable_too:
                fields.append(FieldChange("weight_grams", None, product.weight_grams))
        elif abs(there.weight_grams - product.weight_grams) > WEIGHT_TOLERANCE_GRAMS:
            fields.append(FieldChange("weight_grams", there.weight_grams, product.weight_grams))
    fields += _quantity_field(product.quantity, there, unreadable_too=unreadable_too)
    if product.categories:
        code = product.categories[-1].code
        if code_key(code) not in {code_key(category) for category in there.categories}:
            fields.append(FieldChange("categories", tuple(sorted(there.categories)), (code,)))
    have = there.custom_fields
    if have is None:
        if unreadable_too and product.custom_fields:
            fields.append(FieldChange("custom_fields", None, product.custom_fields))
    else:
        differing = {name: value for name, value in product.custom_fields.items() if have.get(name, "") != value}
        if differing:
            before = {name: have.get(name, "") for name in differing}
            fields.append(FieldChange("custom_fields", before, differing))
    images = tuple(StoreImage(image.path, image.image_type) for image in product.images)
    if set(images) - set(there.images):
        fields.append(FieldChange("images", there.images, images))
    if product.address is not None and there.addresses is not None and not there.addresses:
        fields.append(FieldChange("address", None, product.address))
    return fields


def _quantity_field(quantity: int | None, there: StoreProduct, *, unreadable_too: bool) -> list[FieldChange]:
    if quantity is None:
        return []
    if there.stock is None:
        return [FieldChange("quantity", None, quantity)] if unreadable_too else []
    if not there.stock.is_tracked:
        return [FieldChange("quantity", None, quantity)]
    if there.stock.count != quantity:
        return [FieldChange("quantity", there.stock.count, quantity)]
    return []


def _structure_fields(wanted: WantedUnit, there: StoreProduct) -> list[FieldChange]:
    fields: list[FieldChange] = []
    if wanted.attributes:
        have = {
            (code_key(attribute.code), code_key(option.code))
            for attribute in there.attributes
            for option in (*attribute.options, StoreOption("", ""))
        }
        want = {
            (code_key(attribute.code), code_key(option.code))
            for attribute in wanted.attributes
            for option in (*attribute.options, StoreOption("", ""))
        }
        if want - have:
            fields.append(FieldChange("attributes", there.attributes, wanted.attributes))
    if wanted.variants:
        existing = {_variant_key(variant) for variant in there.variants or ()}
        missing = tuple(variant for variant in wanted.variants if _variant_key(variant) not in existing)
        if missing:
            fields.append(FieldChange("variants", there.variants, missing))
    return fields


def _variant_key(variant: StoreVariant) -> tuple[frozenset[tuple[str, str]], tuple[str, ...]]:
    return (
        frozenset((code_key(attribute), code_key(option)) for attribute, option in variant.options),
        tuple(sorted(code_key(code) for code in variant.part_codes)),
    )


def _read_back(text: str | None) -> str | None:
    """Return a text as a store gives it back: outer white space is trimmed; a blank one is never sent."""
    return (text.strip() or None) if text is not None else None


# --- fingerprints ---------------------------------------------------------------------------------------------------


def fingerprints(product: WantedProduct, unit: WantedUnit) -> dict[Group, str]:
    """Hash each content group, so that "differs from what was proven" needs no look at the content."""
    is_root = product is unit.root
    parts: dict[Group, Any] = {
        Group.TEXTS: [product.name, product.description, product.page_title],
        Group.CATEGORIES: [category.code for category in product.categories],
        Group.IDENTIFIERS: [product.sku],
        Group.CUSTOM_FIELDS: product.custom_fields,
        Group.IMAGES: [image.source for image in product.images],
        Group.WEIGHT: [str(product.weight_grams)],
        Group.STRUCTURE: [
            [(attribute.code, [option.code for option in attribute.options]) for attribute in unit.attributes],
            sorted([sorted(variant.options), list(variant.part_codes)] for variant in unit.variants),
        ]
        if is_root
        else [],
    }
    return {
        group: hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]
        for group, value in parts.items()
    }
