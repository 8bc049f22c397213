"""What the ledger has of orders and shipments, to be compared with the store's."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from tradepost.database import sql
from tradepost.database.models import Order, ShipmentRecord
from tradepost.database.orders.ledger import read_ledger
from tradepost.database.orders.shipments import read_shipments
from tradepost.domain.orders.order_proof import HubOrder, HubShipment
from tradepost.domain.orders.shipment import ShipmentState

# Each part goes through an index of its own: orders by date, and the shipments of a time, from
# which SQLite is told to begin.
_PLACED_OR_SHIPPED = """
SELECT number, MAX(is_placed) AS is_placed FROM (
    SELECT external_id AS number, 1 AS is_placed FROM tradepost_order
    WHERE channel_id = %s AND placed_at >= %s AND placed_at < %s AND external_id > %s
    UNION ALL
    SELECT ordered.external_id, 0 FROM tradepost_shipmentrecord AS shipment
    CROSS JOIN tradepost_order AS ordered
    WHERE ordered.id = shipment.order_id AND ordered.channel_id = %s
        AND shipment.shipped_at >= %s AND shipment.shipped_at < %s AND ordered.external_id > %s
) AS found
GROUP BY number ORDER BY number LIMIT %s
"""


def placed_or_shipped(*, channel_id: int, since: datetime, until: datetime, after: int, limit: int) -> dict[int, bool]:
    """See `ports.Orders.placed_or_shipped`."""
    within = (channel_id, since, until, after)
    rows = sql.fetch_rows(_PLACED_OR_SHIPPED, *within, *within, limit)
    return {row["number"]: bool(row["is_placed"]) for row in rows}


def hub_orders(rows: Sequence[Order]) -> dict[int, HubOrder]:
    """Return these orders by the store's number."""
    ledger = read_ledger(rows)
    shipments: dict[int, list[HubShipment]] = defaultdict(list)
    records = list(ShipmentRecord.objects.filter(order__in=rows).select_related("order").order_by("id"))
    joined = {record.joined_to_id for record in records} | {record.pk for record in records if record.joined_to_id}
    for record, shipment in zip(records, read_shipments(records), strict=True):
        state, is_joined = ShipmentState(record.state), record.pk in joined
        found = HubShipment(shipment, record.external_id, state, record.last_error, is_joined=is_joined)
        shipments[record.order_id].append(found)
    return {
        row.external_id: HubOrder(
            ledger[row.external_id], row.imported_at, row.acknowledged_at is not None, tuple(shipments[row.pk])
        )
        for row in rows
    }
