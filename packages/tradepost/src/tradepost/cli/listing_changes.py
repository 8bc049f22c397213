"""The commands of `tradepost listings` that ask for a change, or execute what is due."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from tradepost.cli.arguments import (
    AllOption,
    BeyondBrakeOption,
    ChannelOption,
    DryRunOption,
    FileOption,
    JsonOption,
    OutputOption,
    SaveOption,
    Skus,
    WhereOption,
    YesOption,
    shell_user,
    the_channel,
)
from tradepost.cli.exit_codes import Exit
from tradepost.cli.listing_choice import ListingChoice, chosen_listings
from tradepost.cli.output import counted, err, print_json, say
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import Pending
from tradepost.domain.locks import Locks, locked_pieces, locked_price
from tradepost.domain.matching import LinkingPriority
from tradepost.operations.selection import FULL_EXISTENCE, SKU_FROM

# What can be chosen is what the table of fields lets be overwritten.
_CONTENT = {group.name: group.value for group in Group if group in CONTENT_GROUPS}
ContentGroup = StrEnum("ContentGroup", _CONTENT)  # type: ignore[misc]  # the table says which, and not this line
NowOption = Annotated[bool, typer.Option("--now", help="Apply it at once, for these listings only.")]


def publish(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue listings to be created on the store; without any, publish what is due."""
    choice = ListingChoice(skus, all_, where, file)
    if choice.is_blank:
        return _execute(
            "publish", choice, dry_run=dry_run, save=save, channel=channel, as_json=as_json, beyond_brake=beyond_brake
        )
    return _ask(
        Pending.PUBLISH,
        choice,
        now=now,
        dry_run=dry_run,
        save=save,
        output=output,
        yes=yes,
        channel=channel,
        as_json=as_json,
        beyond_brake=beyond_brake,
    )


