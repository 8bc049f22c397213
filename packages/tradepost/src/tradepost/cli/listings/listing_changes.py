"""The commands of `tradepost listings` that ask for a change, or execute what is due."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tradepost.cli.arguments import (
    BeyondBrakeOption,
    ChannelOption,
    DryRunOption,
    JsonOption,
    OutputOption,
    SaveOption,
    YesOption,
    shell_user,
    the_channel,
)
from tradepost.cli.exit_codes import Exit
from tradepost.cli.listings.listing_choice import ListingChoice, ListingChoiceOrAll, Manner, MannerOfRun
from tradepost.cli.listings.listing_runs import execute_chosen
from tradepost.cli.option_groups import with_groups
from tradepost.cli.output import counted, err, print_json, say
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Pending
from tradepost.operations.selection import FULL_EXISTENCE

# What can be chosen is what the table of fields lets be overwritten.
_CONTENT = {group.name: group.value for group in Group if group in CONTENT_GROUPS}
ContentGroup = StrEnum("ContentGroup", _CONTENT)  # type: ignore[misc]  # the table says which, and not this line


@with_groups
def publish(choice: ListingChoiceOrAll, manner: MannerOfRun) -> Exit:
    """Queue listings to be created on the store; without any, publish what is due."""
    if choice.is_blank:
        return execute_chosen(
            "publish",
            choice,
            dry_run=manner.dry_run,
            save=manner.save,
            channel=manner.channel_name,
            as_json=manner.as_json,
            beyond_brake=manner.beyond_brake,
        )
    return _ask(Pending.PUBLISH, choice, manner)


@with_groups
def overwrite(
    groups: Annotated[
        list[ContentGroup] | None, typer.Option("--group", help="Only this part of the content; may be repeated.")
    ] = None,
    *,
    choice: ListingChoiceOrAll,
    manner: MannerOfRun,
) -> Exit:
    """Queue published listings to get their content replaced by the catalogue's."""
    chosen = frozenset(Group(group.value) for group in groups) if groups else CONTENT_GROUPS
    return _ask(Pending.OVERWRITE, choice, manner, groups=chosen, is_chosen=bool(groups))


def _ask(
    change: Pending,
    choice: ListingChoice,
    manner: Manner,
    *,
    groups: frozenset[Group] = CONTENT_GROUPS,
    is_chosen: bool = False,
) -> Exit:
    from tradepost.cli.listings.requests import ask, requested

    return ask(requested(manner.channel, change, choice, groups=groups, is_chosen=is_chosen), manner)


def _named(command: Callable[..., Exit], name: str, about: str) -> Callable[..., Exit]:
    command.__name__, command.__doc__ = name, about
    return command


def _asking(change: Pending, about: str) -> Callable[..., Exit]:
    """Make the command that asks for a change of status."""

    @with_groups
    def command(choice: ListingChoiceOrAll, manner: MannerOfRun) -> Exit:
        return _ask(change, choice, manner)

    return _named(command, change.value, about)


hide = _asking(Pending.HIDE, "Queue listings to be shown as out of stock.")
unhide = _asking(Pending.UNHIDE, "Queue hidden listings to be put back for sale.")
delist = _asking(Pending.DELIST, "Queue listings to be removed from the store for good.")


def _doing(verb: str, about: str, *, name: str = "") -> Callable[..., Exit]:
    """Make the command that does at once what needs no run."""

    @with_groups
    def command(choice: ListingChoiceOrAll, manner: Manner) -> Exit:
        from tradepost.cli.listings.requests import do_at_once

        return do_at_once(manner.channel, verb, choice, manner)

    return _named(command, name or verb, about)


pause = _doing("pause", "Freeze listings: no run touches them; what is queued stays queued.")
unpause = _doing("unpause", "Let runs touch listings again.")
unlink = _doing("unlink", "Let go of the store's products; nothing is written to the store.")
retry = _doing(
    "retry", "Try again, with the next publish, what is parked because the store has refused it five times in a row."
)
accept_price = _doing(
    "accept price",
    "Let prices through that a rule holds back because they change by much; a sync sends them.",
    name="accept-price",
)
accept_drift = _doing(
    "accept",
    "Keep what somebody changed on the store, and ask no more about it; 'sync --force' and 'overwrite' send ours.",
    name="accept-drift",
)


@with_groups
def clear(choice: ListingChoiceOrAll, manner: Manner) -> Exit:
    """Take back what was asked for and is not done yet."""
    return _ask(Pending.NONE, choice, manner)


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
    from tradepost.cli.listings.request_file import request_file

    chosen = the_channel(channel)
    return request_file(chosen, file, dry_run=dry_run, is_confirmed=yes, as_json=as_json, output=output)


@with_groups
def sync(
    choice: ListingChoice,
    *,
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
    if force:
        from tradepost.cli.listings.requests import force_sync

        return force_sync(
            the_channel(channel), choice, dry_run=dry_run, save=save, as_json=as_json, beyond_brake=beyond_brake
        )
    options = {FULL_EXISTENCE: True} if full else None
    return execute_chosen(
        "sync",
        choice,
        dry_run=dry_run,
        save=save,
        channel=channel,
        as_json=as_json,
        options=options,
        beyond_brake=beyond_brake,
    )


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
    from tradepost.operations.listings.building import build as build_

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


@with_groups
def remove(
    choice: ListingChoiceOrAll,
    *,
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
    from tradepost.cli.listings.requests import remove_listings

    return remove_listings(
        the_channel(channel),
        choice,
        delists=delist,
        dry_run=dry_run,
        is_confirmed=yes,
        beyond_brake=beyond_brake,
        as_json=as_json,
    )
