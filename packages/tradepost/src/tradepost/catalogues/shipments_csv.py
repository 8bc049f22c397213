"""Files of shipments, as a warehouse's or a carrier's program writes them: one row for each item of a package."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

from tradepost.catalogues import cells
from tradepost.catalogues.csv_file import CsvRow, check_csv, csv_rows
from tradepost.catalogues.text_file import NamedContent, TextFile
from tradepost.domain.errors import quoted
from tradepost.domain.orders.order import LARGEST_ID, LARGEST_QUANTITY
from tradepost.domain.orders.shipment import LARGEST_COST
from tradepost.operations.ports import Level, RowReport, ShipmentRow

COLUMNS: Mapping[str, str] = {
    "order": "The store's order number; needed in each row.",
    "tracking": "The tracking number; needed in each row.",
    "carrier": "Who carries it, in your words; needed once for a package.",
    "sku": "What is in it. With neither SKU nor line, the package has all that is open of the order.",
    "line": "The store's number of the order line, instead of a SKU.",
    "quantity": "How many pieces; left out, all that are open of the SKU or line.",
    "cost": "What the package cost, as 7.50; 0 if no row of it has one.",
    "reference": "Your own name for the package. Rows of one order and reference are one package; without it, those of "
    "one order and tracking number. Packages that share a tracking number need one each.",
    "shipped": "When it left, as 2026-03-01 or 2026-03-01T18:30Z; now, if no row of it says so.",
}
"""The columns of a file and what they say; others are passed over."""


class ShipmentCsv:
    """Implements `ports.ShipmentReader`."""

    def rows(self, path: Path) -> Iterator[ShipmentRow | RowReport]:
        """See the port."""
        return self._rows(path)

    def rows_of(self, name: str, content: bytes) -> Iterator[ShipmentRow | RowReport]:
        """See the port."""
        return self._rows(NamedContent(name, content))

    def _rows(self, path: TextFile) -> Iterator[ShipmentRow | RowReport]:
        check_csv(path, needed=("order", "tracking"), layout="CSV file of shipments")
        for row in csv_rows(path, columns=COLUMNS):
            yield row if isinstance(row, RowReport) else _row(row)


def _row(row: CsvRow) -> ShipmentRow | RowReport:
    found = row.cells
    order = cells.whole_number(found.get("order", ""), limit=LARGEST_ID)
    if order is None or order < 1:
        message = f"The order {quoted(found.get('order', ''))} is no order number."
        return RowReport(row.line, Level.REFUSED, message)
    if "tracking" not in found:
        return RowReport(row.line, Level.REFUSED, f"The row of order {order} has no tracking number.")
    line = cells.whole_number(found["line"], limit=LARGEST_ID) if "line" in found else None
    quantity = cells.whole_number(found["quantity"], limit=LARGEST_QUANTITY) if "quantity" in found else None
    cost = cells.number(found["cost"], below=LARGEST_COST + Decimal("0.01")) if "cost" in found else None
    shipped = cells.moment(found["shipped"]) if "shipped" in found else None
    problem = ""
    if "line" in found and (line is None or "sku" in found):
        problem = f"The line {quoted(found['line'])} is no line number, or stands beside a SKU; give one of them."
    elif "quantity" in found and (quantity is None or quantity < 1):
        problem = f"The quantity {quoted(found['quantity'])} is no number of pieces; write it as 2."
    elif "quantity" in found and line is None and "sku" not in found:
        problem = "There is a quantity, and neither a SKU nor a line that it is of."
    elif "cost" in found and cost is None:
        problem = f"The cost {quoted(found['cost'])} is no amount; write it as 7.50."
    elif "shipped" in found and shipped is None:
        problem = f"The time {quoted(found['shipped'])} is none; write it as 2026-03-01 or 2026-03-01T18:30Z."
    return ShipmentRow(
        line=row.line,
        order_number=order,
        tracking_number=found["tracking"],
        reference=found.get("reference", ""),
        item=line if line is not None else found.get("sku"),
        quantity=quantity,
        carrier=found.get("carrier"),
        cost=cost,
        shipped_at=shipped,
        problem=problem,
    )
