"""`tradepost source`: where the catalogue comes from, when, and what its files mean."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import (
    DryRunOption,
    JsonOption,
    SaveOption,
    YesOption,
    confirm,
    nearest,
    refuse_to_save,
    shell_user,
)
from tradepost.cli.catalogue.catalogue import (
    chained_json,
    chained_syncs,
    preview_json,
    print_import,
    print_planned,
    report_json,
    tell_chained,
    tell_saved,
)
from tradepost.cli.channels.channel_schedule import wanted_schedule
from tradepost.cli.exit_codes import Exit
from tradepost.cli.option_groups import with_groups
from tradepost.cli.orders.exchange_places import (
    AddressArgument,
    PlaceAccess,
)
from tradepost.cli.output import counted, err, out, print_json, print_table, say
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.channels.schedule import interval_of, spoken_time
from tradepost.domain.errors import NotAllowed
from tradepost.domain.stock.stock import Counting, Stating
from tradepost.operations.catalogue.sources import (
    COUNTS_WORDS,
    STATES_WORDS,
    add_source,
    change_source,
    new_source,
    remove_source,
)
from tradepost.operations.ports import CatalogueSource, SourceAddress

if TYPE_CHECKING:
    from tradepost.database.models import SourceFile

app = typer.Typer(no_args_is_help=True, help="Say where the catalogue comes from, and fetch it.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The source's name.")]
LocalOption = Annotated[
    bool | None,
    typer.Option("--local/--not-local", help="The address's host is inside your own network, or not encrypted."),
]
IntervalOption = Annotated[
    str,
    typer.Option("--expect-every", metavar="INTERVAL", help="Complain where nothing new came for so long; 0 is never."),
]


@app.command()
@with_groups
def add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name for whoever says what you sell.")],
    address: AddressArgument = "",
    *,
    access: PlaceAccess,
    local: LocalOption = None,
    as_json: JsonOption = False,
) -> None:
    """
    Add a source: a folder, the address of a file, or no address where its files are imported by hand.

    A password or token is asked for, or read from a file, standard input or TRADEPOST_TARGET_SECRET.
    """
    from tradepost import wiring

    at = access.to(address) if address else None
    ports = wiring.sources.source_edit_ports(requested_by=shell_user())
    source = add_source(replace(new_source(name), at=at, is_local=bool(local)), ports)
    if as_json:
        print_json(_json(source))
    elif at is None:
        say(f"Its files come in by 'tradepost catalogue import FILE --source {name}'.")
    else:
        say(
            f"Its files come in by 'tradepost source run {name}', or by a schedule: 'tradepost source set {name} "
            "--every 1h'."
        )


@app.command("set")
@with_groups
def set_(
    name: NameArgument,
    *,
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where its files are fetched from; '' is nowhere.")
    ] = None,
    access: PlaceAccess,
    local: LocalOption = None,
    every: Annotated[str, typer.Option(metavar="INTERVAL", help="Fetch it so often, as 15m, 2h or 1d.")] = "",
    cron: Annotated[str, typer.Option(metavar="EXPRESSION", help='Fetch it at these times, as "0 3 * * *".')] = "",
    off: Annotated[bool, typer.Option("--off", help="Fetch it only when a person says so.")] = False,
    time_zone: Annotated[str, typer.Option(metavar="ZONE", help="Whose clock --cron means, as Europe/Berlin.")] = "",
    form: Annotated[
        CatalogueForm | None, typer.Option("--format", help="The layout of its files, where the header is not enough.")
    ] = None,
    any_format: Annotated[bool, typer.Option("--any-format", help="Its files' headers say which layout.")] = False,
    full: Annotated[
        bool | None,
        typer.Option(
            "--full/--partial",
            help="What it has brought and a file does not have is taken out of the catalogue, or not.",
        ),
    ] = None,
    states: Annotated[
        Stating | None,
        typer.Option(help="State quantities where no other source does, also instead of another, or never."),
    ] = None,
    counts: Annotated[
        Counting | None,
        typer.Option(
            help="Whether a number in a file is a statement only where it changed, in every file that is not the last "
            "one again, or where a column says that it was counted since the last one."
        ),
    ] = None,
    counted_column: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="The column that says when the number of a row was counted, as 2026-03-01T18:30Z; implies "
            "--counts column.",
        ),
    ] = "",
    orders_column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The column that says up to which order was counted, as 1042 or shop=1042; it implies --counts file, "
            "and '' is none.",
        ),
    ] = None,
    lag: Annotated[
        str,
        typer.Option(
            metavar="INTERVAL", help="How old a file's numbers may be when it is written, such as 2h; 0 is none."
        ),
    ] = "",
    expect_every: IntervalOption = "",
    as_json: JsonOption = False,
) -> None:
    """Change a source; what is not named stays. Files that are imported by hand are those of 'catalogue'."""
    from tradepost import wiring

    before = _source(name)
    settings = before.settings
    at, keeps_secret = before.at, True
    if address is not None or access.fingerprint or access.names_secret:
        text = address if address is not None else at.address if at else ""
        is_same = at is not None and at.address == text
        asks = bool(text) and (not is_same or access.names_secret)
        secret = access.secret_of(text) if asks else ""
        keeps_secret = is_same and not asks
        at = (
            SourceAddress(text, access.fingerprint or (at.fingerprint if at and is_same else ""), secret)
            if text
            else None
        )
    schedule = wanted_schedule(every=every, cron=cron, off=off)
    after = replace(
        before,
        at=at,
        is_local=before.is_local if local is None else local,
        schedule=before.schedule if schedule is None else schedule,
        time_zone=time_zone or before.time_zone,
        expected=_span(expect_every) if expect_every else before.expected,
        settings=replace(
            settings,
            form=None if any_format else form or settings.form,
            is_full=settings.is_full if full is None else full,
            states=states or settings.states,
            counts=counts or _implied(settings.counts, counted_column=counted_column, orders_column=orders_column),
            counted_column=counted_column or settings.counted_column,
            orders_column=settings.orders_column if orders_column is None else orders_column.strip(),
            lag=(_span(lag) or timedelta()) if lag else settings.lag,
        ),
    )
    ports = wiring.sources.source_edit_ports(requested_by=shell_user())
    kept, _fields = change_source(after, ports, keeps_secret=keeps_secret)
    _show(kept, as_json=as_json)


@app.command()
def show(name: NameArgument, *, as_json: JsonOption = False) -> None:
    """Show a source: where its files come from, when, and what they mean."""
    _show(_source(name), as_json=as_json)


@app.command("list")
def list_(*, as_json: JsonOption = False) -> None:
    """List the sources: when a file came last, what is next, and what is wrong."""
    from django.db.models import Max
    from django.utils import timezone

    from tradepost.database.models import Source

    rows = list(Source.objects.annotate(last=Max("files__taken_at")).order_by("name"))
    if as_json:
        found = [
            {**_json(_source(row.name)), "last_taken_at": row.last, "problem": row.problem or None}
            | {"problem_since": row.problem_at}
            for row in rows
        ]
        print_json({"sources": found})
        return
    now = timezone.now()
    print_table(
        ("source", "address", "last file", "next", "problem"),
        (
            (
                row.name,
                row.address or "by hand",
                "never" if row.last is None else f"{row.last:%Y-%m-%d %H:%M}",
                "" if row.next_at is None else spoken_time(row.next_at, now=now, time_zone=row.time_zone),
                f"{row.problem} (since {row.problem_at:%Y-%m-%d %H:%M})" if row.problem else "",
            )
            for row in rows
        ),
        empty="No source; 'tradepost source add NAME ADDRESS' adds one.",
    )


@app.command()
def remove(name: NameArgument, *, yes: YesOption = False, as_json: JsonOption = False) -> None:
    """Forget a source and its files; what it has brought stays in the catalogue."""
    from tradepost import wiring

    _source(name)
    confirm(f"Forget the source '{name}'? What it has brought stays.", is_confirmed=yes)
    remove_source(name, wiring.sources.source_edit_ports(requested_by=shell_user()))
    if as_json:
        print_json({"removed": name})
    else:
        say(f"The source '{name}' is forgotten.")


@app.command()
def run(
    name: NameArgument, *, dry_run: DryRunOption = False, save: SaveOption = False, as_json: JsonOption = False
) -> Exit:
    """
    Fetch what is new of a source and import it, each file once; the same again changes nothing.

    --save plans the first new file; the next can be planned when that one is in.
    """
    from tradepost.cli.runs.run_report import execute_import, print_report

    refuse_to_save(dry_run=dry_run, save=save)
    source = _source(name)
    if source.at is None:
        message = (
            f"The source '{name}' has no address; 'tradepost source set {name} --address ADDRESS' gives it one, and "
            f"'tradepost catalogue import FILE --source {name}' does without."
        )
        raise NotAllowed(message)
    if dry_run:
        return _preview(name, saves=save, as_json=as_json)
    report = execute_import(source.id, quiet=as_json)
    chained = chained_syncs()
    if as_json:
        print_json({**report.to_json(), **chained_json(chained)})
    else:
        print_report(report)
        tell_chained(chained)
    return report.exit_code


@app.command()
def files(
    name: NameArgument,
    *,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to print.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List the files that were fetched of a source, newest first, with what came of each."""
    from tradepost.database.models import SourceFile

    found = list(SourceFile.taken_of(_source(name).id)[:limit])
    if as_json:
        print_json({"files": [_file_json(row) for row in found]})
        return
    print_table(
        ("file", "taken", "rows", "new", "changed", "as before", "absent", "refused", "what was refused"),
        (
            (
                row.name,
                f"{row.taken_at:%Y-%m-%d %H:%M}",
                *(row.rows, row.created, row.updated, row.unchanged, row.absent, row.refused),
                row.what_was_refused,
            )
            for row in found
        ),
        empty="No files.",
    )


