"""The prices of parents, which follow those of their variants that are listed."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any, NamedTuple

from tradepost.database import sql
from tradepost.database.listings.listing_rows import STATUS_COLUMNS, status_in
from tradepost.database.listings.wanted_basis import ChannelTerms, WantedValues, terms_of_channels
from tradepost.database.models import Listing
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import Layout
from tradepost.domain.listings.rules import ShownPrice, parent_price, shown_price

_COLUMNS = (
    *("id", "channel_id", "parent_id", "kind", "layout"),
    *("wanted_price", "is_price_held", "proven_price"),
    *STATUS_COLUMNS,
)


def refresh_parents(parent_ids: Collection[int]) -> None:
    """Compute anew the prices of these parents, which follow those of their variants that are listed."""
    if not parent_ids:
        return
    parents = list(Listing.objects.filter(id__in=list(parent_ids)).values(*_COLUMNS))
    variants = Listing.objects.filter(parent_id__in=list(parent_ids)).values(*_COLUMNS)
    sql.update(Listing, parent_prices(list(variants), parents, terms_of_channels(parents)))


class ParentPrice(NamedTuple):
    """What a parent should cost, by the names of its columns."""

    id: int
    wanted_price: Decimal
    is_price_held: bool


def parent_prices(
    variants: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    channels: Mapping[int, ChannelTerms],
    by_now: Mapping[int, WantedValues] = MappingProxyType({}),
) -> list[ParentPrice]:
    """
    What of the parents among `rows` is another price by now; `variants`: all of theirs. `by_now`: what some of these
    should show since they were read.
    """
    parents = {row["id"]: row for row in rows if row["kind"] == Kind.PARENT}
    if not parents:
        return []
    native = {
        parent_id
        for parent_id, row in parents.items()
        if (row["layout"] or channels[row["channel_id"]].layout) == Layout.NATIVE
    }
    family: dict[int, list[ShownPrice]] = defaultdict(list)
    for row in variants:
        if row["parent_id"] not in parents:
            continue
        shows = by_now.get(row["id"])
        shown = shown_price(
            status_in(row),
            wanted=row["wanted_price"] if shows is None else shows.wanted_price,
            proven=row["proven_price"],
            is_held=row["is_price_held"] if shows is None else shows.is_price_held,
            is_native=row["parent_id"] in native,
        )
        if shown is not None:
            family[row["parent_id"]].append(shown)
    changed: list[ParentPrice] = []
    for parent_id, row in parents.items():
        price = parent_price(family[parent_id])
        now = ParentPrice(parent_id, row["wanted_price"] if price is None else price, price is None)
        if now[1:] != (row["wanted_price"], row["is_price_held"]):
            changed.append(now)
    return changed
