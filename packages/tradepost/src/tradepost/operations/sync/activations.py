"""Activations: what somebody has switched off on the store is switched on again, where the channel wants that."""

from collections.abc import Sequence

from tradepost.domain import changes
from tradepost.domain.attention import Attention
from tradepost.domain.plan import Change, Plan, Result, Unit
from tradepost.domain.stages import Stage
from tradepost.operations.form import Batch, Evidence, Step, Verdict
from tradepost.operations.outcomes import provision
from tradepost.operations.ports import ChannelSettings, ListingRow, Ports, Proven
from tradepost.operations.selection import Selection
from tradepost.operations.sync.listings import Products, Values, gone, judge_row, look_again


class Activations(Values[None, None]):
    # That it is switched on, the next comparison says.
    attentions = frozenset({Attention.BROKEN_LINK})

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        super().__init__(Stage.ACTIVATE, channel, selection)

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        # That it is inactive was read by the comparison that made it due.
        return Products()

    def observe_again(self, ports: Ports, batch: Batch[ListingRow], seen: Products, sent: Plan[None]) -> Products:
        return look_again(ports, batch, seen, sent)

    def plan(self, batch: Batch[ListingRow], facts: None, seen: Products) -> Plan[None]:
        units: list[Unit] = []
        settled: list[Result] = []
        for row in batch.rows:
            product = seen.of(row)
            change = changes.product_activated(row.code, listing_id=row.id)
            if seen.is_gone(row):
                broken, left = gone(row, change)
                units.append(Unit(row.code, (broken,)))
                settled.append(left)
            elif product is None or not product.is_active:
                units.append(Unit(row.code, (change,)))
        return Plan(None, tuple(units), tuple(settled))

    def steps(self) -> Sequence[Step[Products, None]]:
        return (Step(takes=_is_activation, send=provision),)

    def judge(
        self, batch: Batch[ListingRow], facts: None, seen: Products, plan: Plan[None], evidence: Evidence
    ) -> Verdict:
        verdict = Verdict()
        for row in batch.rows:
            product = seen.of(row)
            proven = None if product is None else Proven(row.id, evidence.began, is_inactive=not product.is_active)
            judge_row(row, seen, evidence, verdict, proven, failure=Attention.DRIFT)
        return verdict


def _is_activation(change: Change, _detail: None) -> bool:
    return change.touches("is_active")
