"""
Get orders: bring new orders home, each once, and tell the store that they were taken over.

Orders are found by their state on the store; what the ledger does not have yet is imported. Acknowledging comes after
the import is committed, and an acknowledgement that fails is tried again by the next run.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from tradepost.domain.order import (
    AcknowledgeMode,
    Shipment,
    ShipmentLine,
    ShipmentPath,
    StoreOrder,
    StoreStatus,
    UnreadableOrder,
    acknowledgement_note,
)
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Proof, Result, Side, Subject, SubjectKind, Unit
from tradepost.operations.ports import OrderRow, Ports, ShipmentSend, WriteAnswer, WriteOutcome

# Orders can complete after later-numbered ones, so every fetch looks back over the one before it.
_OVERLAP = timedelta(hours=48)
_ACKNOWLEDGE_BATCH = 50


def execute(ports: Ports, *, only: Collection[int] | None = None) -> None:  # noqa: ARG001 - the shape of all operations
    """Fetch new orders, then acknowledge what was imported. Idempotent: each order is imported once."""
    fetch(ports)
    if ports.channel.acknowledge_mode is not AcknowledgeMode.NONE and not ports.run.is_dry:
        acknowledge(ports)


def fetch(ports: Ports) -> None:
    """
    Import orders that the ledger does not have. One bad order never stops the others.

    The place in time moves only when every page was read.
    """
    started = ports.clock()
    last = ports.orders.last_fetch()
    since = last - _OVERLAP if last is not None else started - timedelta(days=ports.channel.look_back_days)
    looked_at = 0
    for page in ports.store.iterate_orders(statuses=ports.channel.order_statuses, since=since):
        looked_at += len(page.orders) + len(page.unreadable)
        ports.run.progress(looked_at, None, "orders looked at")
        _import_page(ports, page.orders, started)
        _report_unreadable(ports, page.unreadable)
        if ports.run.is_cancelled():
            return
    if not ports.run.is_dry:
        with ports.run.transaction():
            ports.orders.set_last_fetch(started)


def plan_import(
    orders: Sequence[StoreOrder], *, known: Collection[int], statuses: Collection[StoreStatus], only_paid: bool
) -> tuple[list[StoreOrder], list[Result]]:
    """Found minus ledger: the orders to import, and those left for later with the reason."""
    new: list[StoreOrder] = []
    left: list[Result] = []
    for order in orders:
        # A store drops conditions that it does not understand; what came back is checked, not believed.
        if order.id in known or order.status not in statuses:
            continue
        if only_paid and not order.is_paid:
            message = f"Order {order.id} has no payment yet; it is imported once it has one."
            left.append(Result(_import_change(order), Outcome.SKIPPED, message=message))
            continue
        new.append(order)
    return new, left


def _import_page(ports: Ports, page: Sequence[StoreOrder], at: datetime) -> None:
    known = ports.orders.known([order.id for order in page])
    new, left = plan_import(
        page, known=known, statuses=ports.channel.order_statuses, only_paid=ports.channel.only_paid_orders
    )
    ports.run.plan([Unit(str(order.id), (_import_change(order),)) for order in new])
    if ports.run.is_dry:
        return
    if not (new or left):
        return
    with ports.run.transaction():
        ports.orders.add(new, at=at)
        ports.run.report([*(Result(_import_change(order), Outcome.APPLIED, Proof.READ) for order in new), *left])


def _report_unreadable(ports: Ports, unreadable: Sequence[UnreadableOrder]) -> None:
    if not unreadable or ports.run.is_dry:
        return
    results = [
        Result(
            Change(Subject(SubjectKind.ORDER, one.number), Side.HUB, Action.IMPORT, (), "found on the store"),
            Outcome.FAILED,
            message=one.reason,
        )
        for one in unreadable
    ]
    with ports.run.transaction():
        ports.run.report(results)


def _import_change(order: StoreOrder) -> Change:
    return Change(
        Subject(SubjectKind.ORDER, str(order.id), f"{order.ship_to.first_name} {order.ship_to.last_name}".strip()),
        Side.HUB,
        Action.IMPORT,
        (FieldChange("total", None, order.total), FieldChange("lines", None, len(order.lines))),
        f"{order.status.value} on the store and not in the ledger",
    )


# --- acknowledge --------------------------------------------------------------------------------------------------


def acknowledge(ports: Ports) -> None:
    """Tell the store about imported orders that it was not told about, by the channel's way of doing so."""
    after = 0
    while not ports.run.is_cancelled():
        rows = ports.orders.unacknowledged(after=after, limit=_ACKNOWLEDGE_BATCH)
        if not rows:
            return
        _acknowledge_batch(ports, rows)
        after = rows[-1].id


