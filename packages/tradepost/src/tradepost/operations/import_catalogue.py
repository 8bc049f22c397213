"""Import a catalogue: read products from a file, keep them, and build or refresh their listings on a channel."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from tradepost.domain.catalogue import Product, SourceImage
from tradepost.domain.errors import ImageUnusable
from tradepost.operations.ports import Catalogue, Clock, ImportCounts, Listings, SourceImages
from tradepost.operations.shopify_csv import Level, ReadProduct, RowReport, read_products

BATCH = 200
_WEB = ("http:", "https:")


@dataclass(slots=True)
class ImportReport:
    """What became of a file. Refused rows are errors of the file: the outcome is then "completed with errors"."""

    rows: int = 0
    products: int = 0
    parents: int = 0
    variants: int = 0
    simple: int = 0
    saved: ImportCounts = field(default_factory=ImportCounts)
    listings_built: int = 0
    reports: list[RowReport] = field(default_factory=list)

    @property
    def refused(self) -> list[RowReport]:
        return [report for report in self.reports if report.level is Level.REFUSED]


@dataclass(frozen=True, slots=True)
class ImportPorts:
    """
    What an import needs. `listings` None imports the catalogue alone.

    `reads_files`: whether images may be files of this machine; only for a file that was named at the command line.
    """

    catalogue: Catalogue
    listings: Listings | None
    source_images: SourceImages
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock
    reads_files: bool = False


def import_catalogue(
    path: Path,
    ports: ImportPorts,
    *,
    queue: bool = True,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """
    Import a file in Shopify's product export layout, batch by batch.

    Idempotent: importing the same file again changes nothing. `queue` asks for new listings to be published;
    `progress` is told the number of rows done. Raises FileRefused when the file is no catalogue.
    """
    report = ImportReport()
    images = _ImageFiles(ports.source_images, path.parent, reads_files=ports.reads_files)
    at = _age(path, ports.clock())
    for batch in _batches(read_products(path)):
        for read in batch:
            report.rows += read.rows
            report.reports.extend(read.reports)
        products = [images.resolve(read.product, report) for read in batch if read.product is not None]
        products = _without_foreign_skus(products, ports.catalogue, report)
        if products:
            with ports.transaction():
                report.saved += ports.catalogue.save(products, at=at)
                if ports.listings is not None:
                    report.listings_built += ports.listings.build([p.handle for p in products], queue=queue)
        for product in products:
            report.products += 1
            report.parents += product.is_family
            report.variants += len(product.variants) if product.is_family else 0
            report.simple += not product.is_family
        if progress is not None:
            progress(report.rows)
    return report


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

    def __init__(self, source_images: SourceImages, folder: Path, *, reads_files: bool) -> None:
        self._images = source_images
        self._folder = folder
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
        if image.source.lower().startswith(_WEB):
            return image
        try:
            return replace(image, source=self._ingest(image.source))
        except ImageUnusable as reason:
            report.reports.append(RowReport(0, Level.NOTE, f"An image was left out: {reason}", handle))
            return None

    def _ingest(self, source: str) -> str:
        if not self._reads_files:
            raise ImageUnusable(
                f"'{source}' is no web address, and files are only read in imports at the command line.", source=source
            )
        if Path(source).is_absolute() or "://" in source:
            raise ImageUnusable(
                f"'{source}' must be a web address or a path relative to the catalogue file.", source=source
            )
        if source not in self._known:
            self._known[source] = self._images.ingest(source, folder=self._folder).source
        return self._known[source]
