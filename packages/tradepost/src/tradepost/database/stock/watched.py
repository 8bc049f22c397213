"""Which listings' stock a person may have to look at, and the figures that say so."""

from collections.abc import Collection, Iterable

from django.db.models import F, Q, Sum, Window
from django.db.models.functions import RowNumber

from tradepost.database import sql
from tradepost.database.models import Listing, SightedPieces, Source
from tradepost.domain.stock.stock import Counting
from tradepost.domain.stock.stock_attention import NAMED, ReservingOrder, WatchedStock, is_oversold


def watched_stocks(*, channel_id: int, after: int, limit: int) -> list[WatchedStock]:
    """See `ports.Accounts.watched`."""
    # There is one source of all numbers.
    counting = Counting(Source.objects.values_list("counts", flat=True).first() or Counting.CHANGED)
    # Each part is one rule of `domain.stock.stock_attention`, or what was noted before; tests compare them on both
    # databases.
    ids = sql.fetch_numbers(
        """
        SELECT id FROM (
            SELECT id FROM tradepost_listing WHERE channel_id = %s AND available < 0 AND NOT sells_without_stock
            UNION
            SELECT listing_id AS id FROM tradepost_attentionrecord
            WHERE channel_id = %s AND kind IN ('oversold', 'count_stands_still')
            UNION
            SELECT listing.id FROM (
                SELECT pieces.variant_id, SUM(pieces.taken - pieces.known) AS shipped
                FROM tradepost_sightedpieces AS pieces
                WHERE %s AND pieces.taken > pieces.known AND pieces.shipped_at IS NOT NULL
                  AND pieces.variant_id IS NOT NULL
                GROUP BY pieces.variant_id
            ) AS gone
            JOIN tradepost_variant AS variant ON variant.id = gone.variant_id
            JOIN tradepost_listing AS listing ON listing.variant_id = variant.id AND listing.channel_id = %s
            WHERE variant.quantity > 0 AND gone.shipped * 3 > variant.quantity
        ) AS found
        WHERE id > %s ORDER BY id LIMIT %s
        """,
        channel_id,
        channel_id,
        counting is Counting.CHANGED,
        channel_id,
        after,
        limit,
    )
    return _figures(ids, counting)


def _figures(listing_ids: Collection[int], counting: Counting) -> list[WatchedStock]:
    rows = list(Listing.objects.filter(id__in=listing_ids).select_related("variant").order_by("id"))
    reserved = SightedPieces.objects.filter(variant_id__in={row.variant_id for row in rows}, taken__gt=F("known"))
    sums = {
        found["variant_id"]: (found["all"] or 0, found["shipped"] or 0)
        for found in reserved.values("variant_id")
        .order_by("variant_id")
        .annotate(
            all=Sum(F("taken") - F("known")),
            shipped=Sum(F("taken") - F("known"), filter=Q(shipped_at__isnull=False)),
        )
    }
    is_named = {row.pk: is_oversold(row.available, sells_without_stock=row.sells_without_stock) for row in rows}
    orders = _newest_orders({row.variant_id for row in rows if is_named[row.pk] and row.variant_id is not None})
    return [
        WatchedStock(
            row.pk,
            row.sku,
            row.available,
            row.variant.quantity if row.variant is not None else None,
            row.variant.stated_at if row.variant is not None else None,
            *sums.get(row.variant_id or 0, (0, 0)),
            counting,
            _as_seen_from(row, orders.get(row.variant_id or 0, ())) if is_named[row.pk] else (),
            row.sells_without_stock,
        )
        for row in rows
    ]


def _newest_orders(variant_ids: Collection[int]) -> dict[int, list[SightedPieces]]:
    """Return the newest pieces that reserve these variants, as many as are named of each."""
    place = Window(RowNumber(), partition_by="variant_id", order_by=F("sighting_id").desc())
    reserved = SightedPieces.objects.filter(variant_id__in=variant_ids, taken__gt=F("known"))
    newest = reserved.annotate(place=place).filter(place__lte=NAMED + 1).select_related("sighting__channel")
    found: dict[int, list[SightedPieces]] = {}
    for pieces in newest.order_by("-sighting_id"):
        found.setdefault(pieces.variant_id or 0, []).append(pieces)
    return found


def _as_seen_from(row: Listing, reserving: Iterable[SightedPieces]) -> list[ReservingOrder]:
    return [
        ReservingOrder(
            pieces.sighting.external_id,
            pieces.taken - pieces.known,
            "" if pieces.sighting.channel_id == row.channel_id else pieces.sighting.channel.name,
        )
        for pieces in reserving
    ]
