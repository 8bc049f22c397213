"""Import a catalogue: read products from a file, keep them, and bring the listings of every channel in step."""

import hashlib
import os
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Container, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Product, Variant
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.catalogue.identity import plan_identity
from tradepost.domain.errors import FileRefused, quoted
from tradepost.domain.plan import Outcome, Result
from tradepost.domain.stock.stock import Counting
from tradepost.operations.catalogue.catalogue_writes import CatalogueWriter, ProductToSave
from tradepost.operations.catalogue.import_images import ImageFiles
from tradepost.operations.catalogue.import_ports import ImportPorts
from tradepost.operations.catalogue.import_report import (
    ImportReport,
    identity_words,
    images_outside_message,
    no_image_server,
    nothing_absent,
    same_article,
    sku_taken,
    sku_unknown,
    states_no_more,
    stops_at_zero,
)
from tradepost.operations.ports import (
    Catalogue,
    CountColumns,
    DescriptionCleaner,
    Level,
    ReadProduct,
    RowReport,
    Saying,
    SkuValues,
    SourceSettings,
)
from tradepost.operations.previews import previewed

BATCH = 500
SOURCE = "catalogue"
"""The source of whatever file is imported by hand, and is not said to be another's."""

# A time that lies less ahead is that of another clock.
_CLOCKS_DIFFER = timedelta(minutes=5)

_Counted = TypeVar("_Counted", bound=Variant | SkuValues)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """
    How a file is imported. `source`: whose file it is. `form`: its layout; None: as its source or its header says.
    `is_full`: what the source has brought and this file does not have is taken out of the catalogue; None: if the
    source says so. `queue`: new listings are queued to be published, and the pages of families that changed their shape
    to be given it.
    """

    source: str = SOURCE
    form: CatalogueForm | None = None
    is_full: bool | None = None
    queue: bool = True


_USUAL = ImportOptions()


