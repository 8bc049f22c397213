"""
Customising of listings by a table: what each has of its own on its channel is kept with the listing, outlives imports
and rebuilds, and is sent by the runs that send such values.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.errors import NotAllowed
from tradepost.domain.fields import Group, group_of_target
from tradepost.domain.listings.customising import ListedValues, customised
from tradepost.domain.listings.listing import Link, Pending, Status, content_asked
from tradepost.domain.listings.locks import Locks, spoken_target
from tradepost.domain.listings.making import ContentRules
from tradepost.domain.plan import Change, FieldChange, Outcome, Result
from tradepost.operations.listings.listed_values import listed_values, made_listings
from tradepost.operations.listings.locks import why_not_locked
from tradepost.operations.ports import DescriptionCleaner, ListingRow, Listings

_VALUES = frozenset({Group.PRICE, Group.QUANTITY})


@dataclass(frozen=True, slots=True)
class CustomisePlan:
    """
    What would be kept of listings, and an outcome for each. `queued`: the overwrites that send it, by their groups.
    """

    locks: Mapping[int, Locks]
    queued: Mapping[frozenset[Group], Mapping[int, Status]]
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Customising:
    """How listings of a channel are customised."""

    listings: Listings
    rules: ContentRules
    cleaner: DescriptionCleaner

    def plan(self, cells: Mapping[int, Mapping[str, str]]) -> CustomisePlan:
        """Say what rows of cells, by the ids of their listings, would change; what can't be is skipped."""
        rows = self.listings.by_ids(cells)
        made = {
            row.id: product
            for row, product in made_listings(rows, self.listings, rules=self.rules, cleaner=self.cleaner)
        }
        listed = {row.id: listed_values(row, made.get(row.id), rules=self.rules) for row in rows}
        return plan_customised(rows, listed, cells)

    def carry_out(self, cells: Mapping[int, Mapping[str, str]]) -> CustomisePlan:
        """Keep it, and queue what sends it. Call it inside a transaction. Idempotent."""
        plan = self.plan(cells)
        if plan.locks:
            self.listings.set_locks(plan.locks)
        for groups, statuses in plan.queued.items():
            self.listings.set_status(statuses, groups=groups)
        return plan


def plan_customised(
    rows: Sequence[ListingRow], listed: Mapping[int, ListedValues], cells: Mapping[int, Mapping[str, str]]
) -> CustomisePlan:
    """Decide for each row what its listing has of its own from now on, and whether an overwrite is to send it."""
    locks: dict[int, Locks] = {}
    queued: dict[frozenset[Group], dict[int, Status]] = {}
    results: list[Result] = []
    for row in rows:
        try:
            wanted = customised(listed[row.id], cells[row.id])
        except NotAllowed as refusal:
            results.append(Result(_change(row, ()), Outcome.SKIPPED, message=str(refusal)))
            continue
        groups = _changed_groups(row.locks, wanted)
        if reason := _why_not(row, wanted, groups):
            results.append(Result(_change(row, ()), Outcome.SKIPPED, message=reason))
            continue
        if wanted == row.locks:
            results.append(Result(_change(row, ()), Outcome.UNCHANGED))
            continue
        locks[row.id] = wanted
        fields = [*_differences(listed[row.id], wanted)]
        status = _asked(row, groups) if groups else None
        if status is not None:
            queued.setdefault(groups | row.overwrite_groups, {})[row.id] = status
            fields.append(FieldChange("pending", row.status.pending.value, status.pending.value))
        results.append(Result(_change(row, fields), Outcome.APPLIED, message=_waits(row, groups)))
    return CustomisePlan(locks, queued, tuple(results))


def _changed_groups(before: Locks, after: Locks) -> frozenset[Group]:
    """The groups of content of which a text becomes another; prices and quantities are a sync's."""
    changed = set(before.texts) ^ set(after.texts)
    return frozenset(group_of_target(target) for target, _ in changed)


def _why_not(row: ListingRow, wanted: Locks, groups: Collection[Group]) -> str:
    for group in sorted(groups):
        # What is created gets all of its content.
        if group in wanted.left_alone and row.status.link is Link.LINKED:
            name = group.value.replace("_", " ")
            return f"its {name} are locked, and not sent; 'tradepost listings unlock --group {group}' frees them"
    is_valued = wanted.among(_VALUES) != row.locks.among(_VALUES)
    return why_not_locked(row, wanted) if is_valued else ""


def _asked(row: ListingRow, groups: frozenset[Group]) -> Status | None:
    if row.status.link is not Link.LINKED or row.status.is_orphaned:
        return None
    return content_asked(
        row.status, is_asked=row.status.pending is Pending.OVERWRITE and groups <= row.overwrite_groups
    )


def _waits(row: ListingRow, groups: Collection[Group]) -> str:
    if not groups or row.status.link is not Link.LINKED or row.status.pending in {Pending.NONE, Pending.OVERWRITE}:
        return ""
    return f"'{row.status.pending}' is queued for it; 'tradepost listings overwrite' sends its texts afterwards"


def _differences(listed: ListedValues, wanted: Locks) -> Iterator[FieldChange]:
    before, after = dict(listed.locks.texts), dict(wanted.texts)
    for target in sorted({*before, *after}):
        if before.get(target) != after.get(target):
            shown = before.get(target) or listed.texts.get(target, "")
            yield FieldChange(spoken_target(target), shown, after.get(target, "as the catalogue has it"))
    values = [locks.among(_VALUES).words for locks in (listed.locks, wanted)]
    if values[0] != values[1]:
        yield FieldChange("locked", *values)


def _change(row: ListingRow, fields: Sequence[FieldChange]) -> Change:
    return changes.listing_customised(row.code, fields=fields, listing_id=row.id)
