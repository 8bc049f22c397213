"""
Deliver orders: bring consumers with a target what is new for them, as files that are there whole or not at all.

A batch is written down before it is brought, under a name that no other content can have; so whoever is killed in
between brings the same again.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime

from tradepost.domain import changes
from tradepost.domain.errors import NotAllowed, Retry, TradepostError
from tradepost.domain.files.file_address import file_address
from tradepost.domain.orders.order_delivery import Confirmation, file_name
from tradepost.domain.people.audit import REPLACED
from tradepost.domain.plan import Action, Change, FieldChange, Outcome, Plan, Result, Side, Unit
from tradepost.operations.form import Batch, Evidence, Operation, Step, Verdict, drive
from tradepost.operations.orders.order_exports import ExportPorts, confirm_batch, next_batch
from tradepost.operations.outcomes import Answers
from tradepost.operations.ports import (
    ConsumerTarget,
    DueDelivery,
    Ports,
    Target,
    Targets,
    WriteAnswer,
    WriteOutcome,
)

Arrived = frozenset[str]


def execute(ports: Ports) -> None:
    """Bring what is due. Idempotent: with nothing new nothing is made and nothing brought."""
    drive(ports, DeliverOrders())


class DeliverOrders(Operation[DueDelivery, None, Arrived, None]):
    """One consumer after another; what one can't be brought waits, and keeps no other one from its orders."""

    name = "deliveries"
    label = "consumers supplied"
    looks_ahead = False
    needs_known_store = False

    def batches(self, ports: Ports, after: int) -> Iterator[Batch[DueDelivery]]:
        for due in ports.deliveries.due():
            yield Batch([due])

    def observe(self, ports: Ports, batch: Batch[DueDelivery]) -> Arrived:
        return frozenset()

    def plan(self, batch: Batch[DueDelivery], facts: None, seen: Arrived) -> Plan[None]:
        units = (
            Unit(row.name, (changes.orders_delivered(row.name, address=row.address, records=row.records),))
            for row in batch.rows
            if row.name not in seen
        )
        return Plan(None, tuple(units))

    def steps(self) -> Sequence[Step[Arrived, None]]:
        return (Step(takes=lambda _change, _detail: True, send=_deliver, commit_first=_make_batches, learn=_arrived),)

    def unread(self, change: Change, seen: Arrived) -> frozenset[str]:
        return frozenset(field.name for field in change.fields)

    def judge(
        self, batch: Batch[DueDelivery], facts: None, seen: Arrived, plan: Plan[None], evidence: Evidence
    ) -> Verdict:
        return Verdict(delivered=sorted(seen))


def _names(plan: Plan[None]) -> list[str]:
    return [change.subject.key for change in plan.changes(Side.STORE)]


def _make_batches(ports: Ports, plan: Plan[None]) -> None:
    ports.deliveries.make_batches(_names(plan))


def _deliver(ports: Ports, plan: Plan[None]) -> Answers:
    answers: Answers = {}
    for change in plan.changes(Side.STORE):
        try:
            ports.deliveries.deliver(change.subject.key)
        except Retry as error:
            answers[change.subject.id] = WriteAnswer(WriteOutcome.FAILED, f"{error} The next run tries it again.")
        except TradepostError as error:
            answers[change.subject.id] = WriteAnswer(WriteOutcome.FAILED, str(error))
        else:
            answers[change.subject.id] = WriteAnswer(WriteOutcome.DONE)
    return answers


def _arrived(seen: Arrived, plan: Plan[None], answers: Answers) -> Arrived:
    done = {subject for subject, answer in answers.items() if answer.outcome is WriteOutcome.DONE}
    return seen | {change.subject.key for change in plan.changes(Side.STORE) if change.subject.id in done}


@dataclass(frozen=True, slots=True)
class ConsumerDeliveries:
    """Implements `ports.Deliveries` of what consumers take and where they want it."""

    channel: str
    exports: ExportPorts
    targets: Targets
    open_target: Callable[[ConsumerTarget], AbstractContextManager[Target]]

    def due(self) -> list[DueDelivery]:
        return self.targets.due()

    def make_batches(self, consumers: Collection[str]) -> None:
        for name in consumers:
            next_batch(name, self.exports)

    def deliver(self, consumer: str) -> None:
        with self.exports.transaction():
            state = self.exports.exports.consumer(consumer)
            target = None if state is None else self.targets.target_of(state.id, with_secret=True)
        if state is None or state.open is None or target is None:
            raise NotAllowed(f"The consumer '{consumer}' was changed meanwhile; the next run looks again.")
        content = state.open.content.encode()
        name = file_name(
            channel=self.channel, consumer=consumer, cursor=state.open.cursor, content=content, form=state.form
        )
        with self.open_target(target) as opened:
            opened.put(name, content)

    def delivered(self, consumers: Collection[str], *, at: datetime) -> None:
        for name in consumers:
            state = self.exports.exports.consumer(name)
            if state is None or state.open is None:
                continue
            self.targets.note_delivered(state.id, cursor=state.open.cursor)
            target = self.targets.target_of(state.id)
            if target is not None and target.confirmation is Confirmation.DELIVERY:
                confirm_batch(name, state.open.cursor, self.exports)


def set_target(
    name: str,
    target: ConsumerTarget | None,
    ports: ExportPorts,
    targets: Targets,
    *,
    channel_name: str,
    keeps_secret: bool = False,
) -> None:
    """
    Say where a consumer's batches are brought; None: it fetches them itself. Raises NotAllowed.

    `keeps_secret`: the one that it has stays; never where the address is another one.
    """
    if target is not None:
        file_address(target.address)
    with ports.transaction():
        consumer = ports.exports.consumer(name)
        if consumer is None:
            raise NotAllowed(
                f"There is no consumer '{name}' on this channel; 'tradepost orders export --consumer {name}' makes one."
            )
        kept = _with_kept_secret(target, targets.target_of(consumer.id, with_secret=True)) if keeps_secret else target
        targets.set_target(consumer.id, kept)
        fields = [FieldChange(f"orders_to {name}", None, target and target.address)]
        if target is not None and target.secret:
            fields.append(FieldChange(f"orders_secret {name}", None, REPLACED))
        change = changes.of_channel(channel_name, Action.UPDATE, fields, "changed by a person")
        ports.history.keep([Result(change, Outcome.APPLIED)], channel_id=ports.channel_id)


def _with_kept_secret(target: ConsumerTarget | None, before: ConsumerTarget | None) -> ConsumerTarget | None:
    if target is None or before is None or before.address != target.address:
        return target
    return replace(target, secret=before.secret)
