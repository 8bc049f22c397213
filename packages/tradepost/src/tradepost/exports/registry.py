"""
The formats in which orders go out. A new one is a module beside this one, a member of `ExportForm`, and a line here.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from tradepost.domain.orders.order_export import ExportedOrder, ExportForm
from tradepost.exports.csv_lines import CsvLines
from tradepost.exports.json_lines import JsonLines


class OrderFormat(Protocol):
    """A way of writing orders down; the same orders are always the same text."""

    @property
    def form(self) -> ExportForm: ...

    def write(self, orders: Iterable[ExportedOrder]) -> str: ...


FORMATS: Mapping[ExportForm, OrderFormat] = {each.form: each for each in (CsvLines(), JsonLines())}


class OrderFiles:
    """Implements `operations.ports.OrderWriter`."""

    def write(self, orders: Iterable[ExportedOrder], *, form: ExportForm) -> str:
        return FORMATS[form].write(orders)
