"""Asking for changes of listings: queue them, or show what would be queued, or queue and apply at once."""

from dataclasses import dataclass

from tradepost.cli.exit_codes import Exit
from tradepost.cli.output import change_json, counted, out, print_change, print_json, result_json
from tradepost.cli.run_report import Report, combined_exit, perform, print_report, shell_user
from tradepost.database.models import Channel, Listing
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import APPLIED_BY, Link, Pending
from tradepost.engine.requests import RequestOutcome, preview_change, request_change, request_pause, request_unlink
from tradepost.engine.runs import AS_IF, GROUPS

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Request:
    """A change asked for. `is_all`: the rows were not named one by one, so those it does not fit are no mistake."""

    channel: Channel
    listing_ids: list[int]
    change: Pending
    groups: frozenset[Group] = CONTENT_GROUPS
    is_all: bool = False


def ask(request: Request, *, now: bool, dry_run: bool, as_json: bool) -> Exit:
    """Queue a change and say which run applies it; with `now` run it for these rows, with `dry_run` only show it."""
    if dry_run:
        asked = preview_change(request.channel.pk, request.listing_ids, request.change)
    else:
        asked = request_change(
            request.channel.pk,
            request.listing_ids,
            request.change,
            requested_by=shell_user(),
            groups=request.groups,
        )
    kind = APPLIED_BY.get(request.change, "")
    report: Report | None = None
    if kind and asked.listing_ids and (now or dry_run):
        # Nothing was queued for a preview, so the run is told to plan as if it had been.
        options = {AS_IF: request.change.value, GROUPS: sorted(request.groups)} if dry_run else None
        report = perform(request.channel, kind, only=asked.listing_ids, dry_run=dry_run, quiet=as_json, options=options)
    if as_json:
        print_json(
            {
                "change": request.change.value or "clear",
                "dry_run": dry_run,
                "queued": asked.queued,
                "unchanged": asked.unchanged,
                "refused": [{"reason": reason, "count": count} for reason, count in sorted(asked.refused.items())],
                "applied_by": kind,
                "changes": [change_json(change) for change in asked.changes]
                if dry_run
                else [result_json(result) for result in asked.results],
                "run": report.to_json() if report else None,
            }
        )
    else:
        _tell(request, asked, dry_run=dry_run, kind=kind, now=now)
        if report is not None:
            print_report(report)
    refused_all = bool(asked.refused) and not request.is_all and not (asked.queued or asked.unchanged)
    return combined_exit(Exit.BAD_INPUT if refused_all else Exit.DONE, report)


def pause_or_unlink(channel: Channel, verb: str, listing_ids: list[int], *, dry_run: bool, as_json: bool) -> Exit:
    """Do what needs no run: pause, unpause, unlink."""
    rows = Listing.objects.filter(channel=channel, pk__in=listing_ids)
    rows = rows.exclude(link=Link.UNLINKED.value) if verb == "unlink" else rows.filter(is_paused=verb != "pause")
    changed = rows.count()
    if not dry_run and verb == "unlink":
        changed = request_unlink(channel.pk, listing_ids, requested_by=shell_user()).queued
    elif not dry_run:
        request_pause(channel.pk, listing_ids, is_paused=verb == "pause", requested_by=shell_user())
    if as_json:
        print_json({"change": verb, "dry_run": dry_run, "changed": changed})
    else:
        would = "Would " if dry_run else "Done: "
        out.print(f"{would}{verb} {changed} listings." if changed else f"Nothing to {verb}.")
    return Exit.DONE


def _tell(request: Request, asked: RequestOutcome, *, dry_run: bool, kind: str, now: bool) -> None:
    word = request.change.value or "clear"
    if dry_run:
        for change in asked.changes[:_SHOWN]:
            print_change(change)
        out.print(
            f"Would queue '{word}' for {counted(asked.queued, 'listing')}." if kind else f"Would clear {asked.queued}."
        )
    elif asked.queued and kind:
        when = "applied now" if now else f"the next {kind} applies it ('tradepost listings {kind}' at once)"
        out.print(f"Queued '{word}' for {counted(asked.queued, 'listing')}; {when}.")
    elif asked.queued:
        out.print(f"Took back what was queued for {counted(asked.queued, 'listing')}.")
    if asked.unchanged:
        out.print(f"{asked.unchanged} were queued already." if kind else f"{asked.unchanged} had nothing queued.")
    for reason, count in sorted(asked.refused.items()):
        out.print(f"{count} left as they are: {reason}", markup=False, soft_wrap=True)
    if not (asked.queued or asked.unchanged or asked.refused):
        out.print("Nothing to do.")
