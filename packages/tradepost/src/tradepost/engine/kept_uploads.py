"""What runs do with uploads: say what importing one would do, and do it. The file goes once it was read to its end."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings

from tradepost import wiring
from tradepost.database.models import Run, Upload
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import FileRefused
from tradepost.engine.run_handle import RunHandle
from tradepost.operations.catalogue.import_journal import PlanJournal
from tradepost.operations.catalogue.import_report import ImportReport, as_kept, refused_as_kept
from tradepost.operations.catalogue.imports import ImportOptions, import_catalogue, import_results, preview_import
from tradepost.operations.ports import Clock
from tradepost.operations.selection import UPLOAD


class StoppedOnDemand(Exception):
    """A person asked to stop, or the process ends."""


def uploads_folder() -> Path:
    return Path(settings.DATA_DIR) / "uploads"


def path_of(upload: Upload) -> Path:
    return uploads_folder() / upload.folder / upload.name


def remove_file(upload: Upload) -> None:
    """Idempotent."""
    shutil.rmtree(uploads_folder() / upload.folder, ignore_errors=True)


def stops_on_demand(handle: RunHandle) -> Callable[[int], None]:
    """
    Look after each batch whether to stop; raises StoppedOnDemand then.

    It writes nothing: what is only previewed would take its progress back with all the rest.
    """

    def look(_done: int) -> None:
        if handle.is_cancelled():
            raise StoppedOnDemand

    return look


def previewed_upload(run: Run, handle: RunHandle, journal: PlanJournal, *, clock: Clock) -> None:
    """Say what an import of an upload would do, and keep its report with it. Raises FileRefused, StoppedOnDemand."""
    upload = _upload_of(run)
    ports = wiring.catalogue.import_ports(
        requested_by=run.requested_by, reads_files=False, clock=clock, journal=journal
    )
    path = path_of(upload)
    try:
        report = preview_import(path, ports, options=_options(upload), progress=stops_on_demand(handle))
    except FileRefused as refusal:
        _refuse(upload, refusal, handle)
    refused = _rows_to_mend(report, upload)
    with handle.transaction():
        _keep(report, upload, refused)


def import_upload(run: Run, handle: RunHandle, *, clock: Clock) -> None:
    """
    Import an upload. Idempotent: cut off, it begins anew, and what has come in is as it was.

    Raises FileRefused.
    """
    upload = _upload_of(run)
    if not upload.is_read:
        path = path_of(upload)
        ports = wiring.catalogue.import_ports(requested_by=run.requested_by, reads_files=False, clock=clock, run=handle)
        looks = stops_on_demand(handle)

        def progress(rows: int) -> None:
            handle.progress(rows, None, "rows imported")
            looks(rows)

        try:
            report = import_catalogue(path, ports, options=_options(upload), progress=progress)
        except StoppedOnDemand:
            return
        except FileRefused as refusal:
            _refuse(upload, refusal, handle)
        refused = _rows_to_mend(report, upload)
        with handle.transaction():
            handle.report(import_results(report, path, digest=upload.checksum))
            _keep(report, upload, refused, is_read=True)
    remove_file(upload)


def _upload_of(run: Run) -> Upload:
    upload = Upload.objects.select_related("source").filter(pk=run.options[UPLOAD]).first()
    if upload is None:
        raise FileRefused("The file is not kept any more; give it again.")
    if not upload.is_read and not path_of(upload).is_file():
        raise FileRefused(
            "The file is not on this machine; give it again. Workers on other machines share the folder 'uploads' of "
            "the data folder."
        )
    return upload


def _options(upload: Upload) -> ImportOptions:
    form = CatalogueForm(upload.form) if upload.form else None
    return ImportOptions(source=upload.source.name, form=form, is_full=upload.is_full)


def _rows_to_mend(report: ImportReport, upload: Upload) -> list[list[Any]]:
    """The refused rows with a header: as they stand in the file, while it is there, or else what is said of them."""
    said = refused_as_kept(report)
    if not said:
        return []
    form = CatalogueForm(upload.form) if upload.form else None
    rows = wiring.catalogue.refused_rows(path_of(upload), form=form, refused={line: told for line, _, told in said})
    return rows or [["line", "product", "refused because"], *said]


def _keep(report: ImportReport, upload: Upload, refused: list[list[Any]], *, is_read: bool = False) -> None:
    Upload.objects.filter(pk=upload.pk).update(report=as_kept(report), refused=refused, problem="", is_read=is_read)


def _refuse(upload: Upload, refusal: FileRefused, handle: RunHandle) -> NoReturn:
    problem = without_folder(refusal, upload)
    with handle.transaction():
        Upload.objects.filter(pk=upload.pk).update(problem=problem, report={}, refused=[])
    raise FileRefused(problem) from refusal


def without_folder(refusal: FileRefused, upload: Upload) -> str:
    """Name the file as whoever gave it knows it."""
    return str(refusal).replace(str(path_of(upload)), upload.name)
