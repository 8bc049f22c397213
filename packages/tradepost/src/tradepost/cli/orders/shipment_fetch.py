"""`tradepost shipments fetch-from`, `fetch` and `files`: shipments, fetched from where a warehouse has them."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import ChannelOption, DryRunOption, JsonOption, shell_user, the_channel
from tradepost.cli.exit_codes import Exit
from tradepost.cli.option_groups import with_groups
from tradepost.cli.orders.exchange_places import (
    AddressArgument,
    PlaceAccess,
    TestOption,
    tell_of_test,
)
from tradepost.cli.output import print_json, print_table, say
from tradepost.domain.errors import NotAllowed
from tradepost.operations.orders.fetch_shipments import set_source, settle_files

if TYPE_CHECKING:
    from tradepost.database.models import FetchedFile


@with_groups
def fetch_from(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="A name for whoever ships; a new one is added.")],
    address: AddressArgument = "",
    *,
    off: Annotated[bool, typer.Option("--off", help="Fetch from there no more, and forget its files.")] = False,
    access: PlaceAccess,
    test: TestOption = False,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Say where files of shipments are fetched from; 'shipments fetch' does it, or its schedule.

    A password or token is asked for, or read from a file, standard input or TRADEPOST_TARGET_SECRET.
    """
    from tradepost import wiring

    if off == bool(address):
        message = "Say where to fetch from, or --off."
        raise NotAllowed(message)
    chosen = the_channel(channel)
    at = None
    if not off:
        at = access.to(address)
        if test:
            tell_of_test(at, chosen, takes=False)
    ports = wiring.orders.order_ports(chosen, requested_by=shell_user())
    set_source(source, at, ports, wiring.orders.shipment_sources_of(chosen), channel_name=chosen.name)
    if as_json:
        print_json({"source": source, "address": address or None})
    elif at is None:
        say(f"Nothing is fetched from '{source}' any more.")
    else:
        say(
            f"Shipments are fetched from '{source}' at {address}, as soon as 'tradepost shipments fetch' or its "
            "schedule runs ('tradepost channel schedule')."
        )


def fetch(*, dry_run: DryRunOption = False, channel: ChannelOption = "", as_json: JsonOption = False) -> Exit:
    """Take the files of shipments that are new, each of them once."""
    from tradepost.cli.runs.run_report import execute

    chosen = the_channel(channel)
    if not chosen.shipment_sources.exists():
        message = "Nobody has said where shipments are fetched from: 'tradepost shipments fetch-from' does."
        raise NotAllowed(message)
    return execute(chosen, "fetch_shipments", dry_run=dry_run, as_json=as_json)


def sources(*, channel: ChannelOption = "", as_json: JsonOption = False) -> None:
    """List where shipments are fetched from, and when a file was taken there last."""
    from django.db.models import Max

    rows = the_channel(channel).shipment_sources.order_by("name").annotate(last=Max("files__taken_at"))
    if as_json:
        found = [{"source": row.name, "address": row.address, "last_taken_at": row.last} for row in rows]
        print_json({"sources": found})
        return
    print_table(
        ("source", "address", "last file taken"),
        ((row.name, row.address, "never" if row.last is None else f"{row.last:%Y-%m-%d %H:%M}") for row in rows),
        empty="No source; 'tradepost shipments fetch-from NAME ADDRESS' adds one.",
    )


def files(
    *,
    refused: Annotated[
        bool, typer.Option("--refused", help="Only those of which something was refused and is not dealt with.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to print.")] = 50,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """List the files that were fetched, newest first, with what was refused of each, by line."""
    from tradepost.database.models import FetchedFile

    rows = FetchedFile.objects.filter(channel=the_channel(channel), taken_at__isnull=False)
    if refused:
        rows = rows.filter(is_open=True)
    found = list(rows.select_related("source").order_by("-taken_at", "-pk")[:limit])
    if as_json:
        print_json({"files": [_file_json(row) for row in found]})
        return
    print_table(
        ("id", "source", "file", "taken", "recorded", "known", "refused", "what was refused"),
        (
            (
                row.pk,
                row.source.name,
                row.name,
                f"{row.taken_at:%Y-%m-%d %H:%M}",
                row.recorded,
                row.known,
                row.refused,
                row.what_was_refused,
            )
            for row in found
        ),
        empty="No files.",
    )


def settle(
    files: Annotated[
        list[int] | None, typer.Argument(metavar="FILE", help="Their ids in 'shipments files'; left out, all.")
    ] = None,
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say that what was refused of fetched files is dealt with."""
    from tradepost import wiring

    chosen = the_channel(channel)
    ports = wiring.orders.order_ports(chosen, requested_by=shell_user())
    settled = settle_files(files or None, ports, wiring.orders.shipment_sources_of(chosen))
    if as_json:
        print_json({"settled": settled})
    else:
        what = ", ".join(map(str, settled))
        say(f"Dealt with: {what}." if settled else "Nothing of these files is open.")


def _file_json(row: "FetchedFile") -> dict[str, Any]:
    return {
        "id": row.pk,
        "source": row.source.name,
        "file": row.name,
        "taken_at": row.taken_at,
        "put_away_at": row.put_away_at,
        "run": row.run_id,
        "recorded": row.recorded,
        "known": row.known,
        "refused": row.refused,
        "problem": row.problem or None,
        "rows": row.reports,
        "is_open": row.is_open,
    }
