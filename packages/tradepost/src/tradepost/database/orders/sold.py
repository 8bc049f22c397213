"""How many pieces were sold that a count does not know of yet: the source's count, or the one proven on the store."""

from collections.abc import Collection

from tradepost.database import sql
from tradepost.database.sql import Rows


def recount_sold(variant_ids: Collection[int]) -> None:
    """
    Count anew the pieces in orders of all channels placed after the moment of each variant's quantity.

    Cancelled lines don't count: the merchant has those pieces still.
    """
    sql.execute(
        """
        UPDATE tradepost_variant SET sold_since = COALESCE((
            SELECT SUM(line.quantity)
            FROM tradepost_orderline AS line JOIN tradepost_order AS placed ON placed.id = line.order_id
            WHERE line.variant_id = tradepost_variant.id AND line.store_status <> 'cancelled'
              AND placed.placed_at > tradepost_variant.quantity_at
        ), 0)
        FROM counted WHERE tradepost_variant.id = counted.id
        """,
        counted=Rows.of_ids(variant_ids),
    )
