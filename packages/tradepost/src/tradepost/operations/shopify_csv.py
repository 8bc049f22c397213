"""
Catalogue files in Shopify's product export layout: one row per variant or image, product fields on the first row.

Real files are dirty. A row that can't be used is refused with its line and the reason, and the rest goes in; a file
that can't be a catalogue is refused as a whole. Rows of one product may lie apart, so they are first put aside in a
temporary SQLite file and read back product by product: memory does not grow with the file.
"""

import csv
import io
import json
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import TextIO

from tradepost.domain.catalogue import MAX_OPTIONS, Product, SourceImage, Variant
from tradepost.domain.codes import code_key, made_up_sku
from tradepost.domain.errors import FileRefused, RowRefused
from tradepost.domain.fields import MAX_NAME

NEEDED = ("Handle", "Title", "Variant Price")
_MAX_FIELD_CHARACTERS = 5_000_000
_MAX_PRICE = Decimal(100_000_000)
_MAX_HANDLE = 200
_YES = frozenset({"true", "yes", "1", "y"})
_NO = frozenset({"false", "no", "0", "n"})
_DEFAULT_TITLE = ("title", "default title")


class Level(StrEnum):
    REFUSED = "refused"  # the row is not in the catalogue
    NOTE = "note"  # it is, and there is something to know about it


@dataclass(frozen=True, slots=True)
class RowReport:
    """What there is to say about one row; `line` is where it begins in the file, 1 for the header."""

    line: int
    level: Level
    message: str
    handle: str = ""


@dataclass(frozen=True, slots=True)
class ReadProduct:
    """A product as read, with the reports on its rows; None where none of its rows could be used."""

    product: Product | None
    reports: tuple[RowReport, ...]
    rows: int


_Row = Mapping[str, str]


def read_products(path: Path) -> Iterator[ReadProduct]:
    """
    Read a catalogue, one product at a time, in the order in which they begin in the file.

    Raises FileRefused before the first product if the file is no CSV, has the wrong encoding or lacks columns.
    """
    _refuse_other_files(path)
    with (
        tempfile.TemporaryDirectory(prefix="tradepost-import-") as folder,
        closing(sqlite3.connect(Path(folder) / "rows.sqlite3")) as staging,
    ):
        yield from _read(path, staging)


def _read(path: Path, staging: sqlite3.Connection) -> Iterator[ReadProduct]:
    staging.executescript(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        "CREATE TABLE rows (handle TEXT, line INTEGER, content TEXT);"
        "CREATE TABLE handles (handle TEXT PRIMARY KEY, first_line INTEGER) WITHOUT ROWID;"
    )
    strays: list[RowReport] = []
    with path.open(encoding="utf-8-sig", newline="") as file, staging:
        for line, row in _rows(file, path, strays):
            handle = row.get("Handle", "").strip()
            if not handle or len(handle) > _MAX_HANDLE:
                what = "has no handle" if not handle else f"has a handle longer than {_MAX_HANDLE} characters"
                strays.append(RowReport(line, Level.REFUSED, f"The row {what}, so it belongs to no product."))
                continue
            staging.execute("INSERT INTO rows VALUES (?, ?, ?)", (handle, line, json.dumps(row)))
            staging.execute("INSERT OR IGNORE INTO handles VALUES (?, ?)", (handle, line))
    if strays:
        yield ReadProduct(None, tuple(strays), len(strays))
    staging.execute("CREATE INDEX rows_by_handle ON rows (handle, line)")
    skus = _Skus(staging)
    for (handle,) in staging.execute("SELECT handle FROM handles ORDER BY first_line"):
        rows = [
            (line, json.loads(content))
            for line, content in staging.execute(
                "SELECT line, content FROM rows WHERE handle = ? ORDER BY line", (handle,)
            )
        ]
        yield _Assembly(handle, rows, skus).product()


class _Skus:
    """Which SKUs this file has used, and on which line; in the staging file, so that memory does not grow."""

    def __init__(self, staging: sqlite3.Connection) -> None:
        self._staging = staging
        staging.execute("CREATE TABLE skus (sku TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")

    def claim(self, sku: str, line: int) -> int | None:
        """Take a SKU for a line; returns the line that has it already, or None."""
        key = code_key(sku)
        found = self._staging.execute("SELECT line FROM skus WHERE sku = ?", (key,)).fetchone()
        if found is not None:
            return int(found[0])
        self._staging.execute("INSERT INTO skus VALUES (?, ?)", (key, line))
        return None


