"""What the mapping makes of a product: each field of the store, from what, and with which value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tradepost.domain.channels.mapping import FIELD_PREFIX, field_code, field_targets, template_of
from tradepost.domain.fields import FIELDS, Group, is_blank
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.listings.listed_values import made_listings
from tradepost.operations.ports import DescriptionCleaner, ListingRow, Listings

_CUSTOMISED = "customised on this channel"


@dataclass(frozen=True, slots=True)
class MappedField:
    """One field of one listing; `made_of`: that it is customised, the channel's template, or as usual."""

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
    found: list[MappedField] = []
    for row, product in made_listings(rows, listings, rules=rules, cleaner=cleaner):
        values = {**product.values, "images": product.made.missing_images}
        for name, value in values.items():
            if is_blank(value):
                continue
            own = made_of(row, rules, name)
            found.append(
                MappedField(
                    product.code,
                    row.sku,
                    name,
                    FIELDS[name].group,
                    own or FIELDS[name].about,
                    bool(own),
                    value,
                )
            )
    return found


def made_of(row: ListingRow, rules: ContentRules, name: str) -> str:
    """Say what a field is made of where that is not as usual: the listing's own, or the channel's template."""
    return _own(row, name) or _template(rules, name)


def _own(row: ListingRow, name: str) -> str:
    """Say that a field is customised; of custom fields which."""
    if name != "custom_fields":
        return _CUSTOMISED if name in dict(row.locks.texts) else ""
    codes = [code for target, _ in row.locks.texts if (code := field_code(target))]
    return f"{', '.join(codes)}: {_CUSTOMISED}" if codes else ""


def _template(rules: ContentRules, name: str) -> str:
    """The channel's own template of a field; of custom fields all that it maps."""
    if name != "custom_fields":
        return template_of(rules, name)
    return ", ".join(
        f"{target.removeprefix(FIELD_PREFIX)}={template_of(rules, target)}" for target in field_targets(rules)
    )
