"""What the formats have in common: a product is built out of its rows, and a cell that is no use says so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from tradepost.catalogues.cells import moment, number, whole_number
from tradepost.catalogues.csv_file import CsvRow
from tradepost.catalogues.row_staging import RowStaging
from tradepost.domain.catalogue.barcodes import is_rounded, right_check_digit
from tradepost.domain.catalogue.catalogue import Product, SourceImage, Variant
from tradepost.domain.errors import RowRefused, quoted
from tradepost.domain.listings.codes import code_key
from tradepost.domain.stock.stock import OrdersThrough, orders_through_of
from tradepost.operations.ports import CountColumns, Level, ReadProduct, RowReport

MAX_SKU = 255
# How many characters a cell may have, by what it is; the catalogue has no room for more.
MAX_HANDLE = 200
MAX_TEXT = 1000
MAX_WORD = 255
_PRICE_BELOW = Decimal(100_000_000)
_MAX_QUANTITY = 2_000_000_000

_BARCODE_LOST = "The barcode was rounded by a spreadsheet, so it is lost and left out."
_BARCODE_WRONG = "The barcode is no valid EAN, UPC or GTIN: its last digit is wrong."

Row = Mapping[str, Any]
"""The cells of a row by column; an empty one is not there. Texts, but where a format has lists."""


@dataclass(frozen=True, slots=True)
class VariantColumns:
    """In which columns a format has what there is to say of a variant; a blank name: in none."""

    sku: str
    price: str
    quantity: str
    msrp: str = ""
    cost: str = ""
    barcode: str = ""
    mpn: str = ""
    weight_grams: str = ""
    length: str = ""
    width: str = ""
    height: str = ""

    @property
    def amounts(self) -> Sequence[tuple[str, str]]:
        """The fields that are amounts and may be missing, each with its column."""
        return _amounts_of(self)


@lru_cache
def _amounts_of(columns: VariantColumns) -> Sequence[tuple[str, str]]:
    names = ("msrp", "cost", "length", "width", "height", "weight_grams")
    return [(name, column) for name in names if (column := getattr(columns, name))]


@dataclass(frozen=True, slots=True)
class VariantParts:
    """What each format says of a variant in a way of its own."""

    sku: str
    values: tuple[str, ...]
    position: int
    taxable: bool = True
    sells_without_stock: bool = False
    image: SourceImage | None = None
    sku_made_up: bool = False


def too_long(row: CsvRow, limits: Mapping[str, int]) -> str:
    """Say which cell of a row is longer than the catalogue has room for; empty where none is."""
    if max(map(len, row.cells.values()), default=0) <= min(limits.values()):
        return ""
    for name, cell in row.cells.items():
        most = limits.get(name)
        if most is not None and len(cell) > most:
            return f"The column {name} has {len(cell):,} characters, {quoted(cell)}; it may have {most:,}."
    return ""


@dataclass(slots=True)
class Assembly:
    """Builds one product out of its rows, and reports what is wrong with them."""

    handle: str
    rows: Sequence[tuple[int, Row]]
    staging: RowStaging
    columns: VariantColumns
    counted: CountColumns
    reports: list[RowReport] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def read(self, product: Product | None) -> ReadProduct:
        reports = tuple(sorted(self.reports, key=lambda report: report.line))
        return ReadProduct(product, reports, len(self.rows), tuple(self.unread))

    def refuse(self, line: int, message: str, *, cause: str = "") -> None:
        self.reports.append(RowReport(line, Level.REFUSED, message, self.handle, cause))

    def note(self, line: int, message: str, cause: str = "") -> None:
        self.reports.append(RowReport(line, Level.NOTE, message, self.handle, cause))

    def variants(
        self, rows: Sequence[tuple[int, Row]], parts_of: Callable[[int, Row, int], VariantParts]
    ) -> list[Variant]:
        """Make the variants of these rows, each SKU and each combination of options once; `parts_of` may refuse one."""
        variants: list[Variant] = []
        combinations: dict[tuple[str, ...], int] = {}
        for line, row in rows:
            try:
                variant = self._variant(line, row, parts_of(line, row, len(variants) + 1))
                key = tuple(value.casefold() for value in variant.options)
                if key in combinations:
                    raise RowRefused(
                        f"The combination {' / '.join(variant.options)} is on line {combinations[key]} already.",
                        line=line,
                        cause="The combination of options is in the file already.",
                    )
                holder = self.staging.claim(code_key(variant.sku), line)
                if holder is not None:
                    raise sku_used(variant.sku, holder=holder, line=line)
            except RowRefused as refusal:
                self.refuse(refusal.line, str(refusal), cause=refusal.cause)
                if sku := row.get(self.columns.sku, ""):
                    self.unread.append(sku)
                continue
            combinations[key] = line
            variants.append(variant)
            if variant.sku_made_up:
                message = f"The row has no SKU; '{variant.sku}' was made from handle and options."
                self.note(line, message, "The row has no SKU; one was made from handle and options.")
        return variants

    def _variant(self, line: int, row: Row, parts: VariantParts) -> Variant:
        columns = self.columns
        quantity, orders_through = counted_quantity(row, columns.quantity, line, self.counted, note=self.note)
        price = self._price(row, line, parts.sku)
        return Variant(
            sku=parts.sku,
            options=parts.values,
            price=price or Decimal(0),
            is_priced=price is not None,
            quantity=quantity,
            position=parts.position,
            barcode=self._barcode(row, line),
            mpn=row.get(columns.mpn, "").lstrip("'"),
            # Most rows have few of them, and a file may have a million.
            **{name: amount(row, column, line) or None for name, column in columns.amounts if column in row},
            taxable=parts.taxable,
            image=parts.image,
            sku_made_up=parts.sku_made_up,
            counted_at=counted_at(row, line, self.counted, note=self.note),
            orders_through=orders_through,
            sells_without_stock=parts.sells_without_stock,
        )

    def _price(self, row: Row, line: int, sku: str) -> Decimal | None:
        """Return the price; None, with a note, where there is none: how many there are counts all the same."""
        try:
            price = amount(row, self.columns.price, line)
            reason = f"The column {self.columns.price} is empty."
        except RowRefused as refusal:
            price, reason = None, str(refusal)
        if price is None:
            self.note(line, f"{reason} So {sku} has no price here; the last one stays, and without one it is not sold.")
        return price

    def _barcode(self, row: Row, line: int) -> str:
        """Return the barcode, right or wrong, and note what is wrong with it; a number that is lost is left out."""
        barcode: str = row.get(self.columns.barcode, "").lstrip("'")
        if not barcode:
            return ""
        if is_rounded(barcode):
            self.note(
                line, f"The barcode {barcode} was rounded by a spreadsheet, so it is lost and left out.", _BARCODE_LOST
            )
            return ""
        digit = right_check_digit(barcode)
        if digit and barcode[-1] != digit:
            self.note(
                line,
                f"The barcode {barcode} is no valid EAN, UPC or GTIN: its last digit should be {digit}.",
                _BARCODE_WRONG,
            )
        return barcode


def sku_used(sku: str, *, holder: int, line: int) -> RowRefused:
    message = f"The SKU {sku} is used on line {holder} already."
    return RowRefused(message, line=line, cause="The SKU is used in the file already.")


def amount(row: Row, column: str, line: int) -> Decimal | None:
    """Read a price, a measure or a weight; None where there is none. Raises RowRefused for what is no number."""
    text = row.get(column, "")
    if not text:
        return None
    value = number(text, below=_PRICE_BELOW)
    if value is None:
        raise RowRefused(
            f"{quoted(text)} in the column {column} is not a plain number such as 1234.50; "
            f"it must be from 0 to below {_PRICE_BELOW:,}.",
            line=line,
            cause=f"What stands in the column {column} is not a plain number such as 1234.50, from 0 to below "
            f"{_PRICE_BELOW:,}.",
        )
    return value


def counted_quantity(
    row: Row, column: str, line: int, counted: CountColumns, *, note: Callable[[int, str], None]
) -> tuple[int | None, OrdersThrough]:
    """
    Return the quantity and up to which order it was counted; none where the file says that in no way.

    Raises RowRefused for what is no number.
    """
    quantity = _quantity(row, column, line)
    text = row.get(counted.orders_through, "") if counted.orders_through else ""
    through = orders_through_of(text) if text else ()
    if through is None:
        note(
            line,
            f"{quoted(text)} in the column {counted.orders_through} is no order number such as 1042, nor one by "
            "channel such as shop=1042, so its quantity states nothing.",
        )
        return None, ()
    return quantity, through


def counted_at(row: Row, line: int, counted: CountColumns, *, note: Callable[[int, str], None]) -> datetime | None:
    text = row.get(counted.counted_at, "") if counted.counted_at else ""
    found = moment(text) if text else None
    if text and found is None:
        note(
            line,
            f"{quoted(text)} in the column {counted.counted_at} is no time such as 2026-03-01T18:30Z, so its "
            "quantity states nothing.",
        )
    return found


def _quantity(row: Row, column: str, line: int) -> int | None:
    text = row.get(column, "")
    if not text:
        return None
    value = whole_number(text, limit=_MAX_QUANTITY)
    if value is None:
        raise RowRefused(
            f"{quoted(text)} in the column {column} is not a whole number.",
            line=line,
            cause=f"What stands in the column {column} is not a whole number.",
        )
    return value
