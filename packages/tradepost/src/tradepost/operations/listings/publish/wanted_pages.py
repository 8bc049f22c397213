"""What the pages of a family should be, fitted to what the store has of them, and what they need there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from tradepost.domain.catalogue.catalogue import ImageFile, Kind
from tradepost.domain.fields import Group, custom_field_names
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.content import WantedProduct, WantedUnit, wanted_unit
from tradepost.domain.listings.making import ContentRules, ListingValues
from tradepost.domain.listings.structure import Structure, combination, fitted
from tradepost.domain.stock.stock import offered
from tradepost.domain.store import StoreProduct
from tradepost.operations.ports import FamilyRows, SetupItem, SetupKind


def build_wanted(
    family: FamilyRows,
    *,
    rules: ContentRules,
    takes_part: Collection[int],
    files: Mapping[str, ImageFile],
    hidden: Collection[int] = (),
) -> WantedUnit:
    """Build the wanted unit of the listings that take part (by id), and of the parent, which its variants name."""
    values = {
        "" if row.kind is Kind.PARENT else row.sku: ListingValues(
            code=row.code,
            price=row.wanted_price,
            # Unknown is published as none: a stock that is not counted would be sold without an end.
            quantity=0 if row.id in hidden else offered(row.available or 0),
            listing_id=row.id,
            sells_without_stock=row.sells_without_stock and row.id not in hidden,
            proven_categories=row.proven_fingerprints.get(Group.CATEGORIES, ""),
            proven_images=row.proven_fingerprints.get(Group.IMAGES, ""),
            own=row.locks.texts,
        )
        for row in family.listings
        if row.id in takes_part or row.kind is Kind.PARENT
    }
    return wanted_unit(family.product, rules=rules, values=values, files=files)


def fitted_to_page(wanted: WantedUnit, *, seen: Mapping[str, StoreProduct], adds_only: bool) -> WantedUnit:
    """Return the unit with the structure of its page in the page's own codes; see `domain.listings.structure`."""
    root = wanted.root
    page = seen.get(code_key(root.code))
    if page is None or not root["attributes"]:
        return wanted
    structure = fitted(Structure(root["attributes"], root["variants"]), page, keeps_rest=adds_only)
    values = {**root.values, "attributes": structure.attributes, "variants": structure.variants}
    if adds_only:
        values["placement"] = None
    else:
        present = {combination(variant) for variant in page.variants or ()}
        # Those that are new say themselves how they are priced.
        values["variant_pricing"] = tuple(v for v in structure.variants if combination(v) in present)
    return replace(wanted, products=(replace(root, values=values), *wanted.products[1:]))


def with_other_address(wanted: WantedUnit) -> WantedUnit:
    """Return the unit with web addresses that end in the code, for when the plain ones are in use."""
    return replace(
        wanted,
        products=tuple(
            replace(product, values={**product.values, "address": _other_address(product)})
            if product["address"]
            else product
            for product in wanted.products
        ),
    )


def _other_address(product: WantedProduct) -> str:
    return f"{product['address'].removesuffix('.html')}-{code_key(product.code)}.html"


def setup_items(wanted: WantedUnit, *, rules: ContentRules) -> Iterator[SetupItem]:
    """Name what the store must have before this unit: custom fields, image types, categories from the root down."""
    names = custom_field_names(rules)
    for product in wanted.products:
        given = {**(product["placement"] or {}), **product["custom_fields"]}
        for code in (code for code, value in given.items() if value):
            choices = tuple(kind.value for kind in Kind) if code == rules.type_field else ()
            yield SetupItem(SetupKind.CUSTOM_FIELD, code, names[code], choices=choices)
        image_type = next((image.image_type for image in product.made.images), "")
        if image_type:
            yield SetupItem(SetupKind.IMAGE_TYPE, image_type, rules.image_type)
        for category in product.made.categories if product.made.has_own_page else ():
            yield SetupItem(SetupKind.CATEGORY, category.code, category.name, parent=category.parent_code)


def is_address_taken(wanted: WantedUnit, seen: Mapping[str, StoreProduct], family: FamilyRows) -> bool:
    """Whether another product of the family has the address: what was the page before is one no more, and keeps it."""
    found = {code_key(row.code): seen.get(code_key(row.code)) for row in family.listings}
    taken = {(address, key) for key, other in found.items() if other for address in other.addresses or ()}
    return any(
        product["address"] == address and code_key(product.code) != key
        for product in wanted.products
        for address, key in taken
    )


def lacks_address(wanted: WantedUnit, seen: Mapping[str, StoreProduct]) -> bool:
    pairs = ((product, seen.get(code_key(product.code))) for product in wanted.products)
    return any(product["address"] and found is not None and found.addresses == () for product, found in pairs)
