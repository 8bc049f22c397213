"""Explaining listings: why each is in its state, what happens next, what stands in the way, its price and its stock."""

from dataclasses import asdict

from tradepost.cli.arguments import named_listings
from tradepost.cli.listings.listings import attentions_json
from tradepost.cli.output import print_json, say
from tradepost.database.models import Channel
from tradepost.domain.listings.listing_explanation import SECTIONS
from tradepost.engine.listing_explanations import explain_all
from tradepost.security.terminal import printable


def explain_listings(channel: Channel, sku: str, *, as_json: bool) -> None:
    """Explain what a SKU, handle or code names; of a family each variant as well."""
    explained = explain_all(channel, named_listings(channel, [sku]).ids)
    if as_json:
        print_json(
            {
                "listings": [
                    {
                        "sku": each.sku,
                        **{name.replace(" ", "_"): list(each.sections.get(name, ())) for name in SECTIONS},
                    }
                    for each in explained
                ],
                "prices": [
                    {**asdict(each.price), "steps": each.price.wanted.sentence} for each in explained if each.price
                ],
                "stocks": [asdict(each.stock) for each in explained if each.stock],
                "attentions": [
                    {"sku": each.sku, **noted} for each in explained for noted in attentions_json(each.record)
                ],
                "in_the_way": [{"sku": each.sku, "reasons": each.obstacles} for each in explained if each.obstacles],
            }
        )
        return
    for place, each in enumerate(explained):
        gap = "\n" if place else ""
        say(f"{gap}{each.sku} on '{channel.name}', times in {channel.time_zone}:")
        for name, sentences in each.sections.items():
            say(f"  {name.capitalize()}")
            for sentence in sentences:
                say(f"    {printable(sentence)}")
