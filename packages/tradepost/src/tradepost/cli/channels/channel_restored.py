"""`channel go-live` of a channel whose database came back: what came since is read back, said and asked about first."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import confirm, is_at_terminal, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import print_json, progress, say
from tradepost.operations.ports import KnownSince

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradepost.database.models import Channel, Run
    from tradepost.engine.read_back import ReadBack

HandedOverThrough = Annotated[
    int | None,
    typer.Option(
        metavar="NUMBER",
        min=0,
        help="After a restore: the highest number of an order that whoever packs has already; 0 if none came since.",
    ),
]
NothingSince = Annotated[
    bool,
    typer.Option(
        "--nothing-since",
        help="After a move: nobody has worked with the former database since, so what it counted still holds.",
    ),
]


def go_live_restored(
    channel: "Channel", *, handed_over_through: int | None, is_nothing: bool, is_confirmed: bool, as_json: bool
) -> Exit:
    """Read back what came since, say it, ask, and let the channel go on from there."""
    from tradepost.cli.runs.run_report import what_is_due
    from tradepost.engine.read_back import let_live_again, read_back

    with progress(is_shown=not as_json) as step:
        found = read_back(
            channel.pk,
            requested_by=shell_user(),
            progress=lambda done, total, text: step(done, total, text or "reading back"),
        )
    due = what_is_due(channel, quiet=as_json)
    if not as_json:
        for line in [channel.restored_why, *found.sentences, *(f"{verb}: {words}" for verb, words in due.items())]:
            say(line)
    known = _known(found, handed_over_through, is_nothing=is_nothing)
    confirm(f"Let the runs of '{channel.name}' do that, and all that comes up later?", is_confirmed=is_confirmed)
    queued = let_live_again(channel.pk, found, known, requested_by=shell_user())
    done = _take_over(queued, as_json=as_json)
    if as_json:
        print_json({"channel": channel.name, "look_only": False, "due": due, "read_back": _json(found), **done})
    else:
        say(f"'{channel.name}' is live.")
    return Exit.DONE


def _known(found: "ReadBack", through: int | None, *, is_nothing: bool) -> KnownSince:
    from tradepost.engine.read_back import WHAT_WAS_PACKED, known_since

    if found.orders and through is None and not is_nothing and is_at_terminal():
        through = typer.prompt(WHAT_WAS_PACKED, type=int, err=True)
    return known_since(found, through=through, is_nothing=is_nothing)


def _take_over(queued: "Sequence[Run]", *, as_json: bool) -> dict[str, Any]:
    """Link what is on the store, and bring its orders in, before anything else is due."""
    from tradepost.cli.runs.run_report import executed

    reports = {run.kind: executed(run, quiet=as_json) for run in queued}
    if not as_json:
        for kind, report in reports.items():
            words = report.run.error or report.run.state.replace("_", " ")
            say(f"{kind.replace('_', ' ')}, run {report.run.pk}: {words}")
    return {"runs": {kind: report.run.pk for kind, report in reports.items()}}


def _json(found: "ReadBack") -> dict[str, Any]:
    return {
        "new_orders": found.new_orders,
        "waiting_orders": found.waiting_orders,
        "products": found.products,
        "runs": found.runs,
    }
