"""Files of prices and quantities: a row for each SKU that the catalogue has already, and nothing else of it."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from tradepost.catalogues.assembly import MAX_SKU, amount, counted_at, counted_quantity, sku_used
from tradepost.catalogues.csv_file import CsvRow, check_count_columns, check_csv, csv_header, csv_rows
from tradepost.catalogues.row_staging import RowStaging, row_staging
from tradepost.domain.catalogue.catalogue_file import CatalogueForm
from tradepost.domain.errors import RowRefused, quoted
from tradepost.operations.ports import CountColumns, Level, ReadProduct, RowReport, SkuValues

COLUMNS = {
    "sku": "The stock code, as the catalogue has it. Needed in each row.",
    "price": "The price, as 15.00. Blank: the last one stays.",
    "quantity": "How many there are. Blank says nothing, 0 is sold out.",
}
"""The columns and what they say; one of price and quantity is enough."""

_VALUES = ("price", "quantity")


class SkuCsv:
    """Implements `registry.CatalogueFormat`."""

    form = CatalogueForm.SKUS
    description = "file of SKUs with price or quantity"
    columns = COLUMNS.keys()
    product_columns = ("sku",)

    def check(self, path: Path) -> None:
        check_csv(path, needed=("sku",), layout=self.description)
        if not any(name in csv_header(path) for name in _VALUES):
            check_csv(path, needed=_VALUES, layout=self.description)

    def read(self, path: Path, *, counted: CountColumns) -> Iterator[ReadProduct]:
        check_count_columns(path, counted, layout=self.description)
        return values_of(csv_rows(path, columns={*COLUMNS, *counted.names}), counted=counted)


def values_of(rows: Iterable[CsvRow | RowReport], *, counted: CountColumns) -> Iterator[ReadProduct]:
    """Return what each row says, a SKU once; whether the catalogue has it is asked later."""
    with row_staging() as staging:
        for row in rows:
            if isinstance(row, RowReport):
                yield ReadProduct(None, (row,), int(row.level is Level.REFUSED))
            else:
                yield _read(row, staging, counted)


def _read(row: CsvRow, staging: RowStaging, counted: CountColumns) -> ReadProduct:
    reports: list[RowReport] = []

    def note(line: int, message: str) -> None:
        reports.append(RowReport(line, Level.NOTE, message))

    try:
        sku = row.cells.get("sku", "")
        if not sku or len(sku) > MAX_SKU:
            raise RowRefused(f"{quoted(sku)} is no SKU." if sku else "The row has no SKU.", line=row.line)
        quantity, orders_through = counted_quantity(row.cells, "quantity", row.line, counted, note=note)
        price, unread = _price(row, sku, is_needed=quantity is None)
        reports += unread
        at = counted_at(row.cells, row.line, counted, note=note)
        # As it stands: another SKU may be the same but for case.
        holder = staging.claim(sku, row.line)
        if holder is not None:
            raise sku_used(sku, holder=holder, line=row.line)
    except RowRefused as refusal:
        return ReadProduct(None, (RowReport(row.line, Level.REFUSED, str(refusal), cause=refusal.cause),), 1)
    values = SkuValues(row.line, sku, price, quantity, at, orders_through)
    return ReadProduct(None, tuple(reports), 1, values=values)


def _price(row: CsvRow, sku: str, *, is_needed: bool) -> tuple[Decimal | None, Sequence[RowReport]]:
    """
    Return the price; none, and what to say of it, where it can't be read: how many there are counts all the same.

    Raises RowRefused where it `is_needed`, since the row says nothing else.
    """
    try:
        return amount(row.cells, "price", row.line), ()
    except RowRefused as refusal:
        if is_needed:
            raise
        message = f"{refusal} So {sku} keeps its last price; its quantity counts."
        cause = f"{refusal.cause} So the last price stays; the quantity counts."
        return None, (RowReport(row.line, Level.NOTE, message, cause=cause),)
