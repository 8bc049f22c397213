"""
How many listings a run would take off sale or re-price, as SQL: what the brake counts before anything is done.

Each condition is that of the stage, narrowed as `domain.brake.is_at_stake` says (tests compare them on both
databases), so that the stage's own partial index serves it, and it costs what is due and not the catalogue.
"""

from collections.abc import Collection, Mapping

from tradepost.database import sql
from tradepost.database.listings.due import CONDITIONS, OF_CHANNEL, limited_to
from tradepost.database.models import Listing
from tradepost.domain.stages import Stage

# In the words of its own index; those of the stages say it differently, so that none is counted by that one, which has
# nearly every listing.
_LIVE = "link = 'linked' AND kind IN ('variant', 'simple')"
_SOLD = "kind <> 'parent'"

# Sales of a number that somebody stated are no harm.
_EMPTIED_BY_SOURCE = (
    "available <= 0 AND NOT sells_without_stock AND NOT EXISTS (SELECT 1 FROM tradepost_variant AS counted"
    " WHERE counted.id = tradepost_listing.variant_id AND NOT counted.is_gone AND counted.quantity > 0)"
)

_HARMS: Mapping[Stage, str] = {
    Stage.DELIST: f"{CONDITIONS[Stage.DELIST]} AND {_SOLD}",
    Stage.HIDE: f"{CONDITIONS[Stage.HIDE]} AND {_SOLD} AND pending = 'hide'"
    " AND (account IS NULL OR account > 0 OR proven_without_stock)",
    Stage.SET: f"{CONDITIONS[Stage.SET]} AND {_SOLD} AND {_EMPTIED_BY_SOURCE} AND looked_at IS NULL",
    Stage.DECREASE: (
        f"{CONDITIONS[Stage.DECREASE]} AND {_SOLD} AND {_EMPTIED_BY_SOURCE} AND pending NOT IN ('hide', 'delist')"
    ),
    Stage.AT_ZERO: (
        f"{CONDITIONS[Stage.AT_ZERO]} AND {_SOLD} AND NOT sells_without_stock AND account <= 0"
        " AND (available IS NULL OR available <= 0)"
    ),
    Stage.PRICE: f"{CONDITIONS[Stage.PRICE]} AND {_SOLD}",
}


def count_at_stake(stage: Stage, *, channel_id: int, only: Collection[int] | None) -> int:
    if stage not in _HARMS:
        return 0
    chosen, tables = limited_to(only)
    return sql.count(Listing, "id", where=[OF_CHANNEL, _HARMS[stage], *chosen], params=[channel_id], **tables)


def ids_at_stake(stage: Stage, *, channel_id: int, limit: int, only: Collection[int] | None) -> list[int]:
    """Return the first ids, ascending."""
    if stage not in _HARMS:
        return []
    chosen, tables = limited_to(only)
    where = [OF_CHANNEL, _HARMS[stage], *chosen]
    return sql.page(Listing, "id", where=where, params=[channel_id], after=0, limit=limit, **tables)


def count_live(*, channel_id: int) -> int:
    """Count what shoppers meet on the store: products and variants that are linked, also while they are hidden."""
    return sql.count(Listing, "id", where=[OF_CHANNEL, _LIVE], params=[channel_id])