def _refuse_other_files(path: Path) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except FileNotFoundError:
        raise FileRefused(f"There is no file {path}. Check the path.") from None
    except IsADirectoryError:
        raise FileRefused(f"{path} is a folder. Name the CSV file inside it.") from None
    except OSError as error:
        raise FileRefused(f"{path} can't be read: {error.strerror}.") from error
    if not start.strip():
        raise FileRefused(f"{path} is empty. Export the products again, with the header row.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise FileRefused(f"{path} is in UTF-16. Save it as 'CSV UTF-8' and import that.")
    if start.startswith(b"PK\x03\x04"):
        raise FileRefused(f"{path} is a spreadsheet or ZIP file, not a CSV. Save it as 'CSV UTF-8' and import that.")
    if b"\x00" in start:
        raise FileRefused(f"{path} is not a text file. Export the products as 'CSV UTF-8' and import that.")
    with path.open(encoding="utf-8-sig") as text:
        try:
            while text.read(1 << 20):
                pass
        except UnicodeDecodeError as error:
            raise FileRefused(
                f"{path} is not in UTF-8 (byte {error.start + 1} of a block can't be read). "
                "Save it as 'CSV UTF-8' and import that."
            ) from None


def _rows(file: TextIO, path: Path, strays: list[RowReport]) -> Iterator[tuple[int, dict[str, str]]]:
    csv.field_size_limit(_MAX_FIELD_CHARACTERS)
    first = file.readline()
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(_after(first, file), delimiter=delimiter, strict=False)
    try:
        header = [name.strip() for name in next(reader)]
    except (csv.Error, StopIteration) as error:
        raise FileRefused(f"{path} has no header row that can be read: {error}.") from error
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise FileRefused(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}. "
            "It must be a product export in Shopify's layout, with its header row."
        )
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            strays.append(RowReport(line, Level.REFUSED, f"The row can't be read as CSV: {error}."))
            continue
        if not any(value.strip() for value in values):
            continue
        if len(values) > len(header) and any(value.strip() for value in values[len(header) :]):
            strays.append(
                RowReport(
                    line,
                    Level.REFUSED,
                    f"The row has {len(values)} fields where the header has {len(header)}; "
                    "look for a quotation mark that is missing or too many.",
                )
            )
            continue
        yield line, dict(zip(header, values, strict=False))


def _after(first: str, rest: TextIO) -> Iterator[str]:
    yield from io.StringIO(first, newline="")
    yield from rest


