"""
Miva's flat file of products: a row for each product of a store, as its own export writes them.

Options are not in it, so each row is a product without any. A weight is in a unit that only the store knows, and is
passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tradepost.catalogues.assembly import (
    MAX_HANDLE,
    MAX_SKU,
    MAX_TEXT,
    Assembly,
    Row,
    VariantColumns,
    VariantParts,
    too_long,
)
from tradepost.catalogues.csv_file import check_count_columns, check_csv, csv_rows
from tradepost.catalogues.row_staging import row_staging
from tradepost.domain.catalogue.catalogue import Product, SourceImage
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.operations.ports import CountColumns, Level, ReadProduct, RowReport

COLUMNS = {
    "PRODUCT_CODE": "handle, and SKU where there is none. Needed in each row.",
    "PRODUCT_SKU": "SKU",
    "PRODUCT_NAME": "title. Needed in each row.",
    "PRICE": "price",
    "COST": "cost",
    "DESCRIPTION": "description",
    "PAGE_TITLE": "page title",
    "CANONICAL_CATEGORY_CODE": "category, by its code",
    "CATEGORY_CODES": "the first one is the category, where there is no canonical one",
    "ACTIVE": "`No` or `0`: not for sale",
    "TAXABLE": "`No` or `0`: not taxed",
    "IMAGE_URL": "image",
    "CURRENT_STOCK_LEVEL": "quantity, unless `TRACK_PRODUCT_INVENTORY` is `No` or `0`",
    "TRACK_PRODUCT_INVENTORY": "see `CURRENT_STOCK_LEVEL`",
    "SHIPPING_LENGTH": "length",
    "SHIPPING_WIDTH": "width",
    "SHIPPING_HEIGHT": "height",
}
"""The columns and what of the catalogue they are; others are passed over."""

_NEEDED = ("PRODUCT_CODE", "PRODUCT_NAME")
_MAX_CHARACTERS = {"PRODUCT_CODE": MAX_HANDLE, "PRODUCT_SKU": MAX_SKU, "PRODUCT_NAME": MAX_TEXT, "PAGE_TITLE": MAX_TEXT}
_VARIANT = VariantColumns(
    sku="PRODUCT_SKU",
    price="PRICE",
    quantity="CURRENT_STOCK_LEVEL",
    cost="COST",
    length="SHIPPING_LENGTH",
    width="SHIPPING_WIDTH",
    height="SHIPPING_HEIGHT",
)
_NO = frozenset({"no", "0", "false", "n"})


class MivaFlatFile:
    """Implements `registry.CatalogueFormat`."""

    form = CatalogueForm.MIVA
    description = "flat file of products as Miva exports it"
    columns = COLUMNS.keys()
    product_columns = ("PRODUCT_CODE",)

    def check(self, path: Path) -> None:
        check_csv(path, needed=_NEEDED, layout=self.description)

    def read(self, path: Path, *, counted: CountColumns) -> Iterator[ReadProduct]:
        check_count_columns(path, counted, layout=self.description)
        with row_staging() as staging:
            for row in csv_rows(path, columns={*COLUMNS, *counted.names}):
                if isinstance(row, RowReport):
                    yield ReadProduct(None, (row,), int(row.level is Level.REFUSED))
                    continue
                code = row.cells.get("PRODUCT_CODE", "")
                if problem := too_long(row, _MAX_CHARACTERS):
                    report = RowReport(row.line, Level.REFUSED, problem, code if len(code) <= MAX_HANDLE else "")
                    yield ReadProduct(None, (report,), 1)
                    continue
                yield _MivaProduct(code, [(row.line, row.cells)], staging, _VARIANT, counted).product()


@dataclass(slots=True)
class _MivaProduct(Assembly):
    def product(self) -> ReadProduct:
        ((line, row),) = self.rows
        holder = self.staging.claim(f"handle\n{self.handle}", line) if self.handle else None
        problem = "" if "PRODUCT_NAME" in row else f"The product '{self.handle}' has no name."
        if not self.handle:
            problem = "The row has no product code."
        elif holder is not None:
            problem = f"The product code {self.handle} is used on line {holder} already."
        if problem:
            self.refuse(line, problem)
            return self.read(None)
        if _is_no(row, "TRACK_PRODUCT_INVENTORY"):
            row = {name: cell for name, cell in row.items() if name != "CURRENT_STOCK_LEVEL"}
        variants = self.variants([(line, row)], self._parts)
        if not variants:
            return self.read(None)
        category = row.get("CANONICAL_CATEGORY_CODE") or row.get("CATEGORY_CODES", "").split(",")[0].strip()
        return self.read(
            Product(
                handle=self.handle,
                title=row["PRODUCT_NAME"],
                description=row.get("DESCRIPTION", ""),
                variants=tuple(variants),
                category=(category,) if category else (),
                page_title=row.get("PAGE_TITLE", ""),
                images=(SourceImage(row["IMAGE_URL"], 1),) if "IMAGE_URL" in row else (),
                is_for_sale=not _is_no(row, "ACTIVE"),
            )
        )

    def _parts(self, line: int, row: Row, position: int) -> VariantParts:  # noqa: ARG002 - as all formats are asked
        return VariantParts(row.get("PRODUCT_SKU", self.handle), (), position, taxable=not _is_no(row, "TAXABLE"))


def _is_no(row: Row, column: str) -> bool:
    return row.get(column, "").lower() in _NO
