"""Naming things on the command line: a channel by its name, listings by SKU, an order by the store's number."""

from collections.abc import Sequence
from typing import Annotated

import typer

from tradepost import wiring
from tradepost.database.models import Channel, Listing, Order
from tradepost.domain.errors import NotAllowed

ChannelOption = Annotated[
    str, typer.Option("--channel", "-c", metavar="NAME", help="The channel; may be left out where there is only one.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be changed and why; change and queue nothing.")
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask for confirmation.")]
AllOption = Annotated[bool, typer.Option("--all", help="All listings of the channel for which it is allowed.")]
Skus = Annotated[
    list[str] | None, typer.Argument(metavar="[SKU]...", help="SKUs; a family's handle or code means the whole family.")
]

SHOWN_UNKNOWN = 10


def the_channel(name: str) -> Channel:
    """Return the channel of this name; without a name the only one. Raises NotAllowed."""
    channels = Channel.objects.filter(archived_at__isnull=True)
    if name:
        found = channels.filter(name=name).first()
        if found is None:
            known = ", ".join(channels.values_list("name", flat=True)) or "none yet"
            message = f"There is no channel '{name}' (there are: {known})."
            raise NotAllowed(message)
        return found
    first = list(channels[:2])
    if not first:
        message = "There is no channel yet; connect a store with 'tradepost channel add'."
        raise NotAllowed(message)
    if len(first) > 1:
        known = ", ".join(channels.values_list("name", flat=True))
        message = f"There are several channels ({known}); say which one with --channel."
        raise NotAllowed(message)
    return first[0]


def listing_ids(channel: Channel, skus: Sequence[str]) -> list[int]:
    """Return the listings that these SKUs, handles or codes name. Raises NotAllowed with those that name nothing."""
    listings = wiring.listings_of(channel.pk)
    rows = {row.id: row for row in listings.by_skus(skus)}
    named = {row.sku for row in rows.values()} | {row.code for row in rows.values()}
    missing = [sku for sku in skus if sku not in named]
    for code, row in (listings.by_codes(missing) if missing else {}).items():
        rows[row.id] = row
        named |= {code, row.code}
    handles = set(
        Listing.objects.filter(channel=channel, kind="parent", product__handle__in=missing).values_list(
            "product__handle", flat=True
        )
    )
    unknown = [sku for sku in missing if sku not in named and sku.casefold() not in named and sku not in handles]
    if unknown:
        names = ", ".join(unknown[:SHOWN_UNKNOWN]) + (", ..." if len(unknown) > SHOWN_UNKNOWN else "")
        message = f"There is no listing {names} on the channel '{channel.name}'; import the catalogue first."
        raise NotAllowed(message)
    return list(rows)


def the_order(channel: Channel, number: int) -> Order:
    found = Order.objects.filter(channel=channel, external_id=number).first()
    if found is None:
        message = (
            f"There is no order {number} on the channel '{channel.name}'; 'tradepost orders get' fetches new ones."
        )
        raise NotAllowed(message)
    return found


def confirm(question: str, *, is_confirmed: bool) -> None:
    """Ask a person before what can't be undone. Raises NotAllowed where nobody is there to ask."""
    if is_confirmed:
        return
    if not typer.get_text_stream("stdin").isatty():
        message = f"{question} Say so with --yes."
        raise NotAllowed(message)
    typer.confirm(question, abort=True, err=True)
