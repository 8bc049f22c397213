"""`tradepost listings export` and `customise`: listings as a table, and what a table gives them of their own."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tradepost.cli.arguments import (
    ChannelOption,
    DryRunOption,
    JsonOption,
    Named,
    OutputOption,
    RefusedLine,
    WhereOption,
    did_you_mean,
    listings_by_name,
    nearest_listings,
    shell_user,
    the_channel,
)
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import counted, err, out, print_json, say
from tradepost.domain.listings.listing_filter import parse_filters
from tradepost.operations.ports import Level, RowReport, TableRow

if TYPE_CHECKING:
    from tradepost.database.models import Channel
    from tradepost.engine.requests import RequestOutcome

Part = TypeVar("Part")
_AT_ONCE = 500
_SHOWN = 50
_CUSTOMISE = "customise"


def export(
    file: Annotated[Path | None, typer.Argument(help="The CSV file to write; without one it is printed.")] = None,
    *,
    where: WhereOption = None,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> None:
    """
    Write listings as a table, with what they cost, how many are offered, and their texts as they are sent.

    'listings customise' takes it back: of what you change in it, a listing has its own on this channel from then on.
    """
    from tradepost import wiring

    chosen = the_channel(channel)
    meant = parse_filters(where or ())
    if as_json:
        print_json({"listings": list(wiring.listings.listing_table(chosen, meant).rows())})
        return
    table = wiring.listings.listing_table(chosen, meant)
    written = wiring.listings.write_listings(file, table.columns, table.rows())
    if file is not None:
        say(f"Wrote {counted(written, 'listing')} of '{chosen.name}' into {file}.")


def customise(
    file: Annotated[Path, typer.Argument(help="A CSV file with a column SKU and a column for each value to change.")],
    *,
    dry_run: DryRunOption = False,
    output: OutputOption = None,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """
    Give listings texts, prices or quantities of their own on this channel, as a file says.

    A blank cell, or one that says what 'listings export' writes, leaves a value as it is; '[clear]' lets it follow the
    catalogue and the rules again. Prices and quantities are sent by a sync; of texts an overwrite is queued.
    """
    from tradepost.cli.listings.requests import refused_results
    from tradepost.cli.runs.results_output import results_output
    from tradepost.engine.customising import customising

    chosen = the_channel(channel)
    lines: dict[int, int] = {}
    with results_output(output, lines={}, is_preview=dry_run) as results:
        results.lines = lines
        reading = _Reading(chosen, file, lines)
        reading.check()
        request = customising(chosen, requested_by=shell_user(), is_dry=dry_run)
        for cells in reading.batches():
            results.requested(_CUSTOMISE, request.add(cells))
        named = Named([], lines=lines, refused=sorted(reading.refused, key=lambda row: row.line))
        results.refused(named.refused, _CUSTOMISE)
        request.refuse(refused_results(named, _CUSTOMISE))
    return _told(chosen, request.outcome, named, reading.notes, dry_run=dry_run, as_json=as_json)


class _Reading:
    """A table that is read batch by batch, each with the ids of the listings that its rows name."""

    def __init__(self, channel: "Channel", path: Path, lines: dict[int, int]) -> None:
        self._channel = channel
        self._path = path
        self._lines = lines
        self.refused: list[RefusedLine] = []
        self.notes: list[str] = []

    def check(self) -> None:
        """Read all of it, before anything is done. Raises FileRefused."""
        for _ in self._rows():
            pass

    def batches(self) -> Iterator[Mapping[int, Mapping[str, str]]]:
        """Raises FileRefused."""
        for part in _parts(self._usable(self._rows())):
            yield self._found(part)

    def _rows(self) -> Iterator[TableRow | RowReport]:
        from tradepost import wiring

        return wiring.listings.listing_table_reader().rows(self._path, channel_name=self._channel.name)

    def _usable(self, rows: Iterable[TableRow | RowReport]) -> Iterator[TableRow]:
        for row in rows:
            if isinstance(row, TableRow):
                yield row
            elif row.level is Level.NOTE:
                self.notes.append(row.message)
            else:
                self.refused.append(RefusedLine(row.line, row.handle, row.message))

    def _found(self, rows: Sequence[TableRow]) -> dict[int, Mapping[str, str]]:
        found = listings_by_name(self._channel, [row.name for row in rows])
        meant = nearest_listings(self._channel, [row.name for row in rows if row.name not in found])
        cells: dict[int, Mapping[str, str]] = {}
        for row in rows:
            ids = found.get(row.name, [])
            if not ids:
                reason = f"There is no listing {row.name} on the channel '{self._channel.name}'."
                self.refused.append(RefusedLine(row.line, row.name, reason + did_you_mean(meant[row.name])))
            elif (number := ids[0]) in self._lines:
                reason = f"{row.name} is on line {self._lines[number]} already."
                self.refused.append(RefusedLine(row.line, row.name, reason))
            else:
                self._lines[number] = row.line
                cells[number] = row.cells
        return cells


def _parts(rows: Iterator[Part]) -> Iterator[list[Part]]:
    while part := list(islice(rows, _AT_ONCE)):
        yield part


def _told(
    channel: "Channel",
    asked: "RequestOutcome",
    named: Named,
    notes: Sequence[str],
    *,
    dry_run: bool,
    as_json: bool,
) -> Exit:
    from tradepost.cli.listings.requests import refused_lines_json
    from tradepost.cli.runs.run_report import print_changes, print_unknown

    left = refused_lines_json(asked, named)
    if as_json:
        print_json(_json(asked, named, left, notes, dry_run=dry_run))
    else:
        for note in notes:
            say(note, to=err)
        if dry_run:
            print_changes(asked.changes, shown=_SHOWN, number=asked.queued)
        verb = "Would customise" if dry_run else "Customised"
        same = f"; {asked.unchanged} are like that already" if asked.unchanged else ""
        say(f"{verb} {counted(asked.queued, 'listing')}{same}.")
        for each in left[:_SHOWN]:
            say(f"Line {each['line']}: {each['name']} is left as it is. {each['reason']}")
        if asked.queued and not dry_run:
            out.print("A sync sends prices and quantities, a publish the texts.")
        print_unknown(channel, named)
    return Exit.WITH_ERRORS if named.is_incomplete or asked.refused else Exit.DONE


def _json(
    asked: "RequestOutcome", named: Named, left: Sequence[Mapping[str, Any]], notes: Sequence[str], *, dry_run: bool
) -> dict[str, Any]:
    from tradepost.cli.output import change_json, result_json

    return {
        "change": _CUSTOMISE,
        "dry_run": dry_run,
        "customised": asked.queued,
        "unchanged": asked.unchanged,
        "notes": list(notes),
        "refused_lines": [*named.refused_json(), *left],
        "changes": [change_json(change) for change in asked.changes]
        if dry_run
        else [result_json(result) for result in asked.results],
    }
