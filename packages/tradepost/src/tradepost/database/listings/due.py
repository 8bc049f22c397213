"""
Which listings a sync or publish has to work on, as SQL.

Each condition is exactly one predicate of `domain.listings.rules` or `domain.listings.listing` (tests compare them on
both databases), written with literals and in the words of the partial index that serves it: SQLite uses such an index
only if it finds the index's own condition in the query.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from tradepost.database import sql
from tradepost.database.models import Listing
from tradepost.database.sql import Rows
from tradepost.domain.listings.listing import PARKED_AFTER, Link
from tradepost.domain.listings.stages import Stage

_ON_THE_STORE = "NOT is_paused AND link = 'linked' AND "
_STATUS = "pending IN ('hide', 'unhide', 'delist') AND " + _ON_THE_STORE
_MAY_LOWER_QUANTITY = "link = 'linked' AND health = 'listed' AND NOT is_paused AND open_since IS NULL AND "
_MAY_SEND_QUANTITY = _MAY_LOWER_QUANTITY + "pending NOT IN ('hide', 'delist') AND "


def has_unlinked(channel_id: int) -> bool:
    """Whether a channel has listings that are joined to no product of its store."""
    return Listing.objects.filter(channel_id=channel_id).exclude(link=Link.LINKED.value).exists()


CONDITIONS: Mapping[Stage, str] = {
    Stage.DELIST: _STATUS + "pending = 'delist'",
    Stage.SETTLE: "link = 'linked' AND open_since IS NOT NULL",
    Stage.HIDE: (
        _ON_THE_STORE + "open_since IS NULL AND pending NOT IN ('unhide', 'delist')"
        " AND (pending = 'hide' OR (account > 0 AND health = 'hidden') OR (account IS NULL AND health = 'hidden'))"
        " AND (pending = 'hide' OR kind <> 'parent')"
    ),
    Stage.UNHIDE: _STATUS + "pending = 'unhide' AND open_since IS NULL",
    Stage.PRICE: (
        "link = 'linked' AND NOT is_price_held AND NOT is_paused AND NOT is_orphaned AND pending <> 'delist'"
        " AND (proven_price IS NULL OR wanted_price < proven_price OR wanted_price > proven_price)"
        " AND (yielded_price IS NULL OR wanted_price < yielded_price OR wanted_price > yielded_price)"
    ),
    Stage.ACTIVATE: (
        "link = 'linked' AND health = 'listed' AND is_inactive AND NOT keeps_inactive"
        " AND NOT is_paused AND NOT is_orphaned AND pending NOT IN ('hide', 'delist')"
    ),
    Stage.DECREASE: _MAY_LOWER_QUANTITY + "account > 0 AND account > available",
    Stage.AT_ZERO: (
        _MAY_SEND_QUANTITY + "account IS NOT NULL"
        " AND ((NOT proven_without_stock AND sells_without_stock)"
        " OR (proven_without_stock AND NOT sells_without_stock))"
    ),
    Stage.INCREASE: _MAY_SEND_QUANTITY + "account < available",
    Stage.SET: _MAY_SEND_QUANTITY + "account IS NULL AND available IS NOT NULL",
}
_VALUES = (Stage.PRICE, Stage.DECREASE, Stage.INCREASE, Stage.SET, Stage.AT_ZERO)
OF_CHANNEL = "channel_id = %s"
_NOT_PARKED = f"refusals < {PARKED_AFTER}"
_PUBLISH = f"pending IN ('publish', 'overwrite') AND NOT is_paused AND NOT is_orphaned AND {_NOT_PARKED}"
# The first part is that of the index, word for word; what awaits images and is not linked is none of the rest.
_PUBLISH_OR_IMAGES = (
    "(pending IN ('publish', 'overwrite') OR awaits_images) AND NOT is_paused AND NOT is_orphaned"
    f" AND ((pending IN ('publish', 'overwrite') AND {_NOT_PARKED}) OR (awaits_images AND link = 'linked'))"
)
OF_OURS = "CAST({row}proven_fingerprints AS text) LIKE '%%\"structure\"%%'"
_SWITCH = (
    f"layout > '' AND NOT is_paused AND NOT is_orphaned AND {_NOT_PARKED} AND link = 'linked'"
    f" AND {OF_OURS.format(row='')}"
)


def due_ids(stage: Stage, *, channel_id: int, after: int, limit: int, only: Collection[int] | None = None) -> list[int]:
    """Return the ids of listings due in a stage, ascending."""
    return _page("id", CONDITIONS[stage], channel_id=channel_id, after=after, limit=limit, only=only)


def has_values_due(channel_id: int) -> bool:
    """Return whether a sync would send any price or quantity; each stage is asked by its own index, for one row."""
    return any(due_ids(stage, channel_id=channel_id, after=0, limit=1) for stage in _VALUES)


_LOOK = "link = 'linked' AND health = '{health}' AND account IS NOT NULL AND open_since IS NULL AND NOT is_paused"
_LISTED, _HIDDEN = _LOOK.format(health="listed"), _LOOK.format(health="hidden")


# Each kind by an index of its own, those first that have waited longest.
_LOOKS: Sequence[tuple[str, Sequence[str]]] = (
    (f"{_LISTED} AND looked_at IS NULL", ("id",)),
    (f"{_LISTED} AND looked_at IS NOT NULL AND looked_at <= %s", ("looked_at", "id")),
    (f"{_LISTED} AND missing > 0 AND missing_since <= %s", ("missing_since", "id")),
    (f"{_HIDDEN} AND looked_at IS NULL", ("id",)),
    (f"{_HIDDEN} AND looked_at <= %s", ("looked_at", "id")),
    (f"{_HIDDEN} AND missing > 0 AND missing_since <= %s", ("missing_since", "id")),
)


def look_ids(*, channel_id: int, old: datetime, basket_old: datetime, limit: int) -> list[int]:
    """
    Return the ids of listings at whose count somebody should look: never looked at, looked at before `old`, or with
    pieces that have been missing since before `basket_old`; what is hidden, if it was looked at before that, too.
    """
    found: dict[int, None] = {}
    times: Sequence[Sequence[datetime]] = ([], [old], [basket_old], [], [basket_old], [basket_old])
    for (condition, order), params in zip(_LOOKS, times, strict=True):
        if len(found) < limit:
            where = [OF_CHANNEL, condition]
            ids = sql.first(Listing, "id", where=where, params=[channel_id, *params], order=order, limit=limit)
            found |= dict.fromkeys(ids)
    return list(found)[:limit]


def products_due_for_publish(
    *, channel_id: int, after: int, limit: int, only: Collection[int] | None = None, sends_images: bool = False
) -> list[int]:
    """
    Return the ids of products that have a listing to publish, to overwrite or to switch, or due for images, ascending.
    """
    conditions = (_PUBLISH_OR_IMAGES if sends_images else _PUBLISH, _SWITCH)
    # Each by an index of its own; mostly nothing is to be switched.
    found = {
        product_id
        for condition in conditions
        for product_id in _page("product_id", condition, channel_id=channel_id, after=after, limit=limit, only=only)
    }
    return sorted(found)[:limit]


def count_due(stage: Stage, *, channel_id: int, only: Collection[int] | None = None) -> int:
    chosen, tables = limited_to(only)
    return sql.count(Listing, "id", where=[OF_CHANNEL, CONDITIONS[stage], *chosen], params=[channel_id], **tables)


_IS_WORKED_ON = "NOT is_paused"
_WHEN_UNPAUSED: Mapping[Stage | None, str] = {
    stage: condition.replace(_IS_WORKED_ON, "is_paused")
    for stage, condition in (*CONDITIONS.items(), (None, f"(({_PUBLISH_OR_IMAGES}) OR ({_SWITCH}))"))
    if _IS_WORKED_ON in condition
}


def count_due_when_unpaused(channel_id: int) -> dict[Stage | None, int]:
    """
    Count what of a channel's paused listings would be due by stage if none of them were paused; None: by a publish.

    Mostly nothing is, which one walk over them tells: no index is made for what nobody works on.
    """
    anything = " OR ".join(f"({condition})" for condition in _WHEN_UNPAUSED.values())
    where = [OF_CHANNEL, "is_paused", f"({anything})"]
    if not sql.first(Listing, "id", where=where, params=[channel_id], order=["id"], limit=1):
        return {}
    return {
        stage: sql.count(Listing, "id", where=[OF_CHANNEL, condition], params=[channel_id])
        for stage, condition in _WHEN_UNPAUSED.items()
    }


def _page(
    key: str, condition: str, *, channel_id: int, after: int, limit: int, only: Collection[int] | None
) -> list[int]:
    chosen, tables = limited_to(only)
    return sql.page(
        Listing,
        key,
        where=[OF_CHANNEL, condition, *chosen],
        params=[channel_id],
        after=after,
        limit=limit,
        **tables,
    )


def count_due_for_publish(*, channel_id: int, only: Collection[int] | None = None, sends_images: bool = False) -> int:
    """Count the products that `products_due_for_publish` gives."""
    chosen, tables = limited_to(only)
    condition = _PUBLISH_OR_IMAGES if sends_images else _PUBLISH
    if sql.first(Listing, "id", where=[OF_CHANNEL, _SWITCH], params=[channel_id], order=["id"], limit=1):
        condition = f"(({condition}) OR ({_SWITCH}))"
    where = [OF_CHANNEL, condition, *chosen]
    return sql.count(Listing, "product_id", where=where, params=[channel_id], **tables)


def count_to_switch(*, channel_id: int) -> int:
    """Count the products of which a publish has a listing to switch to the layout of its channel."""
    return sql.count(Listing, "product_id", where=[OF_CHANNEL, _SWITCH], params=[channel_id])


def limited_to(only: Collection[int] | None) -> tuple[list[str], dict[str, Rows]]:
    if only is None:
        return [], {}
    return ["tradepost_listing.id IN (SELECT chosen.id FROM chosen)"], {"chosen": _chosen(frozenset(only))}


@lru_cache(maxsize=4)
def _chosen(only: frozenset[int]) -> Rows:
    # A selection narrows each statement of a run, and may be of many thousands.
    return Rows.of_ids(only)
