"""
Order lines: what each sold, by listing and variant, and how many pieces that takes off the stock.

Pieces are counted that a count does not know of yet: the source's count, or the one proven on the store.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.listings.listing_proofs import CLOCK_TOLERANCE
from tradepost.database.listings.wanted import refresh_quantities
from tradepost.database.models import OrderLine
from tradepost.database.sql import Column, Rows
from tradepost.domain.codes import code_key
from tradepost.domain.order import StoreOrder, StoreStatus
from tradepost.domain.order_lines import LineMatcher, SellableListing, codes_of

# Three look-ups, each by an index of its own; the literals let SQLite use the partial ones.
_SELLABLE = """
SELECT id, variant_id, external_id, sku, code_key FROM tradepost_listing
WHERE kind IN ('variant', 'simple') AND id IN (
    SELECT listing.id FROM external_ids JOIN tradepost_listing AS listing ON listing.external_id = external_ids.id
    WHERE listing.channel_id = %s AND listing.external_id IS NOT NULL
    UNION
    SELECT listing.id FROM skus JOIN tradepost_listing AS listing ON listing.sku = skus.sku
    WHERE listing.channel_id = %s AND listing.kind IN ('variant', 'simple')
    UNION
    SELECT listing.id FROM codes JOIN tradepost_listing AS listing ON listing.code_key = codes.code_key
    WHERE listing.channel_id = %s
)
"""
# What the shopper ordered; everything else follows the store.
_AS_ORDERED = ("code", "sku", "external_product_id", "options", "part_codes", "is_product")


def matcher_for(orders: Iterable[StoreOrder], *, channel_id: int) -> LineMatcher:
    """Load the channel's listings that the lines of a batch of orders name in any way."""
    lines = [line for order in orders for line in order.lines]
    found = sql.fetch_rows(
        _SELLABLE,
        channel_id,
        channel_id,
        channel_id,
        external_ids=Rows.of_ids({line.external_product_id for line in lines if line.external_product_id}),
        skus=Rows.of_texts("sku", {line.sku for line in lines if line.sku}),
        codes=Rows.of_texts("code_key", {code_key(code) for line in lines for code in codes_of(line)}),
    )
    return LineMatcher(SellableListing(**row) for row in found)


def save_lines(orders: Iterable[StoreOrder], ids: Mapping[int, int], matcher: LineMatcher) -> None:
    """Insert the lines of orders (our id by the store's), or update them with what the store says now."""
    rows = []
    for order in orders:
        for line in order.lines:
            sold = matcher.match(line)
            rows.append(
                {
                    "order_id": ids[order.id],
                    "line_id": line.line_id,
                    "code": line.code,
                    "sku": line.sku,
                    "name": line.name,
                    "quantity": line.quantity,
                    "price": line.price,
                    "total": line.total,
                    "store_status": line.status,
                    "external_product_id": line.external_product_id,
                    "shipment_id": line.shipment_id,
                    "options": plain(line.options),
                    "part_codes": line.part_codes,
                    "is_product": line.is_product,
                    "listing_id": sold.id if sold else None,
                    "variant_id": sold.variant_id if sold else None,
                }
            )
    # A match once made stays: it is what the stock was taken from.
    sql.upsert(OrderLine, rows, unique=("order_id", "line_id"), keep=_AS_ORDERED, fill=("listing_id", "variant_id"))


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


def take_off_stock(orders: Iterable[StoreOrder], matcher: LineMatcher) -> None:
    """Count the pieces of newly imported orders: those that neither the source's nor the store's count knows of."""
    sold: list[dict[str, Any]] = [
        {
            "variant_id": listing.variant_id,
            "listing_id": listing.id,
            "quantity": line.quantity,
            "placed_at": order.placed_at,
            "proven_before": order.placed_at - CLOCK_TOLERANCE,
        }
        for order in orders
        for line in order.lines
        if line.status is not StoreStatus.CANCELLED and (listing := matcher.match(line)) is not None
    ]
    if not sold:
        return
    rows = Rows(
        {
            "variant_id": Column.INTEGER,
            "listing_id": Column.INTEGER,
            "quantity": Column.INTEGER,
            "placed_at": Column.TIME,
            "proven_before": Column.TIME,
        },
        sold,
    )
    sql.execute(
        """
        UPDATE tradepost_variant SET sold_since = sold_since + counted.pieces
        FROM (
            SELECT sold.variant_id, SUM(sold.quantity) AS pieces
            FROM sold JOIN tradepost_variant AS variant ON variant.id = sold.variant_id
            WHERE sold.placed_at > variant.quantity_at GROUP BY sold.variant_id
        ) AS counted
        WHERE tradepost_variant.id = counted.variant_id
        """,
        sold=rows,
    )
    sql.execute(
        """
        UPDATE tradepost_listing SET sold_since_proven = sold_since_proven + counted.pieces
        FROM (
            SELECT sold.listing_id, SUM(sold.quantity) AS pieces
            FROM sold JOIN tradepost_listing AS listing ON listing.id = sold.listing_id
            WHERE sold.proven_before > listing.proven_quantity_at GROUP BY sold.listing_id
        ) AS counted
        WHERE tradepost_listing.id = counted.listing_id
        """,
        sold=rows,
    )
    refresh_quantities({row["variant_id"] for row in sold})
