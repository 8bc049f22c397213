"""Looks: what a store counts is compared with what it must count, part by part of the catalogue."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tradepost.domain import changes
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.drift import Drift, DriftPolicy, asks, news_reason, question, remembered
from tradepost.domain.listings.listing import LISTED
from tradepost.domain.plan import Change, FieldChange, Plan, Unit
from tradepost.domain.stock.stock import EntryKind, is_missing_for_good
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.ports import AccountEntry, ChannelSettings, KnownSighting, ListingRow, Ports, Proven, Reading
from tradepost.operations.same_products import read_products
from tradepost.operations.stock.sightings import is_moving, moving_keys
from tradepost.operations.stock.writes import counted, is_untracked

AT_ONCE = 1000
"""How many listings a sync looks at; the next one goes on."""

_BATCH = 200


@dataclass(frozen=True, slots=True)
class LookSeen:
    """
    The products, None where counts can't be read, and the keys of those of which the orders said something new after
    the counts were read: of these a count says nothing now.
    """

    products: Mapping[int, StoreProduct] | None = None
    moving: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class LookFacts:
    """The rows as they are in the books now, what is kept in mind of their drift, and the hub's present time."""

    rows: Mapping[int, ListingRow]
    now: datetime
    known: Mapping[int, Mapping[Group, Drift]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CountFinding:
    """
    What a look says of one listing.

    `missing`: pieces fewer than the books say. `change`: how the account is corrected, to `after`; None if it is lost.
    `stated`: how many more there are than was stated, or fewer, as the store is right. `drift`: what a person decides.
    """

    missing: int = 0
    change: Change | None = None
    after: int | None = None
    stated: int = 0
    drift: Drift | None = None


CountFindings = Mapping[int, CountFinding]


class Looks(Operation[ListingRow, LookFacts, LookSeen, CountFindings]):
    """
    Compare counts with the books; the orders were sighted before, and are read once more after the counts.

    A count as in the books is proven. A lower one means baskets and payments, and is believed only when it has been
    so for longer than any basket lives; a higher one is believed at once. Where counts can't be read, an account is
    lost in turn, so that it is set anew.

    What is believed is drift, and follows the channel's policy: it is moved back, is a statement, or is asked for.
    `only`: listings that a person chose, whenever they were looked at last; ours is right then.
    """

    name = "look"
    label = "counts looked at"
    is_observation = True
    attentions = frozenset({Attention.DRIFT})
    looks_ahead = False

    def __init__(self, channel: ChannelSettings, only: Collection[int] | None = None) -> None:
        self._basket_life = basket_life(channel)
        self._only = only
        self._policy = channel.drift_policies[Group.QUANTITY] if only is None else DriftPolicy.OURS

    def prepare(self, ports: Ports) -> None:
        self._place = ports.accounts.place()
        self._known: Mapping[int, KnownSighting] = ports.accounts.known_near(self._place)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        if self._only is None:
            rows = ports.listings.looks_due(now=ports.clock(), basket_life=self._basket_life, limit=AT_ONCE)
        else:
            rows = [row for row in ports.listings.by_ids(self._only) if may_be_looked_at(row)]
        for start in range(0, len(rows), _BATCH):
            yield Batch(rows[start : start + _BATCH])

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> LookSeen:
        if not ports.store.reads_stock():
            return LookSeen()
        products = read_products(ports, batch.rows)
        return LookSeen(products, moving_keys(ports, self._place, self._known))

    def facts(self, ports: Ports, batch: Batch[ListingRow], seen: LookSeen) -> LookFacts:
        rows = ports.listings.by_ids([row.id for row in batch.rows])
        known = ports.drifts.known([row.id for row in rows])
        return LookFacts({row.id: row for row in rows}, ports.clock(), known)

    def plan(self, batch: Batch[ListingRow], facts: LookFacts | None, seen: LookSeen) -> Plan[CountFindings]:
        assert facts is not None
        findings: dict[int, CountFinding] = {}
        units: list[Unit] = []
        for before in batch.rows:
            row = facts.rows.get(before.id)
            # What was entered meanwhile is not in the count that was read.
            if row is None or row.account != before.account or row.open_since is not None:
                continue
            finding = find(row, seen, now=facts.now, basket_life=self._basket_life)
            if finding is not None:
                # Of a locked quantity nothing is sent, so what is found there is only written down.
                policy = DriftPolicy.OURS if Group.QUANTITY in row.locks.left_alone else self._policy
                finding = decide(finding, row, policy=policy, known=facts.known.get(row.id, {}))
                findings[row.id] = finding
                units += [] if finding.change is None else [Unit(row.code, (finding.change,))]
        return Plan(findings, tuple(units))

    def judge(
        self,
        batch: Batch[ListingRow],
        facts: LookFacts | None,
        seen: LookSeen,
        plan: Plan[CountFindings],
        evidence: Evidence,
    ) -> Verdict:
        assert facts is not None
        verdict = Verdict()
        for listing_id, finding in plan.detail.items():
            _remember(verdict, facts.rows[listing_id], finding, facts.known.get(listing_id, {}), evidence)
            if finding.stated:
                verdict.stated[listing_id] = finding.stated
            if finding.change is None or finding.drift is not None:
                verdict.readings.append(Reading(listing_id, finding.missing))
            elif finding.after is None:
                verdict.lost_accounts.append(listing_id)
            else:
                # A count that is higher than it can be was changed by somebody, perhaps while others were buying.
                may_hide_sales = finding.missing < 0
                verdict.accounts.append(
                    AccountEntry(listing_id, EntryKind.LOOK, finding.after, may_hide_sales=may_hide_sales)
                )
        return verdict


def may_be_looked_at(row: ListingRow) -> bool:
    """Whether a count can be compared with the books at all."""
    is_settled = row.account is not None and row.open_since is None
    return is_settled and row.status.settled == LISTED and not row.status.is_paused


def basket_life(channel: ChannelSettings) -> timedelta:
    return timedelta(hours=channel.basket_hours)


def find(row: ListingRow, seen: LookSeen, *, now: datetime, basket_life: timedelta) -> CountFinding | None:
    """Say what a count means; None where it says nothing now, or the product is gone."""
    assert row.account is not None
    if seen.products is None:
        reason = "the token can't read counts, so it is set anew from time to time"
        return _correction(row, None, missing=0, reason=reason)
    product = seen.products.get(row.external_id or 0)
    if product is None or is_moving(row, seen.moving):
        return None
    if is_untracked(product):
        return _correction(row, None, missing=0, reason="the store does not count it any more")
    count = counted(product)
    if count is None:
        return None
    missing = row.account - count
    if missing < 0:
        reason = f"the store counts {-missing} more than can be: somebody changed the count"
        return _correction(row, count, missing=missing, reason=reason)
    lasting = min(row.missing, missing)
    if lasting and is_missing_for_good(
        missing=lasting, missing_since=row.missing_since, now=now, basket_life=basket_life
    ):
        reason = f"{lasting} fewer than there should be for longer than any basket lives"
        return _correction(row, row.account - lasting, missing=missing, reason=reason)
    return CountFinding(missing)


def decide(
    finding: CountFinding, row: ListingRow, *, policy: DriftPolicy, known: Mapping[Group, Drift]
) -> CountFinding:
    """Say what becomes of a count that is believed; one that is lost can only be ours."""
    if finding.after is None or policy is DriftPolicy.OURS:
        return finding
    assert row.account is not None
    drift = Drift.of((FieldChange("quantity", row.account, finding.after),))
    reason = news_reason({Group.QUANTITY: (drift, policy)})
    change = changes.drift_found(row.code, fields=drift.fields, reason=reason, listing_id=row.id)
    if policy is DriftPolicy.STORE:
        return replace(finding, change=change, stated=finding.after - row.account)
    before = known.get(Group.QUANTITY)
    is_known = before is not None and before.mark == drift.mark
    # The account goes on as it was: sales and moves change both sides alike, and the difference stays.
    return CountFinding(change=None if is_known else change, drift=drift)


def _remember(
    verdict: Verdict, row: ListingRow, finding: CountFinding, known: Mapping[Group, Drift], evidence: Evidence
) -> None:
    """Keep a count in mind that a person decides about, until the books say the same."""
    if finding.drift is None and Group.QUANTITY not in known:
        return
    verdict.drifts[row.id] = {Group.QUANTITY: finding.drift}
    drifts = remembered(known, verdict.drifts[row.id])
    verdict.proven.append(Proven(row.id, evidence.began))
    if asks(drifts):
        verdict.flag(row.id, Attention.DRIFT, question(row.sku, drifts))


def _correction(row: ListingRow, after: int | None, *, missing: int, reason: str) -> CountFinding:
    change = changes.account_corrected(row.code, before=row.account or 0, after=after, reason=reason, listing_id=row.id)
    return CountFinding(missing, change, after)
