"""`tradepost listings lock` and `unlock`: what of a listing is left alone, whatever the catalogue and the rules say."""

from collections.abc import Collection
from typing import Annotated

import typer

from tradepost.cli.exit_codes import Exit
from tradepost.cli.listings.listing_choice import ListingChoiceOrAll, Manner
from tradepost.cli.option_groups import with_groups
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import Group
from tradepost.domain.listings.locks import Locks, locked_pieces, locked_price

STORE = "store"


@with_groups
def lock(
    *,
    choice: ListingChoiceOrAll,
    price: Annotated[
        str, typer.Option(metavar="PRICE|store", help="At this price, or at whatever the store has.")
    ] = "",
    quantity: Annotated[
        str, typer.Option(metavar="PIECES|store", help="At so many pieces, if there are, or at what the store has.")
    ] = "",
    groups: Annotated[
        list[Group] | None,
        typer.Option("--group", help="This part of the content, or the status; may be repeated."),
    ] = None,
    manner: Manner,
) -> Exit:
    """Leave something of listings alone, whatever the catalogue and the rules say, until it is unlocked."""
    from tradepost.cli.listings.requests import change_locks

    chosen = manner.channel
    locks = _locks_of(price=price, quantity=quantity, groups=groups or ())
    return change_locks(chosen, choice, manner, locks=locks)


@with_groups
def unlock(
    *,
    choice: ListingChoiceOrAll,
    groups: Annotated[
        list[Group] | None, typer.Option("--group", help="Only this; may be repeated. Without any, everything.")
    ] = None,
    manner: Manner,
) -> Exit:
    """Let what is locked follow the catalogue and the rules again."""
    from tradepost.cli.listings.requests import change_locks

    return change_locks(manner.channel, choice, manner, unlocks=groups or tuple(Group))


def _locks_of(*, price: str, quantity: str, groups: Collection[Group]) -> Locks:
    """Read what is to be locked. Raises NotAllowed for what is no price or quantity, and for nothing."""
    chosen = {*groups, *([Group.PRICE] if price else []), *([Group.QUANTITY] if quantity else [])}
    if not chosen:
        raise NotAllowed("Say what to lock: --price, --quantity or --group.")
    amount, pieces = None, None
    if price not in {"", STORE}:
        amount = locked_price(price)
        if amount is None:
            message = f"'{price}' is no price; write it as 9.99, or '{STORE}' for whatever the store has."
            raise NotAllowed(message)
    if quantity not in {"", STORE}:
        pieces = locked_pieces(quantity)
        if pieces is None:
            message = f"'{quantity}' is no quantity; write it as 5, or '{STORE}' for whatever the store has."
            raise NotAllowed(message)
    return Locks(frozenset(chosen), amount, pieces)
