"""
How many listings a run would take off sale or re-price, as SQL: what the brake counts before anything is done.

Each condition is that of the stage, narrowed as `domain.brake.is_at_stake` says (tests compare them on both
databases), so that the stage's own partial index serves it, and it costs what is due and not the catalogue.
"""

from collections.abc import Collection, Mapping

from tradepost.database import sql
from tradepost.database.listings.due import CONDITIONS, OF_CHANNEL, OF_OURS, limited_to
from tradepost.database.models import Listing
from tradepost.database.sql import Rows
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.stages import Stage

# In the words of its own index; those of the stages say it differently, so that none is counted by that one, which has
# nearly every listing.
_LIVE = "link = 'linked' AND kind IN ('variant', 'simple')"
_SOLD = "kind <> 'parent'"

# Sales of a number that somebody stated are no harm; what rules hold back of it is none that was sold.
_EMPTIED_BY_SOURCE = (
    "available <= 0 AND NOT sells_without_stock AND (held_back > 0 OR NOT EXISTS (SELECT 1"
    " FROM tradepost_variant AS counted"
    " WHERE counted.id = tradepost_listing.variant_id AND NOT counted.is_gone AND counted.quantity > 0))"
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


# Exactly `domain.listings.page_cuts.cut_off`; the first part is that of the index, word for word.
_CUT_OFF = (
    "link = 'linked' AND health = 'listed' AND is_orphaned AND kind = 'variant'"
    " AND (account IS NULL OR account > 0 OR proven_without_stock) AND EXISTS ("
    "SELECT 1 FROM tradepost_listing AS page JOIN tradepost_listing AS due"
    " ON due.product_id = page.product_id AND due.channel_id = page.channel_id"
    " WHERE page.product_id = tradepost_listing.product_id AND page.channel_id = tradepost_listing.channel_id"
    " AND page.kind = 'parent' AND page.link = 'linked' AND page.health = 'listed' AND page.layout {native}"
    " AND NOT due.is_paused AND NOT due.is_orphaned AND due.refusals < 5{among}"
    " AND (due.pending IN ('publish', 'overwrite') OR (due.layout > '' AND due.link = 'linked' AND {ours}))"
    " AND CASE WHEN due.layout > '' AND {ours} THEN true WHEN due.id = page.id"
    " THEN due.pending = 'overwrite' AND CAST(due.overwrite_groups AS text) LIKE '%%\"structure\"%%'"
    " ELSE CAST(page.proven_fingerprints AS text) LIKE '%%\"structure\"%%'"
    " AND (due.kind = 'simple' OR due.pending = 'publish') END)"
)


def count_cut_off(*, channel_id: int, layout: Layout, only: Collection[int] | None) -> int:
    where, tables = _cut_off(only, layout)
    return sql.count(Listing, "id", where=where, params=[channel_id], **tables)


def ids_cut_off(*, channel_id: int, layout: Layout, limit: int, only: Collection[int] | None) -> list[int]:
    """Return the first ids, ascending."""
    where, tables = _cut_off(only, layout)
    return sql.page(Listing, "id", where=where, params=[channel_id], after=0, limit=limit, **tables)


def _cut_off(only: Collection[int] | None, layout: Layout) -> tuple[list[str], dict[str, Rows]]:
    """What is chosen is what is published; what that takes off the page need not be among it."""
    _, tables = limited_to(only)
    among = " AND due.id IN (SELECT chosen.id FROM chosen)" if tables else ""
    # A listing notes its layout only while it is another one than the channel's.
    native = "IN ('', 'native')" if layout is Layout.NATIVE else "= 'native'"
    cut = _CUT_OFF.format(among=among, native=native, ours=OF_OURS.format(row="due."))
    return [OF_CHANNEL, cut], tables


def count_live(*, channel_id: int) -> int:
    """Count what shoppers meet on the store: products and variants that are linked, also while they are hidden."""
    return sql.count(Listing, "id", where=[OF_CHANNEL, _LIVE], params=[channel_id])
