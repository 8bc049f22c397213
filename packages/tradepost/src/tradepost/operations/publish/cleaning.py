"""Descriptions as they go to the store: without what would run in a shopper's browser, where the channel wants that."""

from dataclasses import replace

from tradepost.domain.making import ContentRules
from tradepost.operations.ports import DescriptionCleaner, FamilyRows, Ports


def cleaned(ports: Ports, family: FamilyRows) -> FamilyRows:
    """Clean a description before anything is made of it: so plan, fingerprint and proof are of the same text."""
    return without_risks(family, rules=ports.channel.rules, cleaner=ports.descriptions)


def without_risks(family: FamilyRows, *, rules: ContentRules, cleaner: DescriptionCleaner) -> FamilyRows:
    if not rules.cleans_descriptions:
        return family
    clean = cleaner.clean(family.product.description)
    product = replace(family.product, description=clean.text)
    return replace(family, product=product, left_out=clean.removed_words)
