"""
Imports by hand, and previews of what is done in the catalogue: executed by whoever asks, as the file is on his machine.

Each import is a run of its source, so that it is in the history and can be undone. A preview is none until it is saved:
it is made in a transaction that is taken back, which no run outlives.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from tradepost import wiring
from tradepost.database.models import Run, RunKind, Source, Trigger
from tradepost.database.runs import runs
from tradepost.database.runs.plans import save_made_plan
from tradepost.domain.errors import TradepostError
from tradepost.domain.people.audit import AuditEvent
from tradepost.domain.plan import RunState
from tradepost.engine.catalogue_previews import Spool
from tradepost.engine.owner import is_dead, new_owner
from tradepost.engine.plans import plan_life
from tradepost.engine.run_handle import RunHandle
from tradepost.engine.runs import AlreadyRunning, lease_time, note_request
from tradepost.operations.catalogue.import_journal import PlanJournal
from tradepost.operations.catalogue.import_report import ImportReport
from tradepost.operations.catalogue.import_undo import preview_undo
from tradepost.operations.catalogue.imports import NamedFile, preview_import
from tradepost.operations.catalogue.source_imports import planned_file, preview_source
from tradepost.operations.ports import Clock
from tradepost.operations.selection import FETCHED, FILE, UNDOES

RowsDone = Callable[[int], None]
_CUT_OFF = "It was cut off. Import the file again: what has come in stays, and the rest comes then."


def import_file(
    file: NamedFile, *, requested_by: str, progress: RowsDone | None = None, clock: Clock = timezone.now
) -> tuple[ImportReport, Run]:
    """
    Import a file of this machine, as a run of its source.

    Raises FileRefused, and AlreadyRunning while the same source is imported elsewhere.
    """
    with _begun(file, requested_by=requested_by, clock=clock) as handle:
        report = wiring.catalogue.import_named_file(
            file, handle, requested_by=requested_by, clock=clock, progress=progress
        )
    return report, Run.objects.get(pk=handle.id)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be done; `plan_id`: where it was saved to be approved. `files`: the reports, by file."""

    journal: PlanJournal
    files: Sequence[tuple[str, ImportReport | str]]
    plan_id: int | None = None


def preview_file(
    file: NamedFile, *, requested_by: str, saves: bool = False, progress: RowsDone | None = None
) -> Preview:
    """Say what an import of a file of this machine would do; it may be saved. Raises FileRefused."""

    def look(journal: PlanJournal) -> list[tuple[str, ImportReport | str]]:
        ports = wiring.catalogue.import_ports(
            wiring.catalogue.channels_named(file.channels),
            requested_by=requested_by,
            reads_files=True,
            images_root=file.images,
            journal=journal,
        )
        return [(str(file.path), preview_import(file.path, ports, options=file.options, progress=progress))]

    return _previewed(
        look, RunKind.IMPORT, file.options.source, {FILE: file.to_json()}, requested_by=requested_by, saves=saves
    )


def preview_files(name: str, *, requested_by: str, saves: bool = False) -> Preview:
    """
    Say what an import of a source's new files would do. Only the first may be saved: the next is planned after it.

    Raises as the source's place does.
    """
    planned = None
    if saves:
        planned = planned_file(wiring.sources.source_ports(name, requested_by=requested_by))
        if planned is None:
            return Preview(PlanJournal(), ())
    options = {} if planned is None else {FETCHED: [*planned]}

    def look(journal: PlanJournal) -> list[tuple[str, ImportReport | str]]:
        ports = wiring.sources.source_ports(name, requested_by=requested_by, journal=journal)
        return preview_source(ports, planned=planned)

    return _previewed(look, RunKind.IMPORT, name, options, requested_by=requested_by, saves=saves)


def preview_undo_of(run: Run, *, requested_by: str, saves: bool = False, progress: RowsDone | None = None) -> Preview:
    """Say what an undo of an import would do, and what it can't; it may be saved."""
    assert run.source is not None
    name = run.source.name

    def look(journal: PlanJournal) -> list[tuple[str, ImportReport | str]]:
        ports = wiring.sources.undo_ports(name, requested_by=requested_by, journal=journal)
        return [("", preview_undo(run.pk, ports, progress=progress or (lambda _done: None)))]

    return _previewed(look, RunKind.UNDO, name, {UNDOES: run.pk}, requested_by=requested_by, saves=saves)


def _previewed(
    look: Callable[[PlanJournal], list[tuple[str, ImportReport | str]]],
    kind: RunKind,
    source: str,
    options: Mapping[str, Any],
    *,
    requested_by: str,
    saves: bool,
) -> Preview:
    if not saves:
        journal = PlanJournal()
        return Preview(journal, look(journal))
    with TemporaryFile() as file:
        spool = Spool(file)
        journal = PlanJournal(keep=spool.add)
        files = look(journal)
        if not journal.planned:
            return Preview(journal, files)
        now = timezone.now()
        plan = save_made_plan(
            source_id=Source.objects.get_or_create(name=source)[0].pk,
            kind=kind,
            options=options,
            changes=spool.changes(),
            planned=journal.planned,
            who=requested_by,
            expires_at=now + plan_life(),
            at=now,
        )
    return Preview(journal, files, plan.pk)


@contextmanager
def _begun(file: NamedFile, *, requested_by: str, clock: Clock) -> Iterator[RunHandle]:
    """Begin a run that only this process can carry out, and settle it; what goes wrong is raised, too."""
    run, lease = _begin(file, requested_by=requested_by, clock=clock)
    handle = RunHandle(run, lease, clock=clock, lease_time=lease_time())
    try:
        with handle.kept_alive():
            yield handle
    except BaseException as failure:
        is_ours = isinstance(failure, Exception)
        # What broke off is opened anew, so that the run can be settled if the database is back.
        connection.close_if_unusable_or_obsolete()
        state = RunState.FAILED if is_ours else RunState.CANCELLED
        error = str(failure) if isinstance(failure, TradepostError) else _CUT_OFF
        _settle(handle, lease, state, clock, error=error, error_kind=type(failure).__name__)
        raise
    _settle(handle, lease, handle.counts.state, clock)


def _settle(handle: RunHandle, lease: runs.Lease, state: RunState, clock: Clock, **error: str) -> None:
    runs.finish(lease, state, at=clock(), **handle.final_progress(), **error)


def _begin(file: NamedFile, *, requested_by: str, clock: Clock) -> tuple[Run, runs.Lease]:
    source, _ = Source.objects.get_or_create(name=file.options.source)
    while True:
        now = clock()
        with transaction.atomic():
            begun = runs.begin_run(
                source.pk,
                options={FILE: file.to_json()},
                owner=new_owner(),
                until=now + lease_time(),
                at=now,
                requested_by=requested_by,
            )
            if begun is not None:
                note_request(begun[0], Trigger.PERSON, AuditEvent.REQUESTED, requested_by)
                return begun
        other = Run.objects.filter(source=source, state=RunState.RUNNING.value, is_dry=False).first()
        if other is None:
            continue
        is_held = other.lease_until is not None and other.lease_until > now
        if is_held and not is_dead(other.owner):
            message = f"Files of the source '{source.name}' are being imported (run {other.pk}); wait for its end."
            raise AlreadyRunning(message, run=other)
        left = runs.Lease(other.pk, other.owner, other.attempt)
        runs.finish(left, RunState.FAILED, at=now, error=_CUT_OFF, error_kind="NotAllowed")
