"""News of orders: the sightings that the ledger was not told of yet."""

from collections.abc import Collection, Mapping

from tradepost.database import sql
from tradepost.database.orders.parked import numbers_to_try
from tradepost.database.sql import Column, Rows
from tradepost.domain.orders.order import StoreStatus
from tradepost.domain.orders.order_news import OrderNews

# Written out twice, so that each finds its rows by the index made for it.
_NEWS = """
SELECT sighting.external_id AS number, sighting.store_status, sighting.placed, sighting.updated, sighting.fingerprint,
    sighting.gone_at IS NOT NULL AS is_gone,
    EXISTS (
        SELECT 1 FROM tradepost_order AS imported
        WHERE imported.channel_id = sighting.channel_id AND imported.external_id = sighting.external_id
    ) AS is_imported
FROM tradepost_sighting AS sighting
WHERE sighting.channel_id = %s AND sighting.is_news AND sighting.external_id > %s
ORDER BY sighting.external_id LIMIT %s
"""
_OF_NUMBERS = """
SELECT sighting.external_id AS number, sighting.store_status, sighting.placed, sighting.updated, sighting.fingerprint,
    sighting.gone_at IS NOT NULL AS is_gone,
    EXISTS (
        SELECT 1 FROM tradepost_order AS imported
        WHERE imported.channel_id = sighting.channel_id AND imported.external_id = sighting.external_id
    ) AS is_imported
FROM given JOIN tradepost_sighting AS sighting ON sighting.external_id = given.id
WHERE sighting.channel_id = %s
"""


def news(*, channel_id: int, after: int, limit: int) -> list[OrderNews]:
    """The news by number; what another hub could not take is news for this one."""
    retried = numbers_to_try(channel_id=channel_id, after=after)
    rows = sql.fetch_rows(
        _NEWS,
        channel_id,
        after,
        limit,
    )
    if retried:
        rows += sql.fetch_rows(
            _OF_NUMBERS, channel_id, given=Rows.of_ids(set(retried) - {row["number"] for row in rows})
        )
        rows = sorted(rows, key=lambda row: row["number"])[:limit]
    return [
        OrderNews(
            row["number"],
            StoreStatus(row["store_status"]),
            row["placed"],
            row["updated"],
            row["fingerprint"],
            is_gone=bool(row["is_gone"]),
            is_imported=bool(row["is_imported"]),
        )
        for row in rows
    ]


def make_news(numbers: Collection[int], *, channel_id: int) -> None:
    sql.execute(
        """
        UPDATE tradepost_sighting SET is_news = true
        FROM given WHERE channel_id = %s AND external_id = given.id AND NOT is_news
        """,
        channel_id,
        given=Rows.of_ids(numbers),
    )


def note_judged(fingerprints: Mapping[int, str], *, channel_id: int) -> None:
    sql.execute(
        """
        UPDATE tradepost_sighting SET is_news = false
        FROM given
        WHERE channel_id = %s AND external_id = given.id AND tradepost_sighting.fingerprint = given.fingerprint
        """,
        channel_id,
        given=Rows(
            {"id": Column.INTEGER, "fingerprint": Column.TEXT},
            [{"id": number, "fingerprint": fingerprint} for number, fingerprint in fingerprints.items()],
        ),
    )
