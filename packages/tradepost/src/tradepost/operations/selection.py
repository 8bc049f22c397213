"""
Which listings a run is about: all that are due, or those that a person chose; and, in a preview of a change that
nobody has queued, the listings as they would be.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tradepost.domain.brake import Harm, Released, is_at_stake
from tradepost.domain.channels.layout import Layout, is_switch_due
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import CONTENT_GROUPS, Group
from tradepost.domain.listings.listing import Pending, is_due_for_publish, request
from tradepost.domain.listings.matching import LinkingPriority
from tradepost.domain.listings.page_cuts import cut_off
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.operations.ports import FamilyRows, ListingRow, Listings

# What a run may be asked for, by the names that it is kept under: the change that a dry run takes for queued and the
# groups of an overwrite, a sync that looks at every product of the store, or sends anew what was accepted there, the
# products of a link by hand, when the orders were placed that are compared and whether all of them are told, and what
# it may do whatever the brake says; that a preview is to be approved, and the saved plan, by its number, of a run that
# carries it out; the run that is undone; and which of its codes a store that is adopted gives the catalogue as SKUs.
AS_IF = "as_if"
GROUPS = "groups"
FULL_EXISTENCE = "full_existence"
IS_FORCED = "is_forced"
LINK_TO = "link_to"
SKU_FROM = "sku_from"
PLACED = "placed"
TELLS_ALL = "tells_all"
BEYOND_BRAKE = "beyond_brake"
IS_SAVED = "is_saved"
PLAN = "plan"
UNDOES = "undoes"
# Of a run of a source: the file of this machine that it imports, see `imports.NamedFile`; or, where a saved plan is
# carried out, the one file of the source that was planned, as name and checksum.
FILE = "file"
FETCHED = "fetched"
# Or the number of a file that was given on a page.
UPLOAD = "upload"


def whole_comparison(span: Sequence[int | None]) -> dict[str, Any]:
    """The options of a run that compares the orders placed in a time, in seconds, and tells of each of them."""
    return {TELLS_ALL: True, **({PLACED: list(span)} if any(moment is not None for moment in span) else {})}


@dataclass(frozen=True, slots=True)
class Selection:
    """
    `only`: listing ids, None for all that is due. `as_if`: plan as if this change had been queued for them; `groups`
    are then those of an overwrite. `full_existence`: a sync looks at every product of the store, and does not count.
    `is_forced`: it compares what was chosen, and sends its own values whatever was accepted before. `link_to`: the ids
    or codes of the products that listings of `only` are linked to, by the ids of these. `placed`: from when until when
    the orders were placed that are compared, in seconds; `tells_all`: also of those that are as they should be.
    `undoes`: the run that is undone. `sku_from`: whether the SKU or the code of a store's product becomes its SKU in
    the catalogue.
    """

    only: frozenset[int] | None = None
    as_if: Pending = Pending.NONE
    groups: frozenset[Group] = CONTENT_GROUPS
    full_existence: bool = False
    is_forced: bool = False
    link_to: Mapping[int, str] = field(default_factory=dict)
    placed: tuple[int | None, int | None] = (None, None)
    undoes: int | None = None
    tells_all: bool = False
    sku_from: LinkingPriority = LinkingPriority.SKU

    @classmethod
    def of(cls, only: Collection[int] | None = None, **options: Any) -> "Selection":
        return cls(None if only is None else frozenset(only), **options)

    def has(self, row: ListingRow) -> bool:
        return self.only is None or row.id in self.only

    def rows(self, listings: Listings, stage: Stage, *, after: int, limit: int) -> list[ListingRow]:
        """Listings that a stage of the sync has to work on, by id."""
        if self.as_if is Pending.NONE:
            return listings.due(stage, after=after, limit=limit, only=self.only)
        return [row for row in self._chosen(listings) if row.id > after and is_due(stage, row)][:limit]

    def count(self, listings: Listings, stages: Collection[Stage]) -> int:
        if self.as_if is Pending.NONE:
            return listings.count_due(stages, only=self.only)
        return sum(is_due(stage, row) for row in self._chosen(listings) for stage in stages)

    def count_at_stake(self, listings: Listings, stage: Stage) -> int:
        """Count what the brake counts of a stage."""
        if self.as_if is Pending.NONE:
            return listings.count_at_stake(stage, only=self.only)
        return sum(is_at_stake(stage, row) for row in self._chosen(listings))

    def at_stake(self, listings: Listings, stage: Stage, *, limit: int) -> list[ListingRow]:
        """The first of those that are counted, by id."""
        if self.as_if is Pending.NONE:
            return listings.at_stake(stage, limit=limit, only=self.only)
        return [row for row in self._chosen(listings) if is_at_stake(stage, row)][:limit]

    def count_families(self, listings: Listings, *, sends_images: bool) -> int:
        if self.as_if is Pending.NONE:
            return listings.count_publish_due(only=self.only, sends_images=sends_images)
        return len(
            {row.product_id for row in self._chosen(listings) if is_due_for_publish(row.status, refusals=row.refusals)}
        )

    def families(self, listings: Listings, *, after: int, limit: int, sends_images: bool) -> list[FamilyRows]:
        """Products with a listing that is due for publish, by product id, with all their listings."""
        if self.as_if is Pending.NONE:
            return listings.publish_due(after=after, limit=limit, only=self.only, sends_images=sends_images)
        due = {
            row.product_id for row in self._chosen(listings) if is_due_for_publish(row.status, refusals=row.refusals)
        }
        ids = sorted(product_id for product_id in due if product_id > after)[:limit]
        return [replace(family, listings=tuple(self.as_asked(family.listings))) for family in listings.families(ids)]

    def count_cut_off(self, listings: Listings, layout: Layout) -> int:
        """Count what a publish takes off sale."""
        if self.as_if is Pending.NONE:
            return listings.count_cut_off(layout=layout, only=self.only)
        return len(self._cut_off(listings, layout))

    def cut_off(self, listings: Listings, layout: Layout, *, limit: int) -> list[ListingRow]:
        """The first of those that are counted, by id."""
        if self.as_if is Pending.NONE:
            return listings.cut_off(layout=layout, limit=limit, only=self.only)
        return self._cut_off(listings, layout)[:limit]

    def is_published(self, row: ListingRow) -> bool:
        """Whether a publish works on it."""
        return is_due_for_publish(row.status, refusals=row.refusals) and self.has(row)

    def is_switched(self, row: ListingRow) -> bool:
        """Whether a publish brings it to the layout of its channel."""
        return self.has(row) and is_switch_due(row.status, row.layout, is_ours=row.is_ours, refusals=row.refusals)

    def is_due(self, row: ListingRow) -> bool:
        """Whether a publish sends anything of it, but for images that it waits for."""
        return self.is_published(row) or self.is_switched(row)

    def _cut_off(self, listings: Listings, layout: Layout) -> list[ListingRow]:
        products = {
            row.product_id for row in self._chosen(listings) if is_due_for_publish(row.status, refusals=row.refusals)
        }
        families = (self.as_asked(family.listings) for family in listings.families(sorted(products)))
        return sorted(
            (row for family in families for row in cut_off(family, self.is_due, layout=layout)), key=lambda row: row.id
        )

    def as_asked(self, rows: Iterable[ListingRow]) -> list[ListingRow]:
        """Return rows as they would be if the change had been queued; those that may not have it stay as they are."""
        return [self._as_asked(row) if self.has(row) else row for row in rows]

    def _chosen(self, listings: Listings) -> Sequence[ListingRow]:
        return sorted(self.as_asked(listings.by_ids(self.only or ())), key=lambda row: row.id)

    def _as_asked(self, row: ListingRow) -> ListingRow:
        if self.as_if is Pending.NONE:
            return row
        try:
            status = request(row.status, self.as_if)
        except NotAllowed:
            return row
        groups = self.groups if self.as_if is Pending.OVERWRITE else row.overwrite_groups
        return replace(row, status=status, overwrite_groups=groups, refusals=0)


EVERYTHING = Selection()


def beyond_brake(released: Released) -> dict[str, Any]:
    """Write as an option of a run what a person has said yes to."""
    return {BEYOND_BRAKE: {harm.value: number for harm, number in released.items()}}


def released_of(options: Mapping[str, Any]) -> Released:
    """Read it again; nothing where nobody has."""
    return {Harm(harm): number for harm, number in options.get(BEYOND_BRAKE, {}).items()}
