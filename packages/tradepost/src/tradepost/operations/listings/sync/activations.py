"""Activations: what somebody has switched off on the store is switched on again, where the channel wants that."""

from collections.abc import Sequence

from tradepost.domain import changes
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.stages import Stage
from tradepost.domain.plan import Change, Plan
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Batch, Evidence, Step, Verdict
from tradepost.operations.listing_values import Products, judge_row
from tradepost.operations.listings.sync.documented import Documented
from tradepost.operations.outcomes import provision
from tradepost.operations.ports import ChannelSettings, ListingRow, Proven
from tradepost.operations.selection import Selection


class Activations(Documented):
    # That it is inactive was read by the comparison that made it due; the next one says that it is switched on.
    attentions = frozenset({Attention.BROKEN_LINK})

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        super().__init__(Stage.ACTIVATE, channel, selection)

    def change_of(self, row: ListingRow, product: StoreProduct | None) -> Change:
        return changes.product_activated(row.code, listing_id=row.id)

    def holds(self, row: ListingRow, product: StoreProduct) -> bool:
        return product.is_active

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
