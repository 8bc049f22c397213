"""Executing runs from a shell: asked for as any other run, executed here, and reported."""

import getpass
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tradepost.cli.exit_codes import AlreadyRunning, Exit, code_of_kind
from tradepost.cli.output import counted, err, out, print_json, print_table, progress, short
from tradepost.database.models import Channel, Run, RunChange, RunKind, Trigger
from tradepost.domain.plan import Counts, Outcome, RunState
from tradepost.engine import runs
from tradepost.security.terminal import printable

SHOWN_CHANGES = 200
_BAD = (Outcome.REJECTED, Outcome.FAILED, Outcome.UNKNOWN)
_WORDS = {
    RunKind.PUBLISH: "publish",
    RunKind.SYNC: "sync",
    RunKind.LINK: "link",
    RunKind.GET_ORDERS: "get orders",
    RunKind.SYNC_ORDERS: "sync orders",
    RunKind.REQUEST: "request",
}


def shell_user() -> str:
    """Name who asks, for the audit trail."""
    try:
        return f"shell: {getpass.getuser()}"
    except (KeyError, OSError):
        return "shell"


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
        return code_of_kind(self.run.error_kind) if state is RunState.FAILED else Exit.WITH_ERRORS

    def changes(self, *, limit: int = SHOWN_CHANGES, only_bad: bool = False) -> list[RunChange]:
        found = RunChange.objects.filter(run=self.run).order_by("pk")
        if only_bad:
            found = found.filter(outcome__in=[outcome.value for outcome in _BAD])
        return list(found[:limit])

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.run.pk,
            "kind": self.run.kind,
            "state": self.run.state,
            "dry_run": self.run.is_dry,
            "counts": self.run.counts,
            "error": self.run.error,
            "reference": self.run.reference,
            "changes": [change_row_json(change) for change in self.changes(limit=SHOWN_CHANGES)],
            "changes_left_out": max(0, RunChange.objects.filter(run=self.run).count() - SHOWN_CHANGES),
        }


def perform(
    channel: Channel,
    kind: str,
    *,
    only: Collection[int] | None = None,
    dry_run: bool = False,
    quiet: bool = False,
    options: Mapping[str, Any] | None = None,
) -> Report:
    """
    Execute an operation here and now, with a progress bar; `options` as in `operations.preview`.

    Raises AlreadyRunning when another process executes one on this channel.
    """
    run = runs.request_run(
        channel.pk,
        RunKind(kind),
        trigger=Trigger.PERSON,
        scope=None if only is None else sorted(only),
        options=options,
        is_dry=dry_run,
        requested_by=shell_user(),
    )
    label = _WORDS[RunKind(kind)]
    with progress(is_shown=not quiet) as step:
        step(0, None, label)
        try:
            settled = runs.run_now(run, progress=lambda done, total, text: step(done, total, text or label))
        except runs.AlreadyRunning as busy:
            raise AlreadyRunning(str(busy)) from busy
    return Report(settled)


def execute(
    channel: Channel, kind: str, *, only: Collection[int] | None = None, dry_run: bool = False, as_json: bool = False
) -> Exit:
    """Perform a run and print its report; return its exit code."""
    report = perform(channel, kind, only=only, dry_run=dry_run, quiet=as_json)
    if as_json:
        print_json(report.to_json())
    else:
        print_report(report)
    return report.exit_code


def combined_exit(first: Exit, report: Report | None) -> Exit:
    """Return what is worse: the request's own code, or the run's."""
    return first if report is None or first is not Exit.DONE else report.exit_code


def print_report(report: Report) -> None:
    """Print a plan in full, or of a run the counts and all that did not go well."""
    run = report.run
    if run.is_dry:
        for line in change_lines(report.changes()):
            out.print(line, markup=False, soft_wrap=True)
    planned = RunChange.objects.filter(run=run, outcome="").count() if run.is_dry else 0
    if planned:
        left_out = planned - SHOWN_CHANGES
        more = f" (the first {SHOWN_CHANGES} are shown)" if left_out > 0 else ""
        out.print(f"{counted(planned, 'change')} planned{more}; nothing was changed.")
    if run.counts or not planned:
        print_counts(report.counts, empty="" if run.error else "Nothing to do.")
    if not run.is_dry:
        for line in change_lines(report.changes(only_bad=True)):
            err.print(line, markup=False, soft_wrap=True)
    words = f"{_WORDS[RunKind(run.kind)]} {run.pk}: {run.state.replace('_', ' ')}"
    out.print(f"Plan of {words}" if run.is_dry else words.capitalize())
    if run.error:
        err.print(run.error, markup=False, soft_wrap=True)


def print_counts(counts: Counts, *, empty: str = "") -> None:
    print_table(
        ("subject", "action", "outcome", "proof", "count"),
        ((row["subject"], row["action"], row["outcome"], row["proof"], row["count"]) for row in counts.to_rows()),
        empty=empty,
    )


def change_lines(changes: list[RunChange]) -> Iterator[str]:
    """Write changes as people read them: what, on what, before -> after, why, and what became of it."""
    for change in changes:
        outcome = f" [{change.outcome}]" if change.outcome else ""
        message = f" {change.message}" if change.message else ""
        reason = f"  ({change.reason})" if change.reason else ""
        label = f" {change.subject_label}" if change.subject_label else ""
        line = f"{change.action} {change.subject_kind} {change.subject_key}{label}{reason}{outcome}{message}"
        yield printable(line)
        for field in change.fields:
            before = "" if field.get("before") is None else f"{short(field['before'])} -> "
            yield f"    {field['name']}: {before}{short(field.get('after'))}"


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
