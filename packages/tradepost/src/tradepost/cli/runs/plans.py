"""`tradepost plans`: previews that are saved, approved in whole or in part, and carried out later."""

import csv
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradepost.cli.arguments import ChannelOption, JsonOption, Skus, named_listings, shell_user, the_channel
from tradepost.cli.catalogue.catalogue import chained_json, chained_syncs, tell_chained
from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import change_lines, counted, out, print_json, print_table, say
from tradepost.domain.approval import PlanState, shown_state
from tradepost.domain.errors import FileRefused, NotAllowed
from tradepost.domain.plan import Action

if TYPE_CHECKING:
    from tradepost.database.models import Channel, PlannedChange, SavedPlan
    from tradepost.engine.plans import Choice

app = typer.Typer(no_args_is_help=True, help="Save plans, approve them in whole or in part, and carry them out.")

_SHOWN = 200
_KINDS = ("publish", "sync", "link", "set-type", "get-orders", "sync-orders", "deliver-orders", "fetch-shipments")
_OF_LISTINGS = frozenset(_KINDS[:4])

PlanId = Annotated[int, typer.Argument(metavar="ID", help="The plan's number, as 'plans list' shows it.")]


@app.command()
def save(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"What is planned: {', '.join(_KINDS)}.")],
    skus: Skus = None,
    *,
    channel: ChannelOption = "",
    as_json: JsonOption = False,
) -> Exit:
    """
    Plan what is due, and save that; nothing is changed.

    '--dry-run --save' of a command of listings saves a plan of what nobody has asked for yet.
    """
    from tradepost.cli.runs.run_report import execute

    if kind not in _KINDS:
        message = f"'{kind}' can't be planned; choose one of {', '.join(_KINDS)}."
        raise NotAllowed(message)
    if skus and kind not in _OF_LISTINGS:
        message = f"'{kind}' is about all orders; it can't be limited to listings."
        raise NotAllowed(message)
    chosen = the_channel(channel)
    named = named_listings(chosen, skus) if skus else None
    return execute(chosen, kind.replace("-", "_"), named=named, dry_run=True, save=True, as_json=as_json)


