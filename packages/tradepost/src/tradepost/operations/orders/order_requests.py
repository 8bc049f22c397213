"""What a person asks of orders, done at once and kept in the history with who asked."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tradepost.domain import changes
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.ports import Clock, History, Orders


@dataclass(frozen=True, slots=True)
class OrderPorts:
    """What requests about the orders of one channel need; `history` knows who asks, which is `requested_by`."""

    channel_id: int
    requested_by: str
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


def open_order(number: int, ports: OrderPorts) -> None:
    """Note that a person looks at an order, which is fresh no more. Idempotent: the first time stays."""
    with ports.transaction():
        ports.orders.note_opened([number], at=ports.clock())


def hold_order(number: int, ports: OrderPorts, *, reason: str) -> None:
    """Hold an order until somebody releases it. Raises NotAllowed for one that is unknown or done."""
    with ports.transaction():
        ports.orders.hold(number, reason=reason, by=ports.requested_by, at=ports.clock())
        ports.orders.note_opened([number], at=ports.clock())
        held = changes.order_held(number, reason=reason)
        ports.history.keep([Result(held, Outcome.APPLIED)], channel_id=ports.channel_id)


def release_order(number: int, ports: OrderPorts) -> str:
    """Let an order go on, whatever held it; return the reason. Raises NotAllowed for one that is not held."""
    with ports.transaction():
        reason = ports.orders.release(number, by=ports.requested_by, at=ports.clock())
        ports.orders.note_opened([number], at=ports.clock())
        released = changes.order_released(number, before=reason)
        ports.history.keep([Result(released, Outcome.APPLIED)], channel_id=ports.channel_id)
    return reason


def rematch_orders(numbers: Collection[int] | None, ports: OrderPorts) -> list[int]:
    """Let the next get look for listings of unknown items, None: of all orders; return the orders that have some."""
    with ports.transaction():
        found = ports.orders.rematch(numbers)
        ports.history.keep(
            [Result(changes.order_rematched(number), Outcome.APPLIED) for number in found], channel_id=ports.channel_id
        )
    return found
