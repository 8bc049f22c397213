"""Descriptions as they go to the store: without what would run in a shopper's browser, where the channel wants that."""

from collections import Counter
from dataclasses import replace

from tradepost.domain.listings.making import ContentRules
from tradepost.operations.ports import CleanDescription, DescriptionCleaner, FamilyRows, ListingRow, Ports


def cleaned(ports: Ports, family: FamilyRows) -> FamilyRows:
    """Clean a description before anything is made of it: so plan, fingerprint and proof are of the same text."""
    return without_risks(family, rules=ports.channel.rules, cleaner=ports.descriptions)


def without_risks(family: FamilyRows, *, rules: ContentRules, cleaner: DescriptionCleaner) -> FamilyRows:
    """Clean the product's description, and those that listings have of their own."""
    if not rules.cleans_descriptions:
        return family
    clean = cleaner.clean(family.product.description)
    removed = Counter(clean.removed)
    listings: list[ListingRow] = []
    for row in family.listings:
        own = dict(row.locks.texts).get("description")
        if own is None:
            listings.append(row)
            continue
        clean_own = cleaner.clean(own)
        removed.update(clean_own.removed)
        listings.append(replace(row, locks=row.locks.with_texts({"description": clean_own.text})))
    product = replace(family.product, description=clean.text)
    left_out = CleanDescription("", removed).removed_words
    return replace(family, product=product, listings=tuple(listings), left_out=left_out)
