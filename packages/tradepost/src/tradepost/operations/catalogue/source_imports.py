"""
Import from sources: fetch the files of a source and bring them in, each of them once.

As with files of shipments, one is imported, then remembered by its name and content, then left until the next look
finds it as it was and puts it away. So whoever is killed in between imports it again, which changes nothing, and what
was added behind our back is another content and comes in, too.
"""

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from tempfile import TemporaryDirectory

from tradepost.domain import changes
from tradepost.domain.errors import FileRefused, HubUnusable, NotAllowed, Retry, RunLost, TradepostError
from tradepost.domain.files.fetched_file import (
    CATALOGUE_ENDINGS,
    DONE_FOLDER,
    LARGEST_CATALOGUE_BYTES,
    REFUSED_FOLDER,
    KnownFile,
    has_ended,
    is_meant,
    name_problem,
    put_away_name,
    shown_name,
)
from tradepost.domain.plan import Change, Outcome, Result
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.import_report import ImportReport
from tradepost.operations.catalogue.imports import ImportOptions, import_catalogue, preview_import
from tradepost.operations.ports import (
    ActiveRun,
    CatalogueSource,
    CatalogueSources,
    Clock,
    CopiedFile,
    FileId,
    FilePlace,
    ImportedFile,
    Level,
    OpenPlace,
    RowReport,
)


@dataclass(frozen=True, slots=True)
class SourcePorts:
    """What fetching and importing needs. `imports`: as for a file that is typed, but that no image is a file here."""

    source: CatalogueSource
    sources: CatalogueSources
    imports: ImportPorts
    open: OpenPlace
    clock: Clock


@dataclass(frozen=True, slots=True)
class FetchedCatalogue:
    """A file that was copied to `path`; `waits`: why it is not taken yet. `known`: what is remembered of it."""

    id: FileId
    path: Path
    copied: CopiedFile
    known: KnownFile | None
    waits: str = ""

    @property
    def is_news(self) -> bool:
        """Whether it is to be imported: it was not yet, it came back, or was put back by somebody."""
        return not self.waits and (self.known is None or not self.known.is_taken or not self.known.is_last)


class _Cancelled(Exception):
    """A person asked to stop, or the process ends."""


def import_source(ports: SourcePorts, run: ActiveRun, *, planned: tuple[str, str] | None = None) -> None:
    """
    Bring in what is new of a source. Idempotent: what was imported before is put away, and nothing is done else.

    `planned`: the name and checksum of the only file that is meant, where a saved plan is carried out.
    """
    _SourceImport(ports, run, planned).carry_out()


def planned_file(ports: SourcePorts) -> tuple[str, str] | None:
    """
    Find the first new file of a source, by name and checksum, for a plan of it; None where nothing is new.

    Raises as the place does.
    """
    with _opened(ports) as place:
        for name in _names(place):
            with _copied(ports, place, name) as file:
                if file is not None and not file.waits and _is_due(file, place):
                    return name, file.id.checksum
    return None


def preview_source(
    ports: SourcePorts, *, planned: tuple[str, str] | None = None
) -> list[tuple[str, ImportReport | str]]:
    """
    Say what an import of each new file would do, or why a file can't be imported; nothing is kept, and none is moved.

    `planned`: the name and checksum of the only file that is meant. Raises as the place does.
    """
    found: list[tuple[str, ImportReport | str]] = []
    with _opened(ports) as place:
        for name in _names(place):
            with _copied(ports, place, name) as file:
                if file is None or planned not in {None, (name, file.id.checksum)}:
                    continue
                if file.waits:
                    found.append((name, file.waits))
                elif _is_due(file, place):
                    try:
                        found.append((name, preview_import(file.path, ports.imports, options=_options(ports))))
                    except FileRefused as refusal:
                        found.append((name, _refusal(refusal, file)))
    return found


