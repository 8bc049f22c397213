"""Shopify's product export: one row per variant or image, the product's own fields on its first row."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

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
from tradepost.catalogues.cells import whole_number
from tradepost.catalogues.csv_file import check_count_columns, check_csv, csv_rows
from tradepost.catalogues.row_staging import RowStaging, row_staging
from tradepost.domain.catalogue.catalogue import MAX_OPTIONS, Product, SourceImage, Variant
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import RowRefused
from tradepost.domain.fields import MAX_NAME
from tradepost.domain.listings.codes import made_up_sku
from tradepost.operations.ports import CountColumns, Level, ReadProduct, RowReport

_NEEDED = ("Handle", "Title", "Variant Price")
_OPTION_NAMES = tuple(f"Option{place} Name" for place in range(1, MAX_OPTIONS + 1))
_OPTION_VALUES = tuple(f"Option{place} Value" for place in range(1, MAX_OPTIONS + 1))
_MAX_CHARACTERS = {
    "Handle": MAX_HANDLE,
    "Title": MAX_TEXT,
    "Vendor": MAX_WORD,
    "Type": MAX_WORD,
    "Product Category": MAX_TEXT,
    "SEO Title": MAX_TEXT,
    "Variant SKU": MAX_SKU,
    "Variant Barcode": MAX_WORD,
    "Google Shopping / MPN": MAX_WORD,
    **dict.fromkeys((*_OPTION_NAMES, *_OPTION_VALUES), MAX_WORD),
}
_VARIANT = VariantColumns(
    sku="Variant SKU",
    price="Variant Price",
    quantity="Variant Inventory Qty",
    msrp="Variant Compare At Price",
    cost="Cost per item",
    barcode="Variant Barcode",
    mpn="Google Shopping / MPN",
    weight_grams="Variant Grams",
    # Not of Shopify's own export, but of those that apps and spreadsheets make of it.
    length="Variant Length",
    width="Variant Width",
    height="Variant Height",
)
_COLUMNS = frozenset(
    {
        *_MAX_CHARACTERS,
        *("Body (HTML)", "Tags", "Status", "Published", "Image Src", "Image Position", "Image Alt Text"),
        *("Variant Price", "Variant Compare At Price", "Cost per item", "Variant Inventory Qty", "Variant Grams"),
        *("Variant Inventory Policy", "Variant Taxable", "Variant Image"),
        *("Variant Length", "Variant Width", "Variant Height"),
    }
)
_MAX_POSITION = 99_999
_YES = frozenset({"true", "yes", "1", "y"})
_NO = frozenset({"false", "no", "0", "n"})

_Options = tuple[tuple[str, str], ...]
"""The names of a family's options, each with the column of its values."""


class ShopifyCsv:
    """Implements `registry.CatalogueFormat`."""

    form = CatalogueForm.SHOPIFY
    description = "product export in Shopify's layout"
    columns = _COLUMNS
    product_columns = ("Handle",)

    def check(self, path: Path) -> None:
        check_csv(path, needed=_NEEDED, layout=self.description)

    def read(self, path: Path, *, counted: CountColumns) -> Iterator[ReadProduct]:
        """Return the products in the order in which they begin in the file, after the rows that belong to none."""
        check_count_columns(path, counted, layout=self.description)
        with row_staging() as staging:
            strays = list(_stage(path, staging, columns={*_COLUMNS, *counted.names}))
            if strays:
                yield ReadProduct(None, tuple(strays), sum(report.level is Level.REFUSED for report in strays))
            for handle, rows in staging.groups():
                yield _ShopifyProduct(handle, rows, staging, _VARIANT, counted).product()


def _stage(path: Path, staging: RowStaging, *, columns: Collection[str]) -> Iterator[RowReport]:
    """Put the rows aside by handle; returns what there is to say of those that can't be."""
    for row in csv_rows(path, columns=columns):
        if isinstance(row, RowReport):
            yield row
            continue
        handle = row.cells.get("Handle", "")
        problem = too_long(row, _MAX_CHARACTERS)
        if not handle:
            yield RowReport(row.line, Level.REFUSED, "The row has no handle, so it belongs to no product.")
        elif problem:
            yield RowReport(row.line, Level.REFUSED, problem, handle if len(handle) <= MAX_HANDLE else "")
        else:
            staging.add(handle, row.line, row.cells)


@dataclass(slots=True)
class _ShopifyProduct(Assembly):
    def product(self) -> ReadProduct:
        head_line, head = next(((line, row) for line, row in self.rows if row.get("Title", "")), self.rows[0])
        title = head.get("Title", "")
        if not title:
            for line, _row in self.rows:
                self.refuse(line, f"No row of the product '{self.handle}' has a title.")
            return self.read(None)
        if len(title) > MAX_NAME:
            self.note(head_line, f"The title is longer than {MAX_NAME} characters and will be cut on the store.")
        variant_rows = [(line, row) for line, row in self.rows if _is_variant(row)]
        options = _options(head, variant_rows)
        variants = self._of_options(variant_rows, options)
        if not variants:
            if not variant_rows:
                self.refuse(head_line, f"The product '{self.handle}' has no row with a price.")
            return self.read(None)
        return self.read(
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

    def _of_options(self, rows: Sequence[tuple[int, Row]], options: _Options) -> list[Variant]:
        if len(rows) > 1 and not options:
            for line, _row in rows[1:]:
                self.refuse(
                    line, f"The product '{self.handle}' has several rows with a price but no option to tell them apart."
                )
            rows = rows[:1]
        return self.variants(rows, lambda line, row, position: self._parts(line, row, options, position))

    def _parts(self, line: int, row: Row, options: _Options, position: int) -> VariantParts:
        for name, column in options:
            if column not in row:
                raise RowRefused(f"The option '{name}' has no value.", line=line)
        values = tuple(row[column] for _name, column in options)
        sku = row.get("Variant SKU", "") or made_up_sku(self.handle, values)
        if len(sku) > MAX_SKU:
            raise RowRefused(
                f"The row has no SKU, and one made of handle and options would be longer than {MAX_SKU} characters.",
                line=line,
            )
        source = row.get("Variant Image", "")
        return VariantParts(
            sku,
            values,
            position,
            taxable=row.get("Variant Taxable", "").lower() not in _NO,
            sells_without_stock=row.get("Variant Inventory Policy", "").lower() == "continue",
            image=SourceImage(source, 1, row.get("Image Alt Text", "")) if source else None,
            sku_made_up="Variant SKU" not in row,
        )

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


def _options(head: Row, variant_rows: Sequence[tuple[int, Row]]) -> _Options:
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


def _is_variant(row: Row) -> bool:
    """Whether a row is something to sell; a row that only carries an image has none of these."""
    return "Variant Price" in row or "Variant SKU" in row or _OPTION_VALUES[0] in row


def _category(head: Row) -> tuple[str, ...]:
    """The merchant's own type before Shopify's category; either may be a path: `Men > Tops > Tees`."""
    path = head.get("Type", "") or head.get("Product Category", "")
    return tuple(name for part in path.split(">") if (name := " ".join(part.split())))


def _is_for_sale(head: Row) -> bool:
    status = head.get("Status", "").lower()
    published = head.get("Published", "").lower()
    return status in {"", "active"} and (not published or published in _YES)
