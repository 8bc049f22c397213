"""The ports of orders that go out: what consumers were given, and how orders are written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.order_export import ExportedOrder, ExportForm
from tradepost.operations.ports.deliveries import ConsumerTarget


@dataclass(frozen=True, slots=True)
class ExportBatch:
    """What a consumer is given at a time. `cursor`: its number; `orders` and `changes`: how many of each it has."""

    cursor: int
    content: str
    orders: int
    changes: int
    made_at: datetime


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """
    A consumer. `cursor`: of the last batch that it has confirmed, 0 before; `given`: of the last one that was made.
    `open`: the one that it has not confirmed.
    """

    id: int
    name: str
    form: ExportForm
    cursor: int
    given: int
    open: ExportBatch | None


@dataclass(frozen=True, slots=True)
class ConsumerStanding:
    """
    A consumer, and what it has not taken yet. `open`: the batch that it has not confirmed, without its content;
    `waiting`: how many records are for it beside that, counted up to a largest batch. `target`: where its batches are
    brought, without the secret, of which `has_secret` says whether there is one; `delivered`: the last that arrived.
    """

    id: int
    name: str
    form: ExportForm
    cursor: int
    open: ExportBatch | None
    waiting: int
    target: ConsumerTarget | None = None
    has_secret: bool = False
    delivered: int = 0


class OrderExports(Protocol):
    """The consumers of one channel's orders. Every call but `orders` and `consumers` belongs into a transaction."""

    def consumer(self, name: str) -> ConsumerState | None:
        """Return a consumer, locked until the transaction ends; None where there is none of that name."""
        ...

    def consumers(self) -> list[ConsumerStanding]:
        """Return all of them by name. Reads only, and needs no transaction."""
        ...

    def add_consumer(self, name: str, *, form: ExportForm, at: datetime) -> None:
        """Keep a new consumer, unless somebody just did."""
        ...

    def remove_consumer(self, name: str) -> bool:
        """Forget a consumer, and what it was given; False where there is none of that name."""
        ...

    def take(self, consumer: ConsumerState, *, limit: int, at: datetime) -> list[ExportedOrder]:
        """
        Give a consumer orders that are open and that it was never given, and the changes of those that it was; by
        our id, the changes first. They count as given with the next batch.
        """
        ...

    def add_batch(self, consumer: ConsumerState, batch: ExportBatch) -> None: ...

    def confirm(self, consumer: ConsumerState) -> list[int]:
        """Close the open batch, and forget its content; returns the store's numbers of its new orders."""
        ...

    def orders(self, *, states: Sequence[OrderState], after: int, limit: int) -> list[tuple[int, ExportedOrder]]:
        """Page through orders in these states by our id, for nobody in particular."""
        ...


class OrderWriter(Protocol):
    """Writes orders down; the same orders are always the same text."""

    def write(self, orders: Iterable[ExportedOrder], *, form: ExportForm) -> str: ...