def _acknowledge_batch(ports: Ports, rows: Sequence[OrderRow]) -> None:
    mode = ports.channel.acknowledge_mode
    at = ports.clock()
    # The store is looked at first: a note or a shipment whose answer was lost is not made twice.
    before = ports.store.orders_by_id([row.external_id for row in rows])
    todo = [row for row in rows if row.external_id in before and not _is_acknowledged(before[row.external_id], mode)]
    ports.run.plan([Unit(str(row.external_id), (_acknowledge_change(row, mode),)) for row in todo])
    answers: dict[int, WriteAnswer] = {}
    if todo and mode is AcknowledgeMode.NOTE:
        answers = ports.store.add_order_notes(
            {row.external_id: acknowledgement_note(order_number=row.external_id) for row in todo}
        )
    elif todo and mode is AcknowledgeMode.PICKING:
        answers = _start_picking(ports, [before[row.external_id] for row in todo], at)
    after = {**before, **(ports.store.orders_by_id([row.external_id for row in todo]) if todo else {})}
    results: list[Result] = []
    done: list[int] = []
    for row in rows:
        result = _acknowledge_result(row, mode, after.get(row.external_id), answers.get(row.external_id))
        results.append(result)
        if result.outcome in {Outcome.APPLIED, Outcome.UNCHANGED}:
            done.append(row.id)
    with ports.run.transaction():
        ports.orders.mark_acknowledged(done, at=at)
        ports.run.report(results)


def _is_acknowledged(order: StoreOrder, mode: AcknowledgeMode) -> bool:
    if mode is AcknowledgeMode.PICKING:
        return order.status is not StoreStatus.PENDING
    return acknowledgement_note(order_number=order.id) in {note.strip() for note in order.notes}


def _acknowledge_result(
    row: OrderRow, mode: AcknowledgeMode, order: StoreOrder | None, answer: WriteAnswer | None
) -> Result:
    change = _acknowledge_change(row, mode)
    if order is None:
        return Result(change, Outcome.FAILED, message=f"Order {row.external_id} is not on the store any more.")
    if _is_acknowledged(order, mode):
        return Result(change, Outcome.APPLIED if answer is not None else Outcome.UNCHANGED, Proof.READ)
    if answer is not None and answer.outcome is WriteOutcome.LOST:
        return Result(change, Outcome.UNKNOWN, message=answer.message or "The store's answer was lost.")
    message = answer.message if answer is not None else ""
    return Result(change, Outcome.REJECTED, message=message or "The store said yes, but nothing can be seen of it.")


def _start_picking(ports: Ports, orders: Sequence[StoreOrder], at: datetime) -> dict[int, WriteAnswer]:
    sends = [
        ShipmentSend(
            Shipment(
                id=0,
                code="",
                order_number=order.id,
                carrier="",
                tracking_number="",
                cost=order.total - order.total,
                lines=tuple(
                    ShipmentLine(line.line_id, line.quantity)
                    for line in order.lines
                    if line.status is StoreStatus.PENDING and not line.shipment_id
                ),
                shipped_at=at,
            ),
            carrier="",
        )
        for order in orders
    ]
    answers = ports.store.create_shipments(sends, path=ShipmentPath.FUNCTION)
    return {order.id: answer for order, answer in zip(orders, answers, strict=True)}


def _acknowledge_change(row: OrderRow, mode: AcknowledgeMode) -> Change:
    what = FieldChange("note", None, acknowledgement_note(order_number=row.external_id))
    if mode is AcknowledgeMode.PICKING:
        what = FieldChange("status", StoreStatus.PENDING.value, StoreStatus.PROCESSING.value)
    return Change(
        Subject(SubjectKind.ORDER, str(row.external_id)),
        Side.STORE,
        Action.ACKNOWLEDGE,
        (what,),
        "the order was imported",
    )