def _preview(name: str, *, saves: bool, as_json: bool) -> Exit:
    from tradepost.engine.imports import preview_files

    preview = preview_files(name, requested_by=shell_user(), saves=saves)
    is_well = all(not isinstance(what, str) and not what.refused_rows for _, what in preview.files)
    if as_json:
        said = [
            {"file": file, **({"problem": what} if isinstance(what, str) else report_json(what))}
            for file, what in preview.files
        ]
        print_json({"source": name, "dry_run": True, "files": said, **preview_json(preview)})
    else:
        if not preview.files:
            out.print("Nothing new.")
        print_planned(preview)
        for file, what in preview.files:
            if isinstance(what, str):
                say(f"{file}: {what}", to=err)
            else:
                say(f"{file}:")
                print_import(what)
        tell_saved(preview)
    return Exit.DONE if is_well else Exit.WITH_ERRORS


def _source(name: str) -> CatalogueSource:
    """Raises NotAllowed for a source that there is not."""
    from tradepost import wiring
    from tradepost.operations.catalogue.imports import SOURCE

    if name == SOURCE:
        # That of files that are imported by hand is there from the beginning.
        wiring.catalogue.catalogue().source(SOURCE)
    found = wiring.sources.sources().read(name)
    if found is None:
        names = wiring.sources.sources().names()
        near = nearest(name, names)
        meant = f" Did you mean '{near}'?" if near else ""
        message = f"There is no source '{name}' (there are: {', '.join(names) or 'none yet'}).{meant}"
        raise NotAllowed(message)
    return found


