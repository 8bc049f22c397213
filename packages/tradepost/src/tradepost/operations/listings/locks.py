"""What of a listing is left alone, and prices that a rule holds back and a person means: asked for, and so at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.fields import Group
from tradepost.domain.listings.listing import Link
from tradepost.domain.listings.locks import Locks
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.ports import ListingRow, Listings

# A parent has neither of its own.
_OF_VARIANTS = frozenset({Group.PRICE, Group.QUANTITY})


@dataclass(frozen=True, slots=True)
class LockPlan:
    """What would be locked, by listing, and a result for each row that was meant."""

    locks: Mapping[int, Locks]
    results: tuple[Result, ...]


def plan_lock(rows: Sequence[ListingRow], wanted: Locks) -> LockPlan:
    """Decide for each row what is left alone besides; what has no value to keep is skipped with the reason."""
    return _planned(rows, {row.id: row.locks.with_lock(_fitting(row, wanted)) for row in rows}, wanted)


def plan_unlock(rows: Sequence[ListingRow], groups: Collection[Group]) -> LockPlan:
    return _planned(rows, {row.id: row.locks.without(groups) for row in rows}, None)


def _planned(rows: Sequence[ListingRow], after: Mapping[int, Locks], wanted: Locks | None) -> LockPlan:
    locks: dict[int, Locks] = {}
    results: list[Result] = []
    for row in rows:
        reason = "" if wanted is None else why_not_locked(row, wanted)
        found = row.locks if reason else after[row.id]
        change = changes.locks_changed(row.code, before=row.locks.words, after=found.words, listing_id=row.id)
        if reason:
            results.append(Result(change, Outcome.SKIPPED, message=reason))
        elif found == row.locks:
            results.append(Result(change, Outcome.UNCHANGED))
        else:
            locks[row.id] = found
            results.append(Result(change, Outcome.APPLIED))
    return LockPlan(locks, tuple(results))


def _fitting(row: ListingRow, wanted: Locks) -> Locks:
    return wanted.without(_OF_VARIANTS) if row.kind is Kind.PARENT else wanted


def why_not_locked(row: ListingRow, wanted: Locks) -> str:
    """Say why that can't be left alone; blank where it can."""
    if row.kind is Kind.PARENT:
        return ""
    if Group.PRICE in wanted.left_alone and row.status.link is Link.UNLINKED:
        return "it is not on the store, so there is no price to leave alone; give one: --price 9.99"
    if Group.QUANTITY in wanted.left_alone and row.status.link is Link.UNLINKED:
        return "it is not on the store, so there is no quantity to leave alone; give one: --quantity 5"
    if Group.QUANTITY in wanted.groups and wanted.quantity is not None and row.stated is None:
        return "nobody states how many there are, so none can be shown of them; 'tradepost catalogue state-count' does"
    return ""


def plan_price_through(rows: Sequence[ListingRow]) -> LockPlan:
    """Say which prices are held back only because they change by much."""
    return LockPlan(
        {row.id: row.locks for row in rows if row.is_price_guarded},
        tuple(
            Result(
                changes.price_let_through(row.code, before=row.proven_price, after=row.wanted_price, listing_id=row.id),
                Outcome.APPLIED if row.is_price_guarded else Outcome.UNCHANGED,
            )
            for row in rows
        ),
    )


def lock(listings: Listings, rows: Sequence[ListingRow], wanted: Locks) -> LockPlan:
    """Leave more of these alone. Call it inside a transaction. Idempotent."""
    return _kept(listings, plan_lock(rows, wanted))


def unlock(listings: Listings, rows: Sequence[ListingRow], groups: Collection[Group]) -> LockPlan:
    """Leave these groups alone no more. Call it inside a transaction. Idempotent."""
    return _kept(listings, plan_unlock(rows, groups))


def let_prices_through(listings: Listings, rows: Sequence[ListingRow]) -> LockPlan:
    """Let the wanted prices of these through. Call it inside a transaction. Idempotent."""
    plan = plan_price_through(rows)
    if plan.locks:
        listings.let_prices_through(plan.locks)
    return plan


def _kept(listings: Listings, plan: LockPlan) -> LockPlan:
    if plan.locks:
        listings.set_locks(plan.locks)
    return plan
