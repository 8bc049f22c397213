"""Import a catalogue: read products from a file, keep them, and bring the listings of every channel in step."""

import logging
import os
import posixpath
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from tradepost.domain.catalogue import Product, SourceImage
from tradepost.domain.errors import ImageUnusable, quoted
from tradepost.operations.ports import (
    Catalogue,
    CatalogueReader,
    Clock,
    ImportCounts,
    Level,
    ListingBuilder,
    QueuedStructure,
    ReadProduct,
    RowReport,
    SourceImages,
)

BATCH = 200
_WEB = ("http", "https")
_MAX_SOURCE = 2000

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class ImportReport:
    """
    What became of a file. Refused rows are errors of the file: the outcome is then "completed with errors".

    `built`: how many listings each channel got, by its name. `restructured`: the handles of products whose pages get
    another structure there; `held`: those of which another change is queued first.
    """

    rows: int = 0
    products: int = 0
    parents: int = 0
    variants: int = 0
    simple: int = 0
    saved: ImportCounts = field(default_factory=ImportCounts)
    built: Counter[str] = field(default_factory=Counter)
    restructured: dict[str, list[str]] = field(default_factory=dict)
    held: dict[str, list[str]] = field(default_factory=dict)
    reports: list[RowReport] = field(default_factory=list)

    @property
    def listings_built(self) -> int:
        return self.built.total()

    @property
    def refused(self) -> list[RowReport]:
        return [report for report in self.reports if report.level is Level.REFUSED]


@dataclass(frozen=True, slots=True)
class ImportPorts:
    """
    What an import needs. `channels` are those that follow the catalogue, by name; none imports the catalogue alone.

    `reads_files`: whether images may be files of this machine; only for a file that was named at the command line.
    `images_root`: the folder out of which no path of an image leads; None: the catalogue file's own.
    """

    reader: CatalogueReader
    catalogue: Catalogue
    channels: Mapping[str, ListingBuilder]
    source_images: SourceImages
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock
    reads_files: bool = False
    images_root: Path | None = None


