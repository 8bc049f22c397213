"""What became of a catalogue file, in words: counts, and what there is to say of rows, once for each cause."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tradepost.domain.catalogue.identity import IdentityPlan, Lookalike
from tradepost.domain.stock.stock_attention import quantity_unknown_message
from tradepost.operations.ports import (
    ContestedQuantity,
    HeldPrice,
    ImportCounts,
    Level,
    QueuedStructure,
    RowReport,
    SaleAtZero,
    SaleChange,
    SkuValues,
    UnstatedQuantity,
    WantedChanges,
)

KEPT_OF_CAUSE = 1000
"""Of one cause no more rows are kept than these; the others are counted."""

_MOST_CAUSES = 5000
_MANY_CAUSES = "There is more of other sorts; these are the first ones."
_NAMED = 3


@dataclass(slots=True)
class Cause:
    """What is to be said of `count` rows alike; `first`: the first of them that came, up to `KEPT_OF_CAUSE`."""

    level: Level
    words: str
    count: int = 0
    first: list[RowReport] = field(default_factory=list)

    @property
    def line(self) -> int:
        """Where it begins in the file; 0 where it is about no line."""
        return min((report.line for report in self.first if report.line), default=0)

    @property
    def message(self) -> str:
        return self.first[0].message if self.count == 1 else self.words

    @property
    def where(self) -> str:
        """Say where: `line 7: `, `lines 7, 9, 12 and 3 more: `, or which products; blank for the whole file."""
        lines = sorted({report.line for report in self.first if report.line})
        named = [str(line) for line in lines] or list(dict.fromkeys(r.handle for r in self.first if r.handle))
        if not named:
            return ""
        what = f"line{'s' if len(named) > 1 else ''} " if lines else ""
        more = f" and {self.count - _NAMED:,} more" if self.count > _NAMED and len(named) > _NAMED else ""
        return f"{what}{', '.join(named[:_NAMED])}{more}: "


@dataclass(slots=True)
class RowReports:
    """What there is to say of a file's rows, gathered by cause, so that memory does not grow with what is wrong."""

    _causes: dict[tuple[Level, str], Cause] = field(default_factory=dict)

    def add(self, report: RowReport) -> None:
        words = report.cause or report.message
        if (report.level, words) not in self._causes and len(self._causes) >= _MOST_CAUSES:
            words = _MANY_CAUSES
        cause = self._causes.setdefault((report.level, words), Cause(report.level, words))
        cause.count += 1
        if len(cause.first) < KEPT_OF_CAUSE:
            cause.first.append(report)

    def causes(self, level: Level | None = None) -> list[Cause]:
        """Return them in the order of the file's lines, those of no line at the end."""
        found = [cause for cause in self._causes.values() if level in {None, cause.level}]
        return sorted(found, key=lambda cause: _in_line_order(cause.line))

    def kept(self, level: Level | None = None) -> list[RowReport]:
        found = [report for cause in self.causes(level) for report in cause.first]
        return sorted(found, key=lambda report: _in_line_order(report.line))

    def count(self, level: Level) -> int:
        return sum(cause.count for cause in self.causes(level))


def _in_line_order(line: int) -> tuple[bool, int]:
    return not line, line


@dataclass(frozen=True, slots=True)
class SavedProducts:
    """
    What became of a batch.

    `built`: how many listings each channel got. `structures`: whose structure is due there. `wanted`: which prices a
    channel does not send, and what happens at 0 where that has changed. `sale_changes`: what goes off sale with its
    product, or comes back. `handles`: of the products that were saved. `restated`: the SKUs of which an earlier
    statement holds again.
    """

    counts: ImportCounts = field(default_factory=ImportCounts)
    built: Mapping[str, int] = field(default_factory=dict)
    structures: Mapping[str, QueuedStructure] = field(default_factory=dict)
    wanted: WantedChanges = field(default_factory=WantedChanges)
    sale_changes: Sequence[SaleChange] = ()
    handles: frozenset[str] = frozenset()
    restated: frozenset[str] = frozenset()


