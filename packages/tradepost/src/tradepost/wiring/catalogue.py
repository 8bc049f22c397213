"""The catalogue, and files that are imported into it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from tradepost.catalogues import encodings, template
from tradepost.catalogues.reader_process import SeparateReader
from tradepost.catalogues.registry import FORMATS, CatalogueFiles
from tradepost.database.catalogue.catalogue import DjangoCatalogue
from tradepost.database.channels.channel_settings import settings_of
from tradepost.database.listings.listings import DjangoListings
from tradepost.database.models import Channel, Trigger
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.operations.catalogue.catalogue_changes import CatalogueChangePorts
from tradepost.operations.catalogue.import_journal import Journal, NoJournal, RunJournal
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.import_report import ImportReport
from tradepost.operations.catalogue.imports import NamedFile, import_catalogue, import_results
from tradepost.operations.ports import ActiveRun, Catalogue, Clock, FileLook
from tradepost.security.descriptions import AllowedMarkup
from tradepost.wiring.images import sends_images, source_images
from tradepost.wiring.trail import history


def catalogue() -> Catalogue:
    return DjangoCatalogue()


def import_ports(
    channels: Iterable[Channel] | None = None,
    *,
    requested_by: str,
    reads_files: bool,
    images_root: Path | None = None,
    trigger: Trigger = Trigger.PERSON,
    clock: Clock = timezone.now,
    run: ActiveRun | None = None,
    journal: Journal | None = None,
) -> ImportPorts:
    """
    Give an import what it needs; None: on every channel that follows the catalogue. `requested_by` is kept.

    `run`: whose history has what is changed, and which writes only as long as it is ours; else `journal` is told.
    `reads_files`: images may be files of this machine; only for a file that was named at the command line.
    """
    if channels is None:
        channels = Channel.objects.filter(archived_at__isnull=True).order_by("id")
    channels = list(channels)
    cleans = any(settings_of(channel).rules.cleans_descriptions for channel in channels)
    return ImportPorts(
        reader=SeparateReader(),
        catalogue=catalogue(),
        channels={channel.name: DjangoListings(channel.pk, clock=clock) for channel in channels},
        # Web addresses are fetched when they are published, by the channel's own rules.
        source_images=source_images(None),
        channel_ids={channel.name: channel.pk for channel in channels},
        history=history(requested_by=requested_by, trigger=trigger, clock=clock),
        transaction=transaction.atomic if run is None else run.transaction,
        savepoint=transaction.atomic,
        clock=clock,
        journal=journal or (NoJournal() if run is None else RunJournal(run)),
        reads_files=reads_files,
        images_root=images_root,
        descriptions=AllowedMarkup() if cleans else None,
        without_images=[channel.name for channel in channels if not sends_images(channel)],
        stops_at_zero=[channel.name for channel in channels if not settings_of(channel).sells_without_stock],
    )


def import_named_file(
    file: NamedFile,
    run: ActiveRun,
    *,
    requested_by: str,
    clock: Clock = timezone.now,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Import a file that somebody at the command line has named. Raises FileRefused where it is another by now."""
    file.check()
    ports = import_ports(
        channels_named(file.channels),
        requested_by=requested_by,
        reads_files=True,
        images_root=file.images,
        clock=clock,
        run=run,
    )
    report = import_catalogue(
        file.path,
        ports,
        options=file.options,
        progress=progress or (lambda rows: run.progress(rows, None, "rows imported")),
    )
    with run.transaction():
        run.report(import_results(report, file.path, digest=file.digest))
    return report


def channels_named(names: Sequence[str] | None) -> list[Channel] | None:
    """Return the channels in use of these names; None for None."""
    if names is None:
        return None
    return list(Channel.objects.filter(archived_at__isnull=True, name__in=names).order_by("id"))


def catalogue_layouts() -> dict[CatalogueForm, str]:
    """Describe the layouts of catalogue files that can be imported."""
    return {each.form: each.description for each in FORMATS}


def catalogue_template() -> str:
    """Write a catalogue in the hub's own layout, with a few products to begin with."""
    return template.text()


def make_utf_8(path: Path) -> str:
    """Write a file of text anew in UTF-8; return the name of the encoding that it had. Raises FileRefused."""
    return encodings.make_utf_8(path)


def look_at_catalogue_file(path: Path, *, form: CatalogueForm | None, rows: int) -> FileLook:
    """Recognise a file by its beginning. Raises FileRefused."""
    return CatalogueFiles().look(path, form=form, rows=rows)


def refused_rows(path: Path, *, form: CatalogueForm | None, refused: Mapping[int, str]) -> list[list[str]]:
    """Give the rows of these lines to be mended and given again. Raises FileRefused."""
    return CatalogueFiles().refused_rows(path, form=form, refused=refused)


def catalogue_change_ports(*, requested_by: str, trigger: Trigger = Trigger.PERSON) -> CatalogueChangePorts:
    """Give what removing, renaming and merging in the catalogue needs; `requested_by` is kept."""
    channels = Channel.objects.filter(archived_at__isnull=True).order_by("id")
    return CatalogueChangePorts(
        catalogue=catalogue(),
        channels={channel.pk: DjangoListings(channel.pk) for channel in channels},
        history=history(requested_by=requested_by, trigger=trigger),
        transaction=transaction.atomic,
    )