def import_catalogue(
    path: Path,
    ports: ImportPorts,
    *,
    queue: bool = True,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """
    Import a catalogue file, batch by batch, each batch in one transaction with its listings on every channel.

    Idempotent: importing the same file again changes nothing. `queue` asks for new listings to be published, and for
    the pages of families that changed their shape to be given it; `progress` is told the number of rows done.
    Raises FileRefused when the file is no catalogue.
    """
    report = ImportReport(built=Counter(dict.fromkeys(ports.channels, 0)))
    images = _ImageFiles(ports.source_images, path.parent, root=ports.images_root, reads_files=ports.reads_files)
    at = _age(path, ports.clock())
    for batch in _batches(ports.reader.read(path)):
        for read in batch:
            report.rows += read.rows
            report.reports.extend(read.reports)
        products = [images.resolve(read.product, report) for read in batch if read.product is not None]
        if products:
            with ports.transaction():
                products = _without_foreign_skus(products, ports.catalogue, report)
                saved, built, structures = save_products(products, ports, at=at, queue=queue)
            report.saved += saved
            report.built.update(built)
            for name, structure in structures.items():
                report.restructured.setdefault(name, []).extend(structure.queued)
                report.held.setdefault(name, []).extend(structure.held)
        for product in products:
            report.products += 1
            report.parents += product.is_family
            report.variants += len(product.variants) if product.is_family else 0
            report.simple += not product.is_family
        if progress is not None:
            progress(report.rows)
    return report


def save_products(
    products: Sequence[Product], ports: ImportPorts, *, at: datetime, queue: bool
) -> tuple[ImportCounts, dict[str, int], dict[str, QueuedStructure]]:
    """
    Keep products as they were at a moment, and bring their listings on every channel in step; one transaction.

    Returns also how many listings each channel got, and whose structure is due there. Idempotent.
    Raises RowRefused when a SKU belongs to another product.
    """
    if not products:
        return ImportCounts(), {}, {}
    handles = [product.handle for product in products]
    with ports.transaction():
        saved = ports.catalogue.save(products, at=at)
        built = {name: channel.build(handles, queue=queue) for name, channel in ports.channels.items()}
        # A page keeps offering the old choices until then: all of them can be bought, or are sold out.
        structures = {name: channel.queue_structure(handles) for name, channel in ports.channels.items() if queue}
        # Last and once: what a listing should show depends on the whole family's, on every channel alike.
        ports.catalogue.refresh_wanted(handles)
    return saved, built, structures


def _age(path: Path, now: datetime) -> datetime:
    """
    Return the moment at which the file's quantities were true: they are as old as the file.

    Orders come in whole seconds, so one of the same second counts as unknown to the file; the worst of it is a piece
    too few on sale until the next import.
    """
    try:
        written = datetime.fromtimestamp(int(path.stat().st_mtime), UTC)
    except (OSError, ValueError, OverflowError):
        written = now
    return min(written, now) - timedelta(seconds=1)


def _batches(products: Iterator[ReadProduct]) -> Iterator[list[ReadProduct]]:
    while batch := list(islice(products, BATCH)):
        yield batch


def _without_foreign_skus(products: Sequence[Product], catalogue: Catalogue, report: ImportReport) -> list[Product]:
    """Leave out variants whose SKU another product of the catalogue has; the file's line is not known any more."""
    owners = catalogue.owners([variant.sku for product in products for variant in product.variants])
    kept: list[Product] = []
    for product in products:
        foreign = [v for v in product.variants if owners.get(v.sku, product.handle) != product.handle]
        for variant in foreign:
            message = (
                f"The SKU {variant.sku} of '{product.handle}' belongs to the product '{owners[variant.sku]}' already; "
                "give it another SKU, or remove it there first."
            )
            report.reports.append(RowReport(0, Level.REFUSED, message, product.handle))
        variants = tuple(v for v in product.variants if v not in foreign)
        if variants:
            kept.append(replace(product, variants=variants) if foreign else product)
    return kept


class _ImageFiles:
    """Turns image sources that are file paths into ingested images, each file once."""

    def __init__(self, source_images: SourceImages, folder: Path, *, root: Path | None, reads_files: bool) -> None:
        self._images = source_images
        self._root = folder if root is None else root
        # Paths are relative to the catalogue file, wherever below the root that lies.
        self._inside = "" if root is None else os.path.relpath(folder.resolve(), root.resolve())
        self._reads_files = reads_files
        self._known: dict[str, str] = {}

    def resolve(self, product: Product, report: ImportReport) -> Product:
        return replace(
            product,
            images=tuple(
                resolved
                for image in product.images
                if (resolved := self._image(image, product.handle, report)) is not None
            ),
            variants=tuple(
                replace(variant, image=self._image(variant.image, product.handle, report))
                if variant.image is not None
                else variant
                for variant in product.variants
            ),
        )

    def _image(self, image: SourceImage, handle: str, report: ImportReport) -> SourceImage | None:
        try:
            return replace(image, source=self._resolved(image.source))
        except ImageUnusable as reason:
            message = f"An image was left out: {reason}"
        except Exception:  # whatever is wrong with one image, the product goes in
            _logger.exception("An image of the product %r can't be used", handle)
            message = f"An image was left out: {quoted(image.source)} can't be used; the log has the reason."
        report.reports.append(RowReport(0, Level.NOTE, message, handle))
        return None

    def _resolved(self, source: str) -> str:
        """Return what to keep of an image source: a web address as it is, a file as ingested. Raises ImageUnusable."""
        if len(source) > _MAX_SOURCE:
            raise ImageUnusable(
                f"{quoted(source)} is longer than {_MAX_SOURCE:,} characters.", source=source[:_MAX_SOURCE]
            )
        try:
            is_web = urlsplit(source).scheme.lower() in _WEB
        except ValueError:
            raise ImageUnusable(f"{quoted(source)} is no web address that can be read.", source=source) from None
        if is_web:
            return source
        if not self._reads_files:
            raise ImageUnusable(
                f"{quoted(source)} is no web address, and files are only read in imports at the command line.",
                source=source,
            )
        if Path(source).is_absolute() or "://" in source:
            raise ImageUnusable(
                f"{quoted(source)} must be a web address or a path relative to the catalogue file.", source=source
            )
        if source not in self._known:
            name = posixpath.normpath(posixpath.join(self._inside, source)) if self._inside else source
            self._known[source] = self._images.ingest(name, folder=self._root).source
        return self._known[source]
