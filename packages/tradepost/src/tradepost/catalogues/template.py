"""The hub's own layout: a row for each product and each variant, its columns by the names of the hub's fields."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from tradepost.catalogues.assembly import (
    MAX_HANDLE,
    MAX_SKU,
    MAX_TEXT,
    MAX_WORD,
    Assembly,
    Row,
    VariantColumns,
    VariantParts,
    too_long,
)
from tradepost.catalogues.csv_file import CsvRow, check_count_columns, check_csv, csv_rows
from tradepost.catalogues.row_staging import RowStaging, row_staging
from tradepost.domain.catalogue.catalogue import MAX_OPTIONS, Product, SourceImage
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import RowRefused, quoted
from tradepost.domain.fields import MAX_NAME
from tradepost.operations.ports import CountColumns, Level, ReadProduct, RowReport

COLUMNS: Mapping[str, str] = {
    "sku": "The stock code; of a family's own row a name for the family. Needed in each row.",
    "parent": "In the row of a variant: the `sku` of its family's own row.",
    "options": "In the row of a variant: what tells it from the others, as `Color=Red; Size=M`.",
    "handle": "The product's name in the catalogue, where it is not its `sku`.",
    "name": "The title. Needed in the row of a product; a variant has its family's.",
    "description": "The description, as HTML.",
    "page_title": "The title of its page, where it is not the name.",
    "brand": "The brand.",
    "categories": "The path of its category, as `Men > Shirts`.",
    "tags": "Tags, with commas between them.",
    "images": "Web addresses, or paths from this file, with `|` between them; of a variant the first one.",
    "is_for_sale": "`no` for a draft; blank is yes.",
    "price": "The price, as 15.00. Blank: the last one stays.",
    "msrp": "The price that is recommended.",
    "cost": "What it costs you.",
    "quantity": "How many there are. Blank says nothing, 0 is sold out.",
    "sells_without_stock": "`yes` to go on selling at 0; blank is no.",
    "barcode": "An EAN, UPC or other GTIN.",
    "mpn": "The manufacturer's number.",
    "weight_grams": "The weight in grams.",
    "length": "In the store's own unit.",
    "width": "In the store's own unit.",
    "height": "In the store's own unit.",
    "is_taxable": "`no` for what is not taxed; blank is yes.",
}
"""The columns and what they say, of the row of a product and of a variant; others are passed over."""

EXAMPLE: Sequence[Mapping[str, str]] = (
    {"sku": "MUG-01", "name": "Enamel Mug", "categories": "Kitchen", "price": "7.90", "quantity": "12"},
    {"sku": "TEE", "name": "Cotton Tee", "brand": "Hilltop", "images": "https://images.example/tee.jpg"},
    {"sku": "TEE-S", "parent": "TEE", "options": "Size=S", "price": "15.00", "quantity": "6"},
    {"sku": "TEE-M", "parent": "TEE", "options": "Size=M", "price": "15.00", "quantity": "0"},
)
"""Rows of a template: a product without options, and a family with two variants."""

_NEEDED = ("sku", "name")
_MAX_CHARACTERS = {
    "sku": MAX_SKU,
    "handle": MAX_HANDLE,
    "parent": MAX_HANDLE,
    "name": MAX_TEXT,
    "page_title": MAX_TEXT,
    "categories": MAX_TEXT,
    "brand": MAX_WORD,
    "barcode": MAX_WORD,
    "mpn": MAX_WORD,
}
_VARIANT = VariantColumns(
    sku="sku",
    price="price",
    quantity="quantity",
    msrp="msrp",
    cost="cost",
    barcode="barcode",
    mpn="mpn",
    weight_grams="weight_grams",
    length="length",
    width="width",
    height="height",
)
_YES = frozenset({"true", "yes", "1", "y"})
_NO = frozenset({"false", "no", "0", "n"})


class TemplateCsv:
    """Implements `registry.CatalogueFormat`."""

    form = CatalogueForm.TEMPLATE
    description = "catalogue in the hub's own layout ('tradepost catalogue template')"
    columns = COLUMNS.keys()
    product_columns = ("parent", "sku")

    def check(self, path: Path) -> None:
        check_csv(path, needed=_NEEDED, layout=self.description)

    def read(self, path: Path, *, counted: CountColumns) -> Iterator[ReadProduct]:
        check_count_columns(path, counted, layout=self.description)
        return products_of(csv_rows(path, columns={*COLUMNS, *counted.names}), counted=counted)


def text() -> str:
    """Write a file with the example's products."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, list(COLUMNS), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(EXAMPLE)
    return file.getvalue()


def is_of_products(columns: Iterable[str]) -> bool:
    """Whether rows with these columns describe products, and not only prices and quantities of what is there."""
    return not {"name", "parent"}.isdisjoint(columns)


def products_of(rows: Iterable[CsvRow | RowReport], *, counted: CountColumns) -> Iterator[ReadProduct]:
    """Return the products in the order in which they begin in the file, after the rows that belong to none."""
    with row_staging() as staging:
        strays = list(_stage(rows, staging))
        if strays:
            yield ReadProduct(None, tuple(strays), sum(report.level is Level.REFUSED for report in strays))
        for key, found in staging.groups():
            yield _TemplateProduct(key, found, staging, _VARIANT, counted).product()


