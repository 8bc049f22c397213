"""Descriptions as they go to the store: without what would run in a shopper's browser, where the channel wants that."""

from dataclasses import replace

from tradepost.operations.ports import FamilyRows, Ports


def cleaned(ports: Ports, family: FamilyRows) -> FamilyRows:
    """Clean a description before anything is made of it: so plan, fingerprint and proof are of the same text."""
    if not ports.channel.rules.cleans_descriptions:
        return family
    clean = ports.descriptions.clean(family.product.description)
    product = replace(family.product, description=clean.text)
    return replace(family, product=product, left_out=clean.removed_words)
