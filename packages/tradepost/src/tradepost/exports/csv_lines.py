"""
Orders as CSV: a row for each line of an order, with all of the order in each.

Whoever orders chooses the texts of an address, so cells are written as `safe_cell` does.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tradepost.domain.files.safe_cells import safe_cell
from tradepost.domain.orders.order_export import (
    ADDRESS_FIELDS,
    LINE_FIELDS,
    ORDER_FIELDS,
    ExportedOrder,
    ExportForm,
    record_of,
)

_ADDRESSES = ("ship_to", "bill_to")
# What the hub writes itself, and never a shopper: numbers below zero are numbers.
_AMOUNTS = frozenset({"total", "line_price", "line_total"})


def columns() -> list[str]:
    """Return the columns of a file: the schema's fields, addresses and lines by their parts."""
    found: list[str] = []
    for name in ORDER_FIELDS:
        if name in _ADDRESSES:
            found += [f"{name}_{part}" for part in ADDRESS_FIELDS]
        elif name == "lines":
            found += [_line_column(part) for part in LINE_FIELDS]
        else:
            found.append(name)
    return found


class CsvLines:
    """UTF-8 with a row of headings; an order without lines has one row."""

    form = ExportForm.CSV

    def write(self, orders: Iterable[ExportedOrder]) -> str:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, columns(), lineterminator="\r\n")
        writer.writeheader()
        for order in orders:
            writer.writerows(_rows(record_of(order)))
        return text.getvalue()


def _rows(record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    whole = {name: value for name, value in record.items() if name not in {*_ADDRESSES, "lines"}}
    for address in _ADDRESSES:
        whole |= {f"{address}_{part}": value for part, value in record[address].items()}
    whole |= {
        "charges": _amounts(record["charges"], "description"),
        "discounts": _amounts(record["discounts"], "name"),
        "notes": " | ".join(record["notes"]),
        "custom_fields": "; ".join(f"{name}={value}" for name, value in record["custom_fields"].items()),
        "changes": "; ".join(" ".join([change["what"], *change["fields"]]) for change in record["changes"]),
    }
    for line in record["lines"] or [{}]:
        parts = {_line_column(part): value for part, value in line.items()}
        if line:
            parts["line_options"] = "; ".join(f"{each['attribute']}={each['words']}" for each in line["options"])
        yield {name: _cell(name, value) for name, value in {**whole, **parts}.items()}


def _amounts(rows: Sequence[Mapping[str, str]], name: str) -> str:
    return "; ".join(f"{row[name]}={row['amount']}" for row in rows)


def _line_column(part: str) -> str:
    return part if part == "line" else f"line_{part}"


def _cell(name: str, value: Any) -> Any:
    return value if name in _AMOUNTS else safe_cell(value)