@app.command("list")
def list_(
    *,
    channel: ChannelOption = "",
    source: Annotated[str, typer.Option(metavar="NAME", help="Those of a source, and not of a channel.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Also those that were carried out or discarded.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many to print.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """List saved plans, newest first."""
    from django.db.models import Q

    from tradepost.database.models import SavedPlan
    from tradepost.engine.plans import numbers_of

    of = Q(run__source__name=source) if source else Q(run__channel=the_channel(channel))
    rows = SavedPlan.objects.filter(of).select_related("run__channel", "run__source").order_by("-pk")
    if not all_:
        rows = rows.filter(state=PlanState.OPEN.value)
    found = list(rows[:limit])
    numbers = numbers_of([plan.pk for plan in found])
    plans = [_json(plan, numbers.get(plan.pk, (0, 0))) for plan in found]
    if as_json:
        print_json({"plans": plans})
        return
    print_table(
        ("id", "kind", "state", "changes", "approved", "expires", "saved by"),
        (
            (
                plan["id"],
                plan["kind"],
                plan["state"],
                plan["changes"],
                plan["approved"],
                _time(plan["expires_at"]),
                plan["events"][0]["who"] if plan["events"] else "",
            )
            for plan in plans
        ),
        empty="No saved plans; '--dry-run --save' of a command saves one.",
    )


@app.command()
def show(
    plan_id: PlanId,
    *,
    all_: Annotated[bool, typer.Option("--all", help="All changes, not only the first 200.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a saved plan: who did what with it, and its changes with their numbers and whether they are approved."""
    from tradepost.engine.plans import numbers_of

    plan = _plan(plan_id)
    facts = _json(plan, numbers_of([plan.pk]).get(plan.pk, (0, 0)))
    rows = plan.changes.select_related("change").order_by("pk")
    changes = [_change_json(row) for row in (rows if all_ else rows[:_SHOWN])]
    if as_json:
        left_out = facts["changes"] - len(changes)
        print_json({**facts, "count": facts["changes"], "changes": changes, "changes_left_out": left_out})
        return
    say(
        f"Plan {plan.pk}: {facts['kind']} {'on' if facts['channel'] else 'of'} '{plan.run.of}', {facts['state']}; "
        f"{facts['approved']} of {counted(facts['changes'], 'change')} approved; it expires at "
        f"{_time(facts['expires_at'])} UTC."
    )
    for event in facts["events"]:
        say(f"  {_time(event['at'])} {event['who']}: {event['what']}")
    for change in changes:
        mark = "approved" if change["approved"] else "open"
        first, *values = change_lines(change)
        say(f"[{change['id']}] {mark}: {first}")
        for line in values:
            say(line)
    if facts["changes"] > len(changes):
        out.print(f"... and {facts['changes'] - len(changes)} more; --all shows them.")


@app.command()
def approve(
    plan_id: PlanId,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Everything that is planned.")] = False,
    change: Annotated[
        list[int] | None, typer.Option("--change", metavar="NUMBER", help="This change; may be repeated.")
    ] = None,
    unit: Annotated[
        list[str] | None, typer.Option("--unit", metavar="CODE", help="What is done as one with it; may be repeated.")
    ] = None,
    action: Annotated[list[Action] | None, typer.Option("--action", help="Only changes of this kind.")] = None,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="SKU", help="Only this listing, product or family; may be repeated."),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A CSV file with a column 'change' (numbers) or 'sku'.")
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what was approved instead.")] = False,
    as_json: JsonOption = False,
) -> Exit:
    """
    Say yes to changes of a saved plan; what they can't be done without is approved with them.

    Where several options are given, a change has to fit all of them.
    """
    from tradepost.engine.plans import approve as approve_plan

    plan = _plan(plan_id)
    choice = _choice(plan, all_=all_, change=change, unit=unit, action=action, only=only, file=file)
    if choice.is_empty:
        message = "Say what is meant: --all, --change, --unit, --action, --only or --file."
        raise NotAllowed(message)
    done = approve_plan(plan.pk, choice, who=shell_user(), is_withdrawn=withdraw)
    if as_json:
        print_json({"id": plan.pk, "chosen": done.chosen, "needed": done.needed, "approved": done.approved})
        return Exit.DONE
    verb = "Withdrew" if withdraw else "Approved"
    more = f", and {done.needed} that they need" if done.needed else ""
    out.print(f"{verb} {counted(done.chosen, 'change')}{more}; {done.approved} of {done.total} are approved.")
    if done.approved:
        out.print(f"'tradepost plans apply {plan.pk}' carries them out.")
    return Exit.DONE


@app.command()
def apply(plan_id: PlanId, *, as_json: JsonOption = False) -> Exit:
    """Carry out what is approved of a saved plan, and nothing else; what has changed meanwhile is left, and named."""
    from tradepost.cli.runs.run_report import apply_plan, combined_exit, print_report

    plan = _plan(plan_id)
    report = apply_plan(plan.pk, quiet=as_json)
    # What the catalogue has less of now is sold nowhere any longer than need be.
    chained = chained_syncs() if plan.channel is None else []
    if as_json:
        print_json({**report.to_json(), **chained_json(chained)})
    else:
        print_report(report)
        left = plan.changes.filter(is_approved=False).count()
        if left:
            then = (
                "What is due stays due: other runs do it, unless you take it back ('tradepost listings clear') or "
                "freeze it ('tradepost listings pause')."
                if plan.channel is not None
                else "It is as it was in the catalogue, until a file says it again."
            )
            say(f"{counted(left, 'change')} of the plan had not been approved. {then}")
        tell_chained(chained)
    return combined_exit(Exit.DONE, report)


@app.command()
def discard(plan_id: PlanId, *, as_json: JsonOption = False) -> Exit:
    """Let nobody carry a saved plan out any more; it can still be looked at."""
    from tradepost.engine.plans import discard as discard_plan

    plan = _plan(plan_id)
    discard_plan(plan.pk, who=shell_user())
    if as_json:
        print_json({"id": plan.pk, "state": PlanState.DISCARDED.value})
    else:
        out.print(f"Plan {plan.pk} is discarded.")
    return Exit.DONE


def _plan(plan_id: int) -> "SavedPlan":
    from tradepost.database.models import SavedPlan

    found = SavedPlan.objects.select_related("run__channel", "run__source").filter(pk=plan_id).first()
    if found is None:
        message = f"There is no saved plan {plan_id}; 'tradepost plans list' shows those that there are."
        raise NotAllowed(message)
    return found


def _choice(
    plan: "SavedPlan",
    *,
    all_: bool,
    change: list[int] | None,
    unit: list[str] | None,
    action: list[Action] | None,
    only: list[str] | None,
    file: Path | None,
) -> "Choice":
    from tradepost.engine.plans import Choice

    numbers, skus = _named_in(file) if file is not None else ([], [])
    skus = [*(only or []), *skus]
    return Choice(
        ids=frozenset([*(change or []), *numbers]),
        units=frozenset(unit or []),
        actions=frozenset(each.value for each in action or []),
        listing_ids=_family_ids(plan.channel, skus) if skus and plan.channel is not None else frozenset(),
        keys=frozenset(skus) if plan.channel is None else frozenset(),
        is_all=all_,
    )


def _family_ids(channel: "Channel", skus: list[str]) -> frozenset[int]:
    """The listings of these names, with the variants of those that are families."""
    from tradepost.database.models import Listing

    named = named_listings(channel, skus)
    if named.unknown:
        raise NotAllowed(" ".join(named.sentences(channel)))
    variants = Listing.objects.filter(channel=channel, parent_id__in=named.ids).values_list("pk", flat=True)
    return frozenset([*named.ids, *variants])


def _named_in(path: Path) -> tuple[list[int], list[str]]:
    """Read the changes or SKUs that a file names. Raises FileRefused."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        message = f"{path} can't be read: {error}"
        raise FileRefused(message) from error
    columns = {(name or "").strip().casefold(): name for name in (rows[0] if rows else {})}
    if not columns.keys() & {"change", "sku"}:
        message = f"{path} needs a first line with a column 'change' or 'sku', and lines below it."
        raise FileRefused(message)
    column = columns.get("change") or columns["sku"]
    values = [(row[column] or "").strip() for row in rows]
    named = [value for value in values if value]
    if "change" not in columns:
        return [], named
    wrong = next((value for value in named if not value.isdecimal()), None)
    if wrong is not None:
        message = f"{path} names '{wrong}' as a change; they have numbers, as 'tradepost plans show' tells them."
        raise FileRefused(message)
    return [int(value) for value in named], []


def _json(plan: "SavedPlan", numbers: tuple[int, int]) -> dict[str, Any]:
    total, approved = numbers
    return {
        "id": plan.pk,
        "channel": None if plan.channel is None else plan.channel.name,
        "source": None if plan.run.source is None else plan.run.source.name,
        "kind": plan.run.kind.replace("_", " "),
        "state": _state(plan),
        "changes": total,
        "approved": approved,
        "expires_at": plan.expires_at,
        "applied_by": plan.applied_by_id,
        "events": plan.events,
    }


def _state(plan: "SavedPlan") -> str:
    from django.utils import timezone

    return shown_state(PlanState(plan.state), expires_at=plan.expires_at, now=timezone.now())


def _change_json(row: "PlannedChange") -> dict[str, Any]:
    from tradepost.cli.runs.run_report import change_row_json

    return {"id": row.pk, "approved": row.is_approved, "unit": row.change.unit, **change_row_json(row.change)}


def _time(value: "datetime | str") -> str:
    return f"{datetime.fromisoformat(value) if isinstance(value, str) else value:%Y-%m-%d %H:%M}"