def _show(source: CatalogueSource, *, as_json: bool) -> None:
    if as_json:
        print_json(_json(source))
        return
    for line in _lines(source):
        say(line)


def _lines(source: CatalogueSource) -> Iterator[str]:
    settings = source.settings
    yield f"source: {source.name}"
    yield f"address: {source.at.address if source.at else 'none; its files are imported by hand'}"
    if source.is_local:
        yield "local: its host may be inside your own network"
    yield f"fetched: {source.schedule}"
    yield f"format: {settings.form or 'as the header says'}"
    yield (
        "full: what a file does not have is taken out"
        if settings.is_full
        else "partial: what a file does not have stays"
    )
    yield f"states {settings.states}: {STATES_WORDS[settings.states]}"
    yield f"counts {settings.counts}: {COUNTS_WORDS[settings.counts]}"
    if settings.counts is Counting.COLUMN:
        yield f"counted column: {settings.counted_column}"
    if settings.orders_column:
        yield f"orders column: {settings.orders_column}"
    yield f"lag: {counted(int(settings.lag.total_seconds() // 60), 'minute')}"


def _json(source: CatalogueSource) -> dict[str, Any]:
    settings = source.settings
    every = source.schedule.every
    return {
        "source": source.name,
        "address": source.at.address if source.at else None,
        "local": source.is_local,
        "every_minutes": _minutes(every) if every else None,
        "cron": source.schedule.cron or None,
        "time_zone": source.time_zone,
        "next_at": source.next_at,
        "format": settings.form,
        "full": settings.is_full,
        "states": settings.states,
        "counts": settings.counts,
        "counted_column": settings.counted_column,
        "orders_column": settings.orders_column,
        "lag_minutes": _minutes(settings.lag),
        "expected_minutes": _minutes(source.expected) if source.expected else None,
    }


def _file_json(row: "SourceFile") -> dict[str, Any]:
    return {
        "file": row.name,
        "taken_at": row.taken_at,
        "put_away_at": row.put_away_at,
        "run": row.run_id,
        "rows": row.rows,
        "created": row.created,
        "updated": row.updated,
        "unchanged": row.unchanged,
        "absent": row.absent,
        "refused": row.refused,
        "problem": row.problem or None,
        "told": row.reports,
    }


def _implied(before: Counting, *, counted_column: str, orders_column: str | None) -> Counting:
    """Who says when or up to where a number was counted has counted it."""
    if counted_column:
        return Counting.COLUMN
    return Counting.FILE if orders_column and before is Counting.CHANGED else before


def _span(text: str) -> timedelta | None:
    return None if text.strip() == "0" else interval_of(text).every


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
