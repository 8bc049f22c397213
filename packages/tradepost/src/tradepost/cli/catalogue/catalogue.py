"""`tradepost catalogue`: bring in what the merchant sells, and look at it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import (
    DryRunOption,
    JsonOption,
    SaveOption,
    YesOption,
    confirm,
    meant_in_catalogue,
    refuse_to_save,
    shell_user,
    the_channel,
    unknown_json,
    unknown_sentences,
)
from tradepost.cli.exit_codes import BusyElsewhere, Exit
from tradepost.cli.output import change_json, counted, err, out, print_json, print_table, progress, say
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import FileRefused, NotAllowed
from tradepost.operations.catalogue.catalogue_changes import (
    NotInCatalogue,
    carry_out,
    plan_count,
    plan_merger,
    plan_removal,
    plan_renaming,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tradepost.database.models import Channel, ProductRecord, Run
    from tradepost.engine.imports import Preview
    from tradepost.operations.catalogue.catalogue_changes import CatalogueChangePorts, CataloguePlan
    from tradepost.operations.catalogue.import_report import Cause, ImportReport
    from tradepost.operations.catalogue.imports import ImportOptions, NamedFile
    from tradepost.operations.ports import Level, RowReport

app = typer.Typer(no_args_is_help=True, help="Bring in what the merchant sells.")

SHOWN_NOTES = 20
SHOWN_HANDLES = 10

FormOption = Annotated[
    CatalogueForm | None,
    typer.Option("--format", help="The file's layout; left out, its header says which."),
]
ImagesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="The folder that paths of images may lead into; else only the catalogue file's own.",
    ),
]


@app.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="Products, or SKUs with price or quantity; 'catalogue formats' lists the layouts.")
    ],
    *,
    source: Annotated[
        str, typer.Option(metavar="NAME", help="Whose file it is; 'source list' has them. Left out, 'catalogue'.")
    ] = "",
    form: FormOption = None,
    full: Annotated[
        bool | None,
        typer.Option(
            "--full/--partial",
            help="Take out what its source has brought and the file does not have, or leave it; else as it says.",
        ),
    ] = None,
    channel: Annotated[
        str, typer.Option("--channel", "-c", metavar="NAME", help="Build listings on this channel only, not on all.")
    ] = "",
    images: ImagesOption = None,
    no_queue: Annotated[
        bool, typer.Option("--no-queue", help="Queue nothing: no publish of new listings, no new shape for pages.")
    ] = False,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    as_json: JsonOption = False,
) -> Exit:
    """Import a catalogue file, and build or refresh listings; the same file again changes nothing."""

    from tradepost.operations.catalogue.imports import ImportOptions

    refuse_to_save(dry_run=dry_run, save=save)
    if not file.is_file():
        message = f"There is no file {file}."
        raise FileRefused(message)
    options = ImportOptions(source=_known_source(source), form=form, is_full=full, queue=not no_queue)
    channels = [the_channel(channel)] if channel else None
    if dry_run:
        return _preview_import(file, channels, options, images=images, saves=save, as_json=as_json)
    report, run_id = bring_in(file, channels, quiet=as_json, images=images, options=options)
    chained = chained_syncs()
    if as_json:
        done = {"file": str(file), "dry_run": False, "run": run_id, "channels": list(report.built)}
        print_json({**done, **report_json(report), **chained_json(chained)})
    else:
        print_import(report)
        _tell_when_synced(report.awaiting_sync)
        tell_chained(chained)
        if report.saved.created or report.saved.updated or (report.is_full and report.absent):
            out.print(f"It is run {run_id}: 'tradepost runs undo {run_id}' brings back what was there before.")
    return Exit.WITH_ERRORS if report.refused_rows else Exit.DONE


def _preview_import(
    file: Path,
    channels: "list[Channel] | None",
    options: "ImportOptions",
    *,
    images: Path | None,
    saves: bool,
    as_json: bool,
) -> Exit:
    from tradepost.engine.imports import preview_file

    with progress(is_shown=not as_json) as step:
        preview = preview_file(
            _named_file(file, channels, options, images),
            requested_by=shell_user(),
            saves=saves,
            progress=lambda rows: step(rows, None, "rows imported"),
        )
    ((_, report),) = preview.files
    assert not isinstance(report, str)
    if as_json:
        done = {"file": str(file), "dry_run": True, "channels": list(report.built), **report_json(report)}
        print_json({**done, **chained_json([]), **preview_json(preview)})
    else:
        print_planned(preview)
        print_import(report)
        _print_totals(report)
        tell_saved(preview)
    return Exit.WITH_ERRORS if report.refused_rows else Exit.DONE


def _named_file(
    file: Path, channels: "list[Channel] | None", options: "ImportOptions", images: Path | None
) -> "NamedFile":
    from tradepost.operations.catalogue.imports import NamedFile

    names = None if channels is None else tuple(channel.name for channel in channels)
    return NamedFile.of(file, options=options, channels=names, images=images)


def preview_json(preview: "Preview") -> dict[str, Any]:
    """Give the changes of a preview, the first ones, and where it was saved."""
    journal = preview.journal
    total = journal.planned.total()
    return {
        "plan": preview.plan_id,
        "changes_count": total,
        "changes": [change_json(change) for change in journal.changes],
        "changes_left_out": total - len(journal.changes),
    }


def print_planned(preview: "Preview") -> None:
    """Print what would be changed in the catalogue, the first of it."""
    from tradepost.cli.runs.run_report import print_changes

    print_changes(preview.journal.changes, number=preview.journal.planned.total())


def tell_saved(preview: "Preview") -> None:
    from tradepost.cli.runs.run_report import saved_as_sentence

    if preview.plan_id is not None:
        say(saved_as_sentence(preview.plan_id))


def _known_source(name: str) -> str:
    """Raises NotAllowed for a source that there is not: a slip of the pen would make another one."""
    from tradepost.operations.catalogue.imports import SOURCE
    from tradepost.wiring.sources import sources

    if name and name != SOURCE and name not in sources().names():
        message = f"There is no source '{name}'; 'tradepost source add {name}' adds it."
        raise NotAllowed(message)
    return name or SOURCE


def bring_in(
    file: Path,
    channels: "list[Channel] | None",
    *,
    quiet: bool,
    options: "ImportOptions | None" = None,
    images: Path | None = None,
) -> "tuple[ImportReport, int]":
    """Import a file with a progress bar; returns its report and its run. `channels` None: on all that follow."""
    from tradepost.engine.imports import import_file
    from tradepost.engine.runs import AlreadyRunning
    from tradepost.operations.catalogue.imports import ImportOptions

    file_ = _named_file(file, channels, options or ImportOptions(), images)
    with progress(is_shown=not quiet) as step:
        try:
            report, run = import_file(
                file_, requested_by=shell_user(), progress=lambda rows: step(rows, None, "rows imported")
            )
        except AlreadyRunning as busy:
            raise BusyElsewhere(str(busy)) from busy
    return report, run.pk


@app.command()
def formats(*, as_json: JsonOption = False) -> None:
    """List the layouts of files that can be imported."""
    from tradepost.wiring.catalogue import catalogue_layouts

    layouts = catalogue_layouts()
    if as_json:
        print_json({"formats": [{"format": form, "description": words} for form, words in layouts.items()]})
    else:
        print_table(("format", "a"), layouts.items())


@app.command()
def template() -> None:
    """Print a file in the hub's own layout, with two products, to begin with."""
    from tradepost.wiring.catalogue import catalogue_template

    typer.echo(catalogue_template(), nl=False)


