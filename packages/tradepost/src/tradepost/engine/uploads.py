"""
Uploads: a catalogue file that was given on a page is kept in the data folder, looked at, and imported by a run.

What nobody imports is forgotten with its file after some days; so is a file without a row, and a row without its run.
"""

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from tradepost import wiring
from tradepost.database.models import Run, Source, Upload
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import FileRefused, NotAllowed
from tradepost.domain.files.fetched_file import (
    CATALOGUE_ENDINGS,
    LARGEST_UPLOAD_BYTES,
    LONGEST_FILE_NAME,
    MOST_NAME_BYTES,
    is_meant,
)
from tradepost.domain.files.file_address import FOLDER, file_address
from tradepost.domain.plan import SETTLED_STATES, RunState
from tradepost.engine.kept_uploads import path_of, remove_file, uploads_folder, without_folder
from tradepost.engine.runs import request_import
from tradepost.operations.catalogue.imports import SOURCE
from tradepost.operations.ports import Clock, FileLook, SourceAddress
from tradepost.operations.selection import UPLOAD

SAMPLE_ROWS = 5
_PIECE_BYTES = 1_000_000
# Whoever is between a file and its row is done with that by then.
_STRAY_SECONDS = 3600.0
_FORGOTTEN_AT_ONCE = 20


