"""Order lines: what each sold, by listing and variant, and how many pieces that takes off the stock."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tradepost.database import sql
from tradepost.database.json_values import plain
from tradepost.database.listings.listing_proofs import CLOCK_TOLERANCE
from tradepost.database.listings.wanted import refresh_quantities
from tradepost.database.sql import Column, Rows
from tradepost.domain.codes import code_key
from tradepost.domain.order import StoreOrder, StoreOrderLine, StoreStatus

# Three look-ups, each by an index of its own; the literals let SQLite use the partial ones.
_CANDIDATES = """
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
_COLUMNS = {
    "order_id": Column.INTEGER,
    "line_id": Column.INTEGER,
    "code": Column.TEXT,
    "sku": Column.TEXT,
    "name": Column.TEXT,
    "quantity": Column.INTEGER,
    "price": Column.INTEGER,
    "total": Column.INTEGER,
    "store_status": Column.TEXT,
    "external_product_id": Column.INTEGER,
    "shipment_id": Column.INTEGER,
    "options": Column.JSON,
    "part_codes": Column.JSON,
    "is_product": Column.BOOLEAN,
    "listing_id": Column.INTEGER,
    "variant_id": Column.INTEGER,
}
_FROM_THE_STORE = ("quantity", "price", "total", "store_status", "shipment_id", "name")


@dataclass(frozen=True, slots=True)
class SoldListing:
    listing_id: int
    variant_id: int


class LineMatcher:
    """Finds the listings of one channel that order lines sold; loads what a batch of orders needs at once."""

    def __init__(self, lines: Collection[StoreOrderLine], *, channel_id: int) -> None:
        codes = {code for line in lines for code in (*line.part_codes[:1], line.code) if code}
        self._by_external_id: dict[int, SoldListing] = {}
        self._by_sku: dict[str, SoldListing] = {}
        self._by_code: dict[str, SoldListing] = {}
        for number, variant_id, external_id, sku, key in sql.fetch(
            _CANDIDATES,
            channel_id,
            channel_id,
            channel_id,
            external_ids=Rows.of_ids({line.external_product_id for line in lines if line.external_product_id}),
            skus=Rows.of_texts("sku", {line.sku for line in lines if line.sku}),
            codes=Rows.of_texts("code_key", {code_key(code) for code in codes}),
        ):
            match = SoldListing(number, variant_id)
            if external_id is not None:
                self._by_external_id[external_id] = match
            self._by_sku[sku] = match
            self._by_code[key] = match

    def match(self, line: StoreOrderLine) -> SoldListing | None:
        """Find by the store's id, then SKU, then the code of the product behind it, then its own code."""
        if line.external_product_id in self._by_external_id:
            return self._by_external_id[line.external_product_id]
        if line.sku and line.sku in self._by_sku:
            return self._by_sku[line.sku]
        codes = [*line.part_codes[:1], line.code]
        return next((self._by_code[code_key(code)] for code in codes if code_key(code) in self._by_code), None)


def save_lines(orders: Sequence[StoreOrder], ids: Mapping[int, int], matcher: LineMatcher) -> None:
    """Insert the lines of orders (our id by the store's), or update them with what the store says now."""
    rows = []
    for order in orders:
        for line in order.lines:
            match = matcher.match(line) if line.is_product else None
            rows.append(
                (
                    ids[order.id],
                    line.line_id,
                    line.code,
                    line.sku,
                    line.name,
                    line.quantity,
                    line.price,
                    line.total,
                    line.status.value,
                    line.external_product_id,
                    line.shipment_id,
                    plain(line.options),
                    line.part_codes,
                    line.is_product,
                    match.listing_id if match else None,
                    match.variant_id if match else None,
                )
            )
    names = ", ".join(_COLUMNS)
    updates = ", ".join(f"{name} = excluded.{name}" for name in _FROM_THE_STORE)
    # A match once made stays: it is what the stock was taken from.
    sql.execute(
        f"""
        INSERT INTO tradepost_orderline ({names}) SELECT {names} FROM given WHERE true
        ON CONFLICT (order_id, line_id) DO UPDATE SET {updates},
            listing_id = COALESCE(tradepost_orderline.listing_id, excluded.listing_id),
            variant_id = COALESCE(tradepost_orderline.variant_id, excluded.variant_id)
        """,  # noqa: S608 (names of columns of our own)
        given=Rows(_COLUMNS, rows),
    )


def take_off_stock(orders: Iterable[StoreOrder], matcher: LineMatcher) -> None:
    """Count the pieces of newly imported orders: those that neither the source's nor the store's count knows of."""
    sold: list[tuple[int, int, int, datetime, datetime]] = []
    for order in orders:
        for line in order.lines:
            match = matcher.match(line) if line.is_product else None
            if match is not None and line.status is not StoreStatus.CANCELLED:
                proven_before = order.placed_at - CLOCK_TOLERANCE
                sold.append((match.variant_id, match.listing_id, line.quantity, order.placed_at, proven_before))
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
    refresh_quantities({variant_id for variant_id, *_ in sold})
