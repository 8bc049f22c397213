"""Answers: a person keeps what the store has. That ours is sent instead is asked of a sync, or of an overwrite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tradepost.domain import changes
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.drift import Drift
from tradepost.domain.plan import Outcome, Result
from tradepost.domain.stock.stock import EntryKind
from tradepost.operations.ports import AccountEntry, Accounts, Drifts, ListingRow, Listings


@dataclass(frozen=True, slots=True)
class AcceptancePlan:
    """
    What would be accepted, by listing and group, and a result for each row that was meant.

    `counts`: by listing, how many pieces more the store has than the books say; they become a statement.
    """

    drifts: Mapping[int, Mapping[Group, Drift | None]]
    results: tuple[Result, ...]
    counts: Mapping[int, int]
    accounts: tuple[AccountEntry, ...] = ()


def plan_acceptance(rows: Sequence[ListingRow], known: Mapping[int, Mapping[Group, Drift]]) -> AcceptancePlan:
    """Decide for each row what there is to accept; of one where nothing waits for a person nothing changes."""
    accepted: dict[int, dict[Group, Drift | None]] = {}
    counts: dict[int, int] = {}
    entries: list[AccountEntry] = []
    results: list[Result] = []
    for row in rows:
        waiting = {group: drift for group, drift in known.get(row.id, {}).items() if not drift.is_kept}
        fields = [each for drift in waiting.values() for each in drift.fields]
        change = changes.drift_accepted(row.code, fields=fields, listing_id=row.id)
        results.append(Result(change, Outcome.APPLIED if waiting else Outcome.UNCHANGED))
        if waiting:
            accepted[row.id] = {group: replace(drift, is_kept=True) for group, drift in waiting.items()}
        if Group.QUANTITY in waiting:
            # What is stated needs not be kept in mind besides.
            accepted[row.id][Group.QUANTITY] = None
            (field,) = waiting[Group.QUANTITY].fields
            counts[row.id] = field.after - field.before
            if row.account is not None:
                entries.append(AccountEntry(row.id, EntryKind.LOOK, row.account + counts[row.id]))
    return AcceptancePlan(accepted, tuple(results), counts, tuple(entries))


def planned_acceptance(drifts: Drifts, rows: Sequence[ListingRow]) -> AcceptancePlan:
    return plan_acceptance(rows, drifts.known([row.id for row in rows]))


def accept(
    listings: Listings, rows: Sequence[ListingRow], *, drifts: Drifts, accounts: Accounts, at: datetime
) -> AcceptancePlan:
    """Keep what the store has of these. Call it inside a transaction. Idempotent."""
    plan = planned_acceptance(drifts, rows)
    if plan.drifts:
        drifts.remember(plan.drifts, at=at)
        accounts.state(plan.counts, at=at)
        accounts.record(plan.accounts, settled=(), lost=())
        listings.flag({}, ended=dict.fromkeys(plan.drifts, frozenset({Attention.DRIFT})))
    return plan
