"""
The sweep of open intents: what became of products that a publish was about to create and never heard of again.

Mostly the next publish completes them. But a publish may have been cleared meanwhile, or its product may have left the
catalogue: then what the store has made would be on sale, and nobody would know of it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tradepost.domain import changes
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Link, Pending
from tradepost.domain.plan import Outcome, Plan, Result, Unit
from tradepost.domain.stock.stock import is_settleable
from tradepost.domain.store import ProductsByKey, StoreProduct
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.listings.publish.verdict import linked
from tradepost.operations.ports import ChannelSettings, ListingRow, OpenIntent, Ports

_BATCH = 100
_LINKED = "the store has it from a publish that was never answered"


class Fate(StrEnum):
    """What is done about an open intent."""

    CLOSE = "close"
    KEEP = "keep"
    LINK = "link"
    UNOWNED = "unowned"


@dataclass(frozen=True, slots=True)
class SweepFacts:
    """
    The listings by code key, which of the products that were seen are linked, products of the catalogue that a publish
    waits for, and when the store was looked at.
    """

    rows: Mapping[str, ListingRow]
    taken: Collection[int]
    queued: Collection[int]
    looked_at: datetime


def fate_of(intent: OpenIntent, product: StoreProduct | None, facts: SweepFacts, *, wait: timedelta) -> Fate:
    """Decide what became of an intent; `wait`: after that a request that was not answered can't land any more."""
    row = facts.rows.get(code_key(intent.code))
    if row is not None and row.status.link is Link.LINKED:
        return Fate.CLOSE
    if product is None:
        may_land = not is_settleable(open_since=intent.opened_at, now=facts.looked_at, wait=wait)
        return Fate.KEEP if may_land else Fate.CLOSE
    if product.id in facts.taken:
        return Fate.CLOSE
    if row is None:
        return Fate.UNOWNED
    # The publish that it waits for completes it, with the rest of its family.
    return Fate.KEEP if row.product_id in facts.queued else Fate.LINK


class IntentSweep(Operation[OpenIntent, SweepFacts, ProductsByKey, None]):
    """Nothing is written to the store. What is linked here may lack what an overwrite gives it, and is flagged."""

    name = "intents"
    label = "open intents looked at"
    is_observation = True
    looks_ahead = False
    attentions = frozenset({Attention.PUBLISH_FAILED})

    def __init__(self, channel: ChannelSettings) -> None:
        self._wait = timedelta(seconds=channel.lost_answer_seconds)
        self._layout = channel.rules.layout

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[OpenIntent]]:
        while intents := ports.intents.all_open(after=after, limit=_BATCH):
            after = intents[-1].id
            yield Batch(intents)

    def observe(self, ports: Ports, batch: Batch[OpenIntent]) -> ProductsByKey:
        return ports.store.products_by_code([intent.code for intent in batch.rows])

    def facts(self, ports: Ports, batch: Batch[OpenIntent], seen: ProductsByKey) -> SweepFacts:
        rows = ports.listings.by_codes([intent.code for intent in batch.rows])
        families = ports.listings.families({row.product_id for row in rows.values()})
        return SweepFacts(
            rows,
            ports.listings.taken([product.id for product in seen.values()]).keys(),
            {row.product_id for family in families for row in family.listings if row.status.pending is Pending.PUBLISH},
            batch.looked_at,
        )

    def plan(self, batch: Batch[OpenIntent], facts: SweepFacts | None, seen: ProductsByKey) -> Plan[None]:
        units: list[Unit] = []
        settled: list[Result] = []
        for row, product in self._to_link(batch, facts, seen):
            change = changes.listing_linked(
                row.code,
                product.name,
                before=row.external_id,
                external_id=product.id,
                reason=_LINKED,
                listing_id=row.id,
            )
            units.append(Unit(row.code, (change,)))
        for intent in batch.rows:
            if self._fate(intent, facts, seen) is Fate.UNOWNED:
                message = (
                    f"{intent.code} on the store was made by a publish that did not come to its end, and no listing "
                    "has this code any more. Delete it there, or link the listing that it is for."
                )
                settled.append(Result(changes.product_unowned(intent.code), Outcome.SKIPPED, message=message))
        return Plan(None, tuple(units), tuple(settled))

    def judge(
        self,
        batch: Batch[OpenIntent],
        facts: SweepFacts | None,
        seen: ProductsByKey,
        plan: Plan[None],
        evidence: Evidence,
    ) -> Verdict:
        verdict = Verdict()
        for row, product in self._to_link(batch, facts, seen):
            verdict.proven.append(linked(row, product, evidence.began, layout=self._layout))
            verdict.flag(
                row.id,
                Attention.PUBLISH_FAILED,
                f"Its publish was given up while nobody knew that the store had made {product.code}, which is linked "
                "now. Overwrite it to complete it, or delist it to remove it.",
            )
        verdict.closed_intents += [
            intent.code for intent in batch.rows if self._fate(intent, facts, seen) in {Fate.CLOSE, Fate.LINK}
        ]
        return verdict

    def _to_link(
        self, batch: Batch[OpenIntent], facts: SweepFacts | None, seen: ProductsByKey
    ) -> Iterator[tuple[ListingRow, StoreProduct]]:
        assert facts is not None
        for intent in batch.rows:
            if self._fate(intent, facts, seen) is Fate.LINK:
                yield facts.rows[code_key(intent.code)], seen[code_key(intent.code)]

    def _fate(self, intent: OpenIntent, facts: SweepFacts | None, seen: ProductsByKey) -> Fate:
        assert facts is not None
        return fate_of(intent, seen.get(code_key(intent.code)), facts, wait=self._wait)
