"""Orders as JSON lines: one object per order."""

import json
from collections.abc import Iterable

from tradepost.domain.orders.order_export import ExportedOrder, ExportForm, record_of


class JsonLines:
    """A record of the schema on each line, in ASCII: some marks beyond it would end a line for some readers."""

    form = ExportForm.JSONL

    def write(self, orders: Iterable[ExportedOrder]) -> str:
        return "".join(f"{json.dumps(record_of(order))}\n" for order in orders)
