"""Executing runs from a shell: asked for as any other run, executed here, and reported."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tradepost.cli import output
from tradepost.cli.arguments import Named, ask, confirm, is_at_terminal, refuse_to_save, shell_user
from tradepost.cli.exit_codes import BusyElsewhere, Exit, code_of_kind
from tradepost.cli.output import (
    change_json,
    counted,
    err,
    look_only_sentence,
    out,
    print_json,
    print_table,
    progress,
    result_json,
    say,
)
from tradepost.database.models import Channel, Run, RunChange, RunKind, SavedPlan, Trigger
from tradepost.domain.brake import ANY_NUMBER, NAMED, NAMED_IN_REPORTS, Braking
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing import Event
from tradepost.domain.plan import Action, Change, Counts, Outcome, RunState
from tradepost.engine import plans, runs
from tradepost.engine.requests import Asked, request_asked
from tradepost.operations.selection import UNDOES
from tradepost.operations.selection import beyond_brake as released_as_option

SHOWN_CHANGES = 200
_TOLD = (Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN, Outcome.SKIPPED)
_CREATES = frozenset({Action.CREATE, Action.UPLOAD, Action.IMPORT, Action.SHIP})
_REMOVES = frozenset({Action.DELETE, Action.DELIST})
_WORDS = {
    RunKind.PUBLISH: "publish",
    RunKind.SYNC: "sync",
    RunKind.LINK: "link",
    RunKind.SET_TYPE: "set type",
    RunKind.UNDO: "undo",
    RunKind.ADOPT: "adopt",
    RunKind.GET_ORDERS: "get orders",
    RunKind.SYNC_ORDERS: "sync orders",
    RunKind.RECONCILE_ORDERS: "reconcile orders",
    RunKind.DELIVER_ORDERS: "deliver orders",
    RunKind.IMPORT: "import",
    RunKind.FETCH_SHIPMENTS: "fetch shipments",
    RunKind.REQUEST: "request",
}


# What a channel that goes live does, in the order in which it is told.
_WRITING = (RunKind.PUBLISH, RunKind.SYNC, RunKind.GET_ORDERS, RunKind.SYNC_ORDERS, RunKind.DELIVER_ORDERS)


@dataclass(frozen=True, slots=True)
class Report:
    """A settled run, as commands tell of it."""

    run: Run

    @property
    def counts(self) -> Counts:
        return Counts.from_rows(self.run.counts)

    @property
    def exit_code(self) -> Exit:
        state = RunState(self.run.state)
        if state is RunState.COMPLETED:
            return Exit.DONE
        if state is RunState.STOPPED:
            return Exit.STOPPED_BY_BRAKE
        return code_of_kind(self.run.error_kind) if state is RunState.FAILED else Exit.WITH_ERRORS

    @property
    def braking(self) -> Braking | None:
        return Braking.from_json(self.run.brake)

    def changes(self, *, limit: int = SHOWN_CHANGES, only_told: bool = False) -> list[RunChange]:
        """`only_told`: what did not go well, and what was left out on purpose."""
        found = RunChange.objects.filter(run=self.run).order_by("pk")
        if only_told:
            found = found.filter(outcome__in=[outcome.value for outcome in _TOLD])
        return list(found[:limit])

    @property
    def totals(self) -> dict[str, int]:
        """What a plan comes to, as `totals_of`."""
        numbers: Counter[str] = Counter()
        for row in self.run.planned:
            numbers[row["action"]] += row["count"]
        return totals_of(numbers)

    @property
    def imports(self) -> int:
        """How many orders a plan would bring into the ledger."""
        return sum(row["count"] for row in self.run.planned if row["action"] == Action.IMPORT.value)

    @property
    def changes_count(self) -> int:
        """How many changes there are: done, left, and planned, whether all of these are kept or not."""
        done = sum(row["count"] for row in self.run.counts)
        return int(done + sum(row["count"] for row in self.run.planned))

    @property
    def is_saved(self) -> bool:
        return SavedPlan.objects.filter(pk=self.run.pk).exists()

    @property
    def is_look_only(self) -> bool:
        return self.run.channel is not None and self.run.channel.is_look_only

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.run.pk,
            "kind": self.run.kind,
            "state": self.run.state,
            "dry_run": self.run.is_dry,
            "look_only": self.is_look_only,
            **({"plan": self.totals, "saved": self.is_saved} if self.run.is_dry else {}),
            "counts": self.run.counts,
            "brake": self.run.brake or None,
            "released_by": self.run.released_by,
            "error": self.run.error,
            "reference": self.run.reference,
            "changes": [change_row_json(change) for change in self.changes(limit=SHOWN_CHANGES)],
            "changes_left_out": max(0, self.changes_count - SHOWN_CHANGES),
        }


def perform(
    channel: Channel,
    kind: str,
    *,
    only: Collection[int] | None = None,
    dry_run: bool = False,
    save: bool = False,
    quiet: bool = False,
    options: Mapping[str, Any] | None = None,
    beyond_brake: bool = False,
) -> Report:
    """
    Execute an operation here and now, with a progress bar; `options` as in `engine.runs`.

    `save`: the preview is kept as a plan that people approve.

    What the brake stops, a person at a terminal is asked for; with `beyond_brake` it is not looked at. Raises
    BusyElsewhere when another process executes one on this channel.
    """
    refuse_to_save(dry_run=dry_run, save=save)
    if save:
        scope = None if only is None else sorted(only)
        asked = plans.request_saved_plan(channel.pk, kind, scope=scope, options=options, requested_by=shell_user())
        return executed(asked, quiet=quiet)
    run = runs.request_run(
        channel.pk,
        RunKind(kind),
        trigger=Trigger.PERSON,
        scope=None if only is None else sorted(only),
        options={**(options or {}), **(released_as_option(ANY_NUMBER) if beyond_brake else {})},
        is_dry=dry_run,
        requested_by=shell_user(),
        released_by=shell_user() if beyond_brake else "",
    )
    report = executed(run, quiet=quiet)
    if report.run.state == RunState.STOPPED.value and not quiet and is_at_terminal():
        print_report(report, names_all=True)
        if ask("Do it all the same, this once?"):
            return release(report.run.pk, quiet=quiet)
    return report


def execute_import(source_id: int, *, quiet: bool) -> Report:
    """Fetch and import what is new of a source, here and now. Raises BusyElsewhere."""
    return executed(runs.request_import(source_id, requested_by=shell_user()), quiet=quiet)


def release(run_id: int, *, quiet: bool) -> Report:
    """
    Do what a run was stopped for, here and now. Raises NotAllowed where there is nothing to answer, BusyElsewhere.
    """
    return executed(runs.release_run(run_id, requested_by=shell_user()), quiet=quiet)


def apply_plan(plan_id: int, *, quiet: bool) -> Report:
    """Carry out what is approved of a saved plan, here and now. Raises NotAllowed, BusyElsewhere."""
    return executed(plans.apply(plan_id, who=shell_user()), quiet=quiet)


def what_is_due(channel: Channel, *, quiet: bool) -> dict[str, str]:
    """
    Say by verb what its next run would do, as its preview comes to.

    Raises NotAllowed where one can't be planned: whoever goes live would not know what for.
    """
    found: dict[str, str] = {}
    for kind in _WRITING:
        report = perform(channel, kind, dry_run=True, quiet=quiet)
        if report.run.state == RunState.FAILED.value:
            message = f"{_WORDS[kind]} can't be planned, so nothing is let loose: {report.run.error}"
            raise NotAllowed(message)
        found[_WORDS[kind]] = totals_line(report.totals)
    return found


def undo(run: Run, *, pauses: bool, dry_run: bool, save: bool, is_confirmed: bool, as_json: bool) -> Exit:
    """Undo a run, here and now, once a person has seen what goes back and what does not."""
    channel, options = run.channel, {UNDOES: run.pk}
    refuse_to_save(dry_run=dry_run, save=save)
    if channel is None:
        return _undo_import(run, pauses=pauses, dry_run=dry_run, save=save, is_confirmed=is_confirmed, as_json=as_json)
    preview = perform(channel, RunKind.UNDO, dry_run=True, save=save, quiet=as_json, options=options)
    if dry_run or not any(preview.totals.values()):
        _tell(preview, as_json=as_json)
        return preview.exit_code
    if not as_json:
        print_report(preview)
    confirm(f"Undo run {run.pk}: {totals_line(preview.totals)}?", is_confirmed=is_confirmed)
    report = perform(channel, RunKind.UNDO, quiet=as_json, options=options)
    _tell(report, as_json=as_json)
    back = RunChange.objects.filter(run=report.run, outcome=Outcome.APPLIED.value, listing_id__isnull=False)
    ids = {number for number in back.values_list("listing_id", flat=True) if number is not None}
    if pauses and ids:
        request_asked(channel.pk, [Asked(Event.PAUSED, ids)], requested_by=shell_user())
    if not as_json and ids:
        told = (
            f"{counted(len(ids), 'listing')} that went back are paused."
            if pauses
            else "What the catalogue wants is as it was: a price is due again, and so is what is queued. Change it "
            "there, or freeze the listings ('tradepost listings pause', or --pause)."
        )
        say(told)
    return report.exit_code


def _undo_import(run: Run, *, pauses: bool, dry_run: bool, save: bool, is_confirmed: bool, as_json: bool) -> Exit:
    """Undo what an import has changed in the catalogue; listings follow as they do when a file comes in."""
    from tradepost.cli.catalogue.catalogue import (
        chained_json,
        chained_syncs,
        preview_json,
        print_planned,
        tell_chained,
        tell_saved,
    )
    from tradepost.engine.imports import preview_undo_of

    assert run.source_id is not None
    if pauses:
        message = "--pause is for what goes back on a store; an import is undone in the catalogue, which is sent again."
        raise NotAllowed(message)
    with progress(is_shown=not as_json) as step:
        preview = preview_undo_of(
            run, requested_by=shell_user(), saves=save, progress=lambda done: step(done, None, "changes looked at")
        )
    left = [result_json(result) for result in preview.journal.left]
    if not as_json:
        print_planned(preview)
        for each in left:
            for line in output.change_lines(each):
                say(line, to=err)
        tell_saved(preview)
    totals = totals_of({action: number for (_, action), number in preview.journal.planned.items()})
    if dry_run or not preview.journal.planned:
        if as_json:
            print_json({"dry_run": True, "undoes": run.pk, "left": left, **preview_json(preview)})
        else:
            out.print(f"Plan of undo: {totals_line(totals)}.")
        return Exit.DONE
    confirm(f"Undo run {run.pk}: {totals_line(totals)}?", is_confirmed=is_confirmed)
    undone = runs.request_import(run.source_id, kind=RunKind.UNDO, options={UNDOES: run.pk}, requested_by=shell_user())
    report = executed(undone, quiet=as_json)
    chained = chained_syncs()
    if as_json:
        print_json({**report.to_json(), **chained_json(chained)})
    else:
        print_report(report)
        tell_chained(chained)
    return report.exit_code


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)


def executed(run: Run, *, quiet: bool) -> Report:
    """Execute a run that was asked for, here and now. Raises BusyElsewhere."""
    label = _WORDS[RunKind(run.kind)]
    with progress(is_shown=not quiet) as step:
        step(0, None, label)
        try:
            settled = runs.run_now(run, progress=lambda done, total, text: step(done, total, text or label))
        except runs.AlreadyRunning as busy:
            raise BusyElsewhere(str(busy)) from busy
    return Report(settled)


def execute(
    channel: Channel,
    kind: str,
    *,
    named: Named | None = None,
    dry_run: bool = False,
    save: bool = False,
    as_json: bool = False,
    options: Mapping[str, Any] | None = None,
    beyond_brake: bool = False,
) -> Exit:
    """Perform a run, for what was named or for all that is due; print its report and return its exit code."""
    only = None if named is None else named.ids
    report = perform(
        channel, kind, only=only, dry_run=dry_run, save=save, quiet=as_json, options=options, beyond_brake=beyond_brake
    )
    if as_json:
        unknown = {} if named is None else {"unknown": named.unknown_json(), "refused_lines": named.refused_json()}
        print_json({**report.to_json(), **unknown})
    else:
        print_report(report)
        print_unknown(channel, named)
    return combined_exit(Exit.WITH_ERRORS if named and named.is_incomplete else Exit.DONE, report)


def print_unknown(channel: Channel, named: Named | None) -> None:
    for sentence in named.sentences(channel) if named else ():
        say(sentence, to=err)


def combined_exit(first: Exit, report: Report | None) -> Exit:
    """Return what is worse: the request's own code, or the run's."""
    if report is None or report.exit_code is Exit.DONE:
        return first
    return first if first not in (Exit.DONE, Exit.WITH_ERRORS) else report.exit_code


def print_report(report: Report, *, names_all: bool = False) -> None:
    """
    Print a plan in full, or of a run the counts and what went badly or was left out; then what it comes to.

    `names_all`: each listing that the brake holds back, because a person is asked about them.
    """
    if report.run.is_dry:
        _print_plan(report)
    else:
        _print_run(report)
    if report.run.channel is not None and report.is_look_only and report.run.is_dry:
        say(look_only_sentence(report.run.channel))
    print_brake(report, names_all=names_all)
    if report.run.error:
        say(report.run.error, to=err)


def print_brake(report: Report, *, names_all: bool) -> None:
    """Say what the brake holds back, or would."""
    braking = report.braking
    if braking is None:
        return
    run = report.run
    head = "The brake would stop this." if run.is_dry else "The brake stopped this."
    say(f"{head} {braking.sentence}", to=err)
    for line in braking.lines(most=NAMED if names_all else NAMED_IN_REPORTS):
        say(f"  {line}", to=err)
    if not run.is_dry:
        named = "" if names_all else f"'tradepost runs show {run.pk}' names all of them. "
        say(
            f"{named}What it was about stays queued; the rest was done. Put right what is wrong and run it again, or "
            f"let it go on with 'tradepost runs release {run.pk}'.",
            to=err,
        )


def _print_plan(report: Report) -> None:
    for line in change_lines(report.changes()):
        say(line)
    totals = report.totals
    left_out = sum(totals.values()) - SHOWN_CHANGES
    if any(totals.values()):
        more = f" (the first {SHOWN_CHANGES} are shown)" if left_out > 0 else ""
        out.print(f"{counted(sum(totals.values()), 'change')} planned{more}; nothing was changed.")
    if report.imports:
        out.print(f"{counted(report.imports, 'order')} would be imported.")
    is_through = report.run.state == RunState.COMPLETED.value
    name = f"Plan of {_WORDS[RunKind(report.run.kind)]} {report.run.pk}"
    if any(totals.values()):
        out.print(f"{name}: {totals_line(totals)}{'' if is_through else f' ({_spoken(report.run.state)})'}.")
    else:
        out.print("Nothing to do." if is_through else f"{name}: {_spoken(report.run.state)}.")
    if report.is_saved and any(totals.values()):
        say(saved_as_sentence(report.run.pk))


def saved_as_sentence(number: int) -> str:
    return (
        f"Saved as plan {number}: 'tradepost plans show {number}' names its changes, 'tradepost plans approve "
        f"{number}' says yes to all or some of them, and 'tradepost plans apply {number}' does those."
    )


def _print_run(report: Report) -> None:
    run = report.run
    print_counts(report.counts, empty="" if run.error else "Nothing to do.")
    for line in change_lines(report.changes(only_told=True)):
        say(line, to=err)
    out.print(f"{_WORDS[RunKind(run.kind)]} {run.pk}: {_spoken(run.state)}".capitalize())


def totals_of(actions: Mapping[str, int]) -> dict[str, int]:
    """Sum planned changes by what they come to: {"create": number, "change": number, "remove": number}."""
    totals = dict.fromkeys(("create", "change", "remove"), 0)
    for action, number in actions.items():
        if action in _CREATES:
            totals["create"] += number
        elif action in _REMOVES:
            totals["remove"] += number
        elif action != Action.KEEP:
            totals["change"] += number
    return totals


def print_changes(changes: Sequence[Change], *, shown: int = SHOWN_CHANGES, number: int | None = None) -> None:
    """Print what is intended where no run plans it, in full or the first ones; `number`: of how many these are."""
    number = len(changes) if number is None else number
    for change in changes[:shown]:
        for line in output.change_lines(change_json(change)):
            say(line)
    if number > shown:
        out.print(f"... and {number - shown} more.")


def print_totals(totals: Mapping[str, int]) -> None:
    """End a plan with what it comes to."""
    out.print(f"{totals_line(totals)}.".capitalize())


def totals_of_changes(changes: Iterable[Change]) -> dict[str, int]:
    return totals_of(Counter(change.action.value for change in changes))


def totals_line(totals: Mapping[str, int]) -> str:
    """Write totals in one line: 3 to create, 2 to change; what there is none of is left out."""
    return ", ".join(f"{number} to {word}" for word, number in totals.items() if number) or "nothing to do"


def _spoken(state: str) -> str:
    return state.replace("_", " ")


def print_counts(counts: Counts, *, empty: str = "") -> None:
    if not counts.numbers and not empty:
        return
    print_table(
        ("subject", "action", "outcome", "proof", "count"),
        ((row["subject"], row["action"], row["outcome"], row["proof"], row["count"]) for row in counts.to_rows()),
        empty=empty,
    )


def change_lines(changes: Iterable[RunChange]) -> Iterator[str]:
    """Write changes as people read them."""
    for change in changes:
        yield from output.change_lines(change_row_json(change))


def change_row_json(change: RunChange) -> dict[str, Any]:
    return {
        "subject": change.subject_kind,
        "key": change.subject_key,
        "label": change.subject_label,
        "side": change.side,
        "action": change.action,
        "fields": change.fields,
        "reason": change.reason,
        "outcome": change.outcome,
        "proof": change.proof,
        "message": change.message,
    }