class _SourceImport:
    """One file after another; what is wrong with one keeps no other from coming in."""

    def __init__(self, ports: SourcePorts, run: ActiveRun, planned: tuple[str, str] | None) -> None:
        self._ports = ports
        self._run = run
        self._planned = planned
        self._is_found = planned is None
        self._problems: list[str] = []
        self._has_news = False

    def carry_out(self) -> None:
        source = self._ports.source
        try:
            with _opened(self._ports) as place:
                for name in _names(place):
                    self._bring(place, name)
            self._note_missing()
        except _Cancelled:
            return
        except (RunLost, HubUnusable):
            raise
        except TradepostError as error:
            self._fail(source.name, error)
        self._note_silence()
        with self._run.transaction():
            problem = self._problems[0] if self._problems else ""
            self._ports.sources.note_problem(source.id, problem, at=self._ports.clock())

    def _bring(self, place: FilePlace, name: str) -> None:
        if self._planned is not None and name != self._planned[0]:
            return
        key = f"{self._ports.source.name}/{shown_name(name)}"
        if self._run.is_cancelled():
            raise _Cancelled
        if problem := name_problem(name):
            self._tell(key, Outcome.FAILED, problem)
            return
        try:
            with _copied(self._ports, place, name) as file:
                if file is not None and self._is_meant(file):
                    self._take(place, file, key)
        except (_Cancelled, RunLost, HubUnusable):
            raise
        except TradepostError as error:
            self._fail(key, error)

    def _is_meant(self, file: FetchedCatalogue) -> bool:
        is_meant = self._planned is None or file.id.checksum == self._planned[1]
        self._is_found |= is_meant
        return is_meant

    def _note_missing(self) -> None:
        if self._is_found or self._planned is None:
            return
        name = self._ports.source.name
        problem = (
            f"{self._planned[0]} is not there any more as it was planned; save a plan of what is there now: 'tradepost "
            f"source run {name} --dry-run --save'."
        )
        self._tell(f"{name}/{shown_name(self._planned[0])}", Outcome.FAILED, problem)

    def _take(self, place: FilePlace, file: FetchedCatalogue, key: str) -> None:
        sources, now = self._ports.sources, self._ports.clock()
        if file.waits:
            with self._run.transaction():
                if file.copied.is_whole:
                    sources.note_seen(file.id, size_bytes=file.copied.size_bytes, at=now)
                self._tell(key, Outcome.SKIPPED, file.waits)
        elif _is_due(file, place):
            self._import(file, key)
        elif place.puts_away:
            self._put_away(place, file, key)
        elif file.known is not None and file.known.is_refused:
            problem = f"{file.id.name} is still the file that was refused; 'tradepost source files' says why."
            self._problems.append(problem)
            self._tell(key, Outcome.FAILED, problem)

    def _import(self, file: FetchedCatalogue, key: str) -> None:
        imported = ImportedFile(file.id, file.copied.size_bytes, tag=file.copied.tag)
        try:
            report = import_catalogue(
                file.path, self._ports.imports, options=_options(self._ports), progress=self._progress
            )
        except FileRefused as refusal:
            # Without its tag, so that it is read again and goes on being told.
            imported = replace(imported, problem=_refusal(refusal, file), tag="")
            results = [Result(self._change(key), Outcome.FAILED, message=imported.problem)]
            self._problems.append(imported.problem)
        else:
            imported = _as_imported(imported, report)
            results = _results(key, imported, report)
            self._has_news = True
        with self._run.transaction():
            self._ports.sources.note_taken(imported, run_id=self._run.id, at=self._ports.clock())
            self._run.report(results)

    def _progress(self, rows: int) -> None:
        self._run.progress(rows, None, "rows imported")
        if self._run.is_cancelled():
            raise _Cancelled

    def _put_away(self, place: FilePlace, file: FetchedCatalogue, key: str) -> None:
        folder = REFUSED_FOLDER if file.known is not None and file.known.is_refused else DONE_FOLDER
        is_away = place.put_away(
            file.id.name,
            size_bytes=file.copied.size_bytes,
            folder=folder,
            new_name=put_away_name(file.id.name, checksum=file.id.checksum),
        )
        with self._run.transaction():
            if is_away:
                self._ports.sources.note_put_away(file.id, at=self._ports.clock())
                self._run.report([Result(changes.fetched_file_put_away(key, folder=folder), Outcome.APPLIED)])
            else:
                self._tell(key, Outcome.SKIPPED, "It is being written; a later run takes the rest.")

    def _note_silence(self) -> None:
        """A source that has nothing new for longer than it should is as good as one that can't be read."""
        source, now = self._ports.source, self._ports.clock()
        if self._has_news or source.expected is None or source.last_at is None:
            return
        if now - source.last_at > source.expected:
            problem = f"Nothing new has come since {source.last_at:%Y-%m-%d %H:%M} UTC."
            self._problems.append(problem)
            self._tell(source.name, Outcome.FAILED, problem)

    def _fail(self, key: str, error: TradepostError) -> None:
        words = f"{error} The next run tries it again." if isinstance(error, Retry) else str(error)
        self._problems.append(words)
        self._tell(key, Outcome.FAILED, words)

    def _tell(self, key: str, outcome: Outcome, message: str) -> None:
        self._run.report([Result(self._change(key), outcome, message=message)])

    def _change(self, key: str) -> Change:
        at = self._ports.source.at
        return changes.source_read(key, address=at.address if at else "")


