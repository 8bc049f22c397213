"""What the mapping makes of a product: each field of the store, from what, and with which value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tradepost.domain.fields import FIELDS, Group, is_blank
from tradepost.domain.making import ContentRules
from tradepost.domain.mapping import FIELD_PREFIX, field_targets, template_of
from tradepost.operations.ports import DescriptionCleaner, ListingRow, Listings
from tradepost.operations.publish.cleaning import without_risks
from tradepost.operations.publish.family_plan import build_wanted


@dataclass(frozen=True, slots=True)
class MappedField:
    """One field of one listing; `made_of`: the channel's template, or what the field is made of as usual."""

    code: str
    sku: str
    field: str
    group: Group
    made_of: str
    is_mapped: bool
    value: Any


def mapped_values(
    rows: Sequence[ListingRow], listings: Listings, *, rules: ContentRules, cleaner: DescriptionCleaner
) -> list[MappedField]:
    """Say what would be sent of these listings; images by their sources, as nothing is fetched."""
    families = listings.families(sorted({row.product_id for row in rows}))
    ids = {row.id for row in rows}
    found: list[MappedField] = []
    for family in families:
        known = {variant.sku for variant in family.product.variants}
        parts = {row.id: row for row in family.listings if row.parent_id is None or row.sku in known}
        if not family.product.variants:
            continue
        clean = without_risks(family, rules=rules, cleaner=cleaner)
        for product in build_wanted(clean, rules=rules, takes_part=parts, files={}).products:
            if product.listing_id not in ids:
                continue
            values = {**product.values, "images": product.made.missing_images}
            found += [
                MappedField(
                    product.code,
                    parts[product.listing_id].sku if product.listing_id in parts else product.code,
                    name,
                    FIELDS[name].group,
                    _template(rules, name) or FIELDS[name].about,
                    bool(_template(rules, name)),
                    value,
                )
                for name, value in values.items()
                if not is_blank(value)
            ]
    return found


def _template(rules: ContentRules, name: str) -> str:
    """The channel's own template of a field; of custom fields all that it maps."""
    if name != "custom_fields":
        return template_of(rules, name)
    return ", ".join(
        f"{target.removeprefix(FIELD_PREFIX)}={template_of(rules, target)}" for target in field_targets(rules)
    )
