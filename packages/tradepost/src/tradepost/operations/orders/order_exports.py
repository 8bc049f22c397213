"""
Orders out again: what a consumer has not been given yet, and its word that it has taken it over.

A batch is written down before it is given, and given again byte for byte until it is confirmed: so whoever is killed in
between, the consumer or the hub, nothing is lost and no order comes twice under another cursor. Confirming is handing
over: who packs has the pieces in their own count from then on.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace

from tradepost.domain import changes
from tradepost.domain.errors import NotAllowed, quoted
from tradepost.domain.orders.order import OrderState
from tradepost.domain.orders.order_export import LARGEST_BATCH, ExportForm, ExportKind
from tradepost.domain.plan import Outcome, Result
from tradepost.operations.ports import (
    Clock,
    ConsumerState,
    ExportBatch,
    Handover,
    Handovers,
    History,
    OrderExports,
    OrderWriter,
)

_PAGE = 500
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class ExportPorts:
    """What taking orders out of one channel needs; `history` knows who asks."""

    channel_id: int
    exports: OrderExports
    writer: OrderWriter
    handovers: Handovers
    history: History
    transaction: Callable[[], AbstractContextManager[None]]
    clock: Clock


def next_batch(
    name: str, ports: ExportPorts, *, form: ExportForm | None = None, limit: int = LARGEST_BATCH
) -> ExportBatch | None:
    """
    Return what a consumer has not confirmed: the batch it was given last, or else a new one; None if there is nothing.

    A name that is new is a new consumer, which is given all open orders. Raises NotAllowed for a form that is not the
    consumer's, and for a name that is none.
    """
    _refuse_bad_name(name)
    with ports.transaction():
        consumer = _consumer(name, ports, form=form)
        if form is not None and form is not consumer.form:
            raise NotAllowed(
                f"The consumer '{name}' takes orders as {consumer.form}. Forget it with 'tradepost orders "
                f"remove-consumer {name}' to begin anew with {form}, or name another one."
            )
        return consumer.open or _new_batch(consumer, ports, limit=limit)


def add_consumer(name: str, ports: ExportPorts, *, form: ExportForm) -> None:
    """Keep a new consumer, which is given nothing yet. Raises NotAllowed for a name that is known or is none."""
    _refuse_bad_name(name)
    with ports.transaction():
        if ports.exports.consumer(name) is not None:
            raise NotAllowed(f"There is a consumer {quoted(name)} on this channel already.")
        ports.exports.add_consumer(name, form=form, at=ports.clock())


def confirm_batch(name: str, cursor: int, ports: ExportPorts) -> Handover:
    """
    Take a consumer's word that it has taken a batch over; its orders are handed over, now.

    Idempotent: the last cursor may be confirmed again. Raises NotAllowed for any other than the one that is due.
    """
    at = ports.clock()
    with ports.transaction():
        consumer = ports.exports.consumer(name)
        if consumer is None:
            raise NotAllowed(f"There is no consumer '{name}' on this channel; 'tradepost orders consumers' lists them.")
        if consumer.open is None or consumer.open.cursor != cursor:
            if cursor == consumer.cursor and cursor > 0:
                return Handover((), (), ())
            raise NotAllowed(_not_due(consumer, cursor))
        handover = ports.handovers.mark(ports.exports.confirm(consumer), at=at)
        ports.history.keep(
            [Result(changes.order_handed_over(number, at=at, to=name), Outcome.APPLIED) for number in handover.marked],
            channel_id=ports.channel_id,
        )
    return handover


def remove_consumer(name: str, ports: ExportPorts) -> None:
    """Forget a consumer; under the same name it would be given every open order again. Raises NotAllowed."""
    with ports.transaction():
        if not ports.exports.remove_consumer(name):
            raise NotAllowed(f"There is no consumer '{name}' on this channel; 'tradepost orders consumers' lists them.")


def exported_text(states: Sequence[OrderState], ports: ExportPorts, *, form: ExportForm) -> Iterator[str]:
    """Write down the orders in these states, for nobody in particular, piece by piece."""
    after = 0
    is_first = True
    while (page := ports.exports.orders(states=states, after=after, limit=_PAGE)) or is_first:
        text = ports.writer.write([order for _, order in page], form=form)
        # The headings of a file come once.
        yield text if is_first else text.removeprefix(ports.writer.write((), form=form))
        is_first = False
        if not page:
            return
        after = page[-1][0]


def _refuse_bad_name(name: str) -> None:
    if not name.strip() or len(name) > _LONGEST_NAME or name != name.strip():
        raise NotAllowed(f"{quoted(name)} can't be the name of a consumer: write 1 to {_LONGEST_NAME} characters.")


def _consumer(name: str, ports: ExportPorts, *, form: ExportForm | None) -> ConsumerState:
    consumer = ports.exports.consumer(name)
    if consumer is None:
        ports.exports.add_consumer(name, form=form or ExportForm.JSONL, at=ports.clock())
        consumer = ports.exports.consumer(name)
        assert consumer is not None
    return consumer


def _new_batch(consumer: ConsumerState, ports: ExportPorts, *, limit: int) -> ExportBatch | None:
    at = ports.clock()
    cursor = consumer.given + 1
    taken = ports.exports.take(consumer, limit=limit, at=at)
    if not taken:
        return None
    new = sum(order.kind is ExportKind.ORDER for order in taken)
    content = ports.writer.write([replace(order, cursor=cursor) for order in taken], form=consumer.form)
    batch = ExportBatch(cursor, content, new, len(taken) - new, at)
    ports.exports.add_batch(consumer, batch)
    return batch


def _not_due(consumer: ConsumerState, cursor: int) -> str:
    due = (
        f"the next cursor to confirm is {consumer.open.cursor}"
        if consumer.open is not None
        else f"nothing waits for a confirmation; the last one was {consumer.cursor}"
    )
    return f"The consumer '{consumer.name}' can't confirm {cursor}: {due}."