def receive_upload(
    pieces: Iterable[bytes],
    *,
    name: str,
    source: str = SOURCE,
    who: str,
    written_at: datetime | None = None,
    clock: Clock = timezone.now,
) -> Upload:
    """
    Keep a file that somebody has given, in UTF-8; nothing is done with it yet.

    `written_at`: when it was written, as far as its giver knows: its numbers know of nothing that came later. Raises
    FileRefused for what is no catalogue, or too large.
    """
    _check_name(name)
    owner = _source(source)
    folder = uploads_folder() / secrets.token_hex(16)
    folder.mkdir(parents=True, mode=0o700)
    path = folder / name
    try:
        _write(pieces, path)
        encoding = wiring.catalogue.make_utf_8(path)
        _refuse_what_is_no_catalogue(path, name)
        now = clock()
        written = min(written_at or now, now).timestamp()
        os.utime(path, (written, written))
        with path.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
        return Upload.objects.create(
            source=owner,
            name=name,
            folder=folder.name,
            size_bytes=path.stat().st_size,
            checksum=checksum,
            encoding=encoding,
            given_by=who,
            given_at=now,
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def fetch_upload(at: SourceAddress, *, source: str = SOURCE, who: str, is_local: bool = False) -> Upload:
    """
    Fetch the one file that an address names and keep it as one that was given; what is asked with it is not kept.

    Raises FileRefused as `receive_upload` does, NotAllowed for an address that is none or names several files, and what
    a place raises that is not reached.
    """
    if file_address(at.address).protocol == FOLDER:
        raise NotAllowed("A folder of this machine is not named on a page; drop the file on the field instead.")
    with wiring.places.open_catalogue_address(at, is_local=is_local) as place, TemporaryFile() as file:
        names = [name for name in place.names() if is_meant(name, endings=CATALOGUE_ENDINGS)]
        if len(names) != 1:
            found = (
                f"has {len(names)} files: name one of them, as {at.address.rstrip('/')}/{names[0]}"
                if names
                else (f"has no file that ends with one of {', '.join(CATALOGUE_ENDINGS)}")
            )
            raise NotAllowed(f"{at.address} {found}.")
        copied = place.copy(names[0], file, limit_bytes=LARGEST_UPLOAD_BYTES)
        if copied is None:
            raise FileRefused(f"{at.address} has nothing to give.")
        if not copied.is_whole:
            raise FileRefused(f"{names[0]} is being written there; fetch it again in a minute.")
        file.seek(0)
        pieces = iter(partial(file.read, _PIECE_BYTES), b"")
        return receive_upload(pieces, name=names[0], source=source, who=who, written_at=copied.written_at)


def look_at_upload(upload: Upload) -> FileLook:
    """Recognise the layout of a file by its beginning, with some rows. Raises FileRefused."""
    form = CatalogueForm(upload.form) if upload.form else None
    try:
        return wiring.catalogue.look_at_catalogue_file(path_of(upload), form=form, rows=SAMPLE_ROWS)
    except FileRefused as refusal:
        raise FileRefused(without_folder(refusal, upload)) from refusal


def request_upload_preview(
    upload_id: int,
    *,
    source: str,
    form: CatalogueForm | None,
    is_full: bool | None,
    who: str,
    clock: Clock = timezone.now,
) -> Run:
    """Queue a run that says what an import would do, as it is asked for now. Raises NotAllowed where it is done."""
    owner = _source(source)
    with transaction.atomic():
        upload = _unread(upload_id)
        # A time of its own, so that it joins no preview of other settings.
        options = {UPLOAD: upload.pk, "asked_at": clock().isoformat()}
        run = request_import(owner.pk, options=options, is_dry=True, requested_by=who)
        upload.source, upload.form, upload.is_full = owner, form or "", is_full
        upload.preview, upload.problem, upload.report, upload.refused = run, "", {}, []
        upload.save()
    return run


def request_upload_import(upload_id: int, *, who: str) -> Run:
    """Queue the run that imports an upload, as it was previewed. Raises NotAllowed where there is no whole preview."""
    with transaction.atomic():
        upload = _unread(upload_id)
        preview = upload.preview
        if preview is None or RunState(preview.state) not in {RunState.COMPLETED, RunState.COMPLETED_WITH_ERRORS}:
            raise NotAllowed("There is no preview of this file yet; look at one first.")
        run = request_import(upload.source.pk, options={UPLOAD: upload.pk}, requested_by=who)
        upload.imported_by = run
        upload.save(update_fields=["imported_by"])
    return run


def discard_upload(upload_id: int) -> None:
    """Forget a file that was not imported. Raises NotAllowed for one that was, or that is being."""
    with transaction.atomic():
        upload = _unread(upload_id)
        upload.delete()
    remove_file(upload)


def forget_old_uploads(*, clock: Clock = timezone.now) -> None:
    """Forget what nobody has imported, what was imported too long ago to be undone, and files that nobody knows."""
    now = clock()
    waiting = Upload.objects.filter(is_read=False, given_at__lt=now - timedelta(days=settings.TRADEPOST_PLAN_DAYS))
    done = Upload.objects.filter(is_read=True, given_at__lt=now - timedelta(days=settings.TRADEPOST_HISTORY_DAYS))
    for upload in [*waiting[:_FORGOTTEN_AT_ONCE], *done[:_FORGOTTEN_AT_ONCE]]:
        if not _is_at_work(upload):
            upload.delete()
            remove_file(upload)
    for folder in _strays():
        shutil.rmtree(folder, ignore_errors=True)


def _strays() -> list[Path]:
    """Folders whose row was never made or is gone, and those of files that were read."""
    try:
        folders = [each for each in uploads_folder().iterdir() if time.time() - each.stat().st_mtime > _STRAY_SECONDS]
    except FileNotFoundError:
        return []
    names = [each.name for each in folders]
    wanted = set(Upload.objects.filter(folder__in=names, is_read=False).values_list("folder", flat=True))
    return [each for each in folders if each.name not in wanted]


def _check_name(name: str) -> None:
    if not is_meant(name, endings=CATALOGUE_ENDINGS):
        raise FileRefused(f"A catalogue file ends with one of {', '.join(CATALOGUE_ENDINGS)}; this one does not.")
    is_long = len(name) > LONGEST_FILE_NAME or len(name.encode(errors="replace")) > MOST_NAME_BYTES
    if is_long or not name.isprintable() or "/" in name or "\\" in name:
        raise FileRefused("The file's name can't be kept; give it a shorter one, of letters, digits and dots.")


def _write(pieces: Iterable[bytes], path: Path) -> None:
    size = 0
    with path.open("xb") as file:
        for piece in pieces:
            size += len(piece)
            if size > LARGEST_UPLOAD_BYTES:
                raise FileRefused(
                    f"The file is larger than {LARGEST_UPLOAD_BYTES // 1_000_000} MB, the most that a page takes. Let "
                    "a source fetch it, or import it with 'tradepost catalogue import'."
                )
            file.write(piece)


def _refuse_what_is_no_catalogue(path: Path, name: str) -> None:
    try:
        wiring.catalogue.look_at_catalogue_file(path, form=None, rows=0)
    except FileRefused as refusal:
        raise FileRefused(str(refusal).replace(str(path), name)) from refusal


def _source(name: str) -> Source:
    """Raises NotAllowed for one that there is not; that of files that are imported by hand is always there."""
    if name == SOURCE:
        return Source.objects.get_or_create(name=SOURCE)[0]
    found = Source.objects.filter(name=name).first()
    if found is None:
        raise NotAllowed(f"There is no source '{name}' any more; choose another.")
    return found


def _unread(upload_id: int) -> Upload:
    upload = Upload.objects.select_for_update().filter(pk=upload_id).first()
    if upload is None:
        raise NotAllowed("The file is not kept any more; give it again.")
    if upload.is_read:
        raise NotAllowed("The file was imported already; give it again where it is to come in once more.")
    if _is_at_work(upload):
        raise NotAllowed("The file is being imported; wait for its end.")
    return upload


def _is_at_work(upload: Upload) -> bool:
    return upload.imported_by is not None and RunState(upload.imported_by.state) not in SETTLED_STATES
