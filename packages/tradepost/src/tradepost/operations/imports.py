"""Import a catalogue: read products from a file, keep them, and bring the listings of every channel in step."""

import hashlib
import logging
import os
import posixpath
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from tradepost.domain import changes
from tradepost.domain.catalogue import Product, SourceImage
from tradepost.domain.errors import ImageUnusable, quoted
from tradepost.domain.identity import IdentityPlan, Lookalike, plan_identity
from tradepost.domain.plan import Outcome, Result
from tradepost.domain.stock import Counting
from tradepost.domain.stock_attention import quantity_unknown_message
from tradepost.operations.ports import (
    Catalogue,
    CatalogueReader,
    Clock,
    DescriptionCleaner,
    HeldPrice,
    History,
    ImportCounts,
    Level,
    ListingBuilder,
    QueuedStructure,
    ReadProduct,
    RowReport,
    SaleAtZero,
    SaleChange,
    Saying,
    SourceImages,
    SourceSettings,
    UnstatedQuantity,
    WantedChanges,
)
from tradepost.operations.previews import previewed

BATCH = 200
SOURCE = "catalogue"
"""The one source that there is: whatever file is imported by hand."""

_WEB = ("http", "https")
_MAX_SOURCE = 2000
# A time that lies less ahead is that of another clock.
_CLOCKS_DIFFER = timedelta(minutes=5)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SavedProducts:
    """
    What became of a batch.

    `built`: how many listings each channel got. `structures`: whose structure is due there. `wanted`: which prices a
    channel does not send, and what happens at 0 where that has changed. `sale_changes`: what goes off sale with its
    product, or comes back.
    """

    counts: ImportCounts = field(default_factory=ImportCounts)
    built: Mapping[str, int] = field(default_factory=dict)
    structures: Mapping[str, QueuedStructure] = field(default_factory=dict)
    wanted: WantedChanges = field(default_factory=WantedChanges)
    sale_changes: Sequence[SaleChange] = ()


@dataclass(slots=True)
class ImportReport:
    """
    What became of a file. Refused rows are errors of the file: the outcome is then "completed with errors".

    `built`: how many listings each channel got, by its name. `restructured`: the handles of products whose pages get
    another structure there; `held`: those of which another change is queued first. `awaiting_sync`: the channels on
    which a sync has to hide, put back or tell something. `images_left_out`: how many images can't be used, and
    `images_outside`: those of them that lie outside the folder in which images may lie.
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
    awaiting_sync: set[str] = field(default_factory=set)
    images_left_out: int = 0
    images_outside: int = 0

    def add(self, saved: "SavedProducts") -> None:
        self.saved += saved.counts
        self.built.update(saved.built)
        self.reports += map(_reordered, saved.counts.reordered)
        self.reports += map(_price_held, saved.wanted.held_prices)
        self.reports += map(_sold_at_zero, saved.wanted.at_zero)
        self.reports += map(_unstated, saved.wanted.unstated)
        self.awaiting_sync |= {each.channel for each in saved.sale_changes}
        self.awaiting_sync |= {each.channel for each in saved.wanted.at_zero}
        self.awaiting_sync |= {each.channel for each in saved.wanted.listed}
        self.reports += map(_sale_changed, (*saved.sale_changes, *saved.counts.withdrawn, *saved.wanted.listed))
        for name, structure in saved.structures.items():
            self.restructured.setdefault(name, []).extend(structure.queued)
            self.held.setdefault(name, []).extend(structure.held)

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

    `channel_ids`: theirs by name, as each keeps the import in its history.
    `reads_files`: whether images may be files of this machine; only for a file that was named at the command line.
    `images_root`: the folder out of which no path of an image leads; None: the catalogue file's own.
    `without_images`: the names of those channels that have no image server. `stops_at_zero`: of those that sell nothing
    without stock, whatever the catalogue says.
    `descriptions`: says what will be left out of descriptions; None where no channel leaves anything out.
    """

    reader: CatalogueReader
    catalogue: Catalogue
    channels: Mapping[str, ListingBuilder]
    source_images: SourceImages
    channel_ids: Mapping[str, int]
    history: History
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock
    reads_files: bool = False
    images_root: Path | None = None
    descriptions: DescriptionCleaner | None = None
    without_images: Sequence[str] = ()
    stops_at_zero: Sequence[str] = ()


