"""
Pages of families of which everything went to other products: closed as soon as all of it is on sale there.

Until then they stay, so that nothing is off sale in between. What is sold on two pages is sold with two titles, of
which nobody keeps the older one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.fields import Group
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Link, Pending
from tradepost.domain.plan import Change, Outcome, Plan, Side, Unit
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict
from tradepost.operations.listing_values import Products
from tradepost.operations.listings.publish.verdict import closed_page
from tradepost.operations.outcomes import Answers, provision
from tradepost.operations.ports import ChannelSettings, ListingRow, Ports, WriteAnswer, WriteOutcome
from tradepost.operations.same_products import refuse_others
from tradepost.operations.selection import Selection

_WHY = "all that it sold is sold on the pages of other products"
_CLOSED = (
    "All that it sold is sold on the pages of other products, so it went off sale; delist it when nobody needs it."
)


@dataclass(frozen=True, slots=True)
class EmptiedFacts:
    """The listings of what the pages offer, by code key, and the pages of those by id."""

    sold: Mapping[str, ListingRow]
    pages: Mapping[int, ListingRow]


OfferedCodes = Mapping[int, frozenset[str]]
"""The codes of what pages offer that are to be closed, by their listings."""


class EmptiedPages(Operation[ListingRow, EmptiedFacts, Products, OfferedCodes]):
    """
    What a publish is about to bring elsewhere counts as being there, so that a preview shows the page closed; before it
    is, everything is looked at again.
    """

    name = "emptied_pages"
    label = "pages that nothing is left of looked at"
    attentions = frozenset({Attention.PUBLISH_FAILED})

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        self._channel = channel
        self._selection = selection

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        while rows := ports.listings.emptied_pages(after=after, limit=self._channel.batch_size):
            after = rows[-1].id
            yield Batch(rows, after)

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        return Products(self._read(ports, batch.rows))

    def observe_again(
        self, ports: Ports, batch: Batch[ListingRow], seen: Products, sent: Plan[OfferedCodes]
    ) -> Products:
        touched = {change.listing_id for change in sent.changes(Side.STORE)}
        rows = [row for row in batch.rows if row.id in touched]
        asked = {row.external_id for row in rows}
        kept = {number: page for number, page in (seen.by_id or {}).items() if number not in asked}
        return Products({**kept, **self._read(ports, rows)}) if rows else seen

    @staticmethod
    def _read(ports: Ports, rows: Sequence[ListingRow]) -> dict[int, StoreProduct]:
        found = ports.store.contents_by_id([row.external_id for row in rows if row.external_id is not None])
        refuse_others(rows, found)
        return found

    def facts(self, ports: Ports, batch: Batch[ListingRow], seen: Products) -> EmptiedFacts:
        pages = (seen.of(row) for row in batch.rows)
        sold = ports.listings.by_codes({code for page in pages if page is not None for code in _offered(page)})
        return _facts_of(sold, ports)

    def plan(self, batch: Batch[ListingRow], facts: EmptiedFacts | None, seen: Products) -> Plan[OfferedCodes]:
        assert facts is not None
        closing = {
            row.id: page
            for row in batch.rows
            if (page := seen.of(row)) is not None and page.is_active and self._is_replaced(row, page, facts)
        }
        return Plan(
            {number: _offered(page) for number, page in closing.items()},
            tuple(
                Unit(page.code, (changes.page_closed(page.code, page.name, reason=_WHY, listing_id=number),))
                for number, page in closing.items()
            ),
        )

    def steps(self) -> tuple[Step[Products, OfferedCodes], ...]:
        return (Step(takes=_is_closing, send=_close),)

    def judge(
        self,
        batch: Batch[ListingRow],
        facts: EmptiedFacts | None,
        seen: Products,
        plan: Plan[OfferedCodes],
        evidence: Evidence,
    ) -> Verdict:
        verdict = Verdict()
        rows = {row.id: row for row in batch.rows}
        for result in evidence.results.values():
            row = rows.get(result.change.listing_id or 0)
            if row is None:
                continue
            if result.outcome is Outcome.APPLIED:
                verdict.proven.append(closed_page(row, evidence.began, self._channel.rules.layout))
                verdict.flag(row.id, Attention.ORPHANED, _CLOSED)
            elif result.outcome is not Outcome.SKIPPED:
                verdict.flag(row.id, Attention.PUBLISH_FAILED, result.message)
        return verdict

    def _is_replaced(self, row: ListingRow, page: StoreProduct, facts: EmptiedFacts) -> bool:
        """Whether somebody would miss nothing: what it offers is sold elsewhere, or by nobody any more."""
        sold = [facts.sold.get(code_key(code)) for code in _offered(page)]
        # What is no listing is the merchant's, who sells it here.
        known = [each for each in sold if each is not None]
        living = [each for each in known if not each.status.is_orphaned]
        is_chosen = self._selection.has(row) or any(self._selection.has(each) for each in living)
        return (
            bool(living)
            and len(known) == len(sold)
            and is_chosen
            and all(is_elsewhere(each, row.id, facts.pages, is_coming=self._selection.is_published) for each in living)
        )


def is_elsewhere(
    row: ListingRow,
    left: int,
    pages: Mapping[int, ListingRow],
    *,
    is_coming: Callable[[ListingRow], bool] = lambda _row: False,
) -> bool:
    """Whether a listing is sold on another page than the one that it has `left`; `is_coming`: or is about to be."""
    page = row if row.kind is Kind.SIMPLE else pages.get(row.parent_id or 0)
    if page is None or page.id == left:
        return False
    return all(
        (each.status.link is Link.LINKED and not _awaits_structure(each) and not each.lacks_its_page) or is_coming(each)
        for each in (row, page)
    )


def _facts_of(sold: Mapping[str, ListingRow], ports: Ports) -> EmptiedFacts:
    parents = ports.listings.by_ids({row.parent_id for row in sold.values() if row.parent_id is not None})
    return EmptiedFacts(sold, {row.id: row for row in parents})


def _close(ports: Ports, plan: Plan[OfferedCodes]) -> Answers:
    """Close what nobody would miss by now: what was to be brought elsewhere may have been refused."""
    facts = _facts_of(ports.listings.by_codes({code for codes in plan.detail.values() for code in codes}), ports)
    answers: Answers = {}
    closing: list[Unit] = []
    for unit in plan.units:
        (change,) = unit.changes
        sold = (facts.sold.get(code_key(code)) for code in plan.detail[change.listing_id or 0])
        living = (row for row in sold if row is not None and not row.status.is_orphaned)
        waits = [row.sku for row in living if not is_elsewhere(row, change.listing_id or 0, facts.pages)]
        if waits:
            message = f"It stays open for the moment: {', '.join(sorted(waits))} can't be bought elsewhere yet."
            answers[change.subject.id] = WriteAnswer(WriteOutcome.WITHHELD, message)
        else:
            closing.append(unit)
    return answers | (provision(ports, replace(plan, units=tuple(closing))) if closing else {})


def _offered(page: StoreProduct) -> frozenset[str]:
    return frozenset(code for variant in page.variants or () for code in variant.part_codes)


def _awaits_structure(row: ListingRow) -> bool:
    return row.status.pending is Pending.OVERWRITE and Group.STRUCTURE in row.overwrite_groups


def _is_closing(change: Change, _detail: OfferedCodes) -> bool:
    return change.touches("is_active")
