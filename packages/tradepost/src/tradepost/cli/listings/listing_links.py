"""The commands of `tradepost listings` that join listings to what the store has."""

from typing import Annotated

import typer

from tradepost.cli.arguments import (
    ChannelOption,
    DryRunOption,
    JsonOption,
    SaveOption,
    Skus,
    YesOption,
    the_channel,
)
from tradepost.cli.exit_codes import Exit
from tradepost.cli.listings.listing_choice import ListingChoice
from tradepost.cli.listings.listing_runs import execute_chosen
from tradepost.cli.option_groups import with_groups
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.operations.selection import SKU_FROM


@with_groups
def link(
    choice: ListingChoice,
    *,
    to: Annotated[
        str, typer.Option("--to", metavar="ID|CODE", help="Link the one listing to this product of the store.")
    ] = "",
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Join listings to products that are on the store already; 'candidates' shows what could be meant."""
    if not to:
        return execute_chosen("link", choice, dry_run=dry_run, save=save, channel=channel, as_json=as_json)
    if choice.where or choice.file:
        message = "One listing is linked to one product, so name it by its SKU."
        raise NotAllowed(message)
    from tradepost.cli.listings.link_choice import link_to

    return link_to(the_channel(channel), choice.skus, to, dry_run=dry_run, save=save, is_confirmed=yes, as_json=as_json)


def candidates(
    sku: Annotated[str, typer.Argument(help="A SKU, a family's handle, or a code.")],
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Show what the store has that a listing could be linked to: by its SKU, by its code, or nearly so."""
    from tradepost.cli.listings.link_choice import show_candidates

    return show_candidates(the_channel(channel), sku, as_json=as_json)


def adopt(
    *,
    sku_from: Annotated[
        LinkingPriority,
        typer.Option("--sku-from", help="What of a product becomes its SKU in the catalogue; else it is its code."),
    ] = LinkingPriority.SKU,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """
    Take the products of a store that is in use into the catalogue, as linked and paused listings.

    Nothing is written to the store. What the catalogue has already is linked, and stays as it is there.
    """
    return execute_chosen(
        "adopt", ListingChoice(), dry_run=dry_run, channel=channel, as_json=as_json, options={SKU_FROM: sku_from.value}
    )


def set_type(
    skus: Skus = None,
    *,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Write into the store's products whether they are parents, variants or simple, where nothing says so."""
    from tradepost.cli.listings.link_choice import write_types

    return write_types(the_channel(channel), skus, dry_run=dry_run, save=save, is_confirmed=yes, as_json=as_json)
