"""`tradepost runs`: what was executed, what came of it, and stopping it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import (
    ChannelOption,
    DryRunOption,
    JsonOption,
    SaveOption,
    YesOption,
    shell_user,
    the_channel,
)
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import out, print_json, print_table, say
from tradepost.domain.errors import NotAllowed
from tradepost.domain.plan import SETTLED_STATES, RunState

if TYPE_CHECKING:
    from tradepost.database.models import Run

app = typer.Typer(no_args_is_help=True, help="See what was executed, stop it, and undo it.")

RunId = Annotated[int, typer.Argument(metavar="ID", help="The run's number, as 'runs list' shows it.")]


@app.command("list")
def list_(
    *,
    channel: ChannelOption = "",
    source: Annotated[str, typer.Option(metavar="NAME", help="Those of a source, and not of a channel.")] = "",
    state: Annotated[RunState | None, typer.Option(help="Only runs in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to print.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List runs, newest first."""
    from django.db.models import Q

    from tradepost.database.models import Run

    of = Q(source__name=source) if source else Q(channel=the_channel(channel))
    rows = Run.objects.filter(of).order_by("-pk")
    if state is not None:
        rows = rows.filter(state=state.value)
    found = list(rows[:limit])
    if as_json:
        print_json({"runs": [_json(run) for run in found]})
        return
    print_table(
        ("id", "kind", "state", "error", "done", "queued", "finished", "trigger"),
        (
            (
                run.pk,
                run.kind + (" (plan)" if run.is_dry else ""),
                run.state.replace("_", " "),
                run.error,
                run.done,
                run.queued_at.strftime("%Y-%m-%d %H:%M"),
                run.finished_at.strftime("%H:%M:%S") if run.finished_at else "",
                run.trigger,
            )
            for run in found
        ),
        empty="No runs yet.",
    )


@app.command()
def show(
    run_id: RunId,
    *,
    all_: Annotated[bool, typer.Option("--all", help="All changes, not only the first 200.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a run: counts, and its changes with what became of each."""
    from tradepost.cli.runs.run_report import (
        SHOWN_CHANGES,
        Report,
        change_lines,
        change_row_json,
        print_brake,
        print_counts,
    )

    run = _run(run_id)
    report = Report(run)
    changes = report.changes(limit=run.changes.count() if all_ else SHOWN_CHANGES)
    if as_json:
        print_json({**_json(run), "changes": [change_row_json(change) for change in changes]})
        return
    for name, value in _json(run).items():
        if name not in {"counts", "brake"}:
            say(f"{name}: {'' if value is None else value}")
    print_counts(report.counts, empty="Nothing was done.")
    print_brake(report, names_all=True)
    for line in change_lines(changes):
        say(line)


@app.command()
def release(run_id: RunId, *, as_json: JsonOption = False) -> Exit:
    """Let what the brake stopped go on, this once: as many listings as the run has named, and no more."""
    from tradepost.cli.runs.run_report import print_report
    from tradepost.cli.runs.run_report import release as release_run

    report = release_run(_run(run_id).pk, quiet=as_json)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
    return report.exit_code


@app.command()
def undo(
    run_id: RunId,
    *,
    pause: Annotated[
        bool, typer.Option("--pause", help="Freeze the listings that go back, so that no run sends them ours again.")
    ] = False,
    dry_run: DryRunOption = False,
    save: SaveOption = False,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> Exit:
    """
    Bring back what a run has changed on the store, or an import in the catalogue, where nobody has changed it since.

    What can't be brought back is named first, with the reason. Stock stays as it is on stores; what a file has stated
    goes back only where nothing was sold since.
    """
    from tradepost.cli.runs.run_report import undo as undo_run
    from tradepost.engine.undo import refuse_what_cannot_be_undone

    run = _run(run_id)
    refuse_what_cannot_be_undone(run)
    return undo_run(run, pauses=pause, dry_run=dry_run, save=save, is_confirmed=yes, as_json=as_json)


@app.command()
def cancel(run_id: RunId, *, as_json: JsonOption = False) -> Exit:
    """Ask a run to stop after the batch that it is at; one that waits is not executed."""
    from tradepost.engine.runs import cancel_run

    run = _run(run_id)
    if RunState(run.state) in SETTLED_STATES:
        message = f"Run {run_id} is over: {run.state.replace('_', ' ')}."
        raise NotAllowed(message)
    cancel_run(run_id, requested_by=shell_user())
    run.refresh_from_db()
    if as_json:
        print_json(_json(run))
    else:
        out.print(f"Run {run_id} {'is cancelled' if run.state == RunState.CANCELLED.value else 'will stop'}.")
    return Exit.DONE


def _run(run_id: int) -> "Run":
    from tradepost.database.models import Run

    found = Run.objects.filter(pk=run_id).first()
    if found is None:
        message = f"There is no run {run_id}; 'tradepost runs list' shows those that there are."
        raise NotAllowed(message)
    return found


def _json(run: "Run") -> dict[str, Any]:
    return {
        "id": run.pk,
        "kind": run.kind,
        "state": run.state,
        "dry_run": run.is_dry,
        "trigger": run.trigger,
        "requested_by": run.requested_by,
        "attempt": run.attempt,
        "done": run.done,
        "total": run.total,
        "queued_at": run.queued_at,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "counts": run.counts,
        "brake": run.brake or None,
        "needs_answer": run.needs_answer,
        "released_by": run.released_by,
        "error": run.error,
        "reference": run.reference,
    }