@dataclass(slots=True)
class ImportReport:
    """
    What became of a file. Refused rows are errors of the file: the outcome is then "completed with errors".

    `absent`: how many products its source has brought that the file does not have; where it `is_full`, they are taken
    out of the catalogue. `values`: how many SKUs it has a price or a quantity for, where it has no products. `built`:
    how many listings each channel got, by its name. `restructured`: the handles of products whose pages get another
    structure there; `held`: those of which another change is queued first. `awaiting_sync`: the channels on which a
    sync has to hide, put back or tell something. `images_left_out`: how many images can't be used, and
    `images_outside`: those of them that lie outside the folder in which images may lie.
    """

    rows: int = 0
    products: int = 0
    parents: int = 0
    variants: int = 0
    simple: int = 0
    values: int = 0
    absent: int = 0
    is_full: bool = False
    saved: ImportCounts = field(default_factory=ImportCounts)
    built: Counter[str] = field(default_factory=Counter)
    restructured: dict[str, list[str]] = field(default_factory=dict)
    held: dict[str, list[str]] = field(default_factory=dict)
    told: RowReports = field(default_factory=RowReports)
    awaiting_sync: set[str] = field(default_factory=set)
    images_left_out: int = 0
    images_outside: int = 0

    def tell(self, *reports: RowReport) -> None:
        for report in reports:
            self.told.add(report)

    def add(self, saved: SavedProducts) -> None:
        self.saved += saved.counts.numbers
        self.built.update(saved.built)
        self.tell(
            *map(_reordered, saved.counts.reordered),
            *map(_price_held, saved.wanted.held_prices),
            *map(_sold_at_zero, saved.wanted.at_zero),
            *map(_unstated, saved.wanted.unstated),
            *map(_contested, saved.counts.contested),
            *map(_sale_changed, (*saved.sale_changes, *saved.counts.withdrawn, *saved.wanted.listed)),
        )
        self.awaiting_sync |= {each.channel for each in saved.sale_changes}
        self.awaiting_sync |= {each.channel for each in saved.wanted.at_zero}
        self.awaiting_sync |= {each.channel for each in saved.wanted.listed}
        for name, structure in saved.structures.items():
            self.restructured.setdefault(name, []).extend(structure.queued)
            self.held.setdefault(name, []).extend(structure.held)

    @property
    def listings_built(self) -> int:
        return self.built.total()

    @property
    def reports(self) -> list[RowReport]:
        """What there is to say of rows, in the order of their lines; of each cause the first ones."""
        return self.told.kept()

    @property
    def refused(self) -> list[RowReport]:
        """The first ones, too; `refused_rows` counts them all."""
        return self.told.kept(Level.REFUSED)

    @property
    def refused_rows(self) -> int:
        return self.told.count(Level.REFUSED)


# --- kept -----------------------------------------------------------------------------------------------------------

KEPT_CAUSES = 300
KEPT_REFUSED = 10_000


def numbers_of(report: ImportReport) -> dict[str, int]:
    """Write down what a file came to."""
    return {
        "rows": report.rows,
        "products": report.products,
        "parents": report.parents,
        "variants": report.variants,
        "simple": report.simple,
        "values": report.values,
        "absent": report.absent,
        "created": report.saved.created,
        "updated": report.saved.updated,
        "unchanged": report.saved.unchanged,
        "listings_built": report.listings_built,
    }


def as_kept(report: ImportReport) -> dict[str, Any]:
    """
    Write a report down, to be shown later: its numbers, and what there is to say, once for each cause.

    Shape: those of `numbers_of`, with `is_full`, `refused_rows`, `built` {channel: listings}, and `causes` [{level,
    where, message, rows}], the first ones.
    """
    return {
        **numbers_of(report),
        "is_full": report.is_full,
        "refused_rows": report.refused_rows,
        "built": dict(report.built),
        "causes": [
            {"level": cause.level.value, "where": cause.where, "message": cause.message, "rows": cause.count}
            for cause in report.told.causes()[:KEPT_CAUSES]
        ],
    }


def refused_as_kept(report: ImportReport) -> list[list[Any]]:
    """Write down the first rows that were refused, as [line, handle, message]; 0 is no line."""
    return [[row.line, row.handle, row.message] for row in report.refused[:KEPT_REFUSED]]


# --- sentences ------------------------------------------------------------------------------------------------------


def no_image_server(channel: str, products: int) -> RowReport:
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


