"""What stages that work on values of listings have in common: rows that are due, and links of what is gone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from tradepost.domain import changes
from tradepost.domain.brake import STAGE_HARMS, Example, Harm, harm_of
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.codes import code_key
from tradepost.domain.listings.listing import Event, settle
from tradepost.domain.listings.stages import Stage
from tradepost.domain.plan import Change, Outcome, Plan, Result, Side, SubjectId, SubjectKind
from tradepost.domain.store import StoreProduct
from tradepost.operations.form import Batch, Evidence, Operation, Verdict
from tradepost.operations.outcomes import Answers
from tradepost.operations.ports import ChannelSettings, ListingRow, Ports, Proven, WriteOutcome
from tradepost.operations.same_products import read_products
from tradepost.operations.selection import Selection

# A value is small beside a family with its images, and is sent again where it was not recorded.
_VALUES_PER_PRODUCT = 10
Facts = TypeVar("Facts")
Detail = TypeVar("Detail")


@dataclass(frozen=True, slots=True)
class Products:
    """
    The store's products by id; None as long as nobody has looked, or where this token can't see what matters.

    `answered`: subjects for which the store took or refused what was sent. `parents`: by code key, as they were before
    a variant of theirs went. `offered`: the same as they are now. `looked_for`: the ids that were asked for, where that
    is less than all rows of the batch. `external_ids`: of the listings that something was sent for.
    `pages`: what shoppers open, by code key.
    """

    by_id: Mapping[int, StoreProduct] | None = None
    answered: frozenset[SubjectId] = frozenset()
    parents: Mapping[str, StoreProduct] = field(default_factory=dict)
    offered: Mapping[str, StoreProduct] = field(default_factory=dict)
    looked_for: frozenset[int] | None = None
    external_ids: Mapping[int, int] = field(default_factory=dict)
    pages: Mapping[str, StoreProduct] = field(default_factory=dict)

    def is_gone(self, row: ListingRow) -> bool:
        was_looked_for = self.looked_for is None or row.external_id in self.looked_for
        return self.by_id is not None and was_looked_for and row.external_id not in self.by_id

    def of(self, row: ListingRow) -> StoreProduct | None:
        return None if self.by_id is None or row.external_id is None else self.by_id.get(row.external_id)

    def of_change(self, change: Change) -> StoreProduct | None:
        """The product that a change was sent for, whatever its code has become."""
        return (self.by_id or {}).get(self.external_ids.get(change.listing_id or 0, 0))


class Values(Operation[ListingRow, Facts, Products, Detail], Generic[Facts, Detail]):
    """A stage that works on the values of listings that are due for it."""

    def __init__(self, stage: Stage, channel: ChannelSettings, selection: Selection, *, name: str = "") -> None:
        self.stage = stage
        self.name = name or stage.value
        self.label = f"listings looked at: {stage.value}"
        self.channel = channel
        self.selection = selection
        self.rows_at_once = channel.batch_size * _VALUES_PER_PRODUCT

    def count(self, ports: Ports) -> int | None:
        return self.selection.count(ports.listings, [self.stage])

    def at_stake(self, ports: Ports) -> Mapping[Harm, int]:
        harm = STAGE_HARMS.get(self.stage)
        return {} if harm is None else {harm: self.selection.count_at_stake(ports.listings, self.stage)}

    def examples(self, ports: Ports, harm: Harm, *, limit: int) -> Sequence[Example]:
        if STAGE_HARMS.get(self.stage) is not harm:
            return ()
        rows = self.selection.at_stake(ports.listings, self.stage, limit=limit)
        return examples_of(ports, rows, self.going_along(ports, rows))

    def going_along(self, ports: Ports, rows: Sequence[ListingRow]) -> Sequence[tuple[ListingRow, str]]:
        """Name the pages that go with these rows, which are not counted, and why each does."""
        return ()

    def harm_of(self, row: ListingRow) -> Harm | None:
        return harm_of(self.stage, row)

    def finish(self, ports: Ports) -> None:
        # What failed once may be as wanted by now without having been sent again, and then nothing judges it.
        ports.listings.forget_moot(self.attentions)

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        # Rows that were done are not due any more; rows that failed are, so the place is kept.
        while rows := self.selection.rows(ports.listings, self.stage, after=after, limit=self.rows_at_once):
            after = rows[-1].id
            yield Batch(rows, after)


def examples_of(
    ports: Ports, rows: Sequence[ListingRow], pages: Sequence[tuple[ListingRow, str]] = ()
) -> list[Example]:
    """Name listings family by family, each family's page first."""
    notes = {row.id: note for row, note in pages}
    found = {row.id: row for row in (*rows, *(row for row, _ in pages))}
    titles = ports.listings.titles({row.product_id for row in found.values()})
    in_order = sorted(found.values(), key=lambda row: (row.product_id, row.kind is not Kind.PARENT, row.id))
    return [Example(row.code, titles.get(row.product_id, ""), notes.get(row.id, "")) for row in in_order]


def product_subject(row: ListingRow) -> SubjectId:
    return SubjectKind.PRODUCT, code_key(row.code)


def look_again(ports: Ports, batch: Batch[ListingRow], seen: Products, sent: Plan[Any]) -> Products:
    """Read the products that something was sent for."""
    touched = {change.listing_id for change in sent.changes(Side.STORE)}
    rows = [row for row in batch.rows if row.id in touched and row.external_id is not None]
    if not rows:
        return seen
    ids = {row.id: row.external_id for row in rows if row.external_id is not None}
    asked = frozenset(ids.values())
    kept = {number: product for number, product in (seen.by_id or {}).items() if number not in asked}
    return replace(
        seen,
        by_id={**kept, **read_products(ports, rows)},
        looked_for=asked if seen.looked_for is None else seen.looked_for | asked,
        external_ids={**seen.external_ids, **ids},
    )


def learn_answers(seen: Products, _plan: Plan[Any], answers: Answers) -> Products:
    heard = {subject for subject, answer in answers.items() if answer.outcome is not WriteOutcome.LOST}
    return replace(seen, answered=seen.answered | heard)


def gone(row: ListingRow, change: Change) -> tuple[Change, Result]:
    """The link breaks, and what was meant for the product is left."""
    message = f"{row.code} is gone from the store."
    return changes.link_broken(row.code, listing_id=row.id), Result(change, Outcome.SKIPPED, message=message)


def judge_row(
    row: ListingRow,
    seen: Products,
    evidence: Evidence,
    verdict: Verdict,
    proven: Proven | None,
    *,
    failure: Attention,
) -> None:
    """Record what is gone or was proven of a row, and flag what was not as that kind of failure."""
    if seen.is_gone(row):
        verdict.proven.append(Proven.of(row, evidence.began, settle(row.status, Event.GONE)))
        verdict.flag(row.id, Attention.BROKEN_LINK, f"{row.code} is gone from the store.")
        return
    result = evidence.results.get(product_subject(row))
    if result is not None and result.outcome is not Outcome.APPLIED:
        verdict.flag(row.id, failure, result.message)
    elif proven is not None:
        verdict.proven.append(proven)
