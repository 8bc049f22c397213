"""The commands of `tradepost listings` that ask for a change, or execute what is due."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer
from django.db.models import QuerySet

from tradepost.cli.arguments import (
    AllOption,
    ChannelOption,
    DryRunOption,
    JsonOption,
    Skus,
    YesOption,
    confirm,
    listing_ids,
    the_channel,
)
from tradepost.cli.exit_codes import Exit
from tradepost.cli.requests import Request, ask, pause_or_unlink
from tradepost.cli.run_report import execute
from tradepost.database.models import Channel, Listing
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import Health, Link, Pending

NowOption = Annotated[bool, typer.Option("--now", help="Apply it at once, for these listings only.")]


def publish(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue listings to be created on the store; without any, publish what is due."""
    if not skus and not all_:
        return execute(the_channel(channel), "publish", dry_run=dry_run, as_json=as_json)
    return _ask(Pending.PUBLISH, skus, all_=all_, now=now, dry_run=dry_run, channel=channel, as_json=as_json)


def overwrite(
    skus: Skus = None,
    *,
    groups: Annotated[
        list[Group] | None, typer.Option("--group", help="Only this part of the content; may be repeated.")
    ] = None,
    all_: AllOption = False,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue published listings to get their content replaced by the catalogue's."""
    chosen = frozenset(groups) if groups else CONTENT_GROUPS
    if not chosen <= CONTENT_GROUPS:
        message = f"Only content can be overwritten: {', '.join(sorted(CONTENT_GROUPS))}. A sync sends the rest."
        raise NotAllowed(message)
    return _ask(
        Pending.OVERWRITE,
        skus,
        groups=chosen,
        all_=all_,
        now=now,
        dry_run=dry_run,
        channel=channel,
        as_json=as_json,
    )


def hide(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue listings to be shown as out of stock."""
    return _ask(Pending.HIDE, skus, all_=all_, now=now, dry_run=dry_run, channel=channel, as_json=as_json)


def unhide(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue hidden listings to be put back for sale."""
    return _ask(Pending.UNHIDE, skus, all_=all_, now=now, dry_run=dry_run, channel=channel, as_json=as_json)


def delist(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    now: NowOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Queue listings to be removed from the store for good."""
    if not dry_run:
        what = f"all listings of the channel '{the_channel(channel).name}'" if all_ else f"{len(skus or ())} listings"
        confirm(f"Remove {what} from the store for good?", is_confirmed=yes)
    return _ask(Pending.DELIST, skus, all_=all_, now=now, dry_run=dry_run, channel=channel, as_json=as_json)


def sync(
    skus: Skus = None, *, dry_run: DryRunOption = False, channel: ChannelOption = "", as_json: JsonOption = False
) -> Exit:
    """Send prices, quantities and status that changed, and notice what is gone from the store."""
    return _execute("sync", skus, dry_run=dry_run, channel=channel, as_json=as_json)


def link(
    skus: Skus = None, *, dry_run: DryRunOption = False, channel: ChannelOption = "", as_json: JsonOption = False
) -> Exit:
    """Join listings to products that are on the store already."""
    return _execute("link", skus, dry_run=dry_run, channel=channel, as_json=as_json)


def unlink(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Let go of the store's products; nothing is written to the store."""
    chosen = the_channel(channel)
    if all_ and not dry_run:
        confirm(f"Let go of all products of the channel '{chosen.name}'?", is_confirmed=yes)
    rows = Listing.objects.filter(channel=chosen).exclude(link=Link.UNLINKED.value)
    ids = _chosen(chosen, skus, all_=all_, rows=rows)
    return pause_or_unlink(chosen, "unlink", ids, dry_run=dry_run, as_json=as_json)


def pause(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Freeze listings: no run touches them; what is queued stays queued."""
    chosen = the_channel(channel)
    ids = _chosen(chosen, skus, all_=all_, rows=Listing.objects.filter(channel=chosen, is_paused=False))
    return pause_or_unlink(chosen, "pause", ids, dry_run=dry_run, as_json=as_json)


def unpause(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Let runs touch listings again."""
    chosen = the_channel(channel)
    ids = _chosen(chosen, skus, all_=all_, rows=Listing.objects.filter(channel=chosen, is_paused=True))
    return pause_or_unlink(chosen, "unpause", ids, dry_run=dry_run, as_json=as_json)


def clear(
    skus: Skus = None,
    *,
    all_: AllOption = False,
    dry_run: DryRunOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """Take back what was asked for and is not done yet."""
    return _ask(Pending.NONE, skus, all_=all_, now=False, dry_run=dry_run, channel=channel, as_json=as_json)


def _ask(
    change: Pending,
    skus: Sequence[str] | None,
    *,
    all_: bool,
    now: bool,
    dry_run: bool,
    channel: str,
    as_json: bool,
    groups: frozenset[Group] = CONTENT_GROUPS,
) -> Exit:
    chosen = the_channel(channel)
    ids = _chosen(chosen, skus, all_=all_, rows=_askable(chosen, change))
    request = Request(channel=chosen, listing_ids=ids, change=change, groups=groups, is_all=all_)
    return ask(request, now=now, dry_run=dry_run, as_json=as_json)


def _execute(kind: str, skus: Sequence[str] | None, *, dry_run: bool, channel: str, as_json: bool) -> Exit:
    chosen = the_channel(channel)
    only = listing_ids(chosen, skus) if skus else None
    return execute(chosen, kind, only=only, dry_run=dry_run, as_json=as_json)


def _chosen(channel: Channel, skus: Sequence[str] | None, *, all_: bool, rows: QuerySet[Listing]) -> list[int]:
    """Return the ids that SKUs name, or with --all those of `rows`."""
    if bool(skus) == all_:
        message = "Say which listings: either SKUs or --all."
        raise NotAllowed(message)
    return list(rows.order_by("pk").values_list("pk", flat=True)) if all_ else listing_ids(channel, skus or ())


def _askable(channel: Channel, change: Pending) -> QuerySet[Listing]:
    """Narrow --all to rows for which the change can be allowed at all; the domain decides on each."""
    rows = Listing.objects.filter(channel=channel)
    narrowed: dict[Pending, dict[str, Any]] = {
        Pending.PUBLISH: {"link": Link.UNLINKED.value},
        Pending.OVERWRITE: {"link": Link.LINKED.value},
        Pending.HIDE: {"health": Health.LISTED.value, "link": Link.LINKED.value},
        Pending.UNHIDE: {"health": Health.HIDDEN.value, "link": Link.LINKED.value},
        Pending.DELIST: {"link": Link.LINKED.value},
    }
    return rows.filter(**narrowed[change]) if change in narrowed else rows.exclude(pending=Pending.NONE.value)
