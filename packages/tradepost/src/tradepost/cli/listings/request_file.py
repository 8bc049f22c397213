"""Asking for what a CSV file says of each listing: a column SKU, and a column Action."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tradepost.cli.arguments import Named, RefusedLine, confirm, shell_user
from tradepost.cli.exit_codes import Exit
from tradepost.cli.listings.listing_choice import FoundRow, asked_rows
from tradepost.cli.listings.requests import name_products_that_go, question, refused_lines_json, refused_results
from tradepost.cli.output import counted, out, print_json, print_table, say
from tradepost.cli.runs.results_output import results_output
from tradepost.cli.runs.run_report import Report, combined_exit, perform, print_report, print_unknown
from tradepost.database.models import Channel, Listing
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import APPLIED_BY, Event, Link, Pending
from tradepost.domain.plan import Outcome
from tradepost.engine.requests import Asked, RequestOutcome, preview_asked, preview_change, request_asked
from tradepost.engine.schedules import when_applied
from tradepost.operations.ports import FileAction
from tradepost.operations.selection import LINK_TO

_SHOWN = 50
_AT_ONCE = 1000


def request_file(
    channel: Channel, path: Path, *, dry_run: bool, is_confirmed: bool, as_json: bool, output: Path | None
) -> Exit:
    """Ask for it, as one request; rows that can't be used, and listings that may not have it, keep no other back."""
    rows, refused = asked_rows(channel, path, asks=True)
    file = _FileRequest()
    file.add(rows, _families_of(rows))
    asked = file.asked
    named = Named([], lines=file.lines, refused=sorted([*refused, *file.refused], key=lambda row: row.line))
    if not (dry_run or is_confirmed):
        _confirm_delist(channel, asked)
    report: Report | None = None
    with results_output(output, lines=file.lines, is_preview=dry_run) as results:
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
        if only := file.linked_by_run(dry_run=dry_run):
            options = {LINK_TO: {number: code for number, code in file.links.items() if code and number in only}}
            report = perform(channel, "link", only=only, dry_run=dry_run, quiet=as_json, options=options)
            results.executed(report.run)
    left = [each for outcome in outcomes for each in refused_lines_json(outcome, named)]
    if as_json:
        print_json(
            {
                "file": str(path),
                "dry_run": dry_run,
                "asked": [_json(each, outcome) for each, outcome in zip(asked, outcomes, strict=True)],
                "refused_lines": [*named.refused_json(), *left],
                "run": None if report is None else report.to_json(),
            }
        )
    else:
        _print(channel, asked, outcomes, dry_run=dry_run)
        for each in left[:_SHOWN]:
            say(f"Line {each['line']}: {each['name']} is left as it is. {each['reason']}")
        if len(left) > _SHOWN:
            out.print(f"... and {len(left) - _SHOWN} more; --output writes all of them down.")
        if report is not None:
            print_report(report)
        print_unknown(channel, named)
    is_whole = not (named.is_incomplete or any(outcome.refused for outcome in outcomes) or _leaves_any(report))
    return combined_exit(Exit.DONE if is_whole else Exit.WITH_ERRORS, report)


def _leaves_any(report: Report | None) -> bool:
    """Whether a listing that was to be linked is not; a run that did not find its product is complete all the same."""
    return report is not None and any(count["outcome"] == Outcome.SKIPPED.value for count in report.run.counts)


@dataclass(frozen=True, slots=True)
class _Family:
    """A listing that is to be linked, with its variants where it is a family's page."""

    is_linked: bool
    variants: tuple[int, ...]


@dataclass(slots=True)
class _FileRequest:
    """
    What a file asks for. `links`: of listings to be linked, by their ids, the id or code of their product, blank for
    whatever matches; those of `unlinked_first` are linked now. `lines`: where a listing is named.
    """

    links: dict[int, str] = field(default_factory=dict)
    unlinked_first: set[int] = field(default_factory=set)
    lines: dict[int, int] = field(default_factory=dict)
    refused: list[RefusedLine] = field(default_factory=list)
    _first: dict[int, FoundRow] = field(default_factory=dict)
    _ids: dict[tuple[Event | FileAction, frozenset[Group]], list[int]] = field(default_factory=dict)

    def add(self, rows: Sequence[FoundRow], families: Mapping[int, _Family]) -> None:
        """Sort rows by what they ask for; a listing of which two things are asked keeps the first."""
        for row in rows:
            before = next((self._first[number] for number in row.ids if number in self._first), None)
            if before is not None and _deed(before) != _deed(row):
                where = f"on line {before.line} already, where it is to {before.event}"
                self._refuse(row, f"{row.name} is {where}; ask for one thing.")
                continue
            fresh = [number for number in row.ids if number not in self._first]
            for number in fresh:
                self._first[number] = row
                self.lines[number] = row.line
            self._sort(row, fresh, families)

    def _sort(self, row: FoundRow, ids: Sequence[int], families: Mapping[int, _Family]) -> None:
        if row.event is None or not ids:
            return
        if row.event not in _LINKS:
            self._ids.setdefault((row.event, row.groups), []).extend(ids)
            return
        # A product is that of one listing, and a handle that of its page; without one the whole family is meant.
        family = families[ids[0]]
        if family.is_linked and row.event is FileAction.LINK:
            self._refuse(row, f"{row.name} is linked already; '{FileAction.RELINK}' lets go of its product first.")
        elif family.is_linked and family.variants and row.external_code:
            self._refuse(row, f"{row.name} is a family that is linked; unlink it, and then link its page.")
        else:
            named = [ids[0]] if row.external_code else [ids[0], *family.variants]
            if family.is_linked:
                self._ids.setdefault((Event.UNLINKED, frozenset()), []).extend(named)
                self.unlinked_first.update(named)
            self.links |= dict.fromkeys(named, row.external_code)

    def _refuse(self, row: FoundRow, reason: str) -> None:
        self.refused.append(RefusedLine(row.line, row.name, reason))

    @property
    def asked(self) -> list[Asked]:
        return [Asked(event, ids, groups) for (event, groups), ids in self._ids.items()]

    def linked_by_run(self, *, dry_run: bool) -> list[int]:
        """Return what a run links; a preview can't of what is still linked."""
        return [number for number in self.links if not (dry_run and number in self.unlinked_first)]


_LINKS = frozenset({FileAction.LINK, FileAction.RELINK})


def _deed(row: FoundRow) -> tuple[object, ...]:
    return row.event, row.external_code, row.groups


def _families_of(rows: Sequence[FoundRow]) -> dict[int, _Family]:
    """Look up what is to be linked."""
    ids = [number for row in rows if row.event in _LINKS for number in row.ids[:1]]
    found: dict[int, _Family] = {}
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        variants: dict[int, list[int]] = {}
        for parent, number in Listing.objects.filter(parent_id__in=part).values_list("parent_id", "pk"):
            if parent is not None:
                variants.setdefault(parent, []).append(number)
        for number, link in Listing.objects.filter(pk__in=part).values_list("pk", "link"):
            found[number] = _Family(link == Link.LINKED.value, tuple(variants.get(number, ())))
    return found


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
            say(f"{what}; {when_applied(channel, kind)}.")


def _json(asked: Asked, outcome: RequestOutcome) -> dict[str, object]:
    return {
        "action": asked.event.value,
        "queued": outcome.queued,
        "unchanged": outcome.unchanged,
        "refused": [{"reason": reason, "count": count} for reason, count in sorted(outcome.refused.items())],
        "applied_by": outcome.applied_by,
    }
