"""`channel go-live` of a channel whose database came back: what came since is read back, said and asked about first."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import confirm, is_at_terminal, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import counted, out, print_json, progress
from tradepost.domain.errors import NotAllowed
from tradepost.operations import channels
from tradepost.operations.ports import KnownSince

if TYPE_CHECKING:
    from tradepost.database.models import Channel
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

_SHOWN = 20


def go_live_restored(
    channel: "Channel", *, handed_over_through: int | None, is_nothing: bool, is_confirmed: bool, as_json: bool
) -> Exit:
    """Read back what came since, say it, ask, and let the channel go on from there."""
    from tradepost import wiring
    from tradepost.cli.run_report import what_is_due
    from tradepost.engine.read_back import read_back

    with progress(is_shown=not as_json) as step:
        found = read_back(
            channel.pk,
            requested_by=shell_user(),
            progress=lambda done, total, text: step(done, total, text or "reading back"),
        )
    due = what_is_due(channel, quiet=as_json)
    if not as_json:
        for line in [channel.restored_why, *_lines(found), *(f"{verb}: {words}" for verb, words in due.items())]:
            out.print(line, markup=False, soft_wrap=True)
    known = _known(found, handed_over_through, is_nothing=is_nothing)
    confirm(f"Let the runs of '{channel.name}' do that, and all that comes up later?", is_confirmed=is_confirmed)
    channels.go_live(channel.pk, wiring.channel_ports(requested_by=shell_user()), known=known)
    done = _take_over(channel, found, as_json=as_json)
    if as_json:
        print_json({"channel": channel.name, "look_only": False, "due": due, "read_back": _json(found), **done})
    else:
        out.print(f"'{channel.name}' is live.", markup=False)
    return Exit.DONE


def _lines(found: "ReadBack") -> list[str]:
    lines = []
    if found.new_orders:
        lines.append(f"{counted(len(found.new_orders), 'order')} on the store and not here: {_some(found.new_orders)}.")
    if found.waiting_orders:
        orders = counted(len(found.waiting_orders), "open order")
        lines.append(f"{orders} here that nobody was given before that: {_some(found.waiting_orders)}.")
    if found.products:
        lines.append(
            f"{counted(len(found.products), 'listing')} on the store although nothing here says so; they will be "
            f"linked, and not published again: {_some(found.products)}."
        )
    lines.append(
        "Quantities are those that were stated before that, less all orders since. If your catalogue has newer ones, "
        "bring it in first ('tradepost catalogue import', 'tradepost source run'): every count is set anew."
    )
    return lines


def _known(found: "ReadBack", through: int | None, *, is_nothing: bool) -> KnownSince:
    if is_nothing and found.new_orders:
        raise NotAllowed(
            "Orders came since, so it is not so that nothing did. Say up to which one whoever packs has them, with "
            "--handed-over-through NUMBER."
        )
    if is_nothing:
        return KnownSince(is_nothing=True)
    if found.orders and through is None:
        question = (
            "Any of these may have been handed over to whoever packs, after that and before now. What is the highest "
            "number that they have? 0 if none"
        )
        if not is_at_terminal():
            raise NotAllowed(f"{question}: say it with --handed-over-through NUMBER. Nothing was done.")
        through = typer.prompt(question, type=int, err=True)
    return KnownSince(handed_over_through=through or 0, new_orders=found.new_orders)


def _take_over(channel: "Channel", found: "ReadBack", *, as_json: bool) -> dict[str, Any]:
    """Link what is on the store, and bring its orders in, before anything else is due."""
    from tradepost.cli.run_report import perform

    kinds = [*(["link"] if found.products else []), "get_orders"]
    reports = {kind: perform(channel, kind, quiet=as_json) for kind in kinds}
    if not as_json:
        for kind, report in reports.items():
            words = report.run.error or report.run.state.replace("_", " ")
            out.print(f"{kind.replace('_', ' ')}, run {report.run.pk}: {words}", markup=False, soft_wrap=True)
    return {"runs": {kind: report.run.pk for kind, report in reports.items()}}


def _json(found: "ReadBack") -> dict[str, Any]:
    return {
        "new_orders": found.new_orders,
        "waiting_orders": found.waiting_orders,
        "products": found.products,
        "runs": found.runs,
    }


def _some(values: Any) -> str:
    shown = ", ".join(map(str, values[:_SHOWN]))
    return f"{shown} and {len(values) - _SHOWN} more" if len(values) > _SHOWN else shown
