"""
What a person says of the catalogue where no file can: that something is no more, has another name, or is something
else. Each says what becomes of the listings before it is done, and is kept in the history of every channel.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from tradepost.domain import changes
from tradepost.domain.catalogue.identity import IdentityPlan, KnownProduct, SkuChange
from tradepost.domain.errors import NotAllowed
from tradepost.domain.listings.listing import Link
from tradepost.domain.plan import Change, Outcome, Result
from tradepost.domain.stock.stock import MAX_STOCK
from tradepost.operations.ports import Catalogue, ChannelListings, History, ListingRow, Saying


@dataclass(frozen=True, slots=True)
class CatalogueChangePorts:
    """`channels`: those that follow the catalogue, by their id."""

    catalogue: Catalogue
    channels: Mapping[int, ChannelListings]
    history: History
    transaction: Callable[[], AbstractContextManager[None]]


class NotInCatalogue(NotAllowed):
    """`names`: the handles and SKUs that the catalogue does not have."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"The catalogue has no {', '.join(names)}.")
        self.names = names


@dataclass(frozen=True, slots=True)
class CataloguePlan:
    """
    What is to be done, and the change of each listing by channel; `apply` does it, inside a transaction.

    `unknown`: names that the catalogue does not have, of which nothing is done.
    """

    apply: Callable[[], None]
    handles: tuple[str, ...]
    by_channel: Mapping[int, tuple[Change, ...]]
    unknown: tuple[str, ...] = ()

    @property
    def changes(self) -> list[Change]:
        return [change for found in self.by_channel.values() for change in found]


def carry_out(plan: CataloguePlan, ports: CatalogueChangePorts) -> None:
    """Do what was planned, bring the listings of every channel in step, and keep it in the history."""
    with ports.transaction():
        plan.apply()
        for channel in ports.channels.values():
            channel.build(plan.handles, queue=False)
        ports.catalogue.refresh_wanted(plan.handles)
        for channel_id, found in plan.by_channel.items():
            ports.history.keep([Result(change, Outcome.APPLIED) for change in found], channel_id=channel_id)


def plan_removal(names: Sequence[str], ports: CatalogueChangePorts) -> CataloguePlan:
    """
    Take products (by handle) or variants (by SKU) out of the catalogue: a sync takes them off sale.

    One unknown name does not refuse the others. Raises NotInCatalogue where it has none of them.
    """
    products = ports.catalogue.known_products(names, names)
    wanted = set(names)
    skus = [sku for each in products for sku in each.variants if each.handle in wanted or sku in wanted]
    unknown = _unknown(names, products)
    if unknown and not products:
        raise NotInCatalogue(unknown)
    return CataloguePlan(
        apply=lambda: ports.catalogue.remove(skus),
        handles=tuple(product.handle for product in products),
        by_channel=_by_channel(ports, skus, lambda row: [_orphaned(row)]),
        unknown=tuple(unknown),
    )


def plan_renaming(before: str, after: str, ports: CatalogueChangePorts) -> CataloguePlan:
    """
    Give a product another handle, or a variant another SKU; what is on stores keeps its codes.

    Raises NotInCatalogue for a name that the catalogue does not have, NotAllowed for a new one that it has already.
    """
    products = ports.catalogue.known_products([before], [before])
    _refuse_unknown([before], products)
    if ports.catalogue.known_products([after], [after]) or ports.catalogue.skus_in_use([after]):
        raise NotAllowed(
            f"The catalogue has {after} already; if both are one article, 'tradepost catalogue merge {before} {after}' "
            "says so."
        )
    product = products[0]
    is_handle = product.handle == before
    handle = after if is_handle else product.handle
    # A simple article is often called by its SKU: then it gets both.
    skus = (SkuChange(handle, before, after),) if before in product.variants else ()
    plan = IdentityPlan(renamed=before if is_handle else "", skus=skus)

    def renamed(row: ListingRow) -> list[Change]:
        if row.sku != before:
            return []
        return [changes.listing_renamed(row.code, before=before, after=after, listing_id=row.id)]

    return CataloguePlan(
        apply=lambda: ports.catalogue.settle({handle: plan}),
        handles=(handle,),
        by_channel=_by_channel(ports, [before], renamed),
    )


