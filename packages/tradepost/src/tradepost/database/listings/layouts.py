"""A channel gets another layout: what its store has stays as it is there, and a publish switches it."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Case, F, QuerySet, Value, When

from tradepost.database import sql
from tradepost.database.listings.due import count_to_switch
from tradepost.database.listings.listing_build import build_listings
from tradepost.database.models import Listing, ProductRecord
from tradepost.domain.channels.layout import Layout
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Link
from tradepost.operations.ports import ToSwitch

_BATCH = 500


def change_layout(channel_id: int, *, before: Layout, after: Layout, at: datetime) -> None:
    """
    Note in which layout the store has the channel's families, now that another is wanted. `after` is in the channel's
    settings already.

    What is not on the store becomes at once what it is to be there.
    """
    families = ProductRecord.objects.exclude(option_names=[]).values("id")
    rows = Listing.objects.filter(channel_id=channel_id, product_id__in=families)
    rows.exclude(link=Link.UNLINKED).update(
        layout=Case(
            When(layout="", then=Value(before.value)), When(layout=after.value, then=Value("")), default=F("layout")
        )
    )
    rows.filter(link=Link.UNLINKED).exclude(layout="").update(layout="")
    if Layout.SIMPLE in {before, after}:
        _build_anew(channel_id, at=at)


def to_switch(channel_id: int) -> ToSwitch:
    """Count the products whose listings the store has in another layout, and those of them that a publish leaves."""
    due = count_to_switch(channel_id=channel_id)
    pages: QuerySet[Listing] = Listing.objects.filter(channel_id=channel_id, layout__gt="", is_orphaned=False)
    theirs = pages.exclude(proven_fingerprints__has_key=Group.STRUCTURE.value)
    ours = pages.filter(proven_fingerprints__has_key=Group.STRUCTURE.value).values("product_id")
    return ToSwitch(due, theirs.exclude(product_id__in=ours).values("product_id").distinct().count())


def _build_anew(channel_id: int, *, at: datetime) -> None:
    """Make the parents that families need by now, and let go of those that they don't."""
    after = 0
    where = ["channel_id = %s"]
    while ids := sql.page(Listing, "product_id", where=where, params=[channel_id], after=after, limit=_BATCH):
        after = ids[-1]
        handles: Sequence[str] = list(ProductRecord.objects.filter(id__in=ids).values_list("handle", flat=True))
        build_listings(handles, channel_id=channel_id, queue=False, at=at)