def overwrite(
    skus: Skus = None,
    *,
    groups: Annotated[
        list[ContentGroup] | None, typer.Option("--group", help="Only this part of the content; may be repeated.")
    ] = None,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue published listings to get their content replaced by the catalogue's."""
    chosen = frozenset(Group(group.value) for group in groups) if groups else CONTENT_GROUPS
    return _ask(
        Pending.OVERWRITE,
        ListingChoice(skus, all_, where, file),
        groups=chosen,
        is_chosen=bool(groups),
        now=now,
        dry_run=dry_run,
        save=save,
        output=output,
        yes=yes,
        channel=channel,
        as_json=as_json,
        beyond_brake=beyond_brake,
    )


def hide(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue listings to be shown as out of stock."""
    return _ask(
        Pending.HIDE,
        ListingChoice(skus, all_, where, file),
        now=now,
        dry_run=dry_run,
        save=save,
        output=output,
        yes=yes,
        channel=channel,
        as_json=as_json,
        beyond_brake=beyond_brake,
    )


def unhide(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue hidden listings to be put back for sale."""
    return _ask(
        Pending.UNHIDE,
        ListingChoice(skus, all_, where, file),
        now=now,
        dry_run=dry_run,
        save=save,
        output=output,
        yes=yes,
        channel=channel,
        as_json=as_json,
        beyond_brake=beyond_brake,
    )


def delist(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue listings to be removed from the store for good."""
    return _ask(
        Pending.DELIST,
        ListingChoice(skus, all_, where, file),
        now=now,
        dry_run=dry_run,
        save=save,
        output=output,
        yes=yes,
        channel=channel,
        as_json=as_json,
        beyond_brake=beyond_brake,
    )


def sync(
    skus: Skus = None,
    *,
    where: WhereOption = None,
    file: FileOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Look at every product of the store for links that broke, not by counting.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Look at these listings on the store, and send price, quantity and status anew whatever was accepted "
            "there; without any, at those that wait for an answer.",
        ),
    ] = False,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Send prices, quantities and status that changed, and notice what is gone or was changed on the store."""
    choice = ListingChoice(skus, where=where, file=file)
    if force:
        from tradepost.cli.requests import force_sync

        return force_sync(
            the_channel(channel), choice, dry_run=dry_run, save=save, as_json=as_json, beyond_brake=beyond_brake
        )
    options = {FULL_EXISTENCE: True} if full else None
    return _execute(
        "sync",
        choice,
        dry_run=dry_run,
        save=save,
        channel=channel,
        as_json=as_json,
        options=options,
        beyond_brake=beyond_brake,
    )


def link(
    skus: Skus = None,
    *,
    where: WhereOption = None,
    file: FileOption = None,
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
        choice = ListingChoice(skus, where=where, file=file)
        return _execute("link", choice, dry_run=dry_run, save=save, channel=channel, as_json=as_json)
    if where or file:
        message = "One listing is linked to one product, so name it by its SKU."
        raise NotAllowed(message)
    from tradepost.cli.link_choice import link_to

    return link_to(the_channel(channel), skus, to, dry_run=dry_run, save=save, is_confirmed=yes, as_json=as_json)


def candidates(
    sku: Annotated[str, typer.Argument(help="A SKU, a family's handle, or a code.")],
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Show what the store has that a listing could be linked to: by its SKU, by its code, or nearly so."""
    from tradepost.cli.link_choice import show_candidates

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
    return _execute(
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
    from tradepost.cli.link_choice import write_types

    return write_types(the_channel(channel), skus, dry_run=dry_run, save=save, is_confirmed=yes, as_json=as_json)


def unlink(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Let go of the store's products; nothing is written to the store."""
    choice = ListingChoice(skus, all_, where, file)
    return _do_at_once("unlink", choice, dry_run=dry_run, output=output, yes=yes, channel=channel, as_json=as_json)


def accept_drift(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Keep what somebody changed on the store, and ask no more about it; 'sync --force' and 'overwrite' send ours."""
    choice = ListingChoice(skus, all_, where, file)
    return _do_at_once("accept", choice, dry_run=dry_run, yes=yes, channel=channel, as_json=as_json)


def retry(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Try again, with the next publish, what is parked because the store has refused it five times in a row."""
    choice = ListingChoice(skus, all_, where, file)
    return _do_at_once("retry", choice, dry_run=dry_run, yes=yes, channel=channel, as_json=as_json)


def build(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SKU|HANDLE", help="Products of the catalogue; without any, all that the channel lists."
        ),
    ] = None,
    *,
    no_queue: Annotated[bool, typer.Option("--no-queue", help="Queue no publish of them.")] = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """
    Make the listings that the channel lacks.

    What is named is listed although the channel lists nothing new by itself; what a rule does not list is not.
    """
    from tradepost import wiring
    from tradepost.operations.building import build as build_

    chosen = the_channel(channel)
    ports = wiring.listings.build_ports(chosen, requested_by=shell_user())
    handles, unknown = (None, []) if not names else named_handles(names)
    made = build_(ports, handles=handles, queue=not no_queue, is_dry=dry_run)
    if as_json:
        print_json({"dry_run": dry_run, "built": made.listings, "left_out": made.left_out, "unknown": unknown})
    else:
        verb = "Would build" if dry_run else "Built"
        say(f"{verb} {counted(made.listings, 'listing')} on '{chosen.name}'.")
        if made.left_out:
            more = " …" if made.left_out > len(made.handles) else ""
            say(
                f"{counted(made.left_out, 'product')} left out by a rule for listings, or nothing of it is sold: "
                f"{', '.join(made.handles)}{more}"
            )
        if made.listings and not (no_queue or dry_run):
            say("'tradepost listings publish' creates them on the store.")
        for name in unknown:
            say(f"The catalogue has no '{name}'.", to=err)
    return Exit.WITH_ERRORS if unknown else Exit.DONE


def named_handles(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the handles of the products that these SKUs and handles name, and what names none."""
    from tradepost import wiring

    catalogue = wiring.catalogue.catalogue()
    handles = set(catalogue.by_handles(names))
    by_sku = catalogue.owners([name for name in names if name not in handles])
    return sorted(handles | set(by_sku.values())), [n for n in names if n not in handles and n not in by_sku]


def accept_price(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Let prices through that a rule holds back because they change by much; a sync sends them."""
    choice = ListingChoice(skus, all_, where, file)
    return _do_at_once("accept price", choice, dry_run=dry_run, yes=yes, channel=channel, as_json=as_json)


def lock(
    skus: Skus = None,
    *,
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
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Leave something of listings alone, whatever the catalogue and the rules say, until it is unlocked."""
    from tradepost.cli.requests import change_locks

    chosen = the_channel(channel)
    locks = locks_of(price=price, quantity=quantity, groups=groups or ())
    choice = ListingChoice(skus, all_, where, file)
    return change_locks(chosen, choice, locks=locks, is_confirmed=yes, dry_run=dry_run, as_json=as_json)


def unlock(
    skus: Skus = None,
    *,
    groups: Annotated[
        list[Group] | None, typer.Option("--group", help="Only this; may be repeated. Without any, everything.")
    ] = None,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Let what is locked follow the catalogue and the rules again."""
    from tradepost.cli.requests import change_locks

    chosen = the_channel(channel)
    choice = ListingChoice(skus, all_, where, file)
    return change_locks(
        chosen, choice, unlocks=groups or tuple(Group), is_confirmed=yes, dry_run=dry_run, as_json=as_json
    )


def locks_of(*, price: str, quantity: str, groups: Collection[Group]) -> Locks:
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


STORE = "store"


def remove(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    delist: Annotated[
        bool, typer.Option("--delist", help="Remove the products from the store first, for good; they stay there else.")
    ] = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """
    Forget listings in the hub; what is on the store stays there unless you say --delist.

    An import lists what the catalogue has anew.
    """
    from tradepost.cli.requests import remove_listings

    return remove_listings(
        the_channel(channel),
        ListingChoice(skus, all_, where, file),
        delists=delist,
        dry_run=dry_run,
        is_confirmed=yes,
        beyond_brake=beyond_brake,
        as_json=as_json,
    )


def pause(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Freeze listings: no run touches them; what is queued stays queued."""
    choice = ListingChoice(skus, all_, where, file)
    return _do_at_once("pause", choice, dry_run=dry_run, output=output, yes=yes, channel=channel, as_json=as_json)


def unpause(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Let runs touch listings again."""
    choice = ListingChoice(skus, all_, where, file)
    return _do_at_once("unpause", choice, dry_run=dry_run, output=output, yes=yes, channel=channel, as_json=as_json)


def clear(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    where: WhereOption = None,
    file: FileOption = None,
    dry_run: DryRunOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Take back what was asked for and is not done yet."""
    choice = ListingChoice(skus, all_, where, file)
    return _ask(
        Pending.NONE, choice, now=False, dry_run=dry_run, output=output, yes=yes, channel=channel, as_json=as_json
    )


def request(
    file: Annotated[Path, typer.Argument(help="A CSV file with the columns SKU and Action.")],
    *,
    dry_run: DryRunOption = False,
    output: OutputOption = None,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """
    Ask for what a file says of each listing: publish, overwrite, hide, unhide, delist, clear, pause, unpause, unlink,
    link or re-link (to the product in its column 'External Code', or to what matches), lock or unlock (what stands in
    'Group').

    What is to be linked is linked at once. Rows that can't be used, and listings that may not have it, are named with
    their line; the others are done.
    """
    from tradepost.cli.request_file import request_file

    chosen = the_channel(channel)
    return request_file(chosen, file, dry_run=dry_run, is_confirmed=yes, as_json=as_json, output=output)


def _ask(
    change: Pending,
    choice: ListingChoice,
    *,
    now: bool,
    dry_run: bool,
    output: Path | None,
    save: bool = False,
    yes: bool,
    channel: str,
    as_json: bool,
    groups: frozenset[Group] = CONTENT_GROUPS,
    is_chosen: bool = False,
    beyond_brake: bool = False,
) -> Exit:
    from tradepost.cli.requests import ask, requested

    request = requested(the_channel(channel), change, choice, groups=groups, is_chosen=is_chosen)
    return ask(
        request,
        now=now,
        dry_run=dry_run,
        save=save,
        is_confirmed=yes,
        as_json=as_json,
        beyond_brake=beyond_brake,
        output=output,
    )


def _do_at_once(
    verb: str,
    choice: ListingChoice,
    *,
    dry_run: bool,
    yes: bool,
    channel: str,
    as_json: bool,
    output: Path | None = None,
) -> Exit:
    from tradepost.cli.requests import do_at_once

    chosen = the_channel(channel)
    return do_at_once(chosen, verb, choice, is_confirmed=yes, dry_run=dry_run, as_json=as_json, output=output)


def _execute(
    kind: str,
    choice: ListingChoice,
    *,
    dry_run: bool,
    save: bool = False,
    channel: str,
    as_json: bool,
    options: Mapping[str, Any] | None = None,
    beyond_brake: bool = False,
) -> Exit:
    from tradepost.cli.run_report import execute

    chosen = the_channel(channel)
    named = None if choice.is_blank else chosen_listings(chosen, choice)
    return execute(
        chosen,
        kind,
        named=named,
        dry_run=dry_run,
        save=save,
        as_json=as_json,
        options=options,
        beyond_brake=beyond_brake,
    )
