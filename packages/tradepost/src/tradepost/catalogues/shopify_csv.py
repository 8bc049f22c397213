"""Shopify's product export: one row per variant or image, the product's own fields on its first row."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from tradepost.catalogues.cells import moment, number, whole_number
from tradepost.catalogues.csv_file import CsvRow, check_csv, csv_rows
from tradepost.catalogues.row_staging import RowStaging, row_staging
from tradepost.domain.barcodes import is_rounded, right_check_digit
from tradepost.domain.catalogue import MAX_OPTIONS, Product, SourceImage, Variant
from tradepost.domain.codes import code_key, made_up_sku
from tradepost.domain.errors import RowRefused, quoted
from tradepost.domain.fields import MAX_NAME
from tradepost.domain.stock import OrdersThrough, orders_through_of
from tradepost.operations.ports import Level, ReadProduct, RowReport

_NEEDED = ("Handle", "Title", "Variant Price")
_OPTION_NAMES = tuple(f"Option{place} Name" for place in range(1, MAX_OPTIONS + 1))
_OPTION_VALUES = tuple(f"Option{place} Value" for place in range(1, MAX_OPTIONS + 1))
_MAX_SKU = 255
# How many characters a cell may have; the catalogue has no room for more.
_MAX_CHARACTERS = {
    "Handle": 200,
    "Title": 1000,
    "Vendor": 255,
    "Type": 255,
    "Product Category": 1000,
    "SEO Title": 1000,
    "Variant SKU": _MAX_SKU,
    "Variant Barcode": 255,
    "Google Shopping / MPN": 255,
    **dict.fromkeys((*_OPTION_NAMES, *_OPTION_VALUES), 255),
}
_COLUMNS = frozenset(
    {
        *_MAX_CHARACTERS,
        *("Body (HTML)", "Tags", "Status", "Published", "Image Src", "Image Position", "Image Alt Text"),
        *("Variant Price", "Variant Compare At Price", "Cost per item", "Variant Inventory Qty", "Variant Grams"),
        *("Variant Inventory Policy", "Variant Taxable", "Variant Image"),
        # Not of Shopify's own export, but of those that apps and spreadsheets make of it.
        *("Variant Length", "Variant Width", "Variant Height"),
    }
)
_PRICE_BELOW = Decimal(100_000_000)
_MAX_QUANTITY = 2_000_000_000
_MAX_POSITION = 99_999
_YES = frozenset({"true", "yes", "1", "y"})
_NO = frozenset({"false", "no", "0", "n"})

_Row = Mapping[str, str]
"""The cells of a row by column; an empty one is not there."""
_Options = tuple[tuple[str, str], ...]
"""The names of a family's options, each with the column of its values."""


class ShopifyCsv:
    """Implements `registry.CatalogueFormat`."""

    name = "shopify-csv"
    description = "product export in Shopify's layout"

    def check(self, path: Path) -> None:
        check_csv(path, needed=_NEEDED, layout=self.description)

    def read(self, path: Path, *, counted_column: str = "", orders_column: str = "") -> Iterator[ReadProduct]:
        """Return the products in the order in which they begin in the file, after the rows that belong to none."""
        if counted_column:
            check_csv(
                path, needed=[counted_column], layout=f"{self.description} that says when each number was counted"
            )
        if orders_column:
            check_csv(
                path, needed=[orders_column], layout=f"{self.description} that says up to which order was counted"
            )
        with row_staging() as staging:
            strays = list(_stage(path, staging, columns={*_COLUMNS, counted_column, orders_column} - {""}))
            if strays:
                yield ReadProduct(None, tuple(strays), sum(report.level is Level.REFUSED for report in strays))
            for handle, rows in staging.groups():
                yield _Assembly(handle, rows, staging, counted_column, orders_column).product()


def _stage(path: Path, staging: RowStaging, *, columns: Collection[str]) -> Iterator[RowReport]:
    """Put the rows aside by handle; returns what there is to say of those that can't be."""
    for row in csv_rows(path, columns=columns):
        if isinstance(row, RowReport):
            yield row
            continue
        handle = row.cells.get("Handle", "")
        too_long = next((name for name, most in _MAX_CHARACTERS.items() if len(row.cells.get(name, "")) > most), "")
        if not handle:
            yield RowReport(row.line, Level.REFUSED, "The row has no handle, so it belongs to no product.")
        elif too_long:
            yield _refused_for_length(row, too_long)
        else:
            staging.add(handle, row.line, row.cells)


def _refused_for_length(row: CsvRow, column: str) -> RowReport:
    message = (
        f"The column {column} has {len(row.cells[column]):,} characters, {quoted(row.cells[column])}; "
        f"it may have {_MAX_CHARACTERS[column]:,}."
    )
    handle = "" if column == "Handle" else row.cells["Handle"]
    return RowReport(row.line, Level.REFUSED, message, handle)