def _stage(rows: Iterable[CsvRow | RowReport], staging: RowStaging) -> Iterator[RowReport]:
    for row in rows:
        if isinstance(row, RowReport):
            yield row
            continue
        key = row.cells.get("parent") or row.cells.get("sku", "")
        problem = too_long(row, _MAX_CHARACTERS)
        if "sku" not in row.cells:
            yield RowReport(row.line, Level.REFUSED, "The row has no SKU.", row.cells.get("parent", "")[:MAX_HANDLE])
        elif problem or len(key) > MAX_HANDLE:
            problem = problem or f"The SKU {quoted(key)} is longer than {MAX_HANDLE} characters; give it a handle."
            yield RowReport(row.line, Level.REFUSED, problem, row.cells.get("handle", key)[:MAX_HANDLE])
        else:
            staging.add(key, row.line, row.cells)


@dataclass(slots=True)
class _TemplateProduct(Assembly):
    """`handle` is at first the SKU of the product's own row."""

    def product(self) -> ReadProduct:
        own = [(line, row) for line, row in self.rows if "parent" not in row]
        variant_rows = [(line, row) for line, row in self.rows if "parent" in row]
        if not own:
            for line, _row in variant_rows:
                self.refuse(line, f"No row has the SKU {self.handle}, which this one names as its parent.")
            return self.read(None)
        (head_line, head), *again = own
        for line, _row in again:
            self.refuse(line, f"The SKU {self.handle} is used on line {head_line} already.")
        self.handle = head.get("handle", self.handle)
        holder = self.staging.claim(f"handle\n{self.handle}", head_line)
        problem = "" if "name" in head else f"The product '{self.handle}' has no name."
        if holder is not None:
            problem = f"The handle '{self.handle}' is used on line {holder} already."
        if problem:
            for line, _row in self.rows:
                self.refuse(line, problem)
            return self.read(None)
        return self.read(self._product(head_line, head, variant_rows))

    def _product(self, head_line: int, head: Row, variant_rows: Sequence[tuple[int, Row]]) -> Product | None:
        if len(head["name"]) > MAX_NAME:
            self.note(head_line, f"The name is longer than {MAX_NAME} characters and will be cut on the store.")
        names = self._option_names(variant_rows)
        rows = variant_rows or [(head_line, head)]
        variants = self.variants(rows, lambda line, row, position: self._parts(line, row, names, position))
        try:
            is_for_sale = _flag(head, "is_for_sale", head_line, blank=True)
        except RowRefused as refusal:
            self.refuse(refusal.line, str(refusal))
            return None
        if not variants:
            return None
        return Product(
            handle=self.handle,
            title=head["name"],
            description=_text(head, "description"),
            variants=tuple(variants),
            option_names=names,
            brand=_text(head, "brand"),
            category=tuple(_parts_of(head, "categories", ">")),
            tags=tuple(_parts_of(head, "tags", ",")),
            page_title=_text(head, "page_title"),
            images=self._images(head),
            is_for_sale=is_for_sale,
        )

    def _option_names(self, rows: Sequence[tuple[int, Row]]) -> tuple[str, ...]:
        """The first row that says them all right; the others have to have the same."""
        for _line, row in rows:
            if names := tuple(_options(row)):
                return names
        return ()

    def _parts(self, line: int, row: Row, names: tuple[str, ...], position: int) -> VariantParts:
        is_of_family = "parent" in row
        options = _options(row) if is_of_family else {}
        if is_of_family and not names:
            raise RowRefused("The row has no options to tell it from the others, as Color=Red; Size=M.", line=line)
        if is_of_family and options.keys() != set(names):
            raise RowRefused(
                f"Its options are {_listed(options)}, and those of its family {_listed(names)}; they must be the same.",
                line=line,
            )
        images = _parts_of(row, "images", "|") if is_of_family else []
        if len(images) > 1:
            self.note(line, "A variant has one image; the first one is taken.")
        return VariantParts(
            row["sku"],
            tuple(options[name] for name in names) if is_of_family else (),
            position,
            taxable=_flag(row, "is_taxable", line, blank=True),
            sells_without_stock=_flag(row, "sells_without_stock", line, blank=False),
            image=SourceImage(images[0], 1) if images else None,
        )

    def _images(self, head: Row) -> tuple[SourceImage, ...]:
        sources = dict.fromkeys(_parts_of(head, "images", "|"))
        return tuple(SourceImage(source, position) for position, source in enumerate(sources, start=1))


def _options(row: Row) -> Mapping[str, str]:
    """Read the options of a row; empty where they can't be used."""
    cell: Any = row.get("options", "")
    return _usable_options(cell.items()) if isinstance(cell, dict) else _options_in(str(cell))


@lru_cache(maxsize=4096)
def _options_in(cell: str) -> Mapping[str, str]:
    # A million rows share a few sizes and colours.
    return _usable_options(part.partition("=")[::2] for part in _split(cell, ";"))


def _usable_options(pairs: Iterable[Sequence[Any]]) -> Mapping[str, str]:
    found = {str(name).strip(): str(value).strip() for name, value in pairs}
    longest = max((len(word) for pair in found.items() for word in pair), default=0)
    return found if len(found) <= MAX_OPTIONS and longest <= MAX_WORD and all(map(all, found.items())) else {}


def _flag(row: Row, column: str, line: int, *, blank: bool) -> bool:
    word = _text(row, column).lower() if column in row else ""
    if not word:
        return blank
    if word not in _YES | _NO:
        raise RowRefused(f"{quoted(word)} in the column {column} is neither yes nor no.", line=line)
    return word in _YES


def _text(row: Row, column: str) -> str:
    return str(row.get(column, ""))


def _parts_of(row: Row, column: str, mark: str) -> list[str]:
    return [" ".join(part.split()) for part in _split(row[column], mark)] if column in row else []


def _split(cell: Any, mark: str) -> list[str]:
    parts = cell if isinstance(cell, list) else str(cell).split(mark)
    return [part for each in parts if (part := str(each).strip())]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names)) or "none"
