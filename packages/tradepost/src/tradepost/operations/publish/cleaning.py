"""Descriptions as they go to the store: without what would run in a shopper's browser, where the channel wants that."""

from dataclasses import replace

from tradepost.domain.making import ContentRules
from tradepost.operations.ports import DescriptionCleaner, FamilyRows, ListingRow, Ports


def cleaned(ports: Ports, family: FamilyRows) -> FamilyRows:
    """Clean a description before anything is made of it: so plan, fingerprint and proof are of the same text."""
    return without_risks(family, rules=ports.channel.rules, cleaner=ports.descriptions)


def without_risks(family: FamilyRows, *, rules: ContentRules, cleaner: DescriptionCleaner) -> FamilyRows:
    if not rules.cleans_descriptions:
        return family
    clean = cleaner.clean(family.product.description)
    product = replace(family.product, description=clean.text)
    listings = tuple(_own_text_cleaned(row, cleaner) for row in family.listings)
    return replace(family, product=product, listings=listings, left_out=clean.removed_words)


def _own_text_cleaned(row: ListingRow, cleaner: DescriptionCleaner) -> ListingRow:
    own = dict(row.locks.texts).get("description")
    return row if own is None else replace(row, locks=row.locks.with_texts({"description": cleaner.clean(own).text}))
