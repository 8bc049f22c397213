"""
Previews of what is done in the catalogue, as runs: it is done in a transaction that is taken back, and kept afterwards.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from tempfile import TemporaryFile
from typing import IO

import msgspec

from tradepost import wiring
from tradepost.database.json_values import plain
from tradepost.database.models import Run
from tradepost.domain import changes
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Result, Side, Subject, SubjectKind
from tradepost.engine.kept_uploads import StoppedOnDemand, previewed_upload, stops_on_demand
from tradepost.engine.run_handle import RunHandle
from tradepost.operations.catalogue.import_journal import PlanJournal, plan_of
from tradepost.operations.catalogue.import_report import ImportReport
from tradepost.operations.catalogue.import_undo import preview_undo
from tradepost.operations.catalogue.source_imports import preview_source
from tradepost.operations.ports import Clock, Level
from tradepost.operations.selection import UNDOES, UPLOAD

_BATCH = 500
# While the transaction lasts, nobody may take the run over.
_LONGEST = timedelta(hours=1)


class Spool:
    """Changes put aside until the transaction that has shown them is taken back: memory would not hold a million."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._encode = msgspec.json.Encoder().encode

    def add(self, changes: Sequence[Change]) -> None:
        self._file.writelines(self._encode(plain(change)) + b"\n" for change in changes)

    def changes(self) -> Iterator[Change]:
        self._file.seek(0)
        for line in self._file:
            kept = msgspec.json.decode(line)
            subject = kept["subject"]
            yield changes.as_kept(
                Subject(SubjectKind(subject["kind"]), subject["key"], subject["label"]),
                side=Side(kept["side"]),
                action=Action(kept["action"]),
                fields=[FieldChange(**field) for field in kept["fields"]],
                reason=kept["reason"],
                listing_id=kept["listing_id"],
            )


def preview_of_source(run: Run, handle: RunHandle, *, clock: Clock) -> None:
    """
    Say in its report what a run of a source would do: with an upload, with what is new there, or undoing another run.

    Raises as these do.
    """
    with TemporaryFile() as file:
        spool = Spool(file)
        journal = PlanJournal(keep=spool.add)
        handle.keep_for(_LONGEST)
        try:
            told = _look(run, handle, journal, clock=clock)
        except StoppedOnDemand:
            return
        ahead = spool.changes()
        while batch := list(islice(ahead, _BATCH)):
            handle.show(plan_of(batch), needs={} if handle.is_saved else None)
        handle.report([*journal.left, *told])
        handle.count(SubjectKind.PRODUCT, Action.KEEP, Outcome.UNCHANGED, number=journal.unchanged)


def _look(run: Run, handle: RunHandle, journal: PlanJournal, *, clock: Clock) -> list[Result]:
    assert run.source is not None
    name, options = run.source.name, run.options
    if UPLOAD in options:
        previewed_upload(run, handle, journal, clock=clock)
        return []
    if UNDOES in options:
        ports = wiring.sources.undo_ports(name, requested_by=run.requested_by, clock=clock, journal=journal)
        preview_undo(options[UNDOES], ports, progress=stops_on_demand(handle))
        return []
    source = wiring.sources.source_ports(name, requested_by=run.requested_by, clock=clock, journal=journal)
    address = source.source.at.address if source.source.at else ""
    return [result for file, what in preview_source(source) for result in _told(f"{name}/{file}", what, address)]


def _told(key: str, what: ImportReport | str, address: str) -> Iterator[Result]:
    """What of a file does not come in, with the reasons."""
    if isinstance(what, str):
        yield Result(changes.source_read(key, address=address), Outcome.FAILED, message=what)
        return
    for cause in what.told.causes(Level.REFUSED):
        refused = changes.rows_refused(key, refused=cause.count)
        yield Result(refused, Outcome.FAILED, message=f"{cause.where}{cause.message}")
