"""
Which listings a sync or publish has to work on, as SQL.

Each condition is exactly one predicate of `domain.rules` or `domain.listing` (tests compare them on both databases),
written with literals and in the words of the partial index that serves it: SQLite uses such an index only if it finds
the index's own condition in the query.
"""

from collections.abc import Collection, Mapping

from tradepost.database import sql
from tradepost.database.sql import Rows
from tradepost.domain.stages import Stage

_STATUS = "pending IN ('hide', 'unhide', 'delist') AND NOT is_paused AND link = 'linked' AND "
_EXPECTED = "(proven_quantity - sold_since_proven)"
_MAY_SEND_QUANTITY = "link = 'linked' AND health = 'listed' AND NOT is_paused AND pending NOT IN ('hide', 'delist')"

CONDITIONS: Mapping[Stage, str] = {
    Stage.DELIST: _STATUS + "pending = 'delist'",
    Stage.HIDE: _STATUS + "pending = 'hide'",
    Stage.UNHIDE: _STATUS + "pending = 'unhide'",
    Stage.PRICE: (
        "link = 'linked' AND NOT is_paused AND pending <> 'delist'"
        " AND (proven_price IS NULL OR wanted_price < proven_price OR wanted_price > proven_price)"
    ),
    Stage.DECREASE: (
        f"{_MAY_SEND_QUANTITY} AND wanted_quantity IS NOT NULL"
        f" AND (proven_quantity IS NULL OR wanted_quantity < {_EXPECTED})"
    ),
    Stage.INCREASE: f"{_MAY_SEND_QUANTITY} AND wanted_quantity > {_EXPECTED}",
}
_PUBLISH = "pending IN ('publish', 'overwrite') AND NOT is_paused"


def due_ids(stage: Stage, *, channel_id: int, after: int, limit: int, only: Collection[int] | None = None) -> list[int]:
    """Return the ids of listings due in a stage, ascending."""
    among, tables = _limited_to(only)
    found = sql.fetch(
        f"""
        SELECT id FROM tradepost_listing
        WHERE channel_id = %s AND id > %s AND {CONDITIONS[stage]} {among}
        ORDER BY id LIMIT %s
        """,  # noqa: S608 (conditions of our own)
        channel_id,
        after,
        limit,
        **tables,
    )
    return [int(number) for (number,) in found]


def count_due(stage: Stage, *, channel_id: int, only: Collection[int] | None = None) -> int:
    among, tables = _limited_to(only)
    ((number,),) = sql.fetch(
        f"SELECT COUNT(*) FROM tradepost_listing WHERE channel_id = %s AND {CONDITIONS[stage]} {among}",  # noqa: S608
        channel_id,
        **tables,
    )
    return int(number)


def products_due_for_publish(
    *, channel_id: int, after: int, limit: int, only: Collection[int] | None = None
) -> list[int]:
    """Return the ids of products that have a listing to publish or overwrite, ascending."""
    among, tables = _limited_to(only)
    found = sql.fetch(
        f"""
        SELECT DISTINCT product_id FROM tradepost_listing
        WHERE channel_id = %s AND product_id > %s AND {_PUBLISH} {among}
        ORDER BY product_id LIMIT %s
        """,  # noqa: S608 (conditions of our own)
        channel_id,
        after,
        limit,
        **tables,
    )
    return [int(number) for (number,) in found]


def count_due_for_publish(*, channel_id: int, only: Collection[int] | None = None) -> int:
    among, tables = _limited_to(only)
    ((number,),) = sql.fetch(
        f"SELECT COUNT(DISTINCT product_id) FROM tradepost_listing WHERE channel_id = %s AND {_PUBLISH} {among}",  # noqa: S608
        channel_id,
        **tables,
    )
    return int(number)


def _limited_to(only: Collection[int] | None) -> tuple[str, dict[str, Rows]]:
    if only is None:
        return "", {}
    return "AND tradepost_listing.id IN (SELECT chosen.id FROM chosen)", {"chosen": Rows.of_ids(only)}
