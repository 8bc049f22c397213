"""The commands of `tradepost listings` that ask for a change, or execute what is due."""

from collections.abc import Mapping
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
    Skus,
    WhereOption,
    YesOption,
    the_channel,
)
from tradepost.cli.exit_codes import Exit
from tradepost.cli.listing_choice import ListingChoice, chosen_listings
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import Pending
from tradepost.operations.selection import FULL_EXISTENCE

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
    output: OutputOption = None,
    yes: YesOption = False,
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue listings to be created on the store; without any, publish what is due."""
    choice = ListingChoice(skus, all_, where, file)
    if choice.is_blank:
        return _execute("publish", choice, dry_run=dry_run, channel=channel, as_json=as_json, beyond_brake=beyond_brake)
    return _ask(
        Pending.PUBLISH,
        choice,
        now=now,
        dry_run=dry_run,
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
    beyond_brake: BeyondBrakeOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Send prices, quantities and status that changed, and notice what is gone or was changed on the store."""
    choice = ListingChoice(skus, where=where, file=file)
    if force:
        from tradepost.cli.requests import force_sync

        return force_sync(the_channel(channel), choice, dry_run=dry_run, as_json=as_json, beyond_brake=beyond_brake)
    options = {FULL_EXISTENCE: True} if full else None
    return _execute(
        "sync", choice, dry_run=dry_run, channel=channel, as_json=as_json, options=options, beyond_brake=beyond_brake
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
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Join listings to products that are on the store already; 'candidates' shows what could be meant."""
    if not to:
        choice = ListingChoice(skus, where=where, file=file)
        return _execute("link", choice, dry_run=dry_run, channel=channel, as_json=as_json)
    if where or file:
        message = "One listing is linked to one product, so name it by its SKU."
        raise NotAllowed(message)
    from tradepost.cli.link_choice import link_to

    return link_to(the_channel(channel), skus, to, dry_run=dry_run, is_confirmed=yes, as_json=as_json)


def candidates(
    sku: Annotated[str, typer.Argument(help="A SKU, a family's handle, or a code.")],
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Show what the store has that a listing could be linked to: by its SKU, by its code, or nearly so."""
    from tradepost.cli.link_choice import show_candidates

    return show_candidates(the_channel(channel), sku, as_json=as_json)


def set_type(
    skus: Skus = None,
    *,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Write into the store's products whether they are parents, variants or simple, where nothing says so."""
    from tradepost.cli.link_choice import write_types

    return write_types(the_channel(channel), skus, dry_run=dry_run, is_confirmed=yes, as_json=as_json)


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
    Ask for what a file says of each listing: publish, overwrite, hide, unhide, delist, clear, pause, unpause or unlink.

    Rows that can't be used, and listings that may not have it, are named with their line; the others are done.
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
    channel: str,
    as_json: bool,
    options: Mapping[str, Any] | None = None,
    beyond_brake: bool = False,
) -> Exit:
    from tradepost.cli.run_report import execute

    chosen = the_channel(channel)
    named = None if choice.is_blank else chosen_listings(chosen, choice)
    return execute(
        chosen, kind, named=named, dry_run=dry_run, as_json=as_json, options=options, beyond_brake=beyond_brake
    )
