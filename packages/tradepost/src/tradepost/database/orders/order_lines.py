"""Order lines: what each sold, by listing and variant."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from tradepost.database import sql
from tradepost.database.fields import from_column
from tradepost.database.json_values import plain
from tradepost.database.models import Listing, OrderLine, Sighting
from tradepost.database.sql import Rows
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.codes import code_key
from tradepost.domain.orders.order import StoreOrder
from tradepost.domain.orders.order_lines import LineMatcher, SellableListing, SellableVariant, Sold, codes_of

# Three look-ups, each by an index of its own; the literals let SQLite use the partial ones.
_SELLABLE = """
SELECT id, variant_id, external_id, sku, code_key, COALESCE(proven_price, wanted_price) AS price FROM tradepost_listing
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
# What the shopper ordered, unless somebody has exchanged it; everything else follows the store.
_AS_MATCHED = ("listing_id", "variant_id", "listed_price")
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
    matcher = LineMatcher(SellableListing(**{**row, "price": from_column(row["price"])}) for row in found)
    chosen = {code_key(line.code) for line in lines if line.options and line.is_product and matcher.match(line) is None}
    if chosen:
        matcher.add_variants(_variants_of(chosen, channel_id=channel_id))
    return matcher


def _variants_of(parent_keys: Collection[str], *, channel_id: int) -> list[SellableVariant]:
    children = Listing.objects.filter(
        channel_id=channel_id, kind=Kind.VARIANT, parent__code_key__in=list(parent_keys)
    ).select_related("parent", "product", "variant")
    return [
        SellableVariant(
            SellableListing(
                row.pk,
                row.variant.pk,
                row.external_id,
                row.sku,
                row.code_key,
                row.wanted_price if row.proven_price is None else row.proven_price,
            ),
            row.parent.code_key,
            tuple(zip(row.product.option_names, row.variant.options, strict=False)),
        )
        for row in children
        if row.parent is not None and row.variant is not None
    ]


def look_again_at(variant_ids: Collection[int], *, channel_id: int) -> None:
    """Let orders with an unknown item that these new listings may be be judged by the next get."""
    if not variant_ids or not Sighting.objects.filter(channel_id=channel_id).exists():
        return
    listings = Listing.objects.filter(channel_id=channel_id, variant_id__in=variant_ids)
    names = list(listings.values_list("sku", "code", "parent__code"))
    sql.execute(
        """
        UPDATE tradepost_sighting SET is_news = true
        WHERE channel_id = %s AND NOT is_news AND external_id IN (
            SELECT imported.external_id FROM tradepost_order AS imported WHERE imported.channel_id = %s
              AND imported.state IN ('on_hold', 'not_managed') AND imported.id IN (
                SELECT line.order_id FROM skus JOIN tradepost_orderline AS line ON line.sku = skus.sku
                WHERE line.listing_id IS NULL AND line.is_product
                UNION
                SELECT line.order_id FROM codes JOIN tradepost_orderline AS line ON line.code = codes.code
                WHERE line.listing_id IS NULL AND line.is_product
            )
        )
        """,
        channel_id,
        channel_id,
        skus=Rows.of_texts("sku", {sku for sku, _, _ in names if sku}),
        codes=Rows.of_texts("code", {code for _, *codes in names for code in codes if code}),
    )


def save_lines(
    orders: Iterable[StoreOrder],
    ids: Mapping[int, int],
    matcher: LineMatcher,
    *,
    exchanged: Mapping[int, Collection[int]] = MappingProxyType({}),
) -> None:
    """
    Insert the lines of orders (our id by the store's), or update them with what the store says now.

    `exchanged`: the lines, by order, that are something else than they were.
    """
    rows: list[dict[str, Any]] = []
    anew: list[dict[str, Any]] = []
    for order in orders:
        other = exchanged.get(order.id, ())
        for line in order.lines:
            sold = matcher.match(line)
            (anew if line.line_id in other else rows).append(
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
                    "listed_price": sold.price if sold else None,
                }
            )
    # A match once made stays, whatever the catalogue calls it by now.
    sql.upsert(OrderLine, rows, unique=("order_id", "line_id"), keep=_AS_ORDERED, fill=_AS_MATCHED)
    sql.upsert(OrderLine, anew, unique=("order_id", "line_id"))