@app.command("list")
def list_(
    *,
    search: Annotated[str, typer.Option(help="Pieces of a handle, a SKU or the title.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many to print.")] = 100,
    after: Annotated[int, typer.Option(help="Continue behind the product of this id.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """List the products of the catalogue."""
    from django.db.models import Count

    from tradepost.database.models import ProductRecord
    from tradepost.database.search import Search

    rows = ProductRecord.objects.filter(pk__gt=after)
    if search:
        rows = Search(search).products(rows)
    found = list(rows.annotate(sellable=Count("variants")).order_by("pk")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if as_json:
        print_json(
            {"products": [_product_json(product) for product in found], "next_after": found[-1].pk if more else None}
        )
        return
    print_table(
        ("id", "handle", "title", "variants", "brand", "category"),
        (
            (
                product.pk,
                product.handle,
                product.title,
                product.sellable if product.option_names else "simple",
                product.brand,
                " / ".join(product.category),
            )
            for product in found
        ),
        empty="The catalogue is empty; 'tradepost catalogue import FILE' fills it.",
    )
    if more:
        out.print(f"There are more: --after {found[-1].pk}")


@app.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="HANDLE|SKU", help="Products by handle, or variants by SKU.")],
    *,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Exit:
    """Take products or variants out of the catalogue: they go off sale, and nothing is deleted."""
    return _change(
        lambda ports: plan_removal(names, ports),
        "Take {listings} out of the catalogue?",
        dry_run=dry_run,
        is_confirmed=yes,
        as_json=as_json,
    )


@app.command("state-count")
def state_count(
    sku: Annotated[str, typer.Argument(metavar="SKU", help="A simple product or a variant.")],
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="How many there are, without those handed over.")],
    *,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> Exit:
    """Say how many there are, as you have counted them; it holds until a file says something new."""
    from django.utils import timezone

    return _change(
        lambda ports: plan_count(sku, number, ports, by=shell_user(), at=timezone.now()),
        "",
        dry_run=dry_run,
        is_confirmed=True,
        as_json=as_json,
    )


@app.command()
def rename(
    before: Annotated[str, typer.Argument(metavar="OLD", help="A handle or SKU of the catalogue.")],
    after: Annotated[str, typer.Argument(metavar="NEW", help="The one that it has from now on.")],
    *,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Exit:
    """Give a product another handle, or a variant another SKU, before a file brings it as something new."""
    return _change(
        lambda ports: plan_renaming(before, after, ports),
        f"Rename {before} to {after} on {{listings}}?",
        dry_run=dry_run,
        is_confirmed=yes,
        as_json=as_json,
    )


@app.command()
def merge(
    before: Annotated[str, typer.Argument(metavar="OLD", help="The SKU that is to go.")],
    after: Annotated[str, typer.Argument(metavar="NEW", help="The SKU that stays.")],
    *,
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Exit:
    """Say that two SKUs are one article: the new one has what the old one has on stores, and the old one goes."""
    return _change(
        lambda ports: plan_merger(before, after, ports),
        f"Merge {before} into {after} on {{listings}}?",
        dry_run=dry_run,
        is_confirmed=yes,
        as_json=as_json,
    )


def _change(
    planner: "Callable[[CatalogueChangePorts], CataloguePlan]",
    question: str,
    *,
    dry_run: bool,
    is_confirmed: bool,
    as_json: bool,
) -> Exit:
    from tradepost import wiring
    from tradepost.cli.runs.run_report import print_changes, print_totals, totals_of_changes

    ports = wiring.catalogue.catalogue_change_ports(requested_by=shell_user())
    try:
        plan = planner(ports)
    except NotInCatalogue as refusal:
        raise NotAllowed(_unknown_message(refusal.names)) from None
    meant = meant_in_catalogue(plan.unknown)
    if not as_json:
        print_changes(plan.changes)
    chained: list[Run] = []
    if not dry_run:
        confirm(question.format(listings=counted(len(plan.changes), "listing")), is_confirmed=is_confirmed)
        carry_out(plan, ports)
        chained = chained_syncs()
    if as_json:
        done = {"dry_run": dry_run, "changes": [change_json(change) for change in plan.changes]}
        print_json({**done, "unknown": unknown_json(meant), **chained_json(chained)})
    else:
        if dry_run and plan.changes:
            print_totals(totals_of_changes(plan.changes))
        elif dry_run:
            # The catalogue itself changes all the same.
            out.print("Nothing to change on any channel.")
        else:
            out.print(f"Done: {counted(len(plan.changes), 'listing')} changed.")
        tell_chained(chained)
        for sentence in unknown_sentences(meant, _is_unknown):
            say(sentence, to=err)
    return Exit.WITH_ERRORS if meant else Exit.DONE


def _is_unknown(name: str) -> str:
    return f"The catalogue has no {name}."


def _unknown_message(names: "Sequence[str]") -> str:
    meant = meant_in_catalogue(names)
    message = " ".join(unknown_sentences(meant, _is_unknown))
    if any(meant.values()):
        return message
    return f"{message} 'tradepost catalogue list --search' finds handles and SKUs."


def _tell_when_synced(channels: "Iterable[str]") -> None:
    """Say when a sync applies what the import has told of, or by which command."""
    from tradepost.database.models import Channel
    from tradepost.engine.schedules import when_applied

    for channel in Channel.objects.filter(name__in=list(channels), archived_at__isnull=True).order_by("name"):
        say(f"On {channel.name}: {when_applied(channel, 'sync')}.")


def chained_syncs() -> "list[Run]":
    from tradepost.engine.chains import chain_decreases

    return chain_decreases(requested_by=shell_user())


def tell_chained(chained: "Sequence[Run]") -> None:
    """Say what was queued to take off sale, or to lower, what the catalogue has less of now."""
    from tradepost.engine.schedules import command_of

    for run in chained:
        assert run.channel is not None
        say(
            f"Queued a sync of {counted(len(run.scope or ()), 'listing')} on {run.of}, of which there are "
            "fewer or none now: 'tradepost serve' takes it at once where it runs, and "
            f"{command_of(run.channel, run.kind)} does it without."
        )


def chained_json(chained: "Sequence[Run]") -> dict[str, Any]:
    return {"queued_syncs": [{"channel": run.of, "run": run.pk, "listings": len(run.scope or ())} for run in chained]}


def report_json(report: "ImportReport") -> dict[str, Any]:
    from tradepost.operations.catalogue.import_report import numbers_of
    from tradepost.operations.ports import Level

    return {
        **numbers_of(report),
        "full": report.is_full,
        "restructured": report.restructured,
        "held": report.held,
        "refused": _rows_json(report, Level.REFUSED),
        "off_sale": _rows_json(report, Level.OFF_SALE),
        "notes": _rows_json(report, Level.NOTE),
        "causes": [_cause_json(cause) for cause in report.told.causes()],
    }


def _rows_json(report: "ImportReport", level: "Level") -> list[dict[str, Any]]:
    return [_row_json(row) for row in report.told.kept(level)]


def _cause_json(cause: "Cause") -> dict[str, Any]:
    return {"level": cause.level, "line": cause.line or None, "rows": cause.count, "message": cause.message}


def _row_json(row: "RowReport") -> dict[str, Any]:
    return {"line": row.line or None, "handle": row.handle, "message": row.message}


def _product_json(product: "ProductRecord") -> dict[str, Any]:
    return {
        "id": product.pk,
        "handle": product.handle,
        "title": product.title,
        "brand": product.brand,
        "category": product.category,
        "options": product.option_names,
        "variants": product.sellable,  # type: ignore[attr-defined] # counted by the query
        "for_sale": product.is_for_sale,
    }


def print_import(report: "ImportReport") -> None:
    from tradepost.operations.ports import Level

    saved = report.saved
    families = f"{report.parents} families with {report.variants} variants"
    brought = (
        f"values of {counted(report.values, 'SKU')}"
        if report.values
        else f"{families}, {report.simple} simple products"
    )
    out.print(f"{report.rows} rows: {brought}.")
    out.print(f"Products and variants: {saved.created} new, {saved.updated} changed, {saved.unchanged} as they were.")
    if report.absent:
        done = "are taken out of the catalogue" if report.is_full else "stay as they are; --full takes such out"
        out.print(f"{counted(report.absent, 'product')} of this source that the file does not have {done}.")
    if report.built:
        say(f"{report.listings_built} new listings on {', '.join(report.built)}.")
    else:
        out.print("There is no channel yet, so no listings were built; import again after 'tradepost channel add'.")
    for name, handles in report.restructured.items():
        if handles:
            say(
                f"On {name} other options or variants are queued for {_counted(handles)}; they are there after "
                "'tradepost listings publish'."
            )
    for name, handles in report.held.items():
        if handles:
            say(
                f"On {name} {_counted(handles)} changed options or variants, but another change is queued first: run "
                "'tradepost listings sync', then import again."
            )
    # All of them: whoever imports has to see what shoppers lose.
    _print_causes("Refused", report.told.causes(Level.REFUSED))
    _print_causes("Off sale", report.told.causes(Level.OFF_SALE))
    notes = report.told.causes(Level.NOTE)
    _print_causes("Note", notes[:SHOWN_NOTES])
    if len(notes) > SHOWN_NOTES:
        err.print(f"... and {len(notes) - SHOWN_NOTES} more notes; --json has all of them.")
    if report.refused_rows:
        out.print(f"{report.refused_rows} rows or products were refused; the rest is in.")


def _print_causes(what: str, causes: "Sequence[Cause]") -> None:
    for cause in causes:
        say(f"{what}: {cause.where}{cause.message}", to=err)


def _print_totals(report: "ImportReport") -> None:
    """End the plan of an import; pages that get another structure are changes of their own."""
    pages = sum(map(len, report.restructured.values()))
    come_to = {
        "create": {"products and variants": report.saved.created, "listings": report.listings_built},
        "change": {"products and variants": report.saved.updated, "pages": pages},
        "remove": {"products": report.absent if report.is_full else 0},
    }
    parts = [
        f"{' and '.join(named)} to {verb}"
        for verb, numbers in come_to.items()
        if (named := [f"{number:,} {what}" for what, number in numbers.items() if number])
    ]
    out.print(f"{', '.join(parts) or 'Nothing to do'}.", soft_wrap=True)


def _counted(handles: "Sequence[str]") -> str:
    named = ", ".join(handles[:SHOWN_HANDLES])
    more = f" and {len(handles) - SHOWN_HANDLES} more" if len(handles) > SHOWN_HANDLES else ""
    return f"{len(handles)} {'product' if len(handles) == 1 else 'products'} ({named}{more})"