def plan_count(sku: str, quantity: int, ports: CatalogueChangePorts, *, by: str, at: datetime) -> CataloguePlan:
    """
    State how many there are of a variant, as a person has counted it: whatever a file said before.

    It knows of what had been handed over by then. Raises NotInCatalogue for a SKU that the catalogue does not have,
    NotAllowed for a number that nobody can count.
    """
    if not 0 <= quantity <= MAX_STOCK:
        raise NotAllowed(f"A count is a number from 0 to {MAX_STOCK:,}.")
    products = ports.catalogue.known_products([], [sku])
    _refuse_unknown([sku], products)
    before = ports.catalogue.stated_quantities([sku]).get(sku)

    def stated(row: ListingRow) -> list[Change]:
        return [changes.quantity_stated(row.code, before=before, after=quantity, by=by, listing_id=row.id)]

    return CataloguePlan(
        apply=lambda: ports.catalogue.state({sku: quantity}, saying=Saying(by, at, at)),
        handles=tuple(product.handle for product in products),
        by_channel=_by_channel(ports, [sku], stated),
    )


def plan_merger(before: str, after: str, ports: CatalogueChangePorts) -> CataloguePlan:
    """
    Say that two SKUs are one article: the second stays, and has what the first one has on stores.

    Where both are on a store, the first goes off sale there: the same pieces are never sold under two codes. Raises
    NotInCatalogue unless the catalogue has both.
    """
    if before == after:
        raise NotAllowed("Name two SKUs that are one article.")
    products = ports.catalogue.known_products([], [before, after])
    # The first may be gone already: a file brought it as something new.
    gone = KnownProduct("", dict.fromkeys(ports.catalogue.skus_in_use([before]), ()))
    _refuse_unknown([before, after], [gone, *products])

    def merged(row: ListingRow, on_store: Collection[str]) -> list[Change]:
        if row.sku != before or row.status.link is Link.UNLINKED:
            return []
        if after in on_store:
            return [_orphaned(row)]
        return [changes.listing_renamed(row.code, before=before, after=after, listing_id=row.id)]

    by_channel: dict[int, tuple[Change, ...]] = {}
    for channel_id, listings in ports.channels.items():
        rows = listings.by_skus([before, after])
        on_store = {row.sku for row in rows if row.status.link is not Link.UNLINKED}
        by_channel[channel_id] = tuple(change for row in rows for change in merged(row, on_store))
    return CataloguePlan(
        apply=lambda: ports.catalogue.hand_over(before, after),
        handles=tuple(product.handle for product in products),
        by_channel=by_channel,
    )


def _by_channel(
    ports: CatalogueChangePorts, skus: Collection[str], change: Callable[[ListingRow], Iterable[Change]]
) -> dict[int, tuple[Change, ...]]:
    return {
        channel_id: tuple(found for row in listings.by_skus(skus) for found in change(row))
        for channel_id, listings in ports.channels.items()
    }


def _orphaned(row: ListingRow) -> Change:
    pieces = row.account if row.status.link is Link.LINKED else 0
    return changes.listing_orphaned(row.code, pieces=pieces, listing_id=row.id)


def _refuse_unknown(names: Sequence[str], products: Sequence[KnownProduct]) -> None:
    if unknown := _unknown(names, products):
        raise NotInCatalogue(unknown)


def _unknown(names: Sequence[str], products: Sequence[KnownProduct]) -> list[str]:
    known = {product.handle for product in products} | {sku for product in products for sku in product.variants}
    return [name for name in dict.fromkeys(names) if name not in known]
