"""Moves: what is on sale goes up or down by what the account differs from what is available."""

from collections.abc import Sequence

from tradepost.domain import changes
from tradepost.domain.catalogue.catalogue import Kind
from tradepost.domain.listings.attention import Attention
from tradepost.domain.plan import Change, Outcome, Plan, Result, SubjectId, Unit
from tradepost.domain.stock.stock import EntryKind, move
from tradepost.operations.form import Batch, Evidence, Step, Verdict
from tradepost.operations.listing_values import (
    Products,
    Values,
    gone,
    judge_row,
    learn_answers,
    look_again,
    product_subject,
)
from tradepost.operations.ports import AccountEntry, ListingRow, Ports, StockWrite
from tradepost.operations.stock.writes import STOCK_ATTENTIONS, Writes, begin_moves, counted, is_untracked, send_writes


class Moves(Values[None, Writes]):
    """
    The stages decrease and increase. Nothing is read before a move, and what it did is read back where it can be.

    A move is sent once: one whose answer is lost stays open in the hub until it is settled.
    """

    attentions = STOCK_ATTENTIONS
    looks_ahead = False

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> Products:
        return Products()

    def observe_again(self, ports: Ports, batch: Batch[ListingRow], seen: Products, sent: Plan[Writes]) -> Products:
        return look_again(ports, batch, seen, sent) if ports.store.reads_stock() else seen

    def plan(self, batch: Batch[ListingRow], facts: None, seen: Products) -> Plan[Writes]:
        units: list[Unit] = []
        settled: list[Result] = []
        writes: dict[SubjectId, StockWrite] = {}
        for row in batch.rows:
            change = plan_move(row)
            if change is None or _has_arrived(row, change, seen):
                continue
            if seen.is_gone(row):
                broken, left = gone(row, change)
                units.append(Unit(row.code, (broken,)))
                settled.append(left)
                continue
            units.append(Unit(row.code, (change,)))
            writes[change.subject.id] = StockWrite(row.external_id or 0, change=_pieces(change))
        return Plan(writes, tuple(units), tuple(settled))

    def steps(self) -> Sequence[Step[Products, Writes]]:
        return (
            Step(
                takes=lambda change, _writes: change.touches("quantity"),
                send=send_writes,
                commit_first=begin_moves,
                learn=learn_answers,
            ),
        )

    def unread(self, change: Change, seen: Products) -> frozenset[str]:
        """A count that is lower than it must be is no proof: pieces may be in baskets."""
        count = counted(seen.of_change(change))
        return frozenset() if count == change.after("quantity") else frozenset({"quantity"})

    def judge(
        self, batch: Batch[ListingRow], facts: None, seen: Products, plan: Plan[Writes], evidence: Evidence
    ) -> Verdict:
        verdict = Verdict()
        for row in batch.rows:
            result = evidence.results.get(product_subject(row))
            if result is None:
                continue
            judge_row(row, seen, evidence, verdict, None, failure=Attention.STOCK_FAILED)
            if result.outcome is Outcome.UNKNOWN:
                continue
            verdict.settled_writes.append(row.id)
            product = seen.of(row)
            count = counted(product)
            if result.outcome is Outcome.APPLIED:
                verdict.decided.append(row.id)
                missing = None if count is None else result.change.after("quantity") - count
                entry = AccountEntry(
                    row.id, EntryKind.MOVE, _pieces(result.change), missing=missing, proven_at=evidence.began
                )
                verdict.accounts.append(entry)
            elif is_untracked(product) or (count is not None and row.account is not None and count > row.account):
                # A lower one means baskets.
                verdict.lost_accounts.append(row.id)
        return verdict


def plan_move(row: ListingRow) -> Change | None:
    """Say by how much a listing's stock is to be moved; None where nothing is known, or nothing is due."""
    if row.kind is Kind.PARENT or row.available is None or row.account is None:
        return None
    pieces = move(row.available, row.account)
    if not pieces:
        return None
    return changes.quantity_moved(
        row.code, before=row.account, after=row.account + pieces, available=row.available, listing_id=row.id
    )


def _has_arrived(row: ListingRow, change: Change, seen: Products) -> bool:
    """
    Whether the store took a move, as far as can be read: its count is not above what it must be by now.

    It may be below, for pieces in baskets.
    """
    if product_subject(row) not in seen.answered or seen.is_gone(row):
        return False
    product = seen.of(row)
    count = counted(product)
    return not is_untracked(product) if count is None else count <= change.after("quantity")


def _pieces(change: Change) -> int:
    field = change.fields[0]
    return int(field.after) - int(field.before)
