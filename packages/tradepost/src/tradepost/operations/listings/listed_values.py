"""What tables of listings say of each: its price, its quantity and its texts, as they would be sent."""

from collections.abc import Iterator, Sequence
from typing import Any

from tradepost.domain.channels.layout import has_own_page
from tradepost.domain.channels.mapping import field_code
from tradepost.domain.fields import customisable_targets
from tradepost.domain.listings.content import WantedProduct
from tradepost.domain.listings.customising import ListedValues
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.stock.stock import offered
from tradepost.operations.listings.publish.cleaning import without_risks
from tradepost.operations.listings.publish.wanted_pages import build_wanted
from tradepost.operations.ports import DescriptionCleaner, FamilyRows, ListingRow, Listings


def made_listings(
    rows: Sequence[ListingRow], listings: Listings, *, rules: ContentRules, cleaner: DescriptionCleaner
) -> Iterator[tuple[ListingRow, WantedProduct]]:
    """Make what would be sent of these listings, without files of images; nothing of what the catalogue has no more."""
    ids = {row.id for row in rows}
    for family in listings.families(sorted({row.product_id for row in rows})):
        yield from _made(without_risks(family, rules=rules, cleaner=cleaner), ids, rules)


def _made(family: FamilyRows, ids: set[int], rules: ContentRules) -> Iterator[tuple[ListingRow, WantedProduct]]:
    known = {variant.sku for variant in family.product.variants}
    parts = {row.id: row for row in family.listings if row.parent_id is None or row.sku in known}
    if not known:
        return
    for product in build_wanted(family, rules=rules, takes_part=parts, files={}).products:
        if product.listing_id in ids and product.listing_id in parts:
            yield parts[product.listing_id], product


def listed_values(row: ListingRow, made: WantedProduct | None, *, rules: ContentRules) -> ListedValues:
    """Say what a table says of a listing; no texts where the catalogue has it no more."""
    return ListedValues(
        kind=row.kind,
        has_own_page=has_own_page(row.kind, row.layout or rules.layout),
        price=row.wanted_price,
        quantity=None if row.available is None else offered(row.available),
        locks=row.locks,
        texts={} if made is None else {target: _text(made, target) for target in customisable_targets(rules)},
    )


def _text(made: WantedProduct, target: str) -> str:
    code = field_code(target)
    value: Any = (made["custom_fields"] or {}).get(code) if code else made[target]
    return value or ""
