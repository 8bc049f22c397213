"""What happens at zero: the store is told to go on selling a product that has none left, or to end its sale there."""

from collections.abc import Sequence

from tradepost.domain import changes
from tradepost.domain.listings.stages import Stage
from tradepost.domain.plan import Plan
from tradepost.operations.form import Batch, Evidence, Step, Verdict
from tradepost.operations.listing_values import Products, learn_answers, product_subject
from tradepost.operations.ports import ChannelSettings, ListingRow, StockWrite
from tradepost.operations.selection import Selection
from tradepost.operations.stock.sets import SetPlan, Sets, is_right_at_zero
from tradepost.operations.stock.writes import Writes, begin_moves, is_untracked, send_writes


class AtZero(Sets):
    """
    The stage at zero, of what is on sale and in the books. Its count is moved by none, so nothing is erased.

    What the store does not count any more has no zero: its account is lost, and the next sync sets it anew.
    """

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        super().__init__(Stage.AT_ZERO, channel, selection)

    def plan_row(self, row: ListingRow, seen: Products) -> SetPlan | None:
        sells = row.sells_without_stock
        product = seen.of(row)
        change = changes.sale_at_zero(row.code, goes_on=sells, was_known=True, listing_id=row.id)
        is_answered = product_subject(row) in seen.answered
        if is_right_at_zero(product, sells=sells, is_answered=is_answered):
            return SetPlan(change)
        if is_untracked(product):
            return None
        return SetPlan(change, StockWrite(row.external_id or 0, change=0, stops_sale=not sells))

    def steps(self) -> Sequence[Step[Products, Writes]]:
        return (
            Step(takes=lambda _change, _writes: True, send=send_writes, commit_first=begin_moves, learn=learn_answers),
        )

    def judge(
        self, batch: Batch[ListingRow], facts: None, seen: Products, plan: Plan[Writes], evidence: Evidence
    ) -> Verdict:
        verdict = super().judge(batch, facts, seen, plan, evidence)
        verdict.lost_accounts += [row.id for row in batch.rows if is_untracked(seen.of(row))]
        return verdict
