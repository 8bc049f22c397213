"""
What is done about sales that a set may have erased.

Orders are read again, and what they took is moved off, until a reading brings nothing more, or three times. A listing
of which the last reading still brought a sale is *unsettled*: it is left at the lowest value, which sells nothing
twice, a person is told, and a later sync goes on with it before anything else.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from tradepost.domain.brake import Example, Harm
from tradepost.domain.errors import PermissionMissing
from tradepost.domain.listings.attention import Attention
from tradepost.domain.listings.stages import Stage, is_due
from tradepost.domain.plan import Change, Outcome, Plan
from tradepost.domain.stock.stock import READINGS_AFTER_SET, is_erased
from tradepost.operations.form import Batch, Evidence, Operation, Verdict, drive, drive_all
from tradepost.operations.listing_values import Products, product_subject
from tradepost.operations.ports import ChannelSettings, ListingRow, Ports
from tradepost.operations.selection import Selection
from tradepost.operations.stock.moves import Moves
from tradepost.operations.stock.sightings import Sight
from tradepost.operations.stock.writes import STOCK_ATTENTIONS, Writes

_BATCH = 500


class UnsettledMoves(Moves):
    """What came to light since of listings that the sync before left unsettled: it waits for no other stage."""

    is_repeat = True

    def __init__(self, channel: ChannelSettings, selection: Selection) -> None:
        super().__init__(Stage.DECREASE, channel, selection, name="decrease of unsettled")

    def count(self, ports: Ports) -> int | None:
        return None

    def at_stake(self, ports: Ports) -> Mapping[Harm, int]:
        # The stage itself counts them, with all others.
        return {}

    def examples(self, ports: Ports, harm: Harm, *, limit: int) -> Sequence[Example]:
        return ()

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        while rows := _unsettled(ports, self.selection, after=after):
            after = rows[-1].id
            if due := [row for row in rows if is_due(self.stage, row)]:
                yield Batch(due, after)


class MovesAfterSets(Moves):
    """
    What orders took since stocks were set. `moved`: the listings of which a reading brought something.

    `is_last`: nobody reads the orders once more in this run, so whoever is still being sold is unsettled.
    """

    is_repeat = True

    def __init__(self, number: int, channel: ChannelSettings, selection: Selection) -> None:
        super().__init__(Stage.DECREASE, channel, selection, name=f"decrease after orders {number}")
        self.moved: set[int] = set()
        self.is_last = number == READINGS_AFTER_SET
        if self.is_last:
            self.attentions = STOCK_ATTENTIONS | {Attention.UNSETTLED}

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        # From the beginning, wherever an attempt before had got to: each reading may bring something of any listing.
        return super().batches(ports, 0)

    def judge(
        self, batch: Batch[ListingRow], facts: None, seen: Products, plan: Plan[Writes], evidence: Evidence
    ) -> Verdict:
        verdict = super().judge(batch, facts, seen, plan, evidence)
        for row in batch.rows:
            result = evidence.results.get(product_subject(row))
            if result is None or result.outcome is not Outcome.APPLIED:
                continue
            self.moved.add(row.id)
            if self.is_last and is_erased(sighted_at=evidence.began, basis_at=row.basis_at):
                verdict.flag(row.id, Attention.UNSETTLED, _unsettled_message(row, result.change))
        return verdict


class Quieted(Operation[ListingRow, None, None, None]):
    """Forget that listings were unsettled, where the orders brought no more of them and all of it was moved off."""

    name = "settled sales"
    label = "listings that were unsettled"
    is_observation = True
    is_repeat = True
    looks_ahead = False
    needs_known_store = False
    attentions = frozenset({Attention.UNSETTLED})

    def __init__(self, selection: Selection, *, still: Collection[int]) -> None:
        self._selection = selection
        self._still = still

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[ListingRow]]:
        after = 0
        while rows := _unsettled(ports, self._selection, after=after):
            after = rows[-1].id
            yield Batch(rows)

    def observe(self, ports: Ports, batch: Batch[ListingRow]) -> None:
        """The orders were read before."""

    def plan(self, batch: Batch[ListingRow], facts: None, seen: None) -> Plan[None]:
        return Plan(None, ())

    def judge(self, batch: Batch[ListingRow], facts: None, seen: None, plan: Plan[None], evidence: Evidence) -> Verdict:
        return Verdict(
            decided=[
                row.id
                for row in batch.rows
                if row.id not in self._still and row.open_since is None and not is_due(Stage.DECREASE, row)
            ]
        )


def has_unsettled(ports: Ports, selection: Selection) -> bool:
    return bool(_unsettled(ports, selection, after=0, limit=1))


def take_off_erased_sales(ports: Ports, channel: ChannelSettings, selection: Selection) -> PermissionMissing | None:
    """Read the orders, and move off what they took, in rounds; returns what a right was missing for."""
    refusal: PermissionMissing | None = None
    moved: set[int] = set()
    for number in range(1, READINGS_AFTER_SET + 1):
        drive(ports, Sight(name=f"sightings after {number}", is_repeat=True))
        moves = MovesAfterSets(number, channel, selection)
        refusal = drive_all(ports, [moves])
        moved = moves.moved
        if refusal is not None or not moved:
            break
    if not ports.run.is_cancelled():
        drive(ports, Quieted(selection, still=moved))
    return refusal


def _unsettled(ports: Ports, selection: Selection, *, after: int, limit: int = _BATCH) -> list[ListingRow]:
    return ports.listings.with_attention(Attention.UNSETTLED, after=after, limit=limit, only=selection.only)


def _unsettled_message(row: ListingRow, change: Change) -> str:
    return (
        f"People were buying {row.sku} while its stock was set, and {READINGS_AFTER_SET} readings of the orders in a "
        "row brought more. What they bought was taken off, so that no piece is sold twice, and "
        f"{change.after('quantity')} should be left on the store. A later sync goes on with it, before anything else; "
        "'tradepost listings sync' is one."
    )
