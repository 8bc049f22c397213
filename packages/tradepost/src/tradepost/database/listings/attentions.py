"""Why listings need a person: rows of kind and message, written and forgotten set-based."""

from collections.abc import Collection, Mapping
from datetime import datetime

from tradepost.database import sql
from tradepost.database.models import AttentionRecord
from tradepost.database.sql import Column, Rows
from tradepost.domain.listings.attention import Attention

# Each has the condition of `domain.listings.attention.is_moot`; a test compares them.
_FORGET_MOOT: Mapping[Attention, str] = {
    Attention.PRICE_FAILED: """
        DELETE FROM tradepost_attentionrecord WHERE channel_id = %s AND kind = 'price_failed' AND EXISTS (
            SELECT 1 FROM tradepost_listing AS listing
            WHERE listing.id = tradepost_attentionrecord.listing_id AND wanted_price = proven_price
        )
    """,
    Attention.STOCK_FAILED: """
        DELETE FROM tradepost_attentionrecord WHERE channel_id = %s AND kind = 'stock_failed' AND EXISTS (
            SELECT 1 FROM tradepost_listing AS listing
            WHERE listing.id = tradepost_attentionrecord.listing_id
              AND open_since IS NULL AND pending NOT IN ('hide', 'unhide')
              AND CASE WHEN health = 'hidden' THEN account = 0
                ELSE account = available AND sells_without_stock = proven_without_stock END
        )
    """,
}


def write_attentions(
    reasons: Mapping[int, Mapping[Attention, str]],
    *,
    ended: Mapping[int, Collection[Attention]],
    channel_id: int,
    at: datetime,
    run_id: int | None,
) -> None:
    """Note the reasons of a channel's listings, and forget what has ended; only what differs is written."""
    noted = _noted({*reasons, *ended}, channel_id)
    forgotten = [number for (listing_id, kind), (number, _) in noted.items() if kind in ended.get(listing_id, ())]
    _delete(forgotten)
    rows = [
        {"listing_id": listing_id, "kind": kind, "message": message}
        for listing_id, kinds in reasons.items()
        for kind, message in kinds.items()
        if noted.get((listing_id, kind), (0, None))[1] != message
    ]
    if not rows:
        return
    sql.execute(
        """
        INSERT INTO tradepost_attentionrecord (channel_id, listing_id, kind, message, since, run_id)
        SELECT listing.channel_id, given.listing_id, given.kind, given.message, %s, %s
        FROM given JOIN tradepost_listing AS listing ON listing.id = given.listing_id
        WHERE listing.channel_id = %s
        ON CONFLICT (listing_id, kind) DO UPDATE SET message = excluded.message, run_id = excluded.run_id
        """,
        at,
        run_id,
        channel_id,
        given=Rows({"listing_id": Column.INTEGER, "kind": Column.TEXT, "message": Column.TEXT}, rows),
    )


def end_attentions(ended: Mapping[int, Collection[Attention]], *, channel_id: int) -> None:
    """Forget what has ended. Mostly there is nothing, and a row is read more cheaply than it is written."""
    noted = _noted({listing_id for listing_id, kinds in ended.items() if kinds}, channel_id)
    _delete([number for (listing_id, kind), (number, _) in noted.items() if kind in ended[listing_id]])


def note_attention(listing_ids: Collection[int], kind: Attention, message: str, *, at: datetime) -> None:
    """Note one reason of listings of any channels."""
    if not listing_ids:
        return
    sql.execute(
        """
        INSERT INTO tradepost_attentionrecord (channel_id, listing_id, kind, message, since)
        SELECT listing.channel_id, listing.id, %s, %s, %s
        FROM given JOIN tradepost_listing AS listing ON listing.id = given.id
        WHERE true
        ON CONFLICT (listing_id, kind) DO UPDATE SET message = excluded.message
        """,
        kind.value,
        message,
        at,
        given=Rows.of_ids(listing_ids),
    )


def forget_attention(listing_ids: Collection[int], kind: Attention) -> None:
    """Forget one kind of listings of any channels."""
    if not listing_ids:
        return
    sql.execute(
        "DELETE FROM tradepost_attentionrecord WHERE kind = %s AND listing_id IN (SELECT id FROM given)",
        kind.value,
        given=Rows.of_ids(listing_ids),
    )


def ids_with_attention(
    kind: Attention, *, channel_id: int, after: int, limit: int, only: Collection[int] | None
) -> list[int]:
    """Return the ids of a channel's listings that need this, ascending."""
    chosen, tables = (
        ([], {}) if only is None else (["listing_id IN (SELECT chosen.id FROM chosen)"], {"chosen": Rows.of_ids(only)})
    )
    where = ["channel_id = %s", "kind = %s", *chosen]
    params = [channel_id, kind.value]
    return sql.page(AttentionRecord, "listing_id", where=where, params=params, after=after, limit=limit, **tables)


def forget_moot(kinds: Collection[Attention], *, channel_id: int) -> None:
    for kind, statement in _FORGET_MOOT.items():
        if kind in kinds:
            sql.execute(statement, channel_id)


def _noted(listing_ids: Collection[int], channel_id: int) -> dict[tuple[int, str], tuple[int, str]]:
    """What is noted of these listings: id and message by listing and kind."""
    if not listing_ids:
        return {}
    rows = sql.fetch_rows(
        """
        SELECT noted.id, noted.listing_id, noted.kind, noted.message
        FROM given JOIN tradepost_attentionrecord AS noted ON noted.listing_id = given.id
        WHERE noted.channel_id = %s
        """,
        channel_id,
        given=Rows.of_ids(listing_ids),
    )
    return {(row["listing_id"], row["kind"]): (row["id"], row["message"]) for row in rows}


def _delete(ids: Collection[int]) -> None:
    if ids:
        sql.execute("DELETE FROM tradepost_attentionrecord WHERE id IN (SELECT id FROM given)", given=Rows.of_ids(ids))
