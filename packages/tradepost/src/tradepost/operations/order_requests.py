"""What a person asks of orders, done at once and kept in the history with who asked."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.ports import Clock, History, Orders


@dataclass(frozen=True, slots=True)
class OrderPorts:
    """What requests about the orders of one channel need; `history` knows who asks."""

    channel_id: int
    orders: Orders
    history: History
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock


def retry_parked(numbers: Collection[str] | None, ports: OrderPorts) -> list[str]:
    """Let parked orders be tried by the next get, None: all of them; return those that were parked."""
    with ports.transaction():
        retried = ports.orders.try_again(numbers)
        ports.history.keep(
            [Result(changes.order_retried(number), Outcome.APPLIED) for number in retried],
            channel_id=ports.channel_id,
        )
    return retried
