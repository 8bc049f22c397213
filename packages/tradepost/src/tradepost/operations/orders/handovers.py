"""
Handing orders over: a person says that whoever packs them has taken their pieces into their own count.

A number that is stated later knows of these pieces, and frees what they reserve; see `domain.stock.stock`.
"""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.ports import Clock, Handover, Handovers, History


@dataclass(frozen=True, slots=True)
class HandoverPorts:
    """What handing over the orders of one channel needs; `history` knows who asks."""

    channel_id: int
    handovers: Handovers
    history: History
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock


def hand_over(order_numbers: Collection[int] | None, ports: HandoverPorts) -> Handover:
    """
    Mark orders as handed over, now; None takes all that are open. Idempotent: what was marked keeps its time.

    Unknown numbers are returned, and stop nothing.
    """
    at = ports.clock()
    with ports.transaction():
        handover = ports.handovers.mark(order_numbers, at=at)
        ports.history.keep(
            [Result(changes.order_handed_over(number, at=at), Outcome.APPLIED) for number in handover.marked],
            channel_id=ports.channel_id,
        )
    return handover
