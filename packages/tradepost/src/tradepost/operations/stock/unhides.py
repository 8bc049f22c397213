"""Unhide: put back on sale what the hub has hidden, and say what else stands in the way of its being bought."""

from collections.abc import Sequence
from dataclasses import replace

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.channels.layout import has_own_page
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.for_sale import SaleFacts, obstacles
from tradepost.domain.listings.listing import Event, settle
from tradepost.domain.listings.stages import Stage
from tradepost.domain.plan import Change, Outcome, Plan, Result, Side
from tradepost.domain.stock.stock import shown_again
from tradepost.operations.form import Batch, Evidence, Verdict
from tradepost.operations.listing_values import Products
from tradepost.operations.ports import ChannelSettings, ListingRow, Ports
from tradepost.operations.selection import Selection
from tradepost.operations.stock.sets import Sets
from tradepost.operations.stock.writes import Writes


class Unhides(Sets):
    """
    The stage unhide. A page that is inactive sells nothing, whatever its stock is, so nothing is put back there, and
    nothing behind it is called listed.
    """

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        super().__init__(Stage.UNHIDE, channel, selection)

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        pages = ports.store.products_by_code(sorted({code for row in batch.rows if (code := self._page_of(row))}))
        return replace(super().observe(ports, batch), pages=pages)

    def plan(self, batch: Batch[ListingRow], facts: None, seen: Products) -> Plan[Writes]:
        plan = super().plan(self._open(batch, seen), facts, seen)
        refused = [
            Result(_unhidden(row), Outcome.FAILED, message=message)
            for row in batch.rows
            if (message := self._closed(row, seen))
        ]
        left = [result for row in self._open(batch, seen).rows for result in _left_in_the_way(row, seen)]
        return replace(plan, settled=(*plan.settled, *refused, *left))

    def judge(
        self, batch: Batch[ListingRow], facts: None, seen: Products, plan: Plan[Writes], evidence: Evidence
    ) -> Verdict:
        verdict = super().judge(self._open(batch, seen), facts, seen, plan, evidence)
        for row in batch.rows:
            if message := self._closed(row, seen):
                verdict.flag(row.id, Attention.STOCK_FAILED, message)
        return verdict

    def _open(self, batch: Batch[ListingRow], seen: Products) -> Batch[ListingRow]:
        return replace(batch, rows=[row for row in batch.rows if not self._closed(row, seen)])

    def _page_of(self, row: ListingRow) -> str:
        """The code of the page that sells it; blank for a flat parent, which sells nothing."""
        if has_own_page(row.kind, row.layout or self.channel.rules.layout):
            return row.code
        return row.parent_code

    def _closed(self, row: ListingRow, seen: Products) -> str:
        page = seen.pages.get(code_key(self._page_of(row)))
        if page is None or page.is_active or row.lacks_its_page:
            return ""
        return (
            f"{row.code} can't be put back on sale: the page {page.code} is inactive on the store. Switch it on there, "
            "then 'tradepost listings sync' puts it back."
        )


def _unhidden(row: ListingRow) -> Change:
    if row.kind is Kind.PARENT:
        return changes.family_unhidden(row.code, listing_id=row.id)
    return changes.product_unhidden(row.code, before=0, after=_shown_again(row), listing_id=row.id)


def _shown_again(row: ListingRow) -> int | None:
    return shown_again(row.available, hidden_count=row.hidden_count, account=row.account)


def _when_unhidden(row: ListingRow) -> SaleFacts:
    return SaleFacts(
        settle(row.status, Event.UNHIDDEN),
        _shown_again(row),
        is_page_open=True,
        sells_without_stock=row.sells_without_stock,
    )


def _left_in_the_way(row: ListingRow, seen: Products) -> Sequence[Result]:
    """What keeps it from being bought although it is put back; what is refused says itself why."""
    if row.kind is Kind.PARENT or _shown_again(row) is None or seen.is_gone(row):
        return ()
    left = obstacles(_when_unhidden(row))
    if not left:
        return ()
    change = changes.listing_left_alone(row.code, side=Side.HUB, reason="it still can't be bought", listing_id=row.id)
    return (Result(change, Outcome.SKIPPED, message=f"{row.code} still can't be bought. {' '.join(left)}"),)
