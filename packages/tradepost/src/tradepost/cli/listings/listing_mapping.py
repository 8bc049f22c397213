"""`tradepost listings mapping`: what a channel's mapping makes of a product, field by field."""

from typing import Annotated

import typer

from tradepost.cli.arguments import ChannelOption, JsonOption, named_listings, the_channel
from tradepost.cli.output import out, print_json, print_table
from tradepost.domain.value_words import value_words

_WIDEST = 60


def mapping(
    sku: Annotated[str, typer.Argument(help="A SKU, a family's handle, or a code.")],
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Show what would be sent of a listing, field by field, and of what it is made.

    Nothing is asked of the store, and nothing is sent; 'channel set --map' changes what fields are made of.
    """
    from tradepost import wiring

    chosen = the_channel(channel)
    found = wiring.listings.mapped_values_of(chosen, named_listings(chosen, [sku]).ids)
    if as_json:
        print_json(
            {
                "fields": [
                    {
                        "code": each.code,
                        "field": each.field,
                        "group": each.group,
                        "made_of": each.made_of,
                        "mapped": each.is_mapped,
                        "value": each.value,
                    }
                    for each in found
                ]
            }
        )
        return
    print_table(
        ("field", "value", "made of", "group", "code"),
        (
            (
                each.field,
                value_words(each.field, each.value, width=_WIDEST),
                each.made_of if each.is_mapped else "",
                each.group,
                each.code,
            )
            for each in found
        ),
        empty="Nothing of it would be sent: the catalogue has it no more.",
    )
    out.print("Where nothing stands under 'made of' it is made as docs/reference/fields.md says.", soft_wrap=True)
