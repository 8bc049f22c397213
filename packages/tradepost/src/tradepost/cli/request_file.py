"""Asking for what a CSV file says of each listing: a column SKU, and a column Action."""

from collections.abc import Sequence
from pathlib import Path

from tradepost.cli.arguments import Named, RefusedLine, confirm, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.listing_choice import FoundRow, asked_rows
from tradepost.cli.output import counted, out, print_json, print_table
from tradepost.cli.requests import name_products_that_go, question, refused_lines_json, refused_results
from tradepost.cli.results_output import results_output
from tradepost.cli.run_report import print_unknown
from tradepost.database.models import Channel
from tradepost.domain.listing import APPLIED_BY, Event, Pending
from tradepost.engine.requests import Asked, RequestOutcome, preview_asked, preview_change, request_asked
from tradepost.engine.schedules import when_applied

_SHOWN = 50


def request_file(
    channel: Channel, path: Path, *, dry_run: bool, is_confirmed: bool, as_json: bool, output: Path | None
) -> Exit:
    """Ask for it, as one request; rows that can't be used, and listings that may not have it, keep no other back."""
    rows, refused = asked_rows(channel, path, asks=True)
    asked, lines, contradictions = _by_event(rows)
    named = Named([], lines=lines, refused=sorted([*refused, *contradictions], key=lambda row: row.line))
    if not (dry_run or is_confirmed):
        _confirm_delist(channel, asked)
    with results_output(output, lines=lines, is_preview=dry_run) as results:
        results.refused(named.refused, "")
        if dry_run:
            outcomes = preview_asked(channel.pk, asked, tell=results.requested)
        else:
            outcomes = request_asked(
                channel.pk,
                asked,
                requested_by=shell_user(),
                refused=refused_results(named, ""),
                tell=results.requested,
            )
    left = [each for outcome in outcomes for each in refused_lines_json(outcome, named)]
    if as_json:
        print_json(
            {
                "file": str(path),
                "dry_run": dry_run,
                "asked": [_json(each, outcome) for each, outcome in zip(asked, outcomes, strict=True)],
                "refused_lines": [*named.refused_json(), *left],
            }
        )
    else:
        _print(channel, asked, outcomes, dry_run=dry_run)
        for each in left[:_SHOWN]:
            out.print(f"Line {each['line']}: {each['name']} is left as it is. {each['reason']}", markup=False)
        if len(left) > _SHOWN:
            out.print(f"... and {len(left) - _SHOWN} more; --output writes all of them down.")
        print_unknown(channel, named)
    is_whole = not named.is_incomplete and not any(outcome.refused for outcome in outcomes)
    return Exit.DONE if is_whole else Exit.WITH_ERRORS


def _by_event(rows: Sequence[FoundRow]) -> tuple[list[Asked], dict[int, int], list[RefusedLine]]:
    """Sort rows by what they ask for; a listing of which two things are asked keeps the first."""
    events: dict[Event, list[int]] = {}
    first: dict[int, FoundRow] = {}
    refused: list[RefusedLine] = []
    for row in rows:
        if row.event is None:
            continue
        before = next((first[number] for number in row.ids if number in first), None)
        if before is not None and before.event is not row.event:
            reason = f"{row.name} is on line {before.line} already, where it is to {before.event}; ask for one thing."
            refused.append(RefusedLine(row.line, row.name, reason))
            continue
        events.setdefault(row.event, []).extend(number for number in row.ids if number not in first)
        for number in row.ids:
            first.setdefault(number, row)
    asked = [Asked(event, ids) for event, ids in events.items()]
    return asked, {number: row.line for number, row in first.items()}, refused


def _confirm_delist(channel: Channel, asked: Sequence[Asked]) -> None:
    ids = next((each.ids for each in asked if each.event is Event.ASK_DELIST), ())
    number = preview_change(channel.pk, ids, Pending.DELIST).queued if ids else 0
    if number:
        name_products_that_go(channel, ids, Pending.DELIST)
        confirm(question(channel, Pending.DELIST.value, number), is_confirmed=False)


def _print(channel: Channel, asked: Sequence[Asked], outcomes: Sequence[RequestOutcome], *, dry_run: bool) -> None:
    print_table(
        ("action", "would be asked of" if dry_run else "asked of", "already so", "left as they are"),
        (
            (each.event.value, outcome.queued, outcome.unchanged, sum(outcome.refused.values()))
            for each, outcome in zip(asked, outcomes, strict=True)
        ),
        empty="Nothing to do.",
    )
    if dry_run:
        return
    for change, kind in APPLIED_BY.items():
        number = sum(
            outcome.queued for each, outcome in zip(asked, outcomes, strict=True) if each.event == change.value
        )
        if number:
            what = f"Queued '{change.value}' for {counted(number, 'listing')}"
            out.print(f"{what}; {when_applied(channel.pk, kind)}.", markup=False, soft_wrap=True)


def _json(asked: Asked, outcome: RequestOutcome) -> dict[str, object]:
    return {
        "action": asked.event.value,
        "queued": outcome.queued,
        "unchanged": outcome.unchanged,
        "refused": [{"reason": reason, "count": count} for reason, count in sorted(outcome.refused.items())],
        "applied_by": outcome.applied_by,
    }
