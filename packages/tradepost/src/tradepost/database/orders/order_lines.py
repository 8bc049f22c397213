"""Order lines: what each sold, by listing and variant."""

from collections.abc import Iterable, Mapping, Sequence

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.models import OrderLine
from tradepost.database.sql import Rows
from tradepost.domain.codes import code_key
from tradepost.domain.order import StoreOrder
from tradepost.domain.order_lines import LineMatcher, SellableListing, Sold, codes_of

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


def matcher_for(lines: Sequence[Sold], *, channel_id: int) -> LineMatcher:
    """Load the channel's listings that lines of orders name in any way."""
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
    # A match once made stays: what was sold does not become something else.
    sql.upsert(OrderLine, rows, unique=("order_id", "line_id"), keep=_AS_ORDERED, fill=("listing_id", "variant_id"))
