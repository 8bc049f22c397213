"""The images that a catalogue file names: web addresses as they are, files of this machine ingested."""

import logging
import os
import posixpath
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from tradepost.domain.catalogue.catalogue import Product, SourceImage
from tradepost.domain.errors import ImageUnusable, quoted
from tradepost.operations.catalogue.import_report import ImportReport
from tradepost.operations.ports import Level, RowReport, SourceImages

_WEB = ("http", "https")
_MAX_SOURCE = 2000

_logger = logging.getLogger(__name__)


class ImageFiles:
    """Turns image sources that are file paths into ingested images, each file once."""

    def __init__(self, source_images: SourceImages, folder: Path, *, root: Path | None, reads_files: bool) -> None:
        self._images = source_images
        self._root = folder if root is None else root
        # Paths are relative to the catalogue file, wherever below the root that lies.
        self._inside = "" if root is None else os.path.relpath(folder.resolve(), root.resolve())
        self._reads_files = reads_files
        self._known: dict[str, str] = {}

    def resolve(self, product: Product, report: ImportReport) -> Product:
        if not product.images and not any(variant.image for variant in product.variants):
            return product
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
        cause = ""
        try:
            return replace(image, source=self._resolved(image.source))
        except ImageUnusable as reason:
            message = f"An image was left out: {reason}"
            cause = "Images were left out: they lie outside the folder in which images may lie." * reason.leads_out
            report.images_outside += reason.leads_out
        except Exception:  # whatever is wrong with one image, the product goes in
            _logger.exception("An image of the product %r can't be used", handle)
            message = f"An image was left out: {quoted(image.source)} can't be used; the log has the reason."
        report.images_left_out += 1
        report.tell(RowReport(0, Level.NOTE, message, handle, cause))
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