def import_catalogue(
    path: Path,
    ports: ImportPorts,
    *,
    queue: bool = True,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """
    Import a catalogue file, batch by batch, each batch in one transaction with its listings on every channel.

    Idempotent: importing the same file again changes nothing but the history; a number that the source has given before
    is no new statement, unless its setting says that every new file counts. `queue` asks for new listings to be
    published, and for the pages of families that changed their shape to be given it; `progress` is told the number of
    rows done.
    Raises FileRefused when the file is no catalogue.
    """
    report = ImportReport(built=Counter(dict.fromkeys(ports.channels, 0)))
    images = _ImageFiles(ports.source_images, path.parent, root=ports.images_root, reads_files=ports.reads_files)
    source = ports.catalogue.source(SOURCE)
    digest = _digest(path)
    now = ports.clock()
    saying = _saying(path, source, digest=digest, now=now)
    column = source.counted_column if source.counts is Counting.COLUMN else ""
    names = ports.catalogue.channel_names() if source.orders_column else []
    waiting: list[Product] = []
    present = array("q")  # of a million handles, only their hashes
    file = ports.reader.read(path, counted_column=column, orders_column=source.orders_column)
    with_images = without_stock = 0
    for batch, is_last in _with_the_rest(_batches(file), waiting):
        for read in batch:
            report.rows += read.rows
            report.reports.extend(read.reports)
            present.extend(hash(handle) for handle in _handles_of(read))
        products = [
            # What waited was looked at when it was read.
            read.product if is_last else images.resolve(read.product, report)
            for read in batch
            if read.product is not None
        ]
        if column and not is_last:
            products = [_counted_by_now(product, now, report) for product in products]
        if source.orders_column and not is_last:
            products = [_through_orders_of(product, names, report) for product in products]
        if ports.descriptions is not None and not is_last:
            _note_descriptions(products, ports.descriptions, report)
        if products:
            with ports.transaction():
                products = _with_kept(products, batch, ports.catalogue, report)
                products, undecided = _settle_identity(products, ports.catalogue, report, is_last=is_last)
                saved = save_products(products, ports, saying=saying, queue=queue)
            waiting += undecided
            report.add(saved)
        for product in products:
            report.products += 1
            with_images += bool(product.images or any(variant.image for variant in product.variants))
            without_stock += sum(variant.sells_without_stock for variant in product.variants)
            report.parents += product.is_family
            report.variants += len(product.variants) if product.is_family else 0
            report.simple += not product.is_family
        if progress is not None:
            progress(report.rows)
    with ports.transaction():
        ports.catalogue.set_source(replace(source, digest=digest))
        for name, channel_id in ports.channel_ids.items():
            ports.history.keep(_kept_of(report, name, file=_name(path), digest=digest), channel_id=channel_id)
    report.reports += (_no_image_server(name, with_images) for name in ports.without_images if with_images)
    report.reports += _lookalikes(ports.catalogue, present, now)
    if report.images_outside:
        report.reports.append(RowReport(0, Level.NOTE, images_outside_message(report.images_outside)))
    report.reports += (_stops_at_zero(name, without_stock) for name in ports.stops_at_zero if without_stock)
    return report


def preview_import(
    path: Path, ports: ImportPorts, *, queue: bool = True, progress: Callable[[int], None] | None = None
) -> ImportReport:
    """
    Say what an import would do, and change nothing: it is done in one transaction, and taken back.

    Whoever else writes to the hub waits for it meanwhile. Raises FileRefused when the file is no catalogue.
    """
    return previewed(lambda: import_catalogue(path, ports, queue=queue, progress=progress), ports.transaction)


def _with_the_rest(
    batches: Iterator[list[ReadProduct]], waiting: list[Product]
) -> Iterator[tuple[list[ReadProduct], bool]]:
    """Yield the file's batches, and behind them those products that the rest of the file had to decide."""
    for batch in batches:
        yield batch, False
    for start in range(0, len(waiting), BATCH):
        yield [ReadProduct(product, (), 0) for product in waiting[start : start + BATCH]], True


def _kept_of(report: ImportReport, channel: str, *, file: str, digest: str) -> list[Result]:
    """Say for the history of a channel what a file has brought."""
    saved, built, refused = report.saved, report.built[channel], report.refused
    numbers = {
        "rows": report.rows,
        "created": saved.created,
        "updated": saved.updated,
        "unchanged": saved.unchanged,
        "listings": built,
    }
    is_news = saved.created or saved.updated or built
    imported = changes.catalogue_imported(file, digest=digest, numbers=numbers)
    kept = [Result(imported, Outcome.APPLIED if is_news else Outcome.UNCHANGED)]
    if refused:
        change = changes.rows_refused(file, refused=len(refused))
        kept.append(Result(change, Outcome.FAILED, message=refused[0].message))
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
        yield RowReport(0, Level.NOTE, _same_article(alike), alike.handle)


def _same_article(alike: Lookalike) -> str:
    after = (
        f"'tradepost catalogue remove {alike.before}' takes the old one off sale"
        if alike.is_family
        else f"'tradepost catalogue merge {alike.sku_before} {alike.sku}' does, before a publish"
    )
    return (
        f"'{alike.handle}' is new, and has the title and options of '{alike.before}', which is on a store and not in "
        "this file. If both are one article, its pieces would be sold twice. Before an import, 'tradepost catalogue "
        f"rename {alike.before} {alike.handle}' goes on with what is on the store; after it, {after}."
    )


def _no_image_server(channel: str, products: int) -> RowReport:
    """Once for the file, and not for each of its images."""
    message = (
        f"{products} {'product has' if products == 1 else 'products have'} images, and the channel '{channel}' has no "
        f"image server: they are published without. 'tradepost channel set {channel} --ftp-host HOST' names one."
    )
    return RowReport(0, Level.NOTE, message)


def images_outside_message(images: int) -> str:
    """Say once of a file what to do about images that lie elsewhere; each of them is named besides."""
    what = "1 image lies" if images == 1 else f"{images} images lie"
    return (
        f"{what} outside the folder in which images may lie. '--images FOLDER' names another, which holds the images "
        "and the catalogue file."
    )


def _stops_at_zero(channel: str, variants: int) -> RowReport:
    """Once for the file, too."""
    what = "1 variant" if variants == 1 else f"{variants} variants"
    message = (
        f"The catalogue would go on selling {what} without stock, and the channel '{channel}' sells what there is: "
        f"sold out at 0. 'tradepost channel set {channel} --sell-without-stock' allows it."
    )
    return RowReport(0, Level.NOTE, message)


def _sold_at_zero(change: SaleAtZero) -> RowReport:
    where = f"{change.sku} on '{change.channel}'"
    words = "goes on being sold without stock" if change.goes_on else "is sold without stock no more: sold out at 0"
    return RowReport(0, Level.NOTE, f"{where} {words}, as soon as a sync has said so.", change.handle)


def _reordered(handle: str) -> RowReport:
    message = (
        f"The options or values of '{handle}' stand in another order. A store keeps the order in which it got them, so "
        f"the page stays as it is. 'tradepost listings delist {handle} --now' and then 'tradepost listings publish "
        f"{handle} --now' make it anew in the new order; the old page, with all that the store has of it, is gone for "
        "good."
    )
    return RowReport(0, Level.NOTE, message, handle)


def _price_held(price: HeldPrice) -> RowReport:
    return RowReport(0, Level.NOTE, f"{price.sku} on '{price.channel}': {price.reason}", price.handle)


def _unstated(quantity: UnstatedQuantity) -> RowReport:
    message = f"On '{quantity.channel}': {quantity_unknown_message(quantity.sku)}"
    return RowReport(0, Level.NOTE, message, quantity.handle)


def _sale_changed(change: SaleChange) -> RowReport:
    where = f"{change.sku} on '{change.channel}'"
    if change.is_for_sale:
        return RowReport(0, Level.NOTE, f"{where} is for sale again, so a sync puts it back.", change.handle)
    why = "is not in the catalogue any more" if change.is_gone else "is not for sale any more"
    if change.rule:
        why = f"is not listed any more by rule '{change.rule}'"
    what = "takes it off sale" if change.is_gone or change.rule else "hides it"
    match change.pieces:
        case None:
            pieces = "an unknown number of pieces is on sale there"
        case 1:
            pieces = "1 piece is on sale there"
        case number:
            pieces = f"{number} pieces are on sale there"
    message = f"{where} {why}, so a sync {what}: {pieces}."
    return RowReport(0, Level.OFF_SALE, message, change.handle)


def save_products(products: Sequence[Product], ports: ImportPorts, *, saying: Saying, queue: bool) -> SavedProducts:
    """
    Keep products as somebody says that they are, and bring their listings on every channel in step; one transaction.

    Idempotent. Raises RowRefused when a SKU belongs to another product.
    """
    if not products:
        return SavedProducts()
    handles = [product.handle for product in products]
    with ports.transaction():
        sale_changes = ports.catalogue.follow_sale(products)
        saved = ports.catalogue.save(products, saying=saying)
        built = {name: channel.build(handles, queue=queue) for name, channel in ports.channels.items()}
        # A page keeps offering the old choices until then: all of them can be bought, or are sold out.
        structures = {name: channel.queue_structure(handles) for name, channel in ports.channels.items() if queue}
        # Last and once: what a listing should show depends on the whole family's, on every channel alike.
        wanted = ports.catalogue.refresh_wanted(handles)
    return SavedProducts(saved, built, structures, wanted, sale_changes)


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
    return Saying(_name(path), now, min(written, now) - source.lag, counting=counting, lag=source.lag)


def _counted_by_now(product: Product, now: datetime, report: ImportReport) -> Product:
    """A number that was counted in the future would keep every later one from being taken."""
    latest = now + _CLOCKS_DIFFER
    early = tuple(
        replace(variant, counted_at=None) if variant.counted_at is not None and variant.counted_at > latest else variant
        for variant in product.variants
    )
    for before, after in zip(product.variants, early, strict=True):
        if before.counted_at != after.counted_at:
            message = f"{before.sku} was counted at {before.counted_at:%Y-%m-%d %H:%M} UTC, which is not yet, so its "
            report.reports.append(RowReport(0, Level.NOTE, f"{message}quantity states nothing.", product.handle))
    return replace(product, variants=early)


def _through_orders_of(product: Product, channels: Sequence[str], report: ImportReport) -> Product:
    """Give each order number its channel; a quantity of which that can't be known states nothing."""
    variants = []
    for variant in product.variants:
        through = variant.orders_through
        if len(channels) == 1:
            through = tuple((name or channels[0], number) for name, number in through)
        unknown = [name for name, _ in through if name not in channels]
        if unknown:
            what = f"names the channel {quoted(unknown[0])}, which there is not" if unknown[0] else "names no channel"
            message = f"Up to which order {variant.sku} was counted {what}, so its quantity states nothing."
            report.reports.append(RowReport(0, Level.NOTE, message, product.handle))
            variants.append(replace(variant, quantity=None, orders_through=()))
        else:
            variants.append(replace(variant, orders_through=through))
    return replace(product, variants=tuple(variants))


def _digest(path: Path) -> str:
    """Hash a file that may be larger than memory; one that can't be read is refused by its reader."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _batches(products: Iterator[ReadProduct]) -> Iterator[list[ReadProduct]]:
    while batch := list(islice(products, BATCH)):
        yield batch


def _note_descriptions(products: Sequence[Product], descriptions: DescriptionCleaner, report: ImportReport) -> None:
    """Say what of descriptions no shopper will get; the catalogue keeps them whole, as channels differ."""
    for product in products:
        left_out = descriptions.clean(product.description).removed_words
        if left_out:
            message = f"{left_out} will be left out of the description of '{product.handle}' where it is published."
            report.reports.append(RowReport(0, Level.NOTE, message, product.handle))


def _settle_identity(
    products: Sequence[Product], catalogue: Catalogue, report: ImportReport, *, is_last: bool
) -> tuple[list[Product], list[Product]]:
    """
    Settle who the variants of a batch are: renamed, recoded and moved ones go on as what they were.

    Returns the products to save, and those whose SKUs another product has of which the file may still tell. At the end
    of the file such a SKU is refused: it may well be another merchant's.
    """
    skus = [variant.sku for product in products for variant in product.variants]
    handles = {product.handle for product in products}
    known = catalogue.known_products(handles, skus)
    in_use = catalogue.skus_in_use(skus)
    plans: dict[str, IdentityPlan] = {}
    kept: list[Product] = []
    undecided: list[Product] = []
    for product in products:
        own = {variant.sku for variant in product.variants}
        plan = plan_identity(
            product,
            known=[each for each in known if each.handle == product.handle or not own.isdisjoint(each.variants)],
            skus_in_use=in_use,
            present=handles,
            named=skus,
        )
        if plan.contested and not is_last:
            undecided.append(product)
            continue
        foreign = {sku: handle for handle, taken in plan.contested.items() for sku in taken}
        report.reports += [_refused(sku, product.handle, handle) for sku, handle in foreign.items()]
        variants = tuple(variant for variant in product.variants if variant.sku not in foreign)
        if variants:
            plans[product.handle] = plan
            report.reports += [RowReport(0, Level.NOTE, words, product.handle) for words in _in_words(plan)]
            kept.append(replace(product, variants=variants) if foreign else product)
    catalogue.settle(plans)
    return kept, undecided


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
            report.reports.append(RowReport(0, Level.NOTE, message, product.handle))
        whole.append(after)
    return whole


def _refused(sku: str, handle: str, owner: str) -> RowReport:
    message = (
        f"The SKU {sku} of '{handle}' belongs to the product '{owner}' already, which this file does not have; give it "
        f"another SKU, or take it out there first: 'tradepost catalogue remove {sku}'."
    )
    return RowReport(0, Level.REFUSED, message, handle)


def _in_words(plan: IdentityPlan) -> Iterator[str]:
    """Say what was settled, for the catalogue and for what is on stores."""
    if plan.renamed:
        yield f"It is '{plan.renamed}' under another handle: its listings go on, with their codes on stores."
    for move in plan.moves:
        left = f" Nothing is left of '{move.before}'; delist its page." if move.is_whole else ""
        yield f"{', '.join(move.skus)} moved here from '{move.before}', with listings and codes.{left}"
    for change in plan.skus:
        yield (
            f"{change.before} has the SKU {change.after} now: the same options. What is on stores keeps its code, and "
            "gets the new SKU by a publish ('tradepost listings publish')."
        )


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
            report.images_outside += reason.leads_out
        except Exception:  # whatever is wrong with one image, the product goes in
            _logger.exception("An image of the product %r can't be used", handle)
            message = f"An image was left out: {quoted(image.source)} can't be used; the log has the reason."
        report.images_left_out += 1
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
