"""Prices: sent in documents, and read back."""

from collections.abc import Sequence

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.stages import Stage
from tradepost.domain.plan import Change, Plan, Side
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Batch, Evidence, Step, Verdict
from tradepost.operations.listing_values import Products, judge_row
from tradepost.operations.listings.sync.documented import Documented
from tradepost.operations.outcomes import provision
from tradepost.operations.ports import ChannelSettings, ListingRow, Ports, Proven
from tradepost.operations.selection import Selection


class Prices(Documented):
    attentions = frozenset({Attention.PRICE_FAILED, Attention.BROKEN_LINK})

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        super().__init__(Stage.PRICE, channel, selection)

    def change_of(self, row: ListingRow, product: StoreProduct | None) -> Change:
        return changes.price_changed(
            row.code,
            before=row.proven_price if product is None else product.price,
            after=row.wanted_price,
            is_parent=row.kind is Kind.PARENT,
            listing_id=row.id,
        )

    def holds(self, row: ListingRow, product: StoreProduct) -> bool:
        return product.price == row.wanted_price

    def steps(self) -> Sequence[Step[Products, None]]:
        return (Step(takes=_is_price, send=provision, commit_first=_note),)

    def judge(
        self,
        batch: Batch[ListingRow],
        facts: None,
        seen: Products,
        plan: Plan[None],
        evidence: Evidence,
    ) -> Verdict:
        verdict = Verdict()
        for row in batch.rows:
            judge_row(row, seen, evidence, verdict, None, failure=Attention.PRICE_FAILED)
            if (product := seen.of(row)) is not None:
                # What the store has, whether it is what was sent or not.
                verdict.proven.append(Proven(row.id, evidence.began, price=product.price, code=product.code))
        return verdict


def _note(ports: Ports, plan: Plan[None]) -> None:
    """What this run sends is never taken for somebody else's change, whatever becomes of the run."""
    sent = {change.listing_id: change.after("price") for change in plan.changes(Side.STORE) if change.listing_id}
    ports.listings.note_sent_prices(sent)


def _is_price(change: Change, _detail: None) -> bool:
    return change.touches("price")