@dataclass(frozen=True, slots=True)
class NamedFile:
    """
    A file of this machine that somebody names, and how it is imported. `digest`: of its content, so that a plan of it
    is never carried out with another one. `channels`: names of those that get listings; None: all. `images`: the folder
    that paths of images may lead into; blank: its own.
    """

    path: Path
    digest: str
    options: ImportOptions = _USUAL
    channels: tuple[str, ...] | None = None
    images: Path | None = None

    @classmethod
    def of(cls, path: Path, **how: Any) -> "NamedFile":
        return cls(path, _digest(path), **how)

    def to_json(self) -> dict[str, Any]:
        return {
            "path": os.fsdecode(self.path.absolute()),
            "digest": self.digest,
            "source": self.options.source,
            "form": self.options.form,
            "is_full": self.options.is_full,
            "queue": self.options.queue,
            "channels": None if self.channels is None else [*self.channels],
            "images": None if self.images is None else os.fsdecode(self.images.absolute()),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "NamedFile":
        form = kept["form"]
        options = ImportOptions(
            source=kept["source"],
            form=None if form is None else CatalogueForm(form),
            is_full=kept["is_full"],
            queue=kept["queue"],
        )
        images, channels = kept["images"], kept["channels"]
        return cls(
            Path(kept["path"]),
            kept["digest"],
            options,
            None if channels is None else tuple(channels),
            None if images is None else Path(images),
        )

    def check(self) -> None:
        """Raises FileRefused where it is not the file any more that was planned."""
        if not self.path.is_file():
            raise FileRefused(f"There is no file {self.path} any more; put it back, or save a plan of another one.")
        if _digest(self.path) != self.digest:
            raise FileRefused(
                f"{self.path} is not the file any more that was planned; put that one back, or save a plan of this "
                "one: 'tradepost catalogue import FILE --dry-run --save'."
            )


def import_catalogue(
    path: Path,
    ports: ImportPorts,
    *,
    options: ImportOptions = _USUAL,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """
    Import a catalogue file, batch by batch, each batch in one transaction with its listings on every channel.

    Idempotent: importing the same file again changes nothing but the history; a number that the source has given before
    is no new statement, unless its setting says that every new file counts. `progress` is told the number of rows done.
    Raises FileRefused when the file is no catalogue.
    """
    return _Import(path, ports, options).carry_out(progress or (lambda _rows: None))


def preview_import(
    path: Path,
    ports: ImportPorts,
    *,
    options: ImportOptions = _USUAL,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """
    Say what an import would do, and change nothing: it is done in one transaction, and taken back.

    Whoever else writes to the hub waits for it meanwhile. Raises FileRefused when the file is no catalogue.
    """
    return previewed(lambda: import_catalogue(path, ports, options=options, progress=progress), ports.transaction)


class _Import:
    """One file on its way in."""

    def __init__(self, path: Path, ports: ImportPorts, options: ImportOptions) -> None:
        self._path = path
        self._ports = ports
        self._options = options
        self._report = ImportReport(built=Counter(dict.fromkeys(ports.channels, 0)))
        self._images = ImageFiles(
            ports.source_images, path.parent, root=ports.images_root, reads_files=ports.reads_files
        )
        self._source = ports.catalogue.source(options.source)
        self._digest = _digest(path)
        self._now = ports.clock()
        self._saying = _saying(path, self._source, digest=self._digest, now=self._now)
        self._writer = CatalogueWriter(ports, saying=self._saying, queue=options.queue, by=f"brought by {_name(path)}")
        self._counted = CountColumns(
            self._source.counted_column if self._source.counts is Counting.COLUMN else "", self._source.orders_column
        )
        self._channels = ports.catalogue.channel_names() if self._source.orders_column else []
        self._waiting: list[Product] = []
        self._present = array("q")  # of a million handles, only their hashes
        self._strays = 0
        self._with_images = self._without_stock = 0

    def carry_out(self, progress: Callable[[int], None]) -> ImportReport:
        form = self._options.form or self._source.form
        file = self._ports.reader.read(self._path, form=form, counted=self._counted)
        for batch in _batches(file):
            self._take(batch)
            progress(self._report.rows)
        # Those products that the rest of the file had to decide.
        for start in range(0, len(self._waiting), BATCH):
            self._save(self._waiting[start : start + BATCH], (), is_last=True)
        self._end()
        return self._report

    def _take(self, batch: Sequence[ReadProduct]) -> None:
        report = self._report
        for read in batch:
            report.rows += read.rows
            report.tell(*read.reports)
            self._present.extend(hash(handle) for handle in _handles_of(read))
            self._strays += sum(report.level is Level.REFUSED and not report.handle for report in read.reports)
        products = [self._images.resolve(read.product, report) for read in batch if read.product is not None]
        if self._counted.names:
            products = [
                replace(product, variants=tuple(self._as_counted(each, product.handle) for each in product.variants))
                for product in products
            ]
        if self._ports.descriptions is not None:
            _note_descriptions(products, self._ports.descriptions, report)
        if products:
            self._waiting += self._save(products, batch, is_last=False)
        if self._options.is_full and any(read.values is not None for read in batch):
            raise FileRefused(f"{self._path} has SKUs only, which say nothing of what is absent; leave out --full.")
        if values := [self._as_counted(read.values, "") for read in batch if read.values is not None]:
            self._save_values(values)

    def _save(self, products: Sequence[Product], batch: Sequence[ReadProduct], *, is_last: bool) -> list[Product]:
        """Save products; returns those of which the rest of the file may still tell who they are."""
        ports, report = self._ports, self._report
        with ports.transaction():
            products = _with_kept(products, batch, ports.catalogue, report)
            leaving = self._leaving(products) if is_last else frozenset[str]()
            to_save, undecided = _settle_identity(products, ports.catalogue, report, is_last=is_last, leaving=leaving)
            report.add(self._writer.save(to_save))
        for product in (each.product for each in to_save):
            report.products += 1
            self._with_images += bool(product.images or any(variant.image for variant in product.variants))
            self._without_stock += sum(variant.sells_without_stock for variant in product.variants)
            report.parents += product.is_family
            report.variants += len(product.variants) if product.is_family else 0
            report.simple += not product.is_family
        return undecided

    def _leaving(self, products: Sequence[Product]) -> frozenset[str]:
        """
        Name the products that have a SKU of these, and that a full file takes out of the catalogue since it lacks them.

        It says so at its end, and what goes on elsewhere has gone there by then.
        """
        if not self._is_full or self._strays:
            return frozenset()
        catalogue = self._ports.catalogue
        owners = catalogue.owners([variant.sku for product in products for variant in product.variants])
        present = set(self._present)
        absent = {handle for handle in owners.values() if hash(handle) not in present}
        return catalogue.brought_by(self._options.source, absent) if absent else frozenset()

    @property
    def _is_full(self) -> bool:
        return self._source.is_full if self._options.is_full is None else self._options.is_full

    def _save_values(self, values: Sequence[SkuValues]) -> None:
        taken, saved = self._writer.take(values)
        self._report.values += len(values) - len(taken.unknown)
        self._report.tell(*(sku_unknown(each) for each in values if each.sku in taken.unknown))
        self._report.add(saved)

    def _as_counted(self, each: _Counted, handle: str) -> _Counted:
        """Leave out what says nothing: a number of the future, one up to orders of which nobody knows."""
        line = each.line if isinstance(each, SkuValues) else 0
        latest = self._now + _CLOCKS_DIFFER
        if each.counted_at is not None and each.counted_at > latest:
            # It would keep every later one from being taken.
            message = f"{each.sku} was counted at {each.counted_at:%Y-%m-%d %H:%M} UTC, which is not yet, so its "
            self._report.tell(RowReport(line, Level.NOTE, f"{message}quantity states nothing.", handle))
            each = replace(each, counted_at=None)
        through = each.orders_through
        if len(self._channels) == 1:
            through = tuple((name or self._channels[0], number) for name, number in through)
        unknown = [name for name, _ in through if name not in self._channels]
        if unknown:
            what = f"names the channel {quoted(unknown[0])}, which there is not" if unknown[0] else "names no channel"
            message = f"Up to which order {each.sku} was counted {what}, so its quantity states nothing."
            self._report.tell(RowReport(line, Level.NOTE, message, handle))
            return replace(each, quantity=None, orders_through=())
        return replace(each, orders_through=through)

    def _leave_out_absent(self) -> None:
        """Count what the source has brought and this file does not have; where it is full, take that out."""
        ports, report = self._ports, self._report
        is_full = self._is_full
        if report.values:
            return
        if is_full and (self._strays or not report.products):
            report.tell(nothing_absent(self._strays))
            is_full = False
        present = set(self._present)
        for handles in ports.catalogue.handles_of(self._options.source):
            absent = [handle for handle in handles if hash(handle) not in present]
            report.absent += len(absent)
            for start in range(0, len(absent) if is_full else 0, BATCH):
                report.add(self._writer.withdraw(absent[start : start + BATCH]))
        report.is_full = is_full
        if is_full:
            self._leave_to_others(present)

    def _leave_to_others(self, present: Container[int]) -> None:
        """State no longer how many there are of what another source has brought since, and this file does not have."""
        source, catalogue = self._options.source, self._ports.catalogue
        for handles in catalogue.stated_besides(source):
            absent = [handle for handle in handles if hash(handle) not in present]
            if absent:
                catalogue.stop_stating(source, absent)
                self._report.tell(*(states_no_more(handle) for handle in absent))

    def _end(self) -> None:
        ports, report = self._ports, self._report
        self._leave_out_absent()
        with ports.transaction():
            ports.catalogue.set_source(replace(self._source, digest=self._digest))
            for name, channel_id in ports.channel_ids.items():
                kept = _kept_of(report, report.built[name], file=_name(self._path), digest=self._digest)
                ports.history.keep(kept, channel_id=channel_id)
        if self._with_images:
            report.tell(*(no_image_server(name, self._with_images) for name in ports.without_images))
        report.tell(*_lookalikes(ports.catalogue, self._present, self._now))
        if report.images_outside:
            report.tell(RowReport(0, Level.NOTE, images_outside_message(report.images_outside)))
        if self._without_stock:
            report.tell(*(stops_at_zero(name, self._without_stock) for name in ports.stops_at_zero))


def import_results(report: ImportReport, path: Path, *, digest: str) -> list[Result]:
    """Say for the history of a run what its file has brought."""
    return _kept_of(report, report.listings_built, file=_name(path), digest=digest)


def _kept_of(report: ImportReport, built: int, *, file: str, digest: str) -> list[Result]:
    """Say for a history what a file has brought; `built`: how many listings."""
    saved = report.saved
    numbers = {
        "rows": report.rows,
        "created": saved.created,
        "updated": saved.updated,
        "unchanged": saved.unchanged,
        "listings": built,
        **({"withdrawn": report.absent} if report.is_full else {}),
    }
    is_news = saved.created or saved.updated or built or (report.is_full and report.absent)
    imported = changes.catalogue_imported(file, digest=digest, numbers=numbers)
    kept = [Result(imported, Outcome.APPLIED if is_news else Outcome.UNCHANGED)]
    if report.refused_rows:
        change = changes.rows_refused(file, refused=report.refused_rows)
        kept.append(Result(change, Outcome.FAILED, message=report.refused[0].message))
    return kept


def _name(path: Path) -> str:
    """Name a file as any database can keep it."""
    return os.fsencode(path.name).decode(errors="replace")


def _handles_of(read: ReadProduct) -> set[str]:
    """The handles that rows were for, whether they could be used or not."""
    handles = {report.handle for report in read.reports if report.handle}
    return handles if read.product is None else {*handles, read.product.handle}


def _lookalikes(catalogue: Catalogue, present: Collection[int], now: datetime) -> Iterator[RowReport]:
    """Name what is new and looks like something that is on a store, and that the file does not have."""
    found = catalogue.lookalikes(created_at=now)
    old = {hash(alike.before) for alike in found}
    still_there = old.intersection(present) if old else old
    for alike in found:
        if hash(alike.before) in still_there:
            continue
        yield RowReport(0, Level.NOTE, same_article(alike), alike.handle)


def _saying(path: Path, source: SourceSettings, *, digest: str, now: datetime) -> Saying:
    """
    Say what the numbers of a file are worth.

    It knows of nothing that was handed over after it was written, where this machine can tell, nor after it was asked
    for.
    """
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        written = now
    is_last_file_again = source.counts is Counting.FILE and digest == source.digest
    counting = Counting.CHANGED if is_last_file_again else source.counts
    return Saying(
        _name(path),
        now,
        min(written, now) - source.lag,
        counting=counting,
        lag=source.lag,
        source=source.name,
        states=source.states,
    )


def _digest(path: Path) -> str:
    """Hash a file that may be larger than memory; one that can't be read is refused by its reader."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _batches(products: Iterator[ReadProduct]) -> Iterator[list[ReadProduct]]:
    """Read batches, the next one while one is written: the database works without the interpreter."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="read") as pool:

        def read() -> "Future[list[ReadProduct]]":
            return pool.submit(lambda: list(islice(products, BATCH)))

        ahead = read()
        try:
            while batch := ahead.result():
                ahead = read()
                yield batch
        finally:
            # Whatever it has opened belongs to its thread.
            pool.submit(_close, products).result()


def _close(products: Iterator[ReadProduct]) -> None:
    if isinstance(products, Generator):
        products.close()


def _note_descriptions(products: Sequence[Product], descriptions: DescriptionCleaner, report: ImportReport) -> None:
    """Say what of descriptions no shopper will get; the catalogue keeps them whole, as channels differ."""
    for product in products:
        left_out = descriptions.clean(product.description).removed_words
        if left_out:
            message = f"{left_out} will be left out of the description of '{product.handle}' where it is published."
            report.tell(RowReport(0, Level.NOTE, message, product.handle))


def _settle_identity(
    products: Sequence[Product],
    catalogue: Catalogue,
    report: ImportReport,
    *,
    is_last: bool,
    leaving: Collection[str],
) -> tuple[list[ProductToSave], list[Product]]:
    """
    Decide who the variants of a batch are: renamed, recoded and moved ones go on as what they were.

    Returns the products to save, and those whose SKUs another product has of which the file may still tell. At the end
    of the file such a SKU is refused: it may well be another merchant's, unless that product is `leaving`.
    """
    skus = [variant.sku for product in products for variant in product.variants]
    handles = {product.handle for product in products}
    # Mostly a product has the SKUs that it had, and is nobody else.
    owners = catalogue.owners(skus)
    open_ = [p for p in products if any(owners.get(variant.sku) != p.handle for variant in p.variants)]
    asked = [variant.sku for product in open_ for variant in product.variants]
    in_use = catalogue.skus_in_use(asked) if open_ else set()
    known = catalogue.known_products({product.handle for product in open_}, in_use) if open_ else []
    settled = handles.difference(product.handle for product in open_)
    by_handle = {each.handle: each for each in known}
    by_sku = {sku: each for each in known for sku in each.variants}
    kept: list[ProductToSave] = []
    undecided: list[Product] = []
    for product in products:
        if product.handle in settled or _is_unknown(product, by_handle, by_sku, in_use):
            kept.append(ProductToSave(product))
            continue
        names = [product.handle, *(by_sku[each.sku].handle for each in product.variants if each.sku in by_sku)]
        plan = plan_identity(
            product,
            known=[by_handle[name] for name in dict.fromkeys(names) if name in by_handle],
            skus_in_use=in_use,
            present=handles,
            named=skus,
            leaving=leaving,
        )
        if plan.contested and not is_last:
            undecided.append(product)
            continue
        foreign = {sku: handle for handle, taken in plan.contested.items() for sku in taken}
        report.tell(*(sku_taken(sku, product.handle, handle) for sku, handle in foreign.items()))
        variants = tuple(variant for variant in product.variants if variant.sku not in foreign)
        if variants:
            report.tell(*(RowReport(0, Level.NOTE, words, product.handle) for words in identity_words(plan)))
            kept.append(ProductToSave(replace(product, variants=variants) if foreign else product, plan))
    return kept, undecided


def _is_unknown(product: Product, handles: Container[str], owned: Container[str], in_use: Container[str]) -> bool:
    """Whether nothing of a product is in the catalogue, so that it can only be a new one."""
    return product.handle not in handles and not any(
        variant.sku in owned or variant.sku in in_use for variant in product.variants
    )


def _with_kept(
    products: Sequence[Product], batch: Sequence[ReadProduct], catalogue: Catalogue, report: ImportReport
) -> list[Product]:
    """
    Let variants whose rows were refused be what they were, and those without a price keep the last one, where the
    catalogue knows them.
    """
    unread = {read.product.handle: read.unread for read in batch if read.product is not None and read.unread}
    unpriced = {product.handle for product in products if not all(each.is_priced for each in product.variants)}
    known = catalogue.by_handles(unpriced | unread.keys()) if unpriced or unread else {}
    whole: list[Product] = []
    for product in products:
        before = known.get(product.handle)
        after = product
        if before is not None:
            after = product.with_last_prices(before).with_kept(before, unread.get(product.handle, ()))
        for variant in after.variants[len(product.variants) :]:
            message = f"{variant.sku} stays as the catalogue has it, because its row was refused."
            report.tell(RowReport(0, Level.NOTE, message, product.handle))
        whole.append(after)
    return whole