@dataclass(slots=True)
class _Assembly:
    """Builds one product out of its rows."""

    handle: str
    rows: Sequence[tuple[int, _Row]]
    staging: RowStaging
    counted_column: str = ""
    orders_column: str = ""
    reports: list[RowReport] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)

    def product(self) -> ReadProduct:
        head_line, head = next(((line, row) for line, row in self.rows if row.get("Title", "")), self.rows[0])
        title = head.get("Title", "")
        if not title:
            for line, _row in self.rows:
                self._refuse(line, f"No row of the product '{self.handle}' has a title.")
            return self._read(None)
        if len(title) > MAX_NAME:
            self._note(head_line, f"The title is longer than {MAX_NAME} characters and will be cut on the store.")
        variant_rows = [(line, row) for line, row in self.rows if _is_variant(row)]
        options = _options(head, variant_rows)
        variants = self._variants(variant_rows, options)
        if not variants:
            if not variant_rows:
                self._refuse(head_line, f"The product '{self.handle}' has no row with a price.")
            return self._read(None)
        return self._read(
            Product(
                handle=self.handle,
                title=title,
                description=head.get("Body (HTML)", ""),
                variants=tuple(variants),
                option_names=tuple(name for name, _column in options),
                brand=head.get("Vendor", ""),
                category=_category(head),
                tags=tuple(tag.strip() for tag in head.get("Tags", "").split(",") if tag.strip()),
                page_title=head.get("SEO Title", ""),
                images=self._images(),
                is_for_sale=_is_for_sale(head),
            )
        )

    def _read(self, product: Product | None) -> ReadProduct:
        return ReadProduct(
            product, tuple(sorted(self.reports, key=lambda report: report.line)), len(self.rows), tuple(self.unread)
        )

    def _variants(self, rows: Sequence[tuple[int, _Row]], options: _Options) -> list[Variant]:
        if len(rows) > 1 and not options:
            for line, _row in rows[1:]:
                self._refuse(
                    line, f"The product '{self.handle}' has several rows with a price but no option to tell them apart."
                )
            rows = rows[:1]
        variants: list[Variant] = []
        combinations: dict[tuple[str, ...], int] = {}
        for line, row in rows:
            try:
                variant = self._variant(line, row, options, position=len(variants) + 1)
                key = tuple(value.casefold() for value in variant.options)
                if options and key in combinations:
                    raise RowRefused(
                        f"The combination {' / '.join(variant.options)} is on line {combinations[key]} already.",
                        line=line,
                    )
                holder = self.staging.claim(code_key(variant.sku), line)
                if holder is not None:
                    raise RowRefused(f"The SKU {variant.sku} is used on line {holder} already.", line=line)
            except RowRefused as refusal:
                self._refuse(refusal.line, str(refusal))
                if sku := row.get("Variant SKU", ""):
                    self.unread.append(sku)
                continue
            combinations[key] = line
            variants.append(variant)
            if variant.sku_made_up:
                self._note(line, f"The row has no SKU; '{variant.sku}' was made from handle and options.")
        return variants

    def _variant(self, line: int, row: _Row, options: _Options, *, position: int) -> Variant:
        for name, column in options:
            if column not in row:
                raise RowRefused(f"The option '{name}' has no value.", line=line)
        values = tuple(row[column] for _name, column in options)
        sku = row.get("Variant SKU", "") or made_up_sku(self.handle, values)
        if len(sku) > _MAX_SKU:
            raise RowRefused(
                f"The row has no SKU, and one made of handle and options would be longer than {_MAX_SKU} characters.",
                line=line,
            )
        source = row.get("Variant Image", "")
        quantity, orders_through = self._counted(row, line)
        price = self._price(row, line, sku)
        return Variant(
            sku=sku,
            options=values,
            price=price or Decimal(0),
            is_priced=price is not None,
            quantity=quantity,
            position=position,
            msrp=_money_or_none(row, "Variant Compare At Price", line),
            cost=_money_or_none(row, "Cost per item", line),
            barcode=self._barcode(row, line),
            mpn=row.get("Google Shopping / MPN", "").lstrip("'"),
            length=_money_or_none(row, "Variant Length", line),
            width=_money_or_none(row, "Variant Width", line),
            height=_money_or_none(row, "Variant Height", line),
            weight_grams=_number(row, "Variant Grams", line) or None,
            taxable=row.get("Variant Taxable", "").lower() not in _NO,
            image=SourceImage(source, 1, row.get("Image Alt Text", "")) if source else None,
            sku_made_up="Variant SKU" not in row,
            counted_at=self._counted_at(row, line),
            orders_through=orders_through,
            sells_without_stock=row.get("Variant Inventory Policy", "").lower() == "continue",
        )

    def _price(self, row: _Row, line: int, sku: str) -> Decimal | None:
        """Return the price; None, with a note, where there is none: how many there are counts all the same."""
        try:
            price = _number(row, "Variant Price", line)
            reason = "The column Variant Price is empty."
        except RowRefused as refusal:
            price, reason = None, str(refusal)
        if price is None:
            self._note(
                line, f"{reason} So {sku} has no price here; the last one stays, and without one it is not sold."
            )
        return price

    def _counted(self, row: _Row, line: int) -> tuple[int | None, OrdersThrough]:
        """Return the quantity and up to which order it was counted; none where the file says that in no way."""
        quantity = _quantity(row, line)
        text = row.get(self.orders_column, "") if self.orders_column else ""
        through = orders_through_of(text) if text else ()
        if through is None:
            self._note(
                line,
                f"{quoted(text)} in the column {self.orders_column} is no order number such as 1042, nor one by "
                "channel such as shop=1042, so its quantity states nothing.",
            )
            return None, ()
        return quantity, through

    def _counted_at(self, row: _Row, line: int) -> datetime | None:
        text = row.get(self.counted_column, "") if self.counted_column else ""
        found = moment(text) if text else None
        if text and found is None:
            self._note(
                line,
                f"{quoted(text)} in the column {self.counted_column} is no time such as 2026-03-01T18:30Z, so its "
                "quantity states nothing.",
            )
        return found

    def _barcode(self, row: _Row, line: int) -> str:
        """Return the barcode, right or wrong, and note what is wrong with it; a number that is lost is left out."""
        barcode = row.get("Variant Barcode", "").lstrip("'")
        if is_rounded(barcode):
            self._note(line, f"The barcode {barcode} was rounded by a spreadsheet, so it is lost and left out.")
            return ""
        digit = right_check_digit(barcode)
        if digit and barcode[-1] != digit:
            self._note(line, f"The barcode {barcode} is no valid EAN, UPC or GTIN: its last digit should be {digit}.")
        return barcode

    def _images(self) -> tuple[SourceImage, ...]:
        found: dict[str, tuple[int, SourceImage]] = {}
        for line, row in self.rows:
            source = row.get("Image Src", "")
            if not source or source in found:
                continue
            position = whole_number(row.get("Image Position", ""), limit=_MAX_POSITION)
            if position is None or position < 0:
                position = len(found) + 1
            found[source] = (line, SourceImage(source, position, row.get("Image Alt Text", "")))
        return tuple(image for _line, image in sorted(found.values(), key=lambda entry: (entry[1].position, entry[0])))

    def _refuse(self, line: int, message: str) -> None:
        self.reports.append(RowReport(line, Level.REFUSED, message, self.handle))

    def _note(self, line: int, message: str) -> None:
        self.reports.append(RowReport(line, Level.NOTE, message, self.handle))


