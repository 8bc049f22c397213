"""What imports came to, in sentences, and the list of them: files by hand, of sources and by commands alike."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django.db.models import QuerySet

from tradepost.database.models import Run, RunKind, SourceFile, Upload
from tradepost.domain.plan import SETTLED_STATES, Action, Outcome, RunState, SubjectKind
from tradepost.operations.selection import FILE, UNDOES, UPLOAD
from tradepost.web.format import RUN_COLOURS, spoken

_NAMED_FILES = 3
_KINDS = (RunKind.IMPORT.value, RunKind.UNDO.value)


@dataclass(frozen=True, slots=True)
class ShownImport:
    """A run of a source as lists write it. `upload_id`: the file's own page, where it was given on one."""

    run: Run
    title: str
    state: str
    colour: str
    outcome: str
    upload_id: int | None
    is_undoable: bool


def imports_of(source_id: int | None = None) -> "QuerySet[Run]":
    """The runs that have changed the catalogue, newest first; all, or those of a source."""
    # Of a source are those of no channel: so the index of channels leads to them.
    rows = Run.objects.filter(channel__isnull=True, is_dry=False, kind__in=_KINDS)
    if source_id is not None:
        rows = rows.filter(source_id=source_id)
    return rows.select_related("source").order_by("-pk")


def shown_imports(runs: Sequence[Run]) -> list[ShownImport]:
    uploads = {each.imported_by_id: each for each in Upload.objects.filter(imported_by__in=runs).defer("refused")}
    fetched: dict[int, list[str]] = {}
    for number, name in SourceFile.objects.filter(run_id__in=[run.pk for run in runs]).values_list("run_id", "name"):
        fetched.setdefault(number or 0, []).append(name)
    return [_shown(run, uploads.get(run.pk), fetched.get(run.pk, ())) for run in runs]


def _shown(run: Run, upload: Upload | None, fetched: Sequence[str]) -> ShownImport:
    state = spoken(run.state)
    is_settled = RunState(run.state) in SETTLED_STATES
    return ShownImport(
        run=run,
        title=_title(run, upload, fetched),
        state=state,
        colour=RUN_COLOURS[state],
        outcome=run.error or (outcome_of(run.counts) if is_settled else ""),
        upload_id=None if upload is None else upload.pk,
        is_undoable=is_settled and not run.is_forgotten and has_changed(run.counts),
    )


def _title(run: Run, upload: Upload | None, fetched: Sequence[str]) -> str:
    if UNDOES in run.options:
        return f"Undo of import {run.options[UNDOES]}"
    if upload is not None:
        return upload.name
    if FILE in run.options:
        return PurePosixPath(run.options[FILE]["path"]).name
    if UPLOAD in run.options:
        return "A file that is not kept any more"
    more = len(fetched) - _NAMED_FILES
    named = ", ".join(fetched[:_NAMED_FILES])
    return f"{named} and {more} more" if more > 0 else named or "Nothing new"


def outcome_of(counts: Iterable[Mapping[str, Any]]) -> str:
    """Write what was changed in the catalogue: `3 new, 5 changed, 120 as before`."""
    rows = [row for row in counts or () if row["subject"] != SubjectKind.FILE.value]
    numbers = {
        "new": _sum(rows, Action.CREATE, Outcome.APPLIED),
        "changed": _sum(rows, Action.UPDATE, Outcome.APPLIED),
        "taken out": _sum(rows, Action.DELETE, Outcome.APPLIED),
        "as before": sum(row["count"] for row in rows if row["outcome"] == Outcome.UNCHANGED.value),
        "left as they are": sum(row["count"] for row in rows if row["outcome"] == Outcome.SKIPPED.value),
    }
    told = ", ".join(f"{number:,} {what}" for what, number in numbers.items() if number)
    failed = sum(row["count"] for row in counts or () if row["outcome"] == Outcome.FAILED.value)
    return "; ".join(filter(None, [told, "with something refused" if failed else ""])) or "Nothing changed"


def figures_of(run: Run) -> dict[str, int]:
    """Count the products that a run has made, changed, taken out and left, or would where it is a preview."""
    rows = [row for row in run.planned if row["subject"] != SubjectKind.FILE.value]
    planned = Counter({row["action"]: row["count"] for row in rows})
    done = [row for row in run.counts if row["subject"] != SubjectKind.FILE.value]
    return {
        name: planned[action.value] + _sum(done, action, outcome)
        for name, action, outcome in (
            ("new", Action.CREATE, Outcome.APPLIED),
            ("changed", Action.UPDATE, Outcome.APPLIED),
            ("gone", Action.DELETE, Outcome.APPLIED),
            ("as_before", Action.KEEP, Outcome.UNCHANGED),
        )
    }


def has_changed(counts: Iterable[Mapping[str, Any]]) -> bool:
    return any(
        row["outcome"] == Outcome.APPLIED.value and row["subject"] != SubjectKind.FILE.value for row in counts or ()
    )


def _sum(rows: Iterable[Mapping[str, Any]], action: Action, outcome: Outcome) -> int:
    return sum(row["count"] for row in rows if (row["action"], row["outcome"]) == (action.value, outcome.value))