def _options(ports: SourcePorts) -> ImportOptions:
    return ImportOptions(source=ports.source.name)


def _opened(ports: SourcePorts) -> AbstractContextManager[FilePlace]:
    """Raises NotAllowed where nothing is fetched from."""
    if ports.source.at is None:
        name = ports.source.name
        raise NotAllowed(
            f"The source '{name}' has no address to fetch from: 'tradepost source set {name} --address ADDRESS' gives "
            f"it one, and 'tradepost catalogue import FILE --source {name}' does without."
        )
    return ports.open(ports.source)


def _names(place: FilePlace) -> list[str]:
    return [name for name in place.names() if is_meant(name, endings=CATALOGUE_ENDINGS)]


def _is_due(file: FetchedCatalogue, place: FilePlace) -> bool:
    is_put_back = place.puts_away and file.known is not None and file.known.is_put_away
    return file.is_news or is_put_back


@contextmanager
def _copied(ports: SourcePorts, place: FilePlace, name: str) -> Iterator[FetchedCatalogue | None]:
    """Copy a file to a folder that is gone afterwards; None where it is gone, or as it was."""
    asked_at = ports.clock()
    with TemporaryDirectory(prefix="tradepost-source-") as folder:
        path = Path(folder) / name
        with path.open("w+b") as into:
            copied = place.copy(name, into, limit_bytes=LARGEST_CATALOGUE_BYTES, tag=ports.source.tag)
            if copied is None:
                yield None
                return
            into.seek(0)
            checksum = file_digest(into, "sha256").hexdigest()
            into.seek(max(0, copied.size_bytes - 1))
            end = into.read(1)
        # It knows of nothing that happened after it was asked for.
        written = min(copied.written_at or asked_at, asked_at).timestamp()
        os.utime(path, (written, written))
        file_id = FileId(ports.source.id, name, checksum)
        known = ports.sources.known(file_id)
        yield FetchedCatalogue(file_id, path, copied, known, _why_not_yet(copied, known, end))


def _why_not_yet(copied: CopiedFile, known: KnownFile | None, end: bytes) -> str:
    """Say why a file may not be complete; empty where it is, or was the same at the look before."""
    if not copied.is_whole:
        return "It is being written; a later run takes it."
    if known is None and not copied.is_complete and not has_ended(end):
        return "Its last line has no end, so more may be on its way; the next run takes it if it is the same."
    return ""


def _as_imported(imported: ImportedFile, report: ImportReport) -> ImportedFile:
    return replace(
        imported,
        rows=report.rows,
        created=report.saved.created,
        updated=report.saved.updated,
        unchanged=report.saved.unchanged,
        absent=report.absent,
        refused=report.refused_rows,
        reports=tuple(
            RowReport(cause.line, cause.level, f"{cause.where}{cause.message}") for cause in report.told.causes()
        ),
    )


def _results(key: str, imported: ImportedFile, report: ImportReport) -> list[Result]:
    numbers = {
        name: getattr(imported, name) for name in ("rows", "created", "updated", "unchanged", "absent", "refused")
    }
    is_news = imported.created or imported.updated or (report.is_full and imported.absent)
    change = changes.catalogue_imported(key, digest=imported.id.checksum, numbers=numbers)
    results = [Result(change, Outcome.APPLIED if is_news else Outcome.UNCHANGED)]
    for cause in report.told.causes(Level.REFUSED):
        refused = changes.rows_refused(key, refused=cause.count)
        results.append(Result(refused, Outcome.FAILED, message=f"{cause.where}{cause.message}"))
    return results


def _refusal(refusal: FileRefused, file: FetchedCatalogue) -> str:
    """Name the file as its source has it, and not by where it was copied to."""
    return str(refusal).replace(str(file.path), file.id.name)
