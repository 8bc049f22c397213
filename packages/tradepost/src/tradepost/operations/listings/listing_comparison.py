"""A listing beside what the store has of it: each field as it should be, and what is proven of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tradepost.domain.fields import CONTENT_GROUPS, FIELDS, Group, is_blank
from tradepost.domain.listings.drift import content_marks
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.making import ContentRules
from tradepost.operations.listings.listed_values import made_listings
from tradepost.operations.listings.mapping_view import made_of
from tradepost.operations.ports import DescriptionCleaner, ListingRow, Listings


class ContentState(StrEnum):
    """What is known of a group of content on the store."""

    ABSENT = "absent"  # nothing of it is there
    NEVER = "never"  # it is there, and nobody has compared it
    PROVEN = "proven"  # as it should be, when it was read last
    OLDER = "older"  # as it should have been then; the catalogue says something else by now


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One field of a listing's content; `made_of`: what of, where that is not as usual."""

    name: str
    group: Group
    wanted: Any
    made_of: str
    known: ContentState


def compared_fields(
    row: ListingRow, listings: Listings, *, rules: ContentRules, cleaner: DescriptionCleaner
) -> list[ComparedField]:
    """Compare the content of a listing with what was proven of it; nothing is asked of the store."""
    found: list[ComparedField] = []
    for _, product in made_listings([row], listings, rules=rules, cleaner=cleaner):
        marks = content_marks(product)
        values = {**product.values, "images": product.made.missing_images}
        for name, value in values.items():
            group = FIELDS[name].group
            if group in CONTENT_GROUPS and not is_blank(value):
                known = _known(row, group, marks[group])
                found.append(ComparedField(name, group, value, made_of(row, rules, name), known))
    return found


def _known(row: ListingRow, group: Group, mark: str) -> ContentState:
    if row.status.link is not Link.LINKED:
        return ContentState.ABSENT
    proven = row.proven_fingerprints.get(group)
    if proven is None:
        return ContentState.NEVER
    return ContentState.PROVEN if proven == mark else ContentState.OLDER