def _options(head: _Row, variant_rows: Sequence[tuple[int, _Row]]) -> _Options:
    # One row is one article, whatever its option is called; so a family is what has several.
    if len(variant_rows) <= 1:
        return ()
    rows = [head, *(row for _line, row in variant_rows)]
    named = next((row for row in rows if _OPTION_NAMES[0] in row), None)
    if named is None:
        return (("Option", _OPTION_VALUES[0]),) if any(_OPTION_VALUES[0] in row for row in rows[1:]) else ()
    return tuple(
        (named[name], value) for name, value in zip(_OPTION_NAMES, _OPTION_VALUES, strict=True) if name in named
    )


def _is_variant(row: _Row) -> bool:
    """Whether a row is something to sell; a row that only carries an image has none of these."""
    return "Variant Price" in row or "Variant SKU" in row or _OPTION_VALUES[0] in row


def _category(head: _Row) -> tuple[str, ...]:
    """The merchant's own type before Shopify's category; either may be a path: `Men > Tops > Tees`."""
    path = head.get("Type", "") or head.get("Product Category", "")
    return tuple(name for part in path.split(">") if (name := " ".join(part.split())))


def _is_for_sale(head: _Row) -> bool:
    status = head.get("Status", "").lower()
    published = head.get("Published", "").lower()
    return status in {"", "active"} and (not published or published in _YES)


def _money_or_none(row: _Row, column: str, line: int) -> Decimal | None:
    return _number(row, column, line) or None


def _number(row: _Row, column: str, line: int) -> Decimal | None:
    text = row.get(column, "")
    if not text:
        return None
    value = number(text, below=_PRICE_BELOW)
    if value is None:
        raise RowRefused(
            f"{quoted(text)} in the column {column} is not a plain number such as 1234.50; "
            f"it must be from 0 to below {_PRICE_BELOW:,}.",
            line=line,
        )
    return value


def _quantity(row: _Row, line: int) -> int | None:
    text = row.get("Variant Inventory Qty", "")
    if not text:
        return None
    value = whole_number(text, limit=_MAX_QUANTITY)
    if value is None:
        raise RowRefused(f"{quoted(text)} in the column Variant Inventory Qty is not a whole number.", line=line)
    return value
