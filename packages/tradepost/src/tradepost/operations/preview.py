"""
Preview of a change that nobody has queued: the listings as they would be, so that the same operation plans the same.

Nothing is written. A dry run whose options name a change plans with these listings instead of the real ones.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tradepost.domain import rules
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listing import Pending, Status, is_due_for_publish
from tradepost.operations.ports import FamilyRows, ListingRow, Listings, Ports, Stage
from tradepost.operations.queue_changes import plan_queue

AS_IF = "as_if"
GROUPS = "groups"


def as_if_asked(ports: Ports, options: Mapping[str, Any], *, only: Collection[int] | None) -> Ports:
    """Return ports whose listings are as if the change of `options` had been queued for the rows of a dry run."""
    change = Pending(options.get(AS_IF, ""))
    if change is Pending.NONE or only is None or not ports.run.is_dry:
        return ports
    groups = frozenset(Group(name) for name in options.get(GROUPS, ())) or CONTENT_GROUPS
    return replace(ports, listings=AsIfQueued(ports.listings, change, only, groups=groups))


def is_due(stage: Stage, row: ListingRow) -> bool:
    """Whether a sync has to work on a listing in this stage."""
    match stage:
        case Stage.DELIST | Stage.HIDE | Stage.UNHIDE:
            return rules.is_pending_due(row.status, Pending(stage.value))
        case Stage.PRICE:
            return rules.is_price_due(row.status, wanted=row.wanted_price, proven=row.proven_price)
        case Stage.DECREASE:
            return rules.is_decrease_due(row.status, wanted=row.wanted_quantity, expected=row.expected_quantity)
        case Stage.INCREASE:
            return rules.is_increase_due(row.status, wanted=row.wanted_quantity, expected=row.expected_quantity)


class AsIfQueued:
    """Implements `ports.Listings` for reading; only for a few chosen rows, which are loaded at once."""

    def __init__(self, listings: Listings, change: Pending, ids: Collection[int], *, groups: frozenset[Group]) -> None:
        self._listings = listings
        self._statuses: Mapping[int, Status] = plan_queue(listings.by_ids(ids), change).statuses
        self._groups = groups if change is Pending.OVERWRITE else frozenset()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listings, name)

    def by_ids(self, ids: Collection[int]) -> list[ListingRow]:
        return self._as_if(self._listings.by_ids(ids))

    def family(self, parent_id: int) -> list[ListingRow]:
        return self._as_if(self._listings.family(parent_id))

    def families(self, product_ids: Collection[int]) -> list[FamilyRows]:
        return [
            FamilyRows(family.product, tuple(self._as_if(family.listings)))
            for family in self._listings.families(product_ids)
        ]

    def publish_due(self, *, after: int, limit: int, only: Collection[int] | None = None) -> list[FamilyRows]:
        due = {row.product_id for row in self.by_ids(only or ()) if is_due_for_publish(row.status)}
        return self.families(sorted(product_id for product_id in due if product_id > after)[:limit])

    def due(self, stage: Stage, *, after: int, limit: int, only: Collection[int] | None = None) -> list[ListingRow]:
        return [row for row in self.by_ids(only or ()) if row.id > after and is_due(stage, row)][:limit]

    def count_due(self, stages: Collection[Stage], *, only: Collection[int] | None = None) -> int:
        return sum(is_due(stage, row) for row in self.by_ids(only or ()) for stage in stages)

    def _as_if(self, rows: Sequence[ListingRow]) -> list[ListingRow]:
        return [
            replace(row, status=self._statuses[row.id], overwrite_groups=self._groups or row.overwrite_groups)
            if row.id in self._statuses
            else row
            for row in rows
        ]