@dataclass(slots=True)
class _Assembly:
    """Builds one product out of its rows."""

    handle: str
    rows: Sequence[tuple[int, _Row]]
    skus: _Skus
    reports: list[RowReport] = field(default_factory=list)

    def product(self) -> ReadProduct:
        head_line, head = next(((line, row) for line, row in self.rows if row.get("Title", "").strip()), self.rows[0])
        title = head.get("Title", "").strip()
        if not title:
            for line, _row in self.rows:
                self._refuse(line, f"No row of the product '{self.handle}' has a title.")
            return self._read(None)
        if len(title) > MAX_NAME:
            self._note(head_line, f"The title is longer than {MAX_NAME} characters and will be cut on the store.")
        variant_rows = [(line, row) for line, row in self.rows if _is_variant(row)]
        names = self._option_names(head, variant_rows)
        variants = self._variants(variant_rows, names)
        if not variants:
            if not variant_rows:
                self._refuse(head_line, f"The product '{self.handle}' has no row with a price.")
            return self._read(None)
        return self._read(
            Product(
                handle=self.handle,
                title=title,
                description=head.get("Body (HTML)", "").strip(),
                variants=tuple(variants),
                option_names=names,
                brand=head.get("Vendor", "").strip(),
                category=_category(head),
                tags=tuple(tag.strip() for tag in head.get("Tags", "").split(",") if tag.strip()),
                page_title=head.get("SEO Title", "").strip(),
                images=self._images(),
                is_for_sale=_is_for_sale(head),
            )
        )

    def _read(self, product: Product | None) -> ReadProduct:
        return ReadProduct(product, tuple(sorted(self.reports, key=lambda report: report.line)), len(self.rows))

    def _option_names(self, head: _Row, variant_rows: Sequence[tuple[int, _Row]]) -> tuple[str, ...]:
        # One row is one article, whatever its option is called; so a family is what has several.
        if len(variant_rows) <= 1:
            return ()
        named = head if head.get("Option1 Name", "").strip() else None
        named = named or next((row for _line, row in variant_rows if row.get("Option1 Name", "").strip()), None)
        if named is None:
            return ("Option",) if any(row.get("Option1 Value", "").strip() for _line, row in variant_rows) else ()
        names = [named.get(f"Option{number} Name", "").strip() for number in range(1, MAX_OPTIONS + 1)]
        return tuple(name for name in names if name)

    def _variants(self, rows: Sequence[tuple[int, _Row]], names: tuple[str, ...]) -> list[Variant]:
        if len(rows) > 1 and not names:
            for line, _row in rows[1:]:
                self._refuse(
                    line, f"The product '{self.handle}' has several rows with a price but no option to tell them apart."
                )
            rows = rows[:1]
        variants: list[Variant] = []
        combinations: dict[tuple[str, ...], int] = {}
        for line, row in rows:
            try:
                variant = self._variant(line, row, names, position=len(variants) + 1)
                key = tuple(value.casefold() for value in variant.options)
                if names and key in combinations:
                    raise RowRefused(
                        f"The combination {' / '.join(variant.options)} is on line {combinations[key]} already.",
                        line=line,
                    )
                holder = self.skus.claim(variant.sku, line)
                if holder is not None:
                    raise RowRefused(f"The SKU {variant.sku} is used on line {holder} already.", line=line)
            except RowRefused as refusal:
                self._refuse(refusal.line, str(refusal))
                continue
            combinations[key] = line
            variants.append(variant)
            if variant.sku_made_up:
                self._note(line, f"The row has no SKU; '{variant.sku}' was made from handle and options.")
        return variants

    def _variant(self, line: int, row: _Row, names: tuple[str, ...], *, position: int) -> Variant:
        options = tuple(row.get(f"Option{number} Value", "").strip() for number in range(1, len(names) + 1))
        if names and not all(options):
            empty = names[options.index("")]
            raise RowRefused(f"The option '{empty}' has no value.", line=line)
        sku = row.get("Variant SKU", "").strip()
        source = row.get("Variant Image", "").strip()
        return Variant(
            sku=sku or made_up_sku(self.handle, options),
            options=options,
            price=_money(row, "Variant Price", line),
            quantity=_quantity(row, line),
            position=position,
            msrp=_money_or_none(row, "Variant Compare At Price", line),
            cost=_money_or_none(row, "Cost per item", line),
            barcode=row.get("Variant Barcode", "").strip().lstrip("'"),
            weight_grams=_number(row, "Variant Grams", line) or None,
            taxable=row.get("Variant Taxable", "").strip().lower() not in _NO,
            image=SourceImage(source, 1, row.get("Image Alt Text", "").strip()) if source else None,
            sku_made_up=not sku,
        )

    def _images(self) -> tuple[SourceImage, ...]:
        found: dict[str, tuple[int, SourceImage]] = {}
        for line, row in self.rows:
            source = row.get("Image Src", "").strip()
            if not source or source in found:
                continue
            text = row.get("Image Position", "").strip()
            position = int(text) if text.isdecimal() and len(text) < 6 else len(found) + 1  # noqa: PLR2004 - sane size
            found[source] = (line, SourceImage(source, position, row.get("Image Alt Text", "").strip()))
        return tuple(image for _line, image in sorted(found.values(), key=lambda entry: (entry[1].position, entry[0])))

    def _refuse(self, line: int, message: str) -> None:
        self.reports.append(RowReport(line, Level.REFUSED, message, self.handle))

    def _note(self, line: int, message: str) -> None:
        self.reports.append(RowReport(line, Level.NOTE, message, self.handle))


def _is_variant(row: _Row) -> bool:
    """Whether a row is something to sell; a row that only carries an image has none of these."""
    columns = ("Variant Price", "Variant SKU", "Option1 Value")
    return any(row.get(column, "").strip() for column in columns)


def _category(head: _Row) -> tuple[str, ...]:
    own = head.get("Type", "").strip()
    if own:
        return (own,)
    last = head.get("Product Category", "").split(">")[-1].strip()
    return (last,) if last else ()


def _is_for_sale(head: _Row) -> bool:
    status = head.get("Status", "").strip().lower()
    published = head.get("Published", "").strip().lower()
    return status in {"", "active"} and (not published or published in _YES)


def _money(row: _Row, column: str, line: int) -> Decimal:
    value = _number(row, column, line)
    if value is None:
        raise RowRefused(f"The column {column} is empty.", line=line)
    return value


def _money_or_none(row: _Row, column: str, line: int) -> Decimal | None:
    return _number(row, column, line) or None


def _number(row: _Row, column: str, line: int) -> Decimal | None:
    text = row.get(column, "").strip()
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise RowRefused(f"'{text}' in the column {column} is not a plain number such as 1234.50.", line=line) from None
    if not value.is_finite() or value < 0 or value >= _MAX_PRICE:
        raise RowRefused(f"'{text}' in the column {column} must be from 0 to below {_MAX_PRICE:,}.", line=line)
    return value


def _quantity(row: _Row, line: int) -> int | None:
    text = row.get("Variant Inventory Qty", "").strip()
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    limit = 2_000_000_000
    if not value.is_finite() or value != value.to_integral_value() or abs(value) > limit:
        raise RowRefused(f"'{text}' in the column Variant Inventory Qty is not a whole number.", line=line)
    return int(value)