def stops_at_zero(channel: str, variants: int) -> RowReport:
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
    cause = f"On '{change.channel}' it {words}, as soon as a sync has said so."
    return RowReport(0, Level.NOTE, f"{where} {words}, as soon as a sync has said so.", change.handle, cause)


def _reordered(handle: str) -> RowReport:
    message = (
        f"The options or values of '{handle}' stand in another order. A store keeps the order in which it got them, so "
        f"the page stays as it is. 'tradepost listings delist {handle} --now' and then 'tradepost listings publish "
        f"{handle} --now' make it anew in the new order; the old page, with all that the store has of it, is gone for "
        "good."
    )
    return RowReport(0, Level.NOTE, message, handle)


def _price_held(price: HeldPrice) -> RowReport:
    cause = f"On '{price.channel}' the price is held back; 'tradepost listings explain SKU' says why."
    return RowReport(0, Level.NOTE, f"{price.sku} on '{price.channel}': {price.reason}", price.handle, cause)


def _unstated(quantity: UnstatedQuantity) -> RowReport:
    message = f"On '{quantity.channel}': {quantity_unknown_message(quantity.sku)}"
    cause = f"On '{quantity.channel}' nobody states how many there are."
    return RowReport(0, Level.NOTE, message, quantity.handle, cause)


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


def nothing_absent(strays: int) -> RowReport:
    """Say why a full file takes nothing out of the catalogue."""
    why = f"{strays:,} of its rows belong to no product that can be told" if strays else "it has no product at all"
    message = f"What the file does not have stays in the catalogue, although it is a full one, because {why}."
    return RowReport(0, Level.NOTE, message)


def _contested(quantity: ContestedQuantity) -> RowReport:
    stated = "no number" if quantity.stated is None else str(quantity.stated)
    message = (
        f"{quantity.sku}: the number {quantity.given} is not taken, because the source '{quantity.owner}' states how "
        f"many there are, and says {stated}."
    )
    cause = (
        f"The number is not taken, because the source '{quantity.owner}' states how many there are, and says something "
        "else; 'tradepost source set NAME --states always' lets another source do it."
    )
    return RowReport(0, Level.NOTE, message, cause=cause)


def states_no_more(handle: str) -> RowReport:
    """Say what becomes of the number of what another source has brought since."""
    message = "The file does not have it any more, so its number stays until another source states how many there are."
    return RowReport(0, Level.NOTE, message, handle)


def sku_unknown(values: SkuValues) -> RowReport:
    message = f"The catalogue has no SKU {values.sku}."
    return RowReport(values.line, Level.REFUSED, message, cause="The catalogue has no such SKU.")


def sku_taken(sku: str, handle: str, owner: str) -> RowReport:
    message = (
        f"The SKU {sku} of '{handle}' belongs to the product '{owner}' already, which this file does not have; give it "
        f"another SKU, or take it out there first: 'tradepost catalogue remove {sku}'."
    )
    return RowReport(0, Level.REFUSED, message, handle)


def identity_words(plan: IdentityPlan) -> Iterator[str]:
    """Say what was settled, for the catalogue and for what is on stores."""
    if plan.renamed:
        yield f"It is '{plan.renamed}' under another handle: its listings go on, with their codes on stores."
    for move in plan.moves:
        left = (
            f" Nothing is left of '{move.before}': the next publish takes its page off sale." if move.is_whole else ""
        )
        yield f"{', '.join(move.skus)} moved here from '{move.before}', with listings and codes.{left}"
    for change in plan.skus:
        yield (
            f"{change.before} has the SKU {change.after} now: the same options. What is on stores keeps its code, and "
            "gets the new SKU by a publish ('tradepost listings publish')."
        )


def same_article(alike: Lookalike) -> str:
    after = (
        f"'tradepost catalogue remove {alike.before}' takes the old one off sale"
        if alike.is_family
        else f"'tradepost catalogue merge {alike.sku_before} {alike.sku}' does, before a publish"
    )
    return (
        f"'{alike.handle}' is new, and has the title and options of '{alike.before}', which is on a store and not in "
        "this file. If both are one article, it would stand there twice. Before an import, 'tradepost catalogue "
        f"rename {alike.before} {alike.handle}' goes on with what is on the store; after it, {after}."
    )
